package authtest_test

import (
	"context"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authtest"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/storage"
)

// Stores of your own take the place of memstore.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestAuthStores(t *testing.T)
		authtest.Run(t, func(t *testing.T) authtest.Harness {
			db := memstore.New()
			return authtest.Harness{Stores: db.Auth(), Users: db.Users(), Tx: db, Limits: db.Limits(), Activity: db.Activity()}
		})
	}
}

// A hasher of your own takes the place of Argon2id; the text is of
// authtest.Password, with parameters below its own.
func ExampleRunHasher() {
	_ = func(t *testing.T) { // func TestHasher(t *testing.T)
		authtest.RunHasher(t, hash.Argon2id{}, "$argon2id$v=19$m=4096,t=1,p=1$…")
	}
}

// passwords keeps passwords and knows no users, as a store beside a host's own users
// table does.
type passwords struct {
	mu     sync.Mutex
	hashes map[string]string
}

func (p *passwords) PasswordHash(ctx context.Context, user string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hashes[user], ctx.Err()
}

func (p *passwords) LockPassword(ctx context.Context, user string) (string, error) {
	return p.PasswordHash(ctx, user)
}

func (p *passwords) SetPassword(ctx context.Context, user, old, hash string, _ ...activity.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if p.hashes[user] != old {
		return storage.ErrStale
	}
	p.hashes[user] = hash
	return nil
}

func (p *passwords) Erase(ctx context.Context, user string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	delete(p.hashes, user)
	return nil
}

func TestStoresApartFromUsers(t *testing.T) {
	for name, users := range map[string]bool{"no users": false, "users elsewhere": true} {
		t.Run(name, func(t *testing.T) {
			authtest.Run(t, func(t *testing.T) authtest.Harness {
				db := memstore.New()
				h := authtest.Harness{Stores: db.Auth()}
				h.Stores.Passwords = &passwords{hashes: map[string]string{}}
				if users {
					h.Users = db.Users()
				}
				return h
			})
		})
	}
}
