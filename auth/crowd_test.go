package auth_test

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// slow is a hash.Hasher whose Match lasts until it is released.
type slow struct {
	hash.Hasher
	release      chan struct{}
	running, max atomic.Int64
}

func (s *slow) Match(string, string) hash.Result {
	n := s.running.Add(1)
	defer s.running.Add(-1)
	for m := s.max.Load(); n > m && !s.max.CompareAndSwap(m, n); m = s.max.Load() {
	}
	<-s.release
	return hash.Result{Known: true}
}

// Five hundred sign-ins at once cost the same, and hear the same, whether the
// accounts exist or not.
func TestR20_UnknownUsersCostWhatKnownOnesDo(t *testing.T) {
	type outcome struct {
		invalid, busy int
		most          int64 // hashes at once
		stats         hash.Stats
	}
	run := func(prefix string) (o outcome) {
		synctest.Test(t, func(t *testing.T) {
			s := &slow{Hasher: cheap, release: make(chan struct{})}
			hashers := hash.NewGated(hash.Gate{Slots: 2, Waiting: 20}, s)
			w := open(t, limitsOff, func(c *auth.Config) { c.Hashers = hashers })
			for i := range 500 {
				u := profile.User{Username: fmt.Sprint("known", i), Email: fmt.Sprintf("known%d@example.org", i)}
				u, err := w.db.Users().Create(t.Context(), u)
				if err != nil {
					t.Fatal(err)
				}
				if err := w.db.Auth().Passwords.SetPassword(t.Context(), u.ID, "", "a hash"); err != nil {
					t.Fatal(err)
				}
			}
			errs := make(chan error, 500)
			for i := range 500 {
				go func() {
					_, err := w.SignIn(t.Context(), home, auth.Credentials{Login: fmt.Sprint(prefix, i), Password: other})
					errs <- err
				}()
			}
			synctest.Wait()
			close(s.release)
			for range 500 {
				switch err := <-errs; {
				case errors.Is(err, auth.ErrInvalidCredentials):
					o.invalid++
				case errors.Is(err, storage.ErrUnavailable):
					o.busy++
				default:
					t.Errorf("%s: %v", prefix, err)
				}
			}
			o.most, o.stats = s.max.Load(), hashers.Stats()
		})
		return o
	}
	known, unknown := run("known"), run("nobody")
	if known != unknown || known.invalid != 22 || known.busy != 478 || known.most != 2 {
		t.Errorf("known %+v, unknown %+v; want 22 refused, 478 told to wait, 2 hashes at once", known, unknown)
	}
}
