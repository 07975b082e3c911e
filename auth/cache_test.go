package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authlimit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
)

// readings counts reads of a session, and lets a test act between what the
// database answered and what the Service makes of it.
type readings struct {
	authstore.SessionStore
	n     atomic.Int64
	after atomic.Pointer[func()]
}

func (r *readings) Unwrap() authstore.SessionStore { return r.SessionStore }

func (r *readings) Beside(users profile.Store) bool {
	return r.SessionStore.(authstore.SessionUserStore).Beside(users)
}

func (r *readings) SessionWithUser(ctx context.Context, hash [32]byte) (authstore.Session, profile.User, error) {
	r.n.Add(1)
	s, u, err := r.SessionStore.(authstore.SessionUserStore).SessionWithUser(ctx, hash)
	if f := r.after.Swap(nil); f != nil {
		(*f)()
	}
	return s, u, err
}

// cached is a node on db with a cache; nodes share one clock.
func cached(t testing.TB, db database, clock *clock, change ...func(*auth.Config)) (*world, *readings) {
	t.Helper()
	r := &readings{SessionStore: db.Auth().Sessions}
	change = append([]func(*auth.Config){func(c *auth.Config) {
		c.SessionCache = auth.SessionCache{TTL: time.Second}
		c.Stores = withSessions(db.Auth(), r)
		if clock != nil {
			c.Now = clock.now
		}
	}}, change...)
	w := openOn(t, db, change...)
	if clock != nil {
		w.clock = clock
	}
	return w, r
}

// read is AuthenticateRead of a session that lives.
func (w *world) read(t testing.TB, token string) auth.Identity {
	t.Helper()
	id, err := w.AuthenticateRead(t.Context(), token)
	if err != nil {
		t.Fatalf("AuthenticateRead: %v", err)
	}
	return id
}

func (w *world) unread(t testing.TB, token string) {
	t.Helper()
	if _, err := w.AuthenticateRead(t.Context(), token); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("AuthenticateRead = %v, want ErrUnauthenticated", err)
	}
}

func TestCacheSparesTheDatabase(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w, r := cached(t, db, nil)
		in := w.register(t, "ada")
		for range 10 {
			if id := w.read(t, in.Token); id.User.ID != in.User.ID || id.Session.ID != in.Session.ID {
				t.Fatalf("identity = %+v", id)
			}
		}
		if n := r.n.Load(); n != 1 {
			t.Errorf("%d reads, want 1", n)
		}
		w.alive(t, in.Token)
		if n := r.n.Load(); n != 2 {
			t.Error("Authenticate was answered from memory")
		}
		w.clock.add(time.Second)
		w.read(t, in.Token)
		if n := r.n.Load(); n != 3 {
			t.Error("an entry outlived its TTL")
		}
	})
}

func TestCacheKeepsNothingNegative(t *testing.T) {
	w, r := cached(t, open(t).db, nil)
	in := w.register(t, "ada")
	if err := w.SignOut(t.Context(), w.alive(t, in.Token)); err != nil {
		t.Fatal(err)
	}
	r.n.Store(0)
	for range 3 {
		w.unread(t, in.Token)
	}
	if n := r.n.Load(); n != 3 {
		t.Errorf("a token of no session was looked up %d times of 3", n)
	}
	w.unread(t, "no token")
	if n := r.n.Load(); n != 3 {
		t.Error("what is no token was looked up")
	}
}

func TestS30_CachedSessionsKeepTheirLimits(t *testing.T) {
	within := func(idle time.Duration) *world {
		w, _ := cached(t, open(t).db, nil, func(c *auth.Config) {
			c.SessionCache.TTL = auth.MaxSessionTTL
			c.Session = authlimit.Sessions{Idle: idle, Absolute: 10 * time.Minute}
		})
		return w
	}
	w := within(61 * time.Second)
	in := w.register(t, "ada")
	w.clock.add(59 * time.Second)
	w.read(t, in.Token)
	w.clock.add(2 * time.Second) // within the TTL, at the idle limit
	w.unread(t, in.Token)

	w = within(5 * time.Minute)
	in = w.register(t, "ada")
	for range 13 {
		w.clock.add(46 * time.Second)
		w.read(t, in.Token)
	}
	w.clock.add(2*time.Second - time.Microsecond)
	w.read(t, in.Token)
	w.clock.add(time.Microsecond) // ten minutes, within the TTL
	w.unread(t, in.Token)
}

