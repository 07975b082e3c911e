package auth_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
)

// changesOfAda are all that may make what the cache holds wrong. Each gets the
// session that is read and another one of the same user.
var changesOfAda = []struct {
	name string
	do   func(t *testing.T, w *world, read, other auth.Identity) error
	dead bool
	seen func(profile.User) bool
}{
	{name: "sign-out", dead: true, do: func(t *testing.T, w *world, read, _ auth.Identity) error {
		return w.SignOut(t.Context(), read)
	}},
	{name: "end one", dead: true, do: func(t *testing.T, w *world, read, other auth.Identity) error {
		return w.EndSession(t.Context(), other, read.Session.ID)
	}},
	{name: "end others", dead: true, do: func(t *testing.T, w *world, _, other auth.Identity) error {
		_, err := w.EndOtherSessions(t.Context(), other)
		return err
	}},
	{name: "password", dead: true, do: func(t *testing.T, w *world, _, other auth.Identity) error {
		_, err := w.ChangePassword(t.Context(), home, other, password, newer)
		return err
	}},
	{name: "rotation", dead: true, do: func(t *testing.T, w *world, read, _ auth.Identity) error {
		_, err := w.Reauthenticate(t.Context(), home, read, password)
		return err
	}},
	{name: "disabled", dead: true, do: func(t *testing.T, w *world, read, _ auth.Identity) error {
		yes := true
		return patch(t, w, read, profile.Patch{Disabled: &yes})
	}},
	{name: "role", seen: func(u profile.User) bool { return u.Role == "admin" }, do: func(t *testing.T, w *world, read, _ auth.Identity) error {
		role := "admin"
		return patch(t, w, read, profile.Patch{Role: &role})
	}},
	{name: "profile", seen: func(u profile.User) bool { return u.Bio == "new" }, do: func(t *testing.T, w *world, read, _ auth.Identity) error {
		bio := "new"
		return patch(t, w, read, profile.Patch{Bio: &bio})
	}},
	{name: "picture in a transaction", seen: func(u profile.User) bool { return u.Picture.Base == "b" }, do: func(t *testing.T, w *world, read, _ auth.Identity) error {
		return w.db.InTx(t.Context(), func(ctx context.Context) error {
			_, err := w.db.Users().Update(ctx, read.User.ID, profile.Patch{Picture: &profile.Picture{Base: "b", Ext: "jpg", Sizes: []int{64}}})
			return err
		})
	}},
}

func patch(t *testing.T, w *world, id auth.Identity, p profile.Patch) error {
	_, err := w.db.Users().Update(t.Context(), id.User.ID, p)
	return err
}

// A change on this node is seen by the next read, both when the old state was
// in memory and when a read that began before the change would put it there
// after it.
func TestR17_ChangesReachTheCacheOfTheirNodeAtOnce(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w, r := cached(t, db, nil, limitsOff)
		for i, change := range changesOfAda {
			for _, during := range []bool{false, true} {
				name := change.name
				if during {
					name += " during a read"
				}
				t.Run(name, func(t *testing.T) {
					user := "ada" + string(rune('a'+i))
					if during {
						user += "2"
					}
					in := w.register(t, user)
					other := w.alive(t, w.mustSignIn(t, user, password).Token)
					act := func() {
						if err := change.do(t, w, w.alive(t, in.Token), other); err != nil {
							t.Error(err)
						}
					}
					if during {
						r.after.Store(&act)
						w.read(t, in.Token)
					} else {
						w.read(t, in.Token)
						act()
					}
					if change.dead {
						w.unread(t, in.Token)
						return
					}
					if id := w.read(t, in.Token); !change.seen(id.User) {
						t.Errorf("the read shows the old user: %+v", id.User)
					}
				})
			}
		}
	})
}

// The other node shares the database only, so it may believe what it read for
// one TTL, and no longer.
func TestR17_AnotherNodeKnowsWithinTheTTL(t *testing.T) {
	for i, change := range changesOfAda {
		t.Run(change.name, func(t *testing.T) {
			db := &unwatched{database: open(t).db}
			here, _ := cached(t, db, nil, limitsOff)
			there, _ := cached(t, db, here.clock, limitsOff)
			in := here.register(t, "ada"+string(rune('a'+i)))
			other := here.alive(t, here.mustSignIn(t, in.User.Username, password).Token)
			there.read(t, in.Token)
			if err := change.do(t, here, here.alive(t, in.Token), other); err != nil {
				t.Fatal(err)
			}
			here.clock.add(time.Second - time.Microsecond)
			if id := there.read(t, in.Token); change.seen != nil && change.seen(id.User) {
				t.Error("the other node saw the change, so the test shows nothing")
			}
			if change.dead {
				there.dead(t, in.Token) // what changes something asks the database
			}
			here.clock.add(time.Microsecond)
			if change.dead {
				there.unread(t, in.Token)
			} else if id := there.read(t, in.Token); !change.seen(id.User) {
				t.Error("the old user was shown after the TTL")
			}
		})
	}
}

// unwatched is a database that tells nobody, as if each node had its own handle
// on it.
type unwatched struct{ database }

// joinable are sessions that are read with their users.
type joinable interface {
	authstore.SessionStore
	authstore.SessionUserStore
}

// silent are sessions that tell nobody.
type silent struct{ joinable }

func (silent) Watch(func(string))                 {}
func (silent) InTransaction(context.Context) bool { return false }

func (u unwatched) Auth() authstore.Stores {
	s := u.database.Auth()
	s.Sessions = silent{s.Sessions.(joinable)}
	return s
}

func (unwatched) Watch(func(string)) {}
func (u unwatched) InTransaction(ctx context.Context) bool {
	return u.database.(authstore.Watched).InTransaction(ctx)
}

func TestR17_CachedSessionsAgainstParallelReads(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		for _, end := range []struct {
			name string
			do   func(w *world, id auth.Identity) error
		}{
			{"sign-out", func(w *world, id auth.Identity) error { return w.SignOut(t.Context(), id) }},
			{"disabled", func(w *world, id auth.Identity) error {
				yes := true
				return patch(t, w, id, profile.Patch{Disabled: &yes})
			}},
		} {
			t.Run(end.name, func(t *testing.T) {
				w, _ := cached(t, db, nil)
				in := w.register(t, "ada-"+end.name)
				id := w.alive(t, in.Token)
				var out atomic.Bool
				var wg sync.WaitGroup
				for range 50 {
					wg.Go(func() {
						for last := false; !last; {
							last = out.Load()
							if _, err := w.AuthenticateRead(t.Context(), in.Token); last && !errors.Is(err, auth.ErrUnauthenticated) {
								t.Errorf("after the end: %v", err)
							}
							runtime.Gosched()
						}
					})
				}
				if err := end.do(w, id); err != nil {
					t.Error(err)
				}
				out.Store(true)
				wg.Wait()
			})
		}
	})
}
