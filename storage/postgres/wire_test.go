package postgres_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// Messages of the frontend (PostgreSQL manual, 55.7).
const (
	executes = "EQ" // a statement runs: Execute, or a simple Query
	parses   = "P"
	syncs    = "SQ" // a round trip ends
)

// calls are those that a request is made of; each must be one statement.
func calls(t *testing.T, db *sqlstore.DB) map[string]func() {
	ctx, now := t.Context(), time.Now()
	u, err := db.Users().Create(ctx, profile.User{Username: "wired", Email: "wired@example.org"})
	must(t, err)
	n := byte(0)
	session := func() authstore.Session {
		n++
		return authstore.Session{
			ID: string(rune('a' + n)), UserID: u.ID, TokenHash: sha256.Sum256([]byte{n}), Level: authstore.LevelFull,
			CreatedAt: now, ProvedAt: now, LastUsedAt: now, IdleUntil: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
		}
	}
	s := session()
	sessions := db.Auth().Sessions
	must(t, sessions.CreateSession(ctx, s))
	id := 0
	event := func() activity.Event {
		id++
		return activity.Event{ID: time.Duration(id).String(), Kind: "test", At: now, Detail: map[string]string{"a": "b"}}
	}
	bio := "b"
	version := int64(0)
	return map[string]func(){
		"signed-in read": func() {
			_, _, err := sessions.(authstore.SessionUserStore).SessionWithUser(ctx, s.TokenHash)
			must(t, err)
		},
		"update with an event": func() {
			_, err := db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio}, event())
			must(t, err)
		},
		"update with two events": func() {
			_, err := db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio}, event(), event())
			must(t, err)
		},
		"update without an event": func() {
			_, err := db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio})
			must(t, err)
		},
		"sign-in": func() { must(t, sessions.CreateSession(ctx, session(), event())) },
		"sign-out": func() {
			s := session()
			must(t, sessions.CreateSession(ctx, s)) // counted too
			must(t, sessions.EndSession(ctx, u.ID, s.ID, event()))
		},
		"end all others": func() {
			_, err := sessions.EndSessions(ctx, u.ID, s.ID, event())
			must(t, err)
		},
		"settings": func() {
			r, err := db.Settings().Put(ctx, u.ID, settings.Record{Data: []byte(`{}`), Version: version}, event())
			must(t, err)
			version = r.Version
		},
		"throttle": func() {
			_, _, err := db.Limits().Take(ctx, "k", limit.Rule{Limit: 1000, Window: time.Hour}, now)
			must(t, err)
		},
		"page": func() {
			_, err := db.Activity().Page(ctx, activity.Query{UserID: u.ID, Limit: 20})
			must(t, err)
		},
	}
}

func TestEveryCallIsOneStatement(t *testing.T) {
	want := map[string]int{"sign-out": 2}
	for name, o := range map[string]postgres.Options{"prepared": {}, "pooler": {TransactionPooler: true}} {
		t.Run(name, func(t *testing.T) {
			r := newRelay(t, fresh(t))
			o.MaxOpen = 1 // so that a statement is prepared once for all
			db := open(t, r.dsn, o)
			for name, call := range calls(t, db) {
				for range 2 {
					call() // prepares
				}
				want := max(1, want[name])
				if n := r.count(call, executes); n != want {
					t.Errorf("%s: %d statements, want %d", name, n, want)
				}
				if n := r.count(call, syncs); n != want {
					t.Errorf("%s: %d round trips, want %d", name, n, want)
				}
				switch n := r.count(call, parses); {
				case o.TransactionPooler && n == 0:
					t.Errorf("%s: nothing was parsed: a prepared statement was used behind a pooler", name)
				case !o.TransactionPooler && n != 0:
					t.Errorf("%s: %d statements parsed anew, want the prepared ones", name, n)
				}
			}
		})
	}
}

// Statements that run in a transaction first are prepared after it.
func TestTransactionsUsePreparedStatements(t *testing.T) {
	r := newRelay(t, fresh(t))
	db := open(t, r.dsn, postgres.Options{MaxOpen: 1})
	u, err := db.Users().Create(t.Context(), profile.User{Username: "tx", Email: "tx@example.org"})
	must(t, err)
	lock := func() {
		must(t, db.InTx(t.Context(), func(ctx context.Context) error {
			_, err := db.Auth().Passwords.LockPassword(ctx, u.ID)
			return err
		}))
	}
	lock()
	lock()
	if n := r.count(lock, parses); n != 0 {
		t.Errorf("%d statements parsed anew in the third transaction", n)
	}
	if n := r.count(lock, executes); n != 3 {
		t.Errorf("%d statements, want BEGIN, one, COMMIT", n)
	}
}

// R06: a server that falls silent holds no call longer than the read timeout,
// and the pool is usable when it is back.
func TestR06_SilentServerIsGivenUp(t *testing.T) {
	dsn := fresh(t)
	r := newRelay(t, dsn)
	db := open(t, r.dsn, postgres.Options{ReadTimeout: 200 * time.Millisecond, ConnectTimeout: 200 * time.Millisecond})
	if _, err := db.Users().User(t.Context(), "1"); !errors.Is(err, storage.ErrNotFound) {
		t.Fatal(err)
	}
	r.hush()
	start := time.Now()
	if _, err := db.Users().User(t.Context(), "1"); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("%v, want ErrUnavailable", err)
	}
	if err := db.InTx(t.Context(), func(context.Context) error { return nil }); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("InTx: %v, want ErrUnavailable", err)
	}
	if err := db.Ping(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Ping: %v, want ErrUnavailable", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("three calls took %v", took)
	}
}
