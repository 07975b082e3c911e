package memstore

import (
	"context"
	"slices"
	"sync"

	"github.com/profilekit/profilekit/auth/authstore"
)

var _ authstore.Watched = (*Store)(nil)

type watchers struct {
	mu   sync.Mutex
	list []func(userID string)
}

// Watch implements authstore.Watched. Every write is told as one of any user.
func (s *Store) Watch(changed func(userID string)) {
	s.watchers.mu.Lock()
	defer s.watchers.mu.Unlock()
	s.watchers.list = append(slices.Clip(s.watchers.list), changed)
}

// InTransaction implements authstore.Watched.
func (s *Store) InTransaction(ctx context.Context) bool {
	_, in := ctx.Value(txKey{s}).(*tx)
	return in
}

func (w *watchers) tell() {
	w.mu.Lock()
	list := w.list
	w.mu.Unlock()
	for _, changed := range list {
		changed("")
	}
}

// Watch is Store.Watch.
func (u users) Watch(changed func(userID string)) { u.s.Watch(changed) }

// InTransaction is Store.InTransaction.
func (u users) InTransaction(ctx context.Context) bool { return u.s.InTransaction(ctx) }

// Watch is Store.Watch.
func (a sessions) Watch(changed func(userID string)) { a.s.Watch(changed) }

// InTransaction is Store.InTransaction.
func (a sessions) InTransaction(ctx context.Context) bool { return a.s.InTransaction(ctx) }
