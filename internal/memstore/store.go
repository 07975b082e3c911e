// Package memstore is the model of every store: plain maps, one writer at a
// time, and transactions that work. Tests of services use it, and tests of the
// SQL stores are compared with it; it keeps nothing when the process ends.
//
//	db := memstore.New()
//	u, err := db.Users().Create(ctx, profile.User{Username: "ada", Email: "ada@example.org"})
//	err = db.InTx(ctx, func(ctx context.Context) error { … })
//
// Every change copies the maps it touches, so it costs as much as there are
// rows. Inside InTx, a write through a context without the transaction waits
// for the transaction to end, as it would on SQLite: do not do it there.
package memstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
)

// Store is an empty database in memory and every store over it.
type Store struct {
	// committed is never written: a change makes a new state and swaps it in,
	// so readers need no lock and see whole changes only.
	committed atomic.Pointer[state]
	// writer holds one token; who has it may swap committed.
	writer   chan struct{}
	watchers watchers
}

// New returns an empty Store.
func New() *Store {
	s := &Store{writer: make(chan struct{}, 1)}
	s.committed.Store(&state{})
	return s
}

// Users returns the profile.Store.
func (s *Store) Users() profile.Store { return users{s} }

// Auth returns the stores of package auth for the users of Users.
func (s *Store) Auth() authstore.Stores {
	return authstore.Stores{Passwords: passwords{s: s}, Sessions: sessions{s}, Tickets: tickets{s}, Factors: factors{s}, Handles: handles{s}}
}

// AuthApart is Auth for users elsewhere.
func (s *Store) AuthApart() authstore.Stores {
	apart := s.Auth()
	apart.Passwords = passwords{s: s, apart: true}
	return apart
}

// Limits returns the counters of tries.
func (s *Store) Limits() limit.Store { return throttle{s} }

// Settings returns the settings.Store.
func (s *Store) Settings() settings.Store { return settingsStore{s} }

// Outbox returns the notify.OutboxStore.
func (s *Store) Outbox() notify.OutboxStore { return outbox{s} }

// Activity returns the activity.Store.
func (s *Store) Activity() activity.Store { return activityStore{s} }

// Ledger returns the storage.Ledger.
func (s *Store) Ledger() storage.Ledger { return ledger{s} }

var _ storage.Transactor = (*Store)(nil)

// errDead is the error of a call with the context of a finished transaction.
var errDead = errors.New("memstore: the transaction of this context has ended")

// txKey finds a Store's own transaction in a context; another Store's is none
// of its business.
type txKey struct{ s *Store }

// tx is one transaction. Its mutex is for callers who share the context among
// goroutines.
type tx struct {
	mu    sync.Mutex
	state *state
	dead  bool
	doom  error
}

// InTx implements storage.Transactor. fn runs once.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t, ok := ctx.Value(txKey{s}).(*tx); ok {
		return t.nested(ctx, fn)
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.watchers.tell()
	defer s.unlock()
	t := &tx{state: s.committed.Load().fork()}
	defer t.end()
	if err := fn(context.WithValue(ctx, txKey{s}, t)); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.doom != nil {
		return fmt.Errorf("memstore: rolled back because an inner transaction failed: %w", t.doom)
	}
	s.committed.Store(t.state)
	return nil
}

func (t *tx) nested(ctx context.Context, fn func(context.Context) error) (err error) {
	t.mu.Lock()
	dead := t.dead
	t.mu.Unlock()
	if dead {
		return errDead
	}
	err = errors.New("memstore: panic in an inner transaction")
	defer func() {
		if err != nil {
			t.mu.Lock()
			t.doom = err
			t.mu.Unlock()
		}
	}()
	err = fn(ctx)
	return err
}

func (t *tx) end() {
	t.mu.Lock()
	t.dead = true
	t.mu.Unlock()
}

func (s *Store) lock(ctx context.Context) error {
	select {
	case s.writer <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Store) unlock() { <-s.writer }

// read calls fn with the state that ctx sees. fn must not change it, nor keep
// or hand out what it refers to.
func (s *Store) read(ctx context.Context, fn func(*state) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	t, ok := ctx.Value(txKey{s}).(*tx)
	if !ok {
		return fn(s.committed.Load())
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dead {
		return errDead
	}
	return fn(t.state)
}

// write calls fn with a state that it may change; when fn fails, nothing of
// the change is kept, within a transaction as without one.
func (s *Store) write(ctx context.Context, fn func(*state) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t, ok := ctx.Value(txKey{s}).(*tx); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.dead {
			return errDead
		}
		next := t.state.fork()
		if err := fn(next); err != nil {
			return err
		}
		t.state = next
		return nil
	}
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.watchers.tell()
	defer s.unlock()
	next := s.committed.Load().fork()
	if err := fn(next); err != nil {
		return err
	}
	s.committed.Store(next)
	return nil
}

// stored is t as every store keeps times: UTC, in whole microseconds.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
