package sqlspy_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/lib/pq"
	"modernc.org/sqlite"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/internal/sqlspy"
)

// onBoth runs f with a pool of each driver behind a spy.
func onBoth(t *testing.T, f func(t *testing.T, spy *sqlspy.Spy, db *sql.DB)) {
	t.Run("sqlite", func(t *testing.T) {
		spy := sqlspy.New()
		db := sql.OpenDB(spy.Driver(&sqlite.Driver{}, filepath.Join(t.TempDir(), "x.db")))
		defer db.Close()
		f(t, spy, db)
	})
	t.Run("postgres", func(t *testing.T) {
		c, err := pq.NewConnector(pgtest.Open(t))
		if err != nil {
			t.Fatal(err)
		}
		spy := sqlspy.New()
		db := sql.OpenDB(spy.Connector(c))
		defer db.Close()
		f(t, spy, db)
	})
}

func TestSpySeesEveryCall(t *testing.T) {
	onBoth(t, func(t *testing.T, spy *sqlspy.Spy, db *sql.DB) {
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		must(db.PingContext(ctx))
		_, err := db.ExecContext(ctx, "CREATE TABLE n (v INTEGER)")
		must(err)
		insert, err := db.PrepareContext(ctx, " insert INTO n VALUES (7)")
		must(err)
		defer insert.Close()
		_, err = insert.ExecContext(ctx)
		must(err)
		for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
			tx, err := db.BeginTx(ctx, nil)
			must(err)
			if n := spy.OpenTransactions(); n != 1 {
				t.Errorf("%d transactions are open, want 1", n)
			}
			_, err = tx.StmtContext(ctx, insert).ExecContext(ctx)
			must(err)
			must(end(tx))
			if n := spy.OpenTransactions(); n != 0 {
				t.Errorf("%d transactions are open after the end, want 0", n)
			}
		}
		var n int
		must(db.QueryRowContext(ctx, "SELECT count(*) FROM n").Scan(&n))
		if n != 2 {
			t.Errorf("%d rows, want the 2 that were committed", n)
		}

		seen := spy.Take()
		for what, c := range map[string]struct{ got, want int }{
			"statements": {seen.Statements(), 5}, "unprepared": {seen.Unprepared(), 2}, "prepares": {seen.Count(sqlspy.Prepare), 1},
			"begun": {seen.Count(sqlspy.Begin), 2}, "committed": {seen.Count(sqlspy.Commit), 1}, "rolled back": {seen.Count(sqlspy.Rollback), 1},
			"INSERT": {seen.Verbs()["INSERT"], 3}, "SELECT": {seen.Verbs()["SELECT"], 1}, "CREATE": {seen.Verbs()["CREATE"], 1},
		} {
			if c.got != c.want {
				t.Errorf("%s: %d, want %d:\n%s", what, c.got, c.want, seen)
			}
		}
		if again := spy.Take(); len(again) != 0 {
			t.Errorf("a second Take returned what the first did:\n%s", again)
		}
	})
}

// A transaction whose context ends, and one whose connection is closed, are
// over too.
func TestSpySeesTransactionsThatAreNotEnded(t *testing.T) {
	onBoth(t, func(t *testing.T, spy *sqlspy.Spy, db *sql.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := tx.Commit(); !errors.Is(err, context.Canceled) && !errors.Is(err, sql.ErrTxDone) {
			t.Errorf("Commit after the end of its context: %v", err)
		}
		none(t, spy) // database/sql rolls back by itself

		if spy.Take().Count(sqlspy.Rollback) != 1 {
			t.Error("the rollback was not seen")
		}
	})
}

func TestSpySeesTransactionsThatEndWithTheirConnection(t *testing.T) {
	spy := sqlspy.New()
	one, err := spy.Driver(&sqlite.Driver{}, ":memory:").Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.(driver.ConnBeginTx).BeginTx(t.Context(), driver.TxOptions{}); err != nil {
		t.Fatal(err)
	}
	if n := spy.OpenTransactions(); n != 1 {
		t.Errorf("%d transactions are open, want 1", n)
	}
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	none(t, spy)
}

// none waits until no transaction is open.
func none(t *testing.T, spy *sqlspy.Spy) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); spy.OpenTransactions() != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d transactions are open, want 0", spy.OpenTransactions())
		}
	}
}
