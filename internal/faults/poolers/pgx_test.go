package poolers_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver pgx
	"github.com/jmoiron/sqlx"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// openPgx opens the database at dsn with pgx's database/sql driver.
func openPgx(t testing.TB, dsn string, unprepared bool) *sqlstore.DB {
	t.Helper()
	pool, err := sql.Open("pgx", dsn)
	must(t, err)
	pool.SetMaxOpenConns(16)
	pool.SetMaxIdleConns(16)
	return closed(t, sqlstore.New(sqlx.NewDb(pool, "pgx"), sqlstore.Postgres, sqlstore.Options{
		Unprepared: unprepared,
		ErrorInfo:  pgxError,
	}))
}

// pgxError is what the documentation of sqlstore.Options gives.
func pgxError(err error) (code, constraint string, ok bool) {
	var e *pgconn.PgError
	var unreached *pgconn.ConnectError
	switch {
	case errors.As(err, &e):
		return e.Code, e.ConstraintName, true
	case errors.As(err, &unreached):
		return "08001", "", true
	}
	return "", "", false
}

func TestR26_SuiteOnPgx(t *testing.T) {
	suite(t, func(t testing.TB, dsn string) *sqlstore.DB { return openPgx(t, dsn, false) })
}

func TestR26_ModelOnPgx(t *testing.T) {
	db := openPgx(t, pgtest.Open(t), false)
	must(t, db.Migrate(t.Context(), sqlstore.MigrateOptions{}))
	model(t, db)
}

// TestR26_PgxThroughATransactionPooler: the modes of pgx that keep nothing on
// a connection.
func TestR26_PgxThroughATransactionPooler(t *testing.T) {
	bouncer := pgtest.Bouncer(t, pgtest.Start(t), "transaction")
	for _, mode := range []string{"exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			db := openPgx(t, through(t, bouncer, pgtest.Open(t))+"&default_query_exec_mode="+mode, true)
			must(t, db.Migrate(t.Context(), sqlstore.MigrateOptions{}))
			model(t, db)
			if long() {
				suite(t, func(t testing.TB, dsn string) *sqlstore.DB {
					return openPgx(t, through(t, bouncer, dsn)+"&default_query_exec_mode="+mode, true)
				})
			}
		})
	}
}

// TestR26_PgxNamesTheTakenField: by the constraint, which ErrorInfo hands over.
func TestR26_PgxNamesTheTakenField(t *testing.T) {
	db := openPgx(t, migrated(t), false)
	_, err := db.Users().Create(t.Context(), profile.User{Username: "ada", Email: "ada@example.org"})
	must(t, err)
	for field, u := range map[string]profile.User{
		"username": {Username: "ADA", Email: "other@example.org"},
		"email":    {Username: "other", Email: "Ada@Example.org"},
	} {
		_, err := db.Users().Create(t.Context(), u)
		var taken *storage.TakenError
		if !errors.As(err, &taken) || taken.Field != field {
			t.Errorf("a second %s: %v, want a TakenError that names it", field, err)
		}
	}
}

// TestR05_PgxOutOfReach: a server that is not there, one of the wrong kind, and
// a connection that was closed are a database out of reach.
func TestR05_PgxOutOfReach(t *testing.T) {
	dsn := migrated(t)
	u, err := url.Parse(dsn)
	must(t, err)
	u.Host = "127.0.0.1:1"
	nobody := u.String()
	for name, dsn := range map[string]string{
		"nobody": nobody, "no standby": dsn + "&target_session_attrs=standby",
	} {
		db := openPgx(t, dsn, false)
		if _, err := db.Users().User(t.Context(), "1"); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: %v, want ErrUnavailable", name, err)
		}
	}
	db := openPgx(t, dsn, false)
	err = db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		if _, err := tx.ExecContext(ctx, "SELECT pg_terminate_backend(pg_backend_pid())"); err == nil {
			t.Error("a session ended itself without an error")
		}
		for range 2 { // the second finds the connection closed
			if _, err := db.Users().User(ctx, "1"); !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("on a connection that ended: %v, want ErrUnavailable", err)
			}
		}
		return nil
	})
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("a unit of work on a connection that ended: %v, want ErrUnavailable", err)
	}
	if _, err := db.Users().User(t.Context(), "1"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("afterwards: %v, want ErrNotFound from a new connection", err)
	}
}