func TestCachedUseIsNotedOnceAMinute(t *testing.T) {
	db := open(t).db
	c := &touches{SessionStore: db.Auth().Sessions}
	w, _ := cached(t, db, nil, func(cfg *auth.Config) {
		cfg.Stores = withSessions(db.Auth(), c)
	})
	in := w.register(t, "ada")
	for range 360 {
		w.clock.add(time.Second / 2)
		w.read(t, in.Token)
	}
	if got := c.n.Load(); got != 3 {
		t.Errorf("%d writes in 3 minutes of reads, want 3", got)
	}
}

func TestR29_CacheDoesNotOutliveAClockSetBack(t *testing.T) {
	w, r := cached(t, open(t).db, nil)
	in := w.register(t, "ada")
	w.read(t, in.Token)
	w.clock.add(-time.Hour)
	w.read(t, in.Token)
	if n := r.n.Load(); n != 2 {
		t.Errorf("%d reads, want 2: an entry from the future was believed", n)
	}
}

func TestCacheIsBounded(t *testing.T) {
	const size, sessions = 64, 300
	w, r := cached(t, open(t).db, nil, limitsOff, func(c *auth.Config) { c.SessionCache.Size = size })
	names := []string{"ada", "bob", "cyd", "dan"} // nobody has that many sessions alone
	for _, name := range names {
		w.register(t, name)
	}
	var tokens []string
	for i := range sessions {
		tokens = append(tokens, w.mustSignIn(t, names[i%len(names)], password).Token)
	}
	r.n.Store(0)
	for _, token := range tokens {
		w.read(t, token)
	}
	if n := r.n.Load(); n != sessions {
		t.Fatalf("%d reads of %d sessions", n, sessions)
	}
	slices.Reverse(tokens) // the newest stayed
	for _, token := range tokens {
		w.read(t, token)
	}
	if kept := 2*sessions - r.n.Load(); kept > size || kept < size/2 {
		t.Errorf("%d sessions were in memory, want at most and about %d", kept, size)
	}
}

// What a transaction sees is neither kept for others nor answered from memory.
func TestCacheStaysOutOfTransactions(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w, _ := cached(t, db, nil)
		in := w.register(t, "ada")
		id := w.read(t, in.Token)
		undo := errors.New("undo")
		role := "admin"
		err := w.db.InTx(t.Context(), func(ctx context.Context) error {
			if _, err := w.db.Users().Update(ctx, id.User.ID, profile.Patch{Role: &role}); err != nil {
				return err
			}
			inside, err := w.AuthenticateRead(ctx, in.Token)
			if err != nil || inside.User.Role != role {
				t.Errorf("inside: %q, %v", inside.User.Role, err)
			}
			if outside := w.read(t, in.Token); outside.User.Role == role {
				t.Error("others see what is not committed")
			}
			return undo
		})
		is(t, err, undo)
		if id := w.read(t, in.Token); id.User.Role == role {
			t.Error("what was rolled back is shown")
		}
	})
}

func TestCachedIdentitiesAreNotShared(t *testing.T) {
	w, _ := cached(t, open(t).db, nil)
	in := w.register(t, "ada")
	links := []string{"https://example.org/"}
	if _, err := w.db.Users().Update(t.Context(), in.User.ID, profile.Patch{Links: &links}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		id := w.read(t, in.Token)
		if !slices.Equal(id.User.Links, links) {
			t.Fatalf("links = %v", id.User.Links)
		}
		id.User.Links[0] = "changed by a caller"
	}
}

