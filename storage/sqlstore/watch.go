package sqlstore

import (
	"context"
	"slices"
	"sync"

	"github.com/profilekit/profilekit/auth/authstore"
)

// watchers are told of changes; the list is replaced, never written to.
type watchers struct {
	mu   sync.RWMutex
	list []func(userID string)
}

// Watch has changed called with the ID of a user whenever its row, its password
// or its sessions were changed through d: after the commit, before the change
// returns, and also when it is not known whether it happened; "" is any user. Statements that
// the host makes itself, by Tx or apart, are not told. See authstore.Watched.
func (d *DB) Watch(changed func(userID string)) {
	d.watchers.mu.Lock()
	defer d.watchers.mu.Unlock()
	d.watchers.list = append(slices.Clip(d.watchers.list), changed)
}

// InTransaction reports whether ctx is that of an InTx of d, ended or not.
func (d *DB) InTransaction(ctx context.Context) bool { return d.inUnit(ctx) }

// changes comes before a statement that changes the user, and what it returns
// after it, whatever became of it. In a transaction the end of that tells.
func (d *DB) changes(ctx context.Context, userID string) (after func()) {
	u, _ := ctx.Value(unitKey{d}).(*unit)
	if u == nil {
		return func() { d.tell(userID) }
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.changed = append(u.changed, userID)
	return func() {}
}

// tellOf tells what u changed, after its end.
func (d *DB) tellOf(u *unit) {
	u.mu.Lock()
	changed := u.changed
	u.mu.Unlock()
	d.tell(changed...)
}

func (d *DB) tell(userIDs ...string) {
	d.watchers.mu.RLock()
	list := d.watchers.list
	d.watchers.mu.RUnlock()
	for _, changed := range list {
		for _, id := range userIDs {
			changed(id)
		}
	}
}

var _ authstore.Watched = (*DB)(nil)

// Watch is DB.Watch, for a host that has its users here and its sessions elsewhere.
func (s users) Watch(changed func(userID string)) { s.db.Watch(changed) }

// InTransaction is DB.InTransaction.
func (s users) InTransaction(ctx context.Context) bool { return s.db.InTransaction(ctx) }

// Watch is DB.Watch, for a host that has its sessions here and something else elsewhere.
func (s sessions) Watch(changed func(userID string)) { s.db.Watch(changed) }

// InTransaction is DB.InTransaction.
func (s sessions) InTransaction(ctx context.Context) bool { return s.db.InTransaction(ctx) }

var (
	_ authstore.Watched = users{}
	_ authstore.Watched = sessions{}
)
