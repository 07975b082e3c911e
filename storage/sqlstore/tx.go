package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jmoiron/sqlx"

	"github.com/profilekit/profilekit/internal/lifetime"
	"github.com/profilekit/profilekit/storage"
)

// maxAttempts bounds how often fn of InTx, or a statement by itself, runs when
// the database breaks a deadlock or a serialization conflict at its cost.
const maxAttempts = 5

// errEnded answers calls with the context of a transaction that has ended.
var errEnded = errors.New("sqlstore: the transaction of this context has ended")

// unit is one transaction. Its lock lets goroutines of fn share it: a
// connection speaks one statement at a time.
type unit struct {
	mu         sync.Mutex
	tx         *sqlx.Tx
	ended      bool
	doomed     error
	retry      bool
	unprepared []*statement
	changed    []string // users, for Watch
}

// unitKey finds the unit of one DB: two databases do not join each other.
type unitKey struct{ db *DB }

// currentKey finds the innermost unit, for Tx.
type currentKey struct{}

// Tx returns the transaction that InTx put into ctx, for statements of the
// host; ok is false outside InTx. The transaction is InTx's to end. With two
// databases it is that of the innermost InTx. Goroutines of fn may use it beside calls of
// stores: package postgres reads the rows of a query in a transaction to their end before
// the next statement, so that one query of the host should not bring more than memory holds.
func Tx(ctx context.Context) (tx *sqlx.Tx, ok bool) {
	u, _ := ctx.Value(currentKey{}).(*unit)
	if u == nil {
		return nil, false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ended {
		return nil, false
	}
	return u.tx, true
}

// enter returns the unit that ctx carries, locked until release, or nil. It
// refuses an ended context and an ended unit.
func (d *DB) enter(ctx context.Context) (u *unit, release func(), err error) {
	u, _ = ctx.Value(unitKey{d}).(*unit)
	if u == nil {
		return nil, func() {}, ctx.Err()
	}
	u.mu.Lock()
	switch {
	case u.ended:
		err = errEnded
	case ctx.Err() != nil:
		err = ctx.Err()
	case u.doomed != nil:
		err = u.doomed
	}
	if err != nil {
		u.mu.Unlock()
		return nil, nil, err
	}
	return u, u.mu.Unlock, nil
}

// inUnit reports whether ctx carries a unit of this DB.
func (d *DB) inUnit(ctx context.Context) bool {
	u, _ := ctx.Value(unitKey{d}).(*unit)
	return u != nil
}

// InTx runs fn in a transaction, as storage.Transactor says. fn runs up to 5
// times when the database reports a deadlock or a serialization failure. A
// statement of ours that the database refuses dooms the transaction, also when
// fn drops the error, because Postgres accepts nothing after it; ErrNotFound
// and ErrStale do not. A panic of fn rolls back and goes on.
func (d *DB) InTx(ctx context.Context, fn func(context.Context) error) error {
	if d.inUnit(ctx) {
		return d.nested(ctx, fn)
	}
	return d.unbroken(ctx, func() (bool, error) { return d.attempt(ctx, fn) })
}

// unbroken calls run again when the database broke a deadlock or a conflict at
// its cost, which is what retry says. A statement by itself is a transaction
// too: of two users who take each other's name, one is refused by a deadlock.
func (d *DB) unbroken(ctx context.Context, run func() (retry bool, err error)) error {
	for attempt := 1; ; attempt++ {
		retry, err := run()
		if err == nil || !retry || attempt == maxAttempts {
			return err
		}
		// Whoever lost against each other should not meet again at once.
		pause := time.NewTimer(time.Duration(1+rand.IntN(10<<attempt)) * time.Millisecond)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// nested joins the unit of ctx.
func (d *DB) nested(ctx context.Context, fn func(context.Context) error) (err error) {
	u, release, err := d.enter(ctx)
	if err != nil {
		return err
	}
	release()
	err = errors.New("sqlstore: fn of a nested InTx panicked")
	defer func() {
		if err != nil {
			u.doom(err)
		}
	}()
	err = fn(ctx)
	return err
}

// doom makes the unit roll back whatever fn returns.
func (u *unit) doom(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.doomed == nil {
		u.doomed = err
	}
}

// refuse dooms the unit of ctx, if there is one, and returns err.
func (d *DB) refuse(ctx context.Context, err error) error {
	if u, _ := ctx.Value(unitKey{d}).(*unit); u != nil {
		u.doom(err)
	}
	return err
}

// attempt runs fn in one transaction. retry is whether another attempt may
// succeed where this one failed.
func (d *DB) attempt(ctx context.Context, fn func(context.Context) error) (retry bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	tx, release, err := d.begin(ctx)
	if err != nil {
		return false, err
	}
	u := &unit{tx: tx}
	inner, cancel := context.WithCancelCause(ctx)
	inner = context.WithValue(context.WithValue(inner, unitKey{d}, u), currentKey{}, u)
	finished := false
	defer func() {
		if !finished { // fn panicked
			u.end()
			_ = tx.Rollback()
		}
		cancel(errEnded)
		release() // first: a watcher may write
		d.tellOf(u)
	}()
	err = fn(inner)
	finished = true
	doomed, retry := u.end()

	if err == nil && doomed != nil {
		err = fmt.Errorf("sqlstore: rolled back: %w", doomed)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = tx.Rollback()
		if ctx.Err() == nil && !errors.Is(err, storage.ErrUnavailable) {
			d.prepareLater(ctx, u) // what is always refused is prepared too
		}
		// Statements of the host bring their conflicts in fn's error.
		return retry || d.retriable(err), err
	}
	if err := tx.Commit(); err != nil {
		return d.retriable(err), d.commitFailure(err)
	}
	d.prepareLater(ctx, u)
	return false, nil
}

// begin starts a transaction that ctx no longer ends: a context that ends
// during COMMIT must not leave it open whether that happened. release frees
// what belongs to it after its end.
func (d *DB) begin(ctx context.Context) (tx *sqlx.Tx, release func(), err error) {
	done, err := d.main.turns.wait(ctx)
	if err != nil {
		return nil, nil, err
	}
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	tx, err = d.main.BeginTxx(lifetime.With(own, ctx), nil)
	if !stop() && err == nil { // ctx ended, and with it the transaction
		_ = tx.Rollback()
		err = ctx.Err()
	}
	if err != nil {
		cancel()
		done()
		return nil, nil, d.failure(ctx, err)
	}
	return tx, func() { cancel(); done() }, nil
}

// end closes the unit to further calls, waiting for one that runs, and says
// how it went.
func (u *unit) end() (doomed error, retry bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ended = true
	return u.doomed, u.retry
}

// prepareLater prepares what the transaction had to send unprepared, so that
// the next one need not. Failing costs speed only.
func (d *DB) prepareLater(ctx context.Context, u *unit) {
	for _, s := range u.unprepared {
		if _, err := d.main.prepare(ctx, s, d.dialect); err != nil {
			return
		}
	}
}

// atomically runs fn, which makes several statements, in the transaction of
// ctx or in one of its own.
func (d *DB) atomically(ctx context.Context, fn func(context.Context) error) error {
	if d.inUnit(ctx) {
		return fn(ctx)
	}
	return d.InTx(ctx, fn)
}

var _ storage.Transactor = (*DB)(nil)
