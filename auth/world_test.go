package auth_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
)

// cheap is hash.Argon2id where its cost is not the point.
var cheap = hash.Argon2id{Memory: 64, Time: 1, Threads: 1}

const (
	password = "correct horse battery staple"
	other    = "wrong horse battery staple!"
	newer    = "a third and different password"
)

var home = auth.Client{IP: netip.MustParseAddr("203.0.113.7"), UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}

// ada is a user that the host made.
var ada = profile.User{Username: "ada", Email: "ada@example.org", Role: "user"}

// sha is what is kept of a token.
func sha(token string) [32]byte { return sha256.Sum256([]byte(token)) }

// clock is a time that moves when told to.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// counter is a hash.Hasher that counts what is asked of the one inside.
type counter struct {
	hash.Hasher
	hashes, matches atomic.Int64
	// before, when set, is called at the start of each Match.
	before atomic.Pointer[func()]
}

func (c *counter) Hash(p string) (string, error) {
	c.hashes.Add(1)
	return c.Hasher.Hash(p)
}

func (c *counter) Match(encoded, p string) hash.Result {
	r := c.Hasher.Match(encoded, p)
	if r.Known {
		c.matches.Add(1)
		if f := c.before.Load(); f != nil {
			(*f)()
		}
	}
	return r
}

func (c *counter) reset() { c.hashes.Store(0); c.matches.Store(0) }

// world is a Service with everything in hand.
type world struct {
	*auth.Service
	db      database
	hasher  *counter
	hashers *hash.Hashers
	clock   *clock
	log     *lockedBuffer
	// deletions is nil where users cannot be deleted.
	deletions *profile.Deletions
}

func open(t testing.TB, change ...func(*auth.Config)) *world {
	t.Helper()
	return openOn(t, memstore.New(), change...)
}

func openOn(t testing.TB, db database, change ...func(*auth.Config)) *world {
	t.Helper()
	w := &world{
		db:     db,
		hasher: &counter{Hasher: cheap},
		clock:  &clock{t: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)},
		log:    &lockedBuffer{},
	}
	w.hashers = hash.New(w.hasher, hash.Bcrypt{})
	w.hasher.reset() // the decoy
	cfg := auth.Config{
		Users: db.Users(), Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db, Policy: auth.Policy{Hashers: w.hashers},
		Now: w.clock.now, Logger: slog.New(slog.NewTextHandler(w.log, nil)),
	}
	for _, f := range change {
		f(&cfg)
	}
	if cfg.Deletions == nil {
		withGrace(t, 0)(&cfg)
	}
	w.deletions = cfg.Deletions
	var err error
	if w.Service, err = auth.New(cfg); err != nil {
		t.Fatal(err)
	}
	return w
}

