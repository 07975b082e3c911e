package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// A call of these tests has brief to end in; the grace of half a second and
// what a loaded machine adds come on top. The read timeout is far beyond.
const (
	brief   = 100 * time.Millisecond
	briefly = brief + 500*time.Millisecond + 2*time.Second
)

// R06: whatever a call is amid when the server falls silent, it ends with its
// context.
func TestR06_CallsEndWithTheirContext(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, db *sqlstore.DB, hush func()) error{
		"read": func(ctx context.Context, db *sqlstore.DB, hush func()) error {
			hush()
			_, err := db.Users().User(ctx, "1")
			return err
		},
		"change": func(ctx context.Context, db *sqlstore.DB, hush func()) error {
			hush()
			return db.Ledger().Purge(ctx, []string{"none"})
		},
		"ping": func(ctx context.Context, db *sqlstore.DB, hush func()) error {
			hush()
			return db.Ping(ctx)
		},
		"begin": func(ctx context.Context, db *sqlstore.DB, hush func()) error {
			hush()
			return db.InTx(ctx, func(context.Context) error { return nil })
		},
		"statement of a transaction": func(ctx context.Context, db *sqlstore.DB, hush func()) error {
			return db.InTx(ctx, func(ctx context.Context) error {
				hush()
				_, err := db.Users().User(ctx, "1")
				return err
			})
		},
		"statement of the host": func(ctx context.Context, db *sqlstore.DB, hush func()) error {
			return db.InTx(ctx, func(ctx context.Context) error {
				hush()
				tx, _ := sqlstore.Tx(ctx)
				_, err := tx.ExecContext(ctx, "SELECT 1")
				return err
			})
		},
		"commit": func(ctx context.Context, db *sqlstore.DB, hush func()) error {
			return db.InTx(ctx, func(context.Context) error {
				hush()
				return nil
			})
		},
		"rollback": func(ctx context.Context, db *sqlstore.DB, hush func()) error {
			return db.InTx(ctx, func(context.Context) error {
				hush()
				return storage.ErrUnavailable
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRelay(t, fresh(t))
			db := open(t, r.dsn, postgres.Options{ReadTimeout: time.Minute, ConnectTimeout: time.Minute, MaxOpen: 1})
			if _, err := db.Users().User(t.Context(), "1"); !errors.Is(err, storage.ErrNotFound) {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), brief)
			defer cancel()
			start := time.Now()
			err := call(ctx, db, r.hush)
			took := time.Since(start)
			ours := errors.Is(err, context.DeadlineExceeded) || errors.Is(err, storage.ErrUnavailable)
			if err == nil || !ours && name != "statement of the host" { // whose error is the driver's
				t.Errorf("%v; want the context's error or ErrUnavailable", err)
			}
			if took > briefly {
				t.Errorf("took %v with a context of %v; want %v at most", took, brief, briefly)
			}
			// The cut connection is gone; a new one gets no answer either.
			ctx, cancel = context.WithTimeout(t.Context(), brief)
			defer cancel()
			start = time.Now()
			if err := db.Ping(ctx); err == nil {
				t.Error("a silent server answered")
			}
			if took := time.Since(start); took > briefly {
				t.Errorf("connecting took %v with a context of %v", took, brief)
			}
		})
	}
}

// R06: the time of COMMIT is the caller's, not that of a statement before it.
func TestR06_CommitOutlivesItsStatements(t *testing.T) {
	r := newRelay(t, fresh(t))
	db := open(t, r.dsn, postgres.Options{MaxOpen: 1})
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		short, cancel := context.WithCancel(ctx)
		defer cancel()
		_, err := db.Users().Create(short, profile.User{Username: "slowly", Email: "slowly@example.org"})
		tx, _ := sqlstore.Tx(ctx)
		if err == nil {
			// The server waits at COMMIT, longer than the grace.
			_, err = tx.ExecContext(short, `CREATE TABLE slow (id int);
				CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(1.2); RETURN NULL; END$$;
				CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait();
				INSERT INTO slow VALUES (1)`)
		}
		return err
	})
	if err != nil {
		t.Errorf("a slow COMMIT was given up though nobody asked: %v", err)
	}
}

// R06: a server that is alive is asked to cancel what it does.
func TestR06_CancelReachesTheServer(t *testing.T) {
	dsn := fresh(t)
	db, direct := open(t, dsn, postgres.Options{MaxOpen: 1}), server(t, dsn)
	ctx, cancel := context.WithTimeout(t.Context(), brief)
	defer cancel()
	start := time.Now()
	err := db.InTx(ctx, func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		_, err := tx.ExecContext(ctx, "SELECT pg_sleep(60)")
		return err
	})
	if err == nil {
		t.Error("pg_sleep ended by itself")
	}
	if took := time.Since(start); took > briefly {
		t.Errorf("took %v with a context of %v", took, brief)
	}
	for end := time.Now().Add(10 * time.Second); count(t, direct, "query LIKE '%pg_sleep(60)%' AND state = 'active'") > 0; {
		if time.Now().After(end) {
			t.Fatal("the server still sleeps")
		}
	}
}

// server is a connection of the test's own.
func server(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	return db
}

// count is how many other connections to the database are as where says.
func count(t *testing.T, db *sql.DB, where string) (n int) {
	t.Helper()
	must(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND "+where).Scan(&n))
	return n
}

// R03: connections that the server closed while nobody used them, as at its
// restart, are not given to a change, whose outcome would be unknown.
func TestR03_EndedConnectionsAreNotUsed(t *testing.T) {
	dsn := fresh(t)
	const conns = 4
	db := open(t, dsn, postgres.Options{MaxOpen: conns})
	u, err := db.Users().Create(t.Context(), profile.User{Username: "idle", Email: "idle@example.org"})
	must(t, err)
	direct := server(t, dsn)
	for range 3 {
		nested(t, db, conns)
		_, err := direct.ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		must(t, err)
		// A connection that was used a moment ago is not looked at.
		for start := time.Now(); count(t, direct, "true") > 0 || time.Since(start) < 50*time.Millisecond; {
		}
		for range conns {
			bio := time.Now().String()
			if _, err := db.Users().Update(t.Context(), u.ID, profile.Patch{Bio: &bio}); err != nil {
				t.Errorf("the first change on a connection that had ended: %v", err)
			}
		}
	}
}

// nested has n transactions open at once, so that the pool has n connections.
func nested(t *testing.T, db *sqlstore.DB, n int) {
	t.Helper()
	if n == 0 {
		return
	}
	must(t, db.InTx(t.Context(), func(context.Context) error {
		nested(t, db, n-1)
		return nil
	}))
}
