package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// R05: with several hosts the error names them all and what is wrong with each.
func TestR05_OpenNamesEveryHost(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	nobody := l.Addr().String()
	l.Close()
	u, err := url.Parse(pgtest.Open(t))
	must(t, err)
	server := u.Host
	u.Host = nobody + "," + server
	_, err = postgres.Open(t.Context(), u.String()+"&target_session_attrs=read-only", postgres.Options{})
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Fatalf("%v, want ErrUnavailable", err)
	}
	text := err.Error()
	for _, want := range []string{nobody, server, "connection refused", "target_session_attrs"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not say %q", text, want)
		}
	}
	if strings.Contains(text, "\n") {
		t.Errorf("%q has more than one line", text)
	}

	u.Host = server
	_, err = postgres.Open(t.Context(), u.String()+"&target_session_attrs=standby", postgres.Options{})
	if err == nil || !errors.Is(err, storage.ErrUnavailable) || !strings.Contains(err.Error(), "target_session_attrs") {
		t.Errorf("one host of the wrong kind: %v", err)
	}
}

// A connection whose server has become read-only is not kept.
func TestR03_ReadOnlyConnectionsAreRenewed(t *testing.T) {
	for name, o := range map[string]postgres.Options{"prepared": {}, "pooler": {TransactionPooler: true}} {
		t.Run(name, func(t *testing.T) {
			o.MaxOpen = 1 // so that it is known which connection fails
			dsn := fresh(t)
			db := open(t, dsn, o)
			must(t, create(t.Context(), db, "before"))
			before := backend(t, dsn)
			session(t, db, "SET default_transaction_read_only = on")
			if refused := untilTaken(t, func() error { return create(t.Context(), db, "after") }); refused == 0 {
				t.Error("the read-only connection took the change")
			}
			if after := backend(t, dsn); after == before {
				t.Error("the connection was kept")
			}
		})
	}
}

// A standby refuses the beginning of a transaction already, in another way. When
// it is promoted the pool takes changes again.
func TestR03_StandbyIsUnavailable(t *testing.T) {
	primary := pgtest.New(t)
	p := open(t, primary.DSN(), postgres.Options{})
	must(t, p.Migrate(t.Context(), sqlstore.MigrateOptions{}))
	standby := primary.Replica()
	db := open(t, standby.DSN(), postgres.Options{MaxOpen: 1})
	before := backend(t, standby.DSN())
	change := func() error { return create(t.Context(), db, "one") }
	inTx := func() error {
		return db.InTx(t.Context(), func(ctx context.Context) error { return create(ctx, db, "two") })
	}
	for name, f := range map[string]func() error{"a statement": change, "a transaction": inTx} {
		if err := f(); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s on a standby: %v, want ErrUnavailable", name, err)
		}
	}
	// BEGIN alone ends a connection as well.
	deadline := time.Now().Add(time.Minute)
	for backend(t, standby.DSN()) == before {
		if err := inTx(); err == nil || time.Now().After(deadline) {
			t.Fatalf("%v, and the connection is kept", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	standby.Promote()
	must(t, change())
	must(t, inTx())
}

func create(ctx context.Context, db *sqlstore.DB, name string) error {
	_, err := db.Users().Create(ctx, profile.User{Username: name, Email: name + "@example.org"})
	return err
}

// untilTaken repeats a change until it is taken, and returns how often it was
// refused: a young connection is kept for a second.
func untilTaken(t *testing.T, change func() error) (refused int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		err := change()
		if err == nil {
			return refused
		}
		if !errors.Is(err, storage.ErrUnavailable) || time.Now().After(deadline) {
			t.Fatalf("a change after %d were refused: %v", refused, err)
		}
		refused++
		time.Sleep(20 * time.Millisecond)
	}
}

// backend is the server process of the one connection to the database at dsn,
// 0 when there is none.
func backend(t *testing.T, dsn string) (pid int) {
	t.Helper()
	watch, err := sql.Open("postgres", dsn)
	must(t, err)
	defer watch.Close()
	err = watch.QueryRow(`SELECT COALESCE(max(pid), 0) FROM pg_stat_activity
		WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`).Scan(&pid)
	must(t, err)
	return pid
}

// session runs a statement on the one connection.
func session(t *testing.T, db *sqlstore.DB, statement string) {
	t.Helper()
	must(t, db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		_, err := tx.ExecContext(ctx, statement)
		return err
	}))
}