// withGrace has accounts deleted after that time.
func withGrace(t testing.TB, grace time.Duration) func(*auth.Config) {
	return func(c *auth.Config) {
		users, ok := c.Users.(profile.DeletableStore)
		if !ok {
			return
		}
		var err error
		c.Deletions, err = profile.NewDeletions(profile.DeletionsConfig{
			Users: users, Tx: c.Tx, LimitStore: c.LimitStore, Policy: profile.Policy{DeletionGrace: grace},
			Recorder: c.Recorder, Now: c.Now, Logger: c.Logger,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// RequestDeletion is what an adapter does for a caller.
func (w *world) RequestDeletion(ctx context.Context, _ auth.Client, id auth.Identity) (time.Time, error) {
	return w.deletions.Request(ctx, id.Caller())
}

func limitsOff(c *auth.Config) { c.LimitStore = limit.Off{} }

// register makes the account name, <name>@example.org with the usual password.
func (w *world) register(t testing.TB, name string) auth.SignIn {
	t.Helper()
	in, err := w.Register(t.Context(), home, auth.Registration{Username: name, Email: name + "@example.org", Password: password})
	if err != nil {
		t.Fatalf("register %s: %v", name, err)
	}
	return in
}

func (w *world) signIn(t testing.TB, login, pass string) (auth.SignIn, error) {
	t.Helper()
	return w.SignIn(t.Context(), home, auth.Credentials{Login: login, Password: pass})
}

func (w *world) mustSignIn(t testing.TB, login, pass string) auth.SignIn {
	t.Helper()
	in, err := w.signIn(t, login, pass)
	if err != nil {
		t.Fatalf("sign in: %v", err)
	}
	return in
}

// alive returns who the token belongs to.
func (w *world) alive(t testing.TB, token string) auth.Identity {
	t.Helper()
	id, err := w.Authenticate(t.Context(), token)
	if err != nil {
		t.Fatalf("the token opens nothing: %v", err)
	}
	return id
}

func (w *world) dead(t testing.TB, token string) {
	t.Helper()
	if _, err := w.Authenticate(t.Context(), token); !errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("Authenticate = %v, want ErrUnauthenticated", err)
	}
}

// events are the user's, newest first.
func (w *world) events(t testing.TB, userID string) []activity.Event {
	t.Helper()
	list, err := w.db.Activity().Page(t.Context(), activity.Query{UserID: userID, Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (w *world) setHash(t testing.TB, userID, hash string) {
	t.Helper()
	old := w.hash(t, userID)
	if err := w.db.Auth().Passwords.SetPassword(t.Context(), userID, old, hash); err != nil {
		t.Fatal(err)
	}
}

func (w *world) hash(t testing.TB, userID string) string {
	t.Helper()
	h, err := w.db.Auth().Passwords.PasswordHash(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (w *world) disable(t testing.TB, userID string, disabled bool) {
	t.Helper()
	if _, err := w.db.Users().Update(t.Context(), userID, profile.Patch{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error = %v, want %v", err, want)
	}
}

// field returns the code of the refusal of that field, "" when there is none.
func field(err error, name string) string {
	if e, ok := errors.AsType[*input.InvalidError](err); ok {
		for _, f := range e.Fields {
			if f.Field == name {
				return string(f.Code)
			}
		}
	}
	return ""
}

func limited(t testing.TB, err error) time.Duration {
	t.Helper()
	e, ok := errors.AsType[*limit.ExceededError](err)
	if !ok {
		t.Fatalf("error = %v, want a RateLimitedError", err)
	}
	if e.RetryAfter <= 0 {
		t.Errorf("RetryAfter = %v", e.RetryAfter)
	}
	return e.RetryAfter
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// withSessions is s with other sessions.
func withSessions(s authstore.Stores, sessions authstore.SessionStore) authstore.Stores {
	s.Sessions = sessions
	return s
}

var errDown = errors.New("the store is down")

// downThrottle fails every call.
type downThrottle struct{ limit.Store }

func (downThrottle) Take(context.Context, string, limit.Rule, time.Time) (bool, time.Duration, error) {
	return true, 0, errDown
}
func (downThrottle) Refund(context.Context, string) error { return errDown }
func (downThrottle) Reset(context.Context, string) error  { return errDown }

// downSessions fails reads and writes by choice.
type downSessions struct {
	authstore.SessionStore
	read, create, touch, rotate bool
}

func (d *downSessions) Session(ctx context.Context, h [32]byte) (authstore.Session, error) {
	if d.read {
		return authstore.Session{}, errDown
	}
	return d.SessionStore.Session(ctx, h)
}

func (d *downSessions) CreateSession(ctx context.Context, s authstore.Session, e ...activity.Event) error {
	if d.create {
		return errDown
	}
	return d.SessionStore.CreateSession(ctx, s, e...)
}

func (d *downSessions) TouchSession(ctx context.Context, id string, used, idle time.Time, src activity.Source) error {
	if d.touch {
		return errDown
	}
	return d.SessionStore.TouchSession(ctx, id, used, idle, src)
}

func (d *downSessions) RotateSession(ctx context.Context, old [32]byte, s authstore.Session, e ...activity.Event) error {
	if d.rotate {
		return errDown
	}
	return d.SessionStore.RotateSession(ctx, old, s, e...)
}
