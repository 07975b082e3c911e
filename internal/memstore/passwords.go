package memstore

import (
	"context"
	"fmt"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// Beside is of authstore.UsersBeside.
func (a sessions) Beside(store profile.Store) bool { return store == profile.Store(users(a)) }

type passwords struct {
	s     *Store
	apart bool // who exists is not known here
}

// Beside is of authstore.UsersBeside.
func (p passwords) Beside(store profile.Store) bool {
	return (store == profile.Store(users{p.s})) != p.apart
}

func (p passwords) PasswordHash(ctx context.Context, userID string) (string, error) {
	hash := ""
	err := p.s.read(ctx, func(st *state) error {
		hash, _ = st.passwords.get(userID)
		return nil
	})
	return hash, err
}

// LockPassword needs no lock of its own: a transaction here is the only writer
// until it ends.
func (p passwords) LockPassword(ctx context.Context, userID string) (string, error) {
	return p.PasswordHash(ctx, userID)
}

func (p passwords) SetPassword(ctx context.Context, userID, old, hash string, events ...activity.Event) error {
	return p.s.write(ctx, func(st *state) error {
		if _, there := st.users.get(userID); !there && !p.apart {
			return fmt.Errorf("memstore: user: %w", storage.ErrNotFound)
		}
		if present, _ := st.passwords.get(userID); present != old {
			return fmt.Errorf("memstore: password: %w", storage.ErrStale)
		}
		st.passwords.put(st, userID, hash)
		return st.record(events)
	})
}

func (p passwords) Erase(ctx context.Context, userID string) error {
	return p.s.write(ctx, func(st *state) error {
		st.passwords.remove(st, userID)
		return nil
	})
}
