package profile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/logging"
	"github.com/profilekit/profilekit/internal/overtime"
	"github.com/profilekit/profilekit/storage"
)

// DefaultDeletionGrace is how long a deletion can be taken back.
const DefaultDeletionGrace = 14 * 24 * time.Hour

// DefaultDeletionLimit is how often one user begins to delete the account.
var DefaultDeletionLimit = limit.Rule{Limit: 5, Window: 24 * time.Hour}

// detailAt is when an account will be erased, in an event's Detail.
const detailAt = "at"

// ErrNotRestorable: there is no deletion of the account that could be taken back,
// or its time is up.
var ErrNotRestorable = errors.New("profile: there is no deletion to take back")

func deletionKey(userID string) string { return "deletion:user:" + userID }

// DeletionsConfig is what NewDeletions takes. Users, Tx and LimitStore are required,
// and of one database.
type DeletionsConfig struct {
	Policy

	Users      DeletableStore
	Tx         storage.Transactor
	LimitStore limit.Store
	// Recorder is told of the events in the transaction of their change; nil for
	// none.
	Recorder activity.Recorder
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Logger gets one record for each thing that happened; nil is for
	// warnings and errors only, which go to slog.Default().
	Logger *slog.Logger
}

// Deletions begins the deletion of accounts and restores them. It knows nothing of
// sessions: a package that keeps something that must end with the beginning, or must be
// hidden before it, observes with a DeletionObserver.
//
// Between the beginning and the end a deletion is pending: User.DeletesAt is set, nobody
// but the owner is told that the account is there, and nothing but Restore may be done
// with the account. An Eraser does the rest when DeletesAt has come.
type Deletions struct {
	cfg       DeletionsConfig
	limiter   limit.Limiter
	observers atomic.Pointer[[]DeletionObserver]
}

// DeletionChange is the beginning of an account's end, or its taking back.
type DeletionChange struct {
	// User is the account as the caller was found to be.
	User User
	// At is when the account will be erased. It is zero when that is taken back.
	At time.Time
	// Detail is what the event tells; In may add to it.
	Detail map[string]string
}

// DeletionObserver acts when the end of an account begins and when it is taken
// back. A function that is nil does nothing.
type DeletionObserver struct {
	// Before is called before the change is written, outside any transaction, so
	// that it may call a network. An error keeps the change from being made. The
	// change may fail after it. With an observer that has a Before, Request and Restore
	// inside a transaction are storage.ErrInTransaction.
	Before func(ctx context.Context, c DeletionChange) error
	// In is called in the transaction of the change, before the account is
	// written. An error undoes all of it. It may be called again for one change.
	In func(ctx context.Context, c DeletionChange) error
	// After is called once when Before was, also after a panic: err is nil when the
	// change was made, else why it was not, or may not have been. A deletion that a link
	// of package auth takes back calls In and After only.
	After func(ctx context.Context, c DeletionChange, err error)
}

