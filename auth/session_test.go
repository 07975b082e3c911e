package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authlimit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

func TestS34_FreshForTenMinutes(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	for _, tt := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {10 * time.Minute, true}, {10*time.Minute + time.Second, false}, {time.Hour, false}} {
		w.clock.add(tt.after)
		if got := w.Fresh(w.alive(t, in.Token)); got != tt.want {
			t.Errorf("after %v: %v", tt.after, got)
		}
		w.clock.add(-tt.after)
	}
	id := w.alive(t, in.Token)
	w.clock.add(-time.Hour)
	if w.Fresh(id) {
		t.Error("a proof from the future is fresh (R29)")
	}
	if w.Fresh(auth.Identity{}) {
		t.Error("nobody is fresh")
	}
}

func TestS30_IdleAndAbsoluteLimits(t *testing.T) {
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name           string
		remember       bool
		limits         authlimit.Sessions
		idle, absolute time.Duration
	}{
		{"default", false, authlimit.Sessions{}, day, 7 * day},
		{"remembered", true, authlimit.Sessions{}, 30 * day, 90 * day},
		{"AAL2", false, authlimit.Sessions{Idle: time.Hour, Absolute: day}, time.Hour, day},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := open(t, func(c *auth.Config) { c.Session = tt.limits })
			w.register(t, "ada")
			begin := func() string {
				in, err := w.SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password, Remember: tt.remember})
				if err != nil {
					t.Fatal(err)
				}
				return in.Token
			}
			unused := begin()
			w.clock.add(tt.idle - time.Second)
			w.alive(t, unused) // which is a use
			w.clock.add(tt.idle)
			w.dead(t, unused)

			used := begin()
			step := tt.idle - time.Minute
			for left := tt.absolute; left > step; left -= step {
				w.clock.add(step)
				if id := w.alive(t, used); id.Session.IdleUntil.After(id.Session.ExpiresAt) {
					t.Error("the idle limit is past the absolute one")
				}
			}
			w.clock.add(step)
			w.dead(t, used)
		})
	}
}

func TestS30_ReauthenticationDoesNotMoveTheAbsoluteLimit(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	token := in.Token
	for range 6 {
		w.clock.add(24*time.Hour - time.Minute)
		proof, err := w.Reauthenticate(t.Context(), home, w.alive(t, token), password)
		if err != nil {
			t.Fatal(err)
		}
		token = proof.Token
	}
	w.clock.add(24 * time.Hour)
	w.dead(t, token)
}

func TestS31P26_SignOutIsAtOnce(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	stays := w.mustSignIn(t, "ada", password)
	id := w.alive(t, in.Token)
	if err := w.SignOut(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	w.dead(t, in.Token)
	w.alive(t, stays.Token)
	if err := w.SignOut(t.Context(), id); err != nil {
		t.Errorf("twice: %v", err)
	}
	// What was authenticated before may not act for the session any more.
	if _, err := w.Reauthenticate(t.Context(), home, id, password); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("reauthenticate: %v", err)
	}
	if _, err := w.ChangePassword(t.Context(), home, id, password, newer); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("change: %v", err)
	}
	w.mustSignIn(t, "ada", password) // the password is the old one
	w.alive(t, stays.Token)
}

func TestR17_NothingThatStartsAfterSigningOutWorks(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db)
		in := w.register(t, "ada")
		id := w.alive(t, in.Token)
		var out atomic.Bool
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				for last := false; !last; {
					last = out.Load()
					if _, err := w.Authenticate(t.Context(), in.Token); last && !errors.Is(err, auth.ErrUnauthenticated) {
						t.Errorf("after signing out: %v", err)
					}
					runtime.Gosched()
				}
			})
		}
		if err := w.SignOut(t.Context(), id); err != nil {
			t.Error(err)
		}
		out.Store(true)
		wg.Wait()
	})
}

