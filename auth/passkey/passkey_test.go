package passkey_test

import (
	"context"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/internal/softkey"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

const (
	origin   = "https://example.org"
	password = "correct horse battery staple"
)

var home = auth.Client{IP: netip.MustParseAddr("203.0.113.7"), UserAgent: "Firefox"}

type database interface {
	storage.Transactor
	Users() profile.Store
	Auth() authstore.Stores
	AuthApart() authstore.Stores
	Limits() limit.Store
	Activity() activity.Store
}

// databases opens one more database of each kind, which is closed with the test.
var databases = map[string]func(t *testing.T) database{
	"memory": func(*testing.T) database { return memstore.New() },
	"SQLite": func(t *testing.T) database {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
		return migrated(t, db, err)
	},
	"Postgres": func(t *testing.T) database {
		db, err := postgres.Open(t.Context(), pgtest.Open(t), postgres.Options{})
		return migrated(t, db, err)
	},
}

func migrated(t *testing.T, db *sqlstore.DB, err error) database {
	t.Helper()
	if err == nil {
		t.Cleanup(func() { db.Close() })
		err = db.Migrate(t.Context(), sqlstore.MigrateOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func onDatabases(t *testing.T, run func(t *testing.T, db database)) {
	for name, open := range databases {
		t.Run(name, func(t *testing.T) { run(t, open(t)) })
	}
}

// world is two nodes with one clock and one ring of keys.
type world struct {
	t     *testing.T
	db    database
	nodes [2]*auth.Service
	mu    sync.Mutex
	now   time.Time
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) wait(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func open(t *testing.T, db database, change ...func(*auth.Config)) *world {
	t.Helper()
	w := &world{t: t, db: db, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	ring, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	for i := range w.nodes {
		keys, err := passkey.New(ring, passkey.Options{Origin: origin, Name: "Example"})
		if err != nil {
			t.Fatal(err)
		}
		c := auth.Config{
			Users: db.Users(), Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db, Now: w.clock, Policy: auth.Policy{Passkeys: keys, Hashers: hash.New(hash.Argon2id{Memory: 64, Time: 1, Threads: 1})},
		}
		for _, f := range change {
			f(&c)
		}
		if w.nodes[i], err = auth.New(c); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// person is somebody with an account, a session and a passkey.
type person struct {
	w     *world
	name  string
	token string
	key   *softkey.Key
	codes []string
}

func (w *world) register(name string) *person {
	w.t.Helper()
	in, err := w.nodes[0].Register(w.t.Context(), home, auth.Registration{Username: name, Email: name + "@example.org", Password: password})
	if err != nil {
		w.t.Fatal(err)
	}
	return &person{w: w, name: name, token: in.Token}
}

func (p *person) id() auth.Identity {
	p.w.t.Helper()
	id, err := p.w.nodes[0].Authenticate(p.w.t.Context(), p.token)
	if err != nil {
		p.w.t.Fatalf("%s: %v", p.name, err)
	}
	return id
}

// add registers key and returns its record.
func (p *person) add(key *softkey.Key, name string) authstore.FactorRecord {
	p.w.t.Helper()
	ch, err := p.w.nodes[0].BeginAddPasskey(p.w.t.Context(), p.id())
	if err != nil {
		p.w.t.Fatal(err)
	}
	out, err := p.w.nodes[1].AddPasskey(p.w.t.Context(), home, p.id(), auth.PasskeyAnswer{State: ch.State, Response: key.Create(ch.Options)}, name)
	if err != nil {
		p.w.t.Fatalf("AddPasskey: %v", err)
	}
	p.token = out.Token
	if out.RecoveryCodes != nil {
		p.codes = out.RecoveryCodes
	}
	return out.Factor
}

func (w *world) withPasskey(name string) *person {
	w.t.Helper()
	p := w.register(name)
	p.key = softkey.New(origin)
	p.key.Count = 1
	p.add(p.key, "Phone")
	return p
}

func (w *world) begin() authfactor.Challenge {
	w.t.Helper()
	ch, err := w.nodes[0].BeginPasskey(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return ch
}

func (w *world) signIn(ch authfactor.Challenge, response []byte) (auth.SignIn, error) {
	return w.nodes[1].SignInWithPasskey(w.t.Context(), home, auth.PasskeyAnswer{State: ch.State, Response: response}, false)
}

func (w *world) refused(what string, err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestS20_APasskeyIsBothFactors(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db)
		p := w.withPasskey("ada")
		if len(p.codes) == 0 {
			t.Error("there are no recovery codes for the first factor")
		}
		ch := w.begin()
		in, err := w.signIn(ch, p.key.Get(ch.Options))
		if err != nil || in.Status != auth.Complete || in.User.Username != "ada" || in.Session.Level != authstore.LevelFull {
			t.Fatalf("by passkey: %+v, %v", in, err)
		}
		if _, err := w.nodes[0].Authenticate(t.Context(), in.Token); err != nil {
			t.Errorf("the session: %v", err)
		}
		// The password alone is half now, and the passkey the other half.
		half, err := w.nodes[0].SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password})
		if err != nil || half.Status != auth.SecondFactorRequired || strings.Join(half.Methods, " ") != "passkey recovery_code" {
			t.Fatalf("by password: %v %v, %v", half.Status, half.Methods, err)
		}
		who, err := w.nodes[0].AuthenticateHalf(t.Context(), half.Token)
		if err != nil {
			t.Fatal(err)
		}
		second, err := w.nodes[0].BeginPasskeyProof(t.Context(), who)
		if err != nil {
			t.Fatal(err)
		}
		full, err := w.nodes[1].FinishSignIn(t.Context(), home, who, auth.Answer{
			Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: second.State, Response: p.key.Get(second.Options)},
		}, false)
		if err != nil || full.Status != auth.Complete {
			t.Fatalf("second factor: %+v, %v", full, err)
		}
		// And a proof, by which a session that is old is fresh again.
		w.wait(time.Hour)
		id := p.id()
		if w.nodes[0].Fresh(id) {
			t.Fatal("the session is fresh after an hour")
		}
		challenge, err := w.nodes[0].BeginPasskeyProof(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := w.nodes[1].ReauthenticateWith(t.Context(), home, id, auth.Answer{
			Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: challenge.State, Response: p.key.Get(challenge.Options)},
		})
		p.token = proof.Token
		if err != nil || !w.nodes[0].Fresh(p.id()) {
			t.Errorf("proof: %v", err)
		}
		kinds := map[activity.Kind]int{}
		events, err := db.Activity().Page(t.Context(), activity.Query{UserID: id.User.ID, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Detail["method"] == "passkey" {
				kinds[e.Kind]++
			}
		}
		if kinds[authevent.SignIn] != 2 || kinds[authevent.FactorAdded] != 1 || kinds[authevent.Reauthenticated] != 2 {
			t.Errorf("events %v", kinds)
		}
	})
}

// A challenge is of one ceremony, session and user, works once, whether well or
// not, and for five minutes.
func TestS24P46_ChallengesAreOfOneUse(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		p, eve := w.withPasskey("ada"), w.withPasskey("eve")
		ctx := t.Context()

		ch := w.begin()
		good := p.key.Get(ch.Options)
		if _, err := w.signIn(ch, good); err != nil {
			t.Fatal(err)
		}
		_, err := w.signIn(ch, good)
		w.refused("replayed", err, auth.ErrInvalidCredentials)
		_, err = w.signIn(ch, p.key.Get(ch.Options))
		w.refused("another answer to a used challenge", err, auth.ErrInvalidCredentials)

		ch = w.begin()
		_, err = w.signIn(ch, []byte("{}"))
		w.refused("nonsense", err, auth.ErrInvalidCredentials)
		_, err = w.signIn(ch, p.key.Get(ch.Options))
		w.refused("after nonsense", err, auth.ErrInvalidCredentials)

		ch = w.begin()
		w.wait(5 * time.Minute)
		_, err = w.signIn(ch, p.key.Get(ch.Options))
		w.refused("after five minutes", err, auth.ErrInvalidCredentials)
		ch = w.begin()
		w.wait(5*time.Minute - time.Second)
		if _, err = w.signIn(ch, p.key.Get(ch.Options)); err != nil {
			t.Errorf("before five minutes: %v", err)
		}

		one, other := w.begin(), w.begin()
		_, err = w.signIn(authfactor.Challenge{State: one.State}, p.key.Get(other.Options))
		w.refused("another challenge's answer", err, auth.ErrInvalidCredentials)
		for _, state := range []string{"", "x", one.State + "A", other.State[1:], strings.Repeat("A", 400)} {
			_, err = w.signIn(authfactor.Challenge{State: state}, p.key.Get(other.Options))
			w.refused("a made-up state", err, auth.ErrInvalidCredentials)
		}

		// Swapped: registration, proof and second factor of others.
		w.wait(0)
		p.token = w.fresh("ada", p)
		eve.token = w.fresh("eve", eve)
		add, err := w.nodes[0].BeginAddPasskey(ctx, p.id())
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.signIn(add, p.key.Get(add.Options))
		w.refused("the challenge of a registration at a sign-in", err, auth.ErrInvalidCredentials)
		login := w.begin()
		_, err = w.nodes[0].AddPasskey(ctx, home, p.id(), auth.PasskeyAnswer{State: login.State, Response: softkey.New(origin).Create(add.Options)}, "")
		w.refused("the challenge of a sign-in at a registration", err, auth.ErrInvalidCode)
		_, err = w.nodes[0].AddPasskey(ctx, home, eve.id(), auth.PasskeyAnswer{State: add.State, Response: softkey.New(origin).Create(add.Options)}, "")
		w.refused("ada's challenge of a registration in eve's session", err, auth.ErrInvalidCode)
		proof, err := w.nodes[0].BeginPasskeyProof(ctx, p.id())
		if err != nil {
			t.Fatal(err)
		}
		answer := auth.Answer{Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: proof.State, Response: p.key.Get(proof.Options)}}
		_, err = w.nodes[0].ReauthenticateWith(ctx, home, eve.id(), answer)
		w.refused("ada's proof in eve's session", err, auth.ErrInvalidCode)
		elsewhere := *p
		elsewhere.token = w.fresh("ada", p)
		_, err = w.nodes[0].ReauthenticateWith(ctx, home, elsewhere.id(), answer)
		w.refused("a proof of another session", err, auth.ErrInvalidCode)
		answer.Passkey.Response = p.key.Get(proof.Options) // its count has risen since
		if _, err = w.nodes[0].ReauthenticateWith(ctx, home, p.id(), answer); err != nil {
			t.Errorf("the proof in its own session, after it was shown in others: %v", err)
		}
	})
}

// R29: a challenge that was over when it was answered stays over when the clock is
// set back, and one that was used stays used though a clock ran a day ahead when
// PurgeExpired came.
func TestR29_ChallengesStayOver(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		p := w.withPasskey("ada")
		for _, jump := range []time.Duration{5*time.Minute + 2*time.Minute, 24 * time.Hour} {
			ch := w.begin()
			w.wait(jump)
			_, err := w.signIn(ch, p.key.Get(ch.Options))
			w.refused("after its end", err, auth.ErrInvalidCredentials)
			w.wait(-jump)
			_, err = w.signIn(ch, p.key.Get(ch.Options))
			w.refused("after its end, when the clock is set back", err, auth.ErrInvalidCredentials)

			ch = w.begin()
			if _, err = w.signIn(ch, p.key.Get(ch.Options)); err != nil {
				t.Fatal(err)
			}
			w.wait(jump)
			if err := w.nodes[1].PurgeExpired(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.wait(-jump)
			_, err = w.signIn(ch, p.key.Get(ch.Options))
			w.refused("used, purged by a clock that ran ahead", err, auth.ErrInvalidCredentials)
		}
	})
}

// fresh signs the person in by passkey and returns the token.
func (w *world) fresh(name string, p *person) string {
	w.t.Helper()
	ch := w.begin()
	in, err := w.signIn(ch, p.key.Get(ch.Options))
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	return in.Token
}

// R13: of a hundred finishes with one assertion, on two nodes, one opens a
// session.
func TestR13R15_OneAssertionOpensOneSession(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		p := w.withPasskey("ada")
		for _, counts := range []bool{true, false} {
			if !counts { // as those do that are synchronised between devices
				p.key = softkey.New(origin)
				p.token = p.w.fresh2(p)
				p.add(p.key, "Synced")
			}
			ch := w.begin()
			response := p.key.Get(ch.Options)
			var all sync.WaitGroup
			errs := make(chan error, 100)
			for i := range 100 {
				all.Go(func() {
					_, err := w.nodes[i%2].SignInWithPasskey(context.WithoutCancel(t.Context()), home, auth.PasskeyAnswer{State: ch.State, Response: response}, false)
					errs <- err
				})
			}
			all.Wait()
			close(errs)
			won := 0
			for err := range errs {
				if err == nil {
					won++
				} else if !errors.Is(err, auth.ErrInvalidCredentials) {
					t.Errorf("a loser got %v", err)
				}
			}
			if won != 1 {
				t.Errorf("%d of 100 opened a session, want 1", won)
			}
		}
	})
}

// fresh2 is a session of the password and a recovery code.
func (w *world) fresh2(p *person) string {
	w.t.Helper()
	half, err := w.nodes[0].SignIn(w.t.Context(), home, auth.Credentials{Login: p.name, Password: password})
	if err != nil {
		w.t.Fatal(err)
	}
	who, err := w.nodes[0].AuthenticateHalf(w.t.Context(), half.Token)
	if err != nil {
		w.t.Fatal(err)
	}
	in, err := w.nodes[0].FinishSignIn(w.t.Context(), home, who, auth.Answer{Method: "recovery_code", Code: p.codes[0]}, false)
	if err != nil {
		w.t.Fatal(err)
	}
	p.codes = p.codes[1:]
	return in.Token
}