// NewDeletions returns a Deletions, or what is wrong with c. It starts nothing.
func NewDeletions(c DeletionsConfig) (*Deletions, error) {
	if c.Users == nil || c.Tx == nil || c.LimitStore == nil {
		return nil, errors.New("profile: DeletionsConfig needs Users, Tx and LimitStore")
	}
	c.DeletionLimit = c.DeletionLimit.Or(DefaultDeletionLimit)
	if err := c.DeletionLimit.Check(); err != nil {
		return nil, fmt.Errorf("profile: Policy.DeletionLimit: %w", err)
	}
	if c.DeletionGrace == 0 {
		c.DeletionGrace = DefaultDeletionGrace
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Logger = logging.Or(c.Logger)
	return &Deletions{cfg: c, limiter: limit.Limiter{Store: c.LimitStore, Now: c.Now}}, nil
}

// Grace is how long a deletion can be taken back, 0 for not at all.
func (d *Deletions) Grace() time.Duration { return max(d.cfg.DeletionGrace, 0) }

// Observe adds o to those who act on every later change, in the order of the calls.
func (d *Deletions) Observe(o DeletionObserver) {
	for {
		old := d.observers.Load()
		var list []DeletionObserver
		if old != nil {
			list = *old
		}
		next := append(slices.Clone(list), o)
		if d.observers.CompareAndSwap(old, &next) {
			return
		}
	}
}

// Request begins the end of the caller's account, and returns when it will be
// erased: Grace from now. From now on nobody sees the account. A Request that fails
// counts for no limit.
//
// A proof that is not fresh is ErrNotFresh; without a Grace a Caller without AtOnce is
// ErrNotFresh too, and what AtOnce answers is returned. An account that is gone or disabled, or whose
// deletion is pending already, is ErrNoAccount. More than Limit is a
// *limit.ExceededError.
func (d *Deletions) Request(ctx context.Context, c Caller) (time.Time, error) {
	now := d.now()
	if err := c.check(now, false); err != nil {
		return time.Time{}, err
	}
	if d.Grace() == 0 {
		if c.AtOnce == nil {
			return time.Time{}, ErrNotFresh
		}
		if err := c.AtOnce(ctx); err != nil {
			return time.Time{}, err
		}
	}
	if err := d.limiter.Take(ctx, deletionKey(c.User.ID), d.cfg.DeletionLimit); err != nil {
		d.log(ctx, slog.LevelWarn, KindDeletionRequested, c.User.ID, slog.Bool("refused", true))
		return time.Time{}, err
	}
	at := now.Add(d.Grace())
	detail := map[string]string{detailAt: at.Format(time.RFC3339)}
	may := func(u User) error {
		if u.Disabled || u.DeletionPending() {
			return ErrNoAccount // somebody else was first
		}
		return nil
	}
	if _, err := d.change(ctx, DeletionChange{User: c.User, At: at, Detail: detail}, KindDeletionRequested, may, nil); err != nil {
		d.refund(ctx, c.User.ID) // nothing was begun
		return time.Time{}, err
	}
	d.log(ctx, slog.LevelWarn, KindDeletionRequested, c.User.ID)
	return at, nil
}

// Restore takes the deletion of the caller's account back and returns the account.
// opens, if not nil, is called in the transaction after the account is written, for
// what has to happen with it or not at all, such as opening a session.
//
// A proof that is not fresh is ErrNotFresh; an account that is gone or disabled is
// ErrNoAccount, and one of which nothing can be taken back, or no longer,
// ErrNotRestorable.
func (d *Deletions) Restore(ctx context.Context, c Caller, opens func(context.Context) error) (User, error) {
	if err := c.check(d.now(), true); err != nil {
		return User{}, err
	}
	may := func(u User) error {
		switch {
		case u.Disabled:
			return ErrNoAccount
		case !u.Restorable(d.now()):
			return ErrNotRestorable
		}
		return nil
	}
	u, err := d.change(ctx, DeletionChange{User: c.User}, KindRestored, may, opens)
	if err != nil {
		return User{}, err
	}
	d.log(ctx, slog.LevelInfo, KindRestored, u.ID)
	return u, nil
}

// changeTries is how often a change is tried anew because the user changed
// meanwhile. Each time somebody else got on.
const changeTries = 10

// change writes ch, if may has nothing against it.
func (d *Deletions) change(
	ctx context.Context, ch DeletionChange, kind activity.Kind, may func(User) error, opens func(context.Context) error,
) (after User, err error) {
	if err := may(ch.User); err != nil {
		return User{}, err
	}
	observers := d.list()
	if d.cfg.Tx.InTransaction(ctx) && slices.ContainsFunc(observers, func(o DeletionObserver) bool { return o.Before != nil }) {
		return User{}, fmt.Errorf("profile: the end of an account: %w", storage.ErrInTransaction)
	}
	owed := 0 // observers whose Before was called
	err = errPanicked
	defer func() {
		for _, o := range observers[:owed] {
			if o.After != nil {
				o.After(ctx, ch, err)
			}
		}
	}()
	for _, o := range observers {
		owed++
		if o.Before == nil {
			continue
		}
		if err := o.Before(ctx, ch); err != nil {
			return User{}, err
		}
	}
	return d.write(ctx, ch, kind, may, opens)
}

// errPanicked is what After hears when a panic kept the change from being made.
var errPanicked = errors.New("profile: a panic kept the change from being made")

// Restoring has the observers act, in the transaction of ctx, on an account that is
// restored otherwise than by Restore: package auth does so by the links "this wasn't me"
// in its mail. Before is not called, since no request waits for it. Restored is to be
// called after the transaction.
func (d *Deletions) Restoring(ctx context.Context, u User) error {
	for _, o := range d.list() {
		if o.In != nil {
			if err := o.In(ctx, DeletionChange{User: u, Detail: map[string]string{}}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Restored calls the After of the observers once the transaction of Restoring is
// committed.
func (d *Deletions) Restored(ctx context.Context, u User) {
	for _, o := range d.list() {
		if o.After != nil {
			o.After(ctx, DeletionChange{User: u}, nil)
		}
	}
}

// refundTime bounds what is still done after a failure.
const refundTime = 5 * time.Second

// refund gives the try of a Request back that came to nothing.
func (d *Deletions) refund(ctx context.Context, userID string) {
	ctx, cancel := overtime.Context(ctx, refundTime)
	defer cancel()
	if err := d.cfg.LimitStore.Refund(ctx, deletionKey(userID)); err != nil {
		d.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "profile: a limit was not given back", slog.Any("error", err))
	}
}

func (d *Deletions) write(
	ctx context.Context, ch DeletionChange, kind activity.Kind, may func(User) error, opens func(context.Context) error,
) (after User, err error) {
	for range changeTries {
		err = d.cfg.Tx.InTx(ctx, func(ctx context.Context) error {
			after, err = d.writeIn(ctx, ch, kind, may, opens)
			return err
		})
		if !errors.Is(err, storage.ErrStale) {
			return after, err
		}
	}
	return User{}, &storage.UnavailableError{Err: errors.New("profile: the user is changing all the time")}
}

// writeIn is the transaction. The user is read in it and then required at that
// version, so that of two changes at the same time one is made.
func (d *Deletions) writeIn(
	ctx context.Context, ch DeletionChange, kind activity.Kind, may func(User) error, opens func(context.Context) error,
) (u User, err error) {
	id, detail := ch.User.ID, map[string]string{}
	maps.Copy(detail, ch.Detail)
	ch.Detail = detail
	for _, o := range d.list() {
		if o.In != nil {
			if err := o.In(ctx, ch); err != nil {
				return User{}, err
			}
		}
	}
	// After the observers, who may have waited for somebody's lock.
	if u, err = d.user(ctx, id, may); err != nil {
		return User{}, err
	}
	event := activity.NewEvent(ctx, kind, id, d.now(), ch.Detail)
	patch := Patch{IfVersion: u.Version, DeletesAt: &ch.At}
	if !ch.At.IsZero() && u.PendingEmail != "" {
		patch.PendingEmail = new("")
	}
	if u, err = d.cfg.Users.Update(ctx, id, patch, event); err != nil {
		return User{}, err
	}
	if opens != nil {
		if err := opens(ctx); err != nil {
			return User{}, err
		}
	}
	if d.cfg.Recorder == nil {
		return u, nil
	}
	return u, d.cfg.Recorder.Record(ctx, event)
}

// user reads the user with that ID and asks may.
func (d *Deletions) user(ctx context.Context, id string, may func(User) error) (User, error) {
	u, err := d.cfg.Users.User(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return User{}, ErrNoAccount
	}
	if err != nil {
		return User{}, err
	}
	return u, may(u)
}

func (d *Deletions) list() []DeletionObserver {
	if list := d.observers.Load(); list != nil {
		return *list
	}
	return nil
}

// now is the time in the precision that every store keeps.
func (d *Deletions) now() time.Time { return d.cfg.Now().UTC().Truncate(time.Microsecond) }

func (d *Deletions) log(ctx context.Context, level slog.Level, kind activity.Kind, userID string, more ...slog.Attr) {
	d.cfg.Logger.LogAttrs(ctx, level, "profile: the end of an account", append([]slog.Attr{
		slog.String("kind", string(kind)), slog.String("user", userID),
	}, more...)...)
}

// eraseLimits forgets the counters that this package keeps of the user.
func eraseLimits(ctx context.Context, s limit.Store, userID string) error {
	for _, key := range []string{deletionKey(userID), exportKey(userID), renameKey(userID)} {
		if err := s.Reset(ctx, key); err != nil {
			return err
		}
	}
	return nil
}