func TestS31P20_DisabledAccounts(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	w.disable(t, in.User.ID, true)
	w.dead(t, in.Token)
	if _, err := w.signIn(t, "ada", password); !errors.Is(err, auth.ErrInvalidCredentials) {
		t.Errorf("sign in: %v", err)
	}
	u, err := w.db.Users().User(t.Context(), in.User.ID)
	if err != nil || !u.Disabled {
		t.Errorf("a sign-in enabled the account (P20): %v", err)
	}
	w.disable(t, in.User.ID, false)
	w.mustSignIn(t, "ada", password)
}

// Two nodes share nothing but the stores.
func TestS31_OtherNodesKnowAtOnce(t *testing.T) {
	a := open(t)
	b := open(t, func(c *auth.Config) {
		c.Users, c.Stores, c.LimitStore, c.Activity, c.Tx = a.db.Users(), a.db.Auth(), a.db.Limits(), a.db.Activity(), a.db
	})
	in := a.register(t, "ada")
	if err := b.SignOut(t.Context(), b.alive(t, in.Token)); err != nil {
		t.Fatal(err)
	}
	a.dead(t, in.Token)
	for i := range 10 {
		n := []*world{a, b}[i%2]
		if _, err := n.signIn(t, "ada", other); !errors.Is(err, auth.ErrInvalidCredentials) {
			t.Fatal(err)
		}
	}
	for _, n := range []*world{a, b} {
		_, err := n.signIn(t, "ada", password)
		limited(t, err)
	}
}

func TestS33_UsersSeeAndEndTheirOwnSessionsOnly(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db)
		ada := w.register(t, "ada")
		w.clock.add(time.Minute)
		nameless, err := w.SignIn(t.Context(), auth.Client{}, auth.Credentials{Login: "ada", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		bob := w.register(t, "bob")
		if _, err := w.SignIn(t.Context(), auth.Client{}, auth.Credentials{Login: "bob", Password: password}); err != nil {
			t.Fatal(err)
		}

		id := w.alive(t, ada.Token)
		list, err := w.Sessions(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, s := range list {
			ids = append(ids, s.ID)
			if s.UserID != ada.User.ID || s.TokenHash != [32]byte{} {
				t.Errorf("listed: %+v", s)
			}
		}
		slices.Sort(ids)
		want := []string{ada.Session.ID, nameless.Session.ID}
		slices.Sort(want)
		if !slices.Equal(ids, want) {
			t.Errorf("listed %v, want %v", ids, want)
		}

		for _, other := range []string{bob.Session.ID, "", "nothing", bob.Token} {
			if err := w.EndSession(t.Context(), id, other); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("ending %q: %v", other, err)
			}
		}
		w.alive(t, bob.Token)
		if err := w.EndSession(t.Context(), id, nameless.Session.ID); err != nil {
			t.Fatal(err)
		}
		w.dead(t, nameless.Token)
		w.alive(t, ada.Token)
	})
}

func TestS33_EndOtherSessions(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	bob := w.register(t, "bob")
	a, b := w.mustSignIn(t, "ada", password), w.mustSignIn(t, "ada", password)
	id := w.alive(t, in.Token)
	for _, want := range []int{2, 0} {
		if n, err := w.EndOtherSessions(t.Context(), id); n != want || err != nil {
			t.Errorf("ended %d, %v, want %d", n, err, want)
		}
	}
	w.dead(t, a.Token)
	w.dead(t, b.Token)
	w.alive(t, in.Token)
	w.alive(t, bob.Token)
}

// touches counts what is written for reads.
type touches struct {
	authstore.SessionStore
	n atomic.Int64
}

func (c *touches) Unwrap() authstore.SessionStore { return c.SessionStore }

func (c *touches) TouchSession(ctx context.Context, id string, used, idle time.Time, src activity.Source) error {
	c.n.Add(1)
	return c.SessionStore.TouchSession(ctx, id, used, idle, src)
}