func TestOnceIsMadeAnewWithTheUser(t *testing.T) {
	type key struct{}
	w, _ := cached(t, open(t).db, nil)
	in := w.register(t, "ada")
	n := 0
	once := func(id auth.Identity, k any) any {
		v, err := id.Once(k, func() (any, error) { n++; return id.User.Bio, nil })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for range 3 {
		once(w.read(t, in.Token), key{})
	}
	if n != 1 {
		t.Errorf("made %d times, want once", n)
	}
	once(w.read(t, in.Token), "another key")
	if n != 2 {
		t.Error("the value of another key was given")
	}
	bio := "new"
	if err := patch(t, w, auth.Identity{User: in.User}, profile.Patch{Bio: &bio}); err != nil {
		t.Fatal(err)
	}
	if v := once(w.read(t, in.Token), key{}); v != bio {
		t.Errorf("once = %v after a change", v)
	}
	if v := once(w.alive(t, in.Token), key{}); v != bio || n != 4 {
		t.Errorf("an identity that is not in memory: %v, made %d times", v, n)
	}
	failed := errors.New("failed")
	_, err := w.read(t, in.Token).Once("failing", func() (any, error) { return nil, failed })
	is(t, err, failed)
}

func TestForgetIsForStatementsOfTheHost(t *testing.T) {
	db := &unwatched{database: open(t).db}
	w, r := cached(t, db, nil)
	in := w.register(t, "ada")
	for _, forget := range []func(){
		func() { w.Forget(in.User.ID) }, func() { w.Forget() }, func() { w.Forget("nobody", in.User.ID) },
	} {
		w.read(t, in.Token)
		before := r.n.Load()
		forget()
		w.read(t, in.Token)
		if r.n.Load() != before+1 {
			t.Error("a forgotten user was answered from memory")
		}
	}
	open(t).Forget() // without a cache it is nothing
}

// Users of a store of their own are watched apart from the sessions.
func TestCacheWatchesSeparateUsers(t *testing.T) {
	users, rest := open(t), open(t)
	c := auth.Config{
		Users: struct{ profile.Store }{users.db.Users()}, Policy: auth.Policy{SessionCache: auth.SessionCache{TTL: time.Second}, Hashers: rest.hashers},
		Stores: rest.db.AuthApart(), LimitStore: rest.db.Limits(), Activity: rest.db.Activity(), Tx: rest.db,
	}
	if _, err := auth.New(c); err == nil {
		t.Error("users that nobody watches were taken")
	}
	c.Users = users.db.Users()
	svc, err := auth.New(c)
	if err != nil {
		t.Fatal(err)
	}
	u, err := users.db.Users().Create(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	token, now := base64.RawURLEncoding.EncodeToString(make([]byte, 32)), time.Now()
	sess := authstore.Session{
		ID: "s", UserID: u.ID, TokenHash: sha(token), Level: authstore.LevelFull,
		CreatedAt: now, ProvedAt: now, LastUsedAt: now, IdleUntil: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
	}
	if err := rest.db.Auth().Sessions.CreateSession(t.Context(), sess); err != nil {
		t.Fatal(err)
	}
	for _, bio := range []string{"", "new", "newer"} {
		if _, err := users.db.Users().Update(t.Context(), u.ID, profile.Patch{Bio: &bio}); err != nil {
			t.Fatal(err)
		}
		if id, err := svc.AuthenticateRead(t.Context(), token); err != nil || id.User.Bio != bio {
			t.Errorf("bio %q, %v, want %q", id.User.Bio, err, bio)
		}
	}
	if err := rest.db.Auth().Sessions.EndSession(t.Context(), u.ID, sess.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := svc.AuthenticateRead(t.Context(), token); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("after the end: %v", err)
	}
}

func TestCacheConfig(t *testing.T) {
	db := open(t).db
	for name, tt := range map[string]struct {
		cache auth.SessionCache
		bare  bool
		fails bool
	}{
		"off":            {},
		"off, unwatched": {bare: true},
		"size alone":     {cache: auth.SessionCache{Size: 1}},
		"longest":        {cache: auth.SessionCache{TTL: auth.MaxSessionTTL}},
		"too long":       {cache: auth.SessionCache{TTL: auth.MaxSessionTTL + 1}, fails: true},
		"negative":       {cache: auth.SessionCache{TTL: -1}, fails: true},
		"negative size":  {cache: auth.SessionCache{Size: -1}, fails: true},
		"unwatched":      {cache: auth.SessionCache{Size: 1}, bare: true, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := auth.Config{Users: db.Users(), Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db, Policy: auth.Policy{SessionCache: tt.cache}}
			if tt.bare {
				c.Tx = struct{ database }{db}
			}
			if _, err := auth.New(c); (err != nil) != tt.fails {
				t.Errorf("error = %v", err)
			}
		})
	}
}

func TestCacheAnswersAContextThatEnded(t *testing.T) {
	w, _ := cached(t, open(t).db, nil)
	in := w.register(t, "ada")
	w.read(t, in.Token)
	ctx, cancel := context.WithCancel(activity.WithSource(t.Context(), activity.Source{}))
	cancel()
	_, err := w.AuthenticateRead(ctx, in.Token)
	is(t, err, context.Canceled)
}
