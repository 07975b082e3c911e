package authtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// change is a conform.Change whose Prepare is given the user to work on.
func change(name string, h Harness, prepare func(t *testing.T, user string) (do func(context.Context) error, made func(context.Context) bool)) conform.Change {
	return conform.Change{Name: name, Prepare: func(t *testing.T) (func(context.Context) error, func(context.Context) bool) {
		return prepare(t, h.newUser(t))
	}}
}

func txCases(t *testing.T, h Harness) {
	type do = func(context.Context) error
	type made = func(context.Context) bool
	p, ss := h.Stores.Passwords, h.Stores.Sessions
	opens := func(t *testing.T, ctx context.Context, hash [32]byte) bool {
		t.Helper()
		_, err := ss.Session(ctx, hash)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("Session: error %v, want nil or one matching storage.ErrNotFound", err)
		}
		return err == nil
	}
	user, stranger := h.newUser(t), h.newUser(t)
	there := created(t, h, user)
	conform.Refusals(t, h.Tx, []conform.Refusal{
		{
			Name: "a stale hash", Is: storage.ErrStale,
			Do: func(ctx context.Context) error { return p.SetPassword(ctx, user, hashOf("other"), hashOf("next")) },
		},
		{
			Name: "an unknown token", Is: storage.ErrNotFound,
			Do: func(ctx context.Context) error { _, err := ss.Session(ctx, newHash()); return err },
		},
		{
			Name: "a session that was rotated", Is: storage.ErrNotFound,
			Do: func(ctx context.Context) error { return ss.RotateSession(ctx, newHash(), there) },
		},
		{
			Name: "another user's session", Is: storage.ErrNotFound,
			Do: func(ctx context.Context) error { return ss.EndSession(ctx, stranger, there.ID) },
		},
	})
	if h.Tx != nil {
		t.Run("several stores as one", func(t *testing.T) { severalStores(t, h) })
	}
	conform.Transactions(t, h.Tx, []conform.Change{
		change("SetPassword", h, func(t *testing.T, user string) (do, made) {
			e := event(user)
			return func(ctx context.Context) error { return p.SetPassword(ctx, user, "", hashOf("a"), e) },
				func(ctx context.Context) bool {
					hash, err := p.PasswordHash(ctx, user)
					conform.Must(t, "PasswordHash", err)
					wroteEvent(t, ctx, h, e, hash != "")
					return hash != ""
				}
		}),
		change("CreateSession", h, func(t *testing.T, user string) (do, made) {
			s := newSession(user)
			return func(ctx context.Context) error { return ss.CreateSession(ctx, s) },
				func(ctx context.Context) bool { return opens(t, ctx, s.TokenHash) }
		}),
		change("RotateSession", h, func(t *testing.T, user string) (do, made) {
			s := created(t, h, user)
			next := s
			next.TokenHash = newHash()
			return func(ctx context.Context) error { return ss.RotateSession(ctx, s.TokenHash, next) },
				func(ctx context.Context) bool {
					rotated := opens(t, ctx, next.TokenHash)
					if opens(t, ctx, s.TokenHash) == rotated {
						t.Errorf("the new hash opening the session is %v, and so is the old one", rotated)
					}
					return rotated
				}
		}),
		change("TouchSession", h, func(t *testing.T, user string) (do, made) {
			s := created(t, h, user)
			later := s.LastUsedAt.Add(time.Minute)
			return func(ctx context.Context) error {
					return ss.TouchSession(ctx, s.ID, later, later.Add(time.Hour), s.Source)
				}, func(ctx context.Context) bool {
					got, err := ss.Session(ctx, s.TokenHash)
					conform.Must(t, "Session", err)
					return got.LastUsedAt.Equal(later)
				}
		}),
		change("EndSession", h, func(t *testing.T, user string) (do, made) {
			s := created(t, h, user)
			return func(ctx context.Context) error { return ss.EndSession(ctx, user, s.ID) },
				func(ctx context.Context) bool { return !opens(t, ctx, s.TokenHash) }
		}),
		change("EndSessions", h, func(t *testing.T, user string) (do, made) {
			s := created(t, h, user)
			return func(ctx context.Context) error { _, err := ss.EndSessions(ctx, user, ""); return err },
				func(ctx context.Context) bool { return !opens(t, ctx, s.TokenHash) }
		}),
	})
}

// severalStores signs a user up in one transaction: all of it is there, or
// none.
func severalStores(t *testing.T, h Harness) {
	if h.Users == nil {
		return
	}
	failed := errors.New("conform: the last step fails")
	for name, last := range map[string]error{"commit": nil, "rollback": failed} {
		t.Run(name, func(t *testing.T) {
			ctx, username, key := conform.Context(t), conform.Name("u"), conform.Name("k")
			one := limit.Rule{Limit: 1, Window: time.Minute}
			var u profile.User
			var s authstore.Session
			err := h.Tx.InTx(ctx, func(ctx context.Context) (err error) {
				if h.Limits != nil {
					if _, _, err = h.Limits.Take(ctx, key, one, conform.Time()); err != nil {
						return err
					}
				}
				if u, err = h.Users.Create(ctx, profile.User{Username: username, Email: username + "@example.org"}, event("")); err != nil {
					return err
				}
				if err = h.Stores.Passwords.SetPassword(ctx, u.ID, "", hashOf("a"), event(u.ID)); err != nil {
					return err
				}
				s = newSession(u.ID)
				if err = h.Stores.Sessions.CreateSession(ctx, s, event(u.ID)); err != nil {
					return err
				}
				return last
			})
			if !errors.Is(err, last) {
				t.Fatalf("InTx: error %v, want %v", err, last)
			}
			_, err = h.Users.ByUsername(ctx, username)
			if (err == nil) != (last == nil) {
				t.Errorf("ByUsername: error %v", err)
			}
			if h.Limits != nil {
				ok, _, err := h.Limits.Take(ctx, key, one, conform.Time())
				conform.Must(t, "Take", err)
				if ok != (last != nil) {
					t.Errorf("another try being let through is %v", ok)
				}
			}
			events := len(conform.Events(t, ctx, h.Activity, u.ID))
			if last != nil {
				passwordIs(t, ctx, h, u.ID, "")
				opensNothing(t, ctx, h, s.TokenHash)
				if events != 0 {
					t.Errorf("%d events are in the history, want none", events)
				}
				return
			}
			passwordIs(t, ctx, h, u.ID, hashOf("a"))
			sessionIs(t, ctx, h, s)
			if h.Activity != nil && events != 3 {
				t.Errorf("%d events are in the history, want 3", events)
			}
		})
	}
}