func TestUseIsNotedOnceAMinute(t *testing.T) {
	w := open(t)
	c := &touches{SessionStore: w.db.Auth().Sessions}
	n := open(t, func(cfg *auth.Config) {
		cfg.Users, cfg.Activity, cfg.Tx = w.db.Users(), w.db.Activity(), w.db
		cfg.Stores = withSessions(w.db.Auth(), c)
	})
	in := n.register(t, "ada")
	for range 180 {
		n.clock.add(time.Second)
		n.alive(t, in.Token)
	}
	if got := c.n.Load(); got != 3 {
		t.Errorf("%d writes in 3 minutes of reads, want 3", got)
	}
	n.clock.add(-time.Hour)
	n.alive(t, in.Token)
	if got := c.n.Load(); got != 3 {
		t.Error("a clock set back is noted as a use")
	}
	n.clock.add(2 * time.Hour)
	ctx := activity.WithSource(t.Context(), activity.Source{IP: "198.51.100.0/24", Device: "Other"})
	if _, err := n.Authenticate(ctx, in.Token); err != nil {
		t.Fatal(err)
	}
	list, err := n.Sessions(t.Context(), n.alive(t, in.Token))
	if err != nil || len(list) != 1 || list[0].Source.Device != "Other" || !list[0].LastUsedAt.Equal(n.clock.now()) {
		t.Errorf("sessions = %+v, %v", list, err)
	}
}

func TestSeparateUsersAreReadFromTheirOwnStore(t *testing.T) {
	// The session store of one database knows nobody; the users are elsewhere.
	users, rest := open(t), open(t)
	u, err := users.db.Users().Create(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	separate := func(own profile.Store) *world {
		return open(t, func(c *auth.Config) {
			c.Users, c.Stores, c.Activity, c.Tx = own, rest.db.AuthApart(), rest.db.Activity(), rest.db
		})
	}
	now := users.clock.now()
	token := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	sess := authstore.Session{
		ID: "s", UserID: u.ID, TokenHash: sha(token), Level: authstore.LevelFull,
		CreatedAt: now, ProvedAt: now, LastUsedAt: now, IdleUntil: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
	}
	if err := rest.db.Auth().Sessions.CreateSession(t.Context(), sess); err != nil {
		t.Fatal(err)
	}
	if id := separate(users.db.Users()).alive(t, token); id.User.Username != "ada" {
		t.Errorf("user = %+v", id.User)
	}
	if _, err := auth.New(auth.Config{
		Users: rest.db.Users(), Stores: rest.db.AuthApart(), LimitStore: rest.db.Limits(), Activity: rest.db.Activity(), Tx: rest.db,
	}); err == nil {
		t.Error("the users of a database were taken with passwords apart from them")
	}
}

func TestS21P13P45_AHalfSessionOpensNothing(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	token := base64.RawURLEncoding.EncodeToString(make([]byte, 32))
	half := in.Session
	half.ID, half.TokenHash, half.Level = "half", sha(token), authstore.LevelHalf
	if err := w.db.Auth().Sessions.CreateSession(t.Context(), half); err != nil {
		t.Fatal(err)
	}
	w.dead(t, token)
	id := auth.Identity{User: in.User, Session: half}
	if _, err := w.Sessions(t.Context(), id); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("list: %v", err)
	}
	if _, err := w.Reauthenticate(t.Context(), home, id, password); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("reauthenticate: %v", err)
	}
	list, err := w.Sessions(t.Context(), w.alive(t, in.Token))
	if err != nil || len(list) != 1 {
		t.Errorf("a half session is listed: %+v, %v", list, err)
	}
}

func TestPurgeExpired(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	long, err := w.SignIn(t.Context(), auth.Client{IP: netip.MustParseAddr("192.0.2.1")},
		auth.Credentials{Login: "ada", Password: password, Remember: true})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.add(8 * 24 * time.Hour)
	if err := w.PurgeExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.db.Auth().Sessions.Session(t.Context(), in.Session.TokenHash); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the expired session is there: %v", err)
	}
	w.alive(t, long.Token)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	is(t, w.PurgeExpired(ctx), context.Canceled)
}

// everySession is the list of the user's sessions of every level.
func everySession(ctx context.Context, s authstore.SessionStore, userID string) (all []authstore.Session, err error) {
	for _, level := range []authstore.Level{authstore.LevelFull, authstore.LevelHalf, authstore.LevelDeletionPending, authstore.LevelDevice} {
		list, err := s.Sessions(ctx, userID, level, 10_000)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}
