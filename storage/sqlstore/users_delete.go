package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

var (
	// deletes_at > 0 is what the index has.
	selectDue  = read(`SELECT id FROM users WHERE deletes_at > 0 AND deletes_at <= $1 ORDER BY deletes_at LIMIT $2`)
	deleteUser = write(`DELETE FROM users WHERE id = $1 AND version = $2`)
)

// DueUsers makes users a profile.DeletableStore, together with DeleteUser.
func (s users) DueUsers(ctx context.Context, before time.Time, limit int) ([]string, error) {
	var ids []string
	err := s.db.rows(ctx, selectDue, func(r *sql.Rows) error {
		var id string
		err := r.Scan(idInto{&id})
		ids = append(ids, id)
		return err
	}, micros(before), limit)
	if err != nil {
		return nil, err
	}
	return ids, nil
}

func (s users) DeleteUser(ctx context.Context, id string, version int64) error {
	n, ok := key(id)
	if !ok {
		return notFound(ctx)
	}
	defer s.db.changes(ctx, id)()
	deleted, err := s.db.exec(ctx, deleteUser, n, version)
	if err != nil || deleted > 0 {
		return err
	}
	if err := s.present(ctx, n, 0); err != nil {
		return err
	}
	return storage.ErrStale
}

var _ profile.DeletableStore = users{}
