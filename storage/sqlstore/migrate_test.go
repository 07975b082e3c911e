package sqlstore_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/jmoiron/sqlx"

	"github.com/pressly/goose/v3"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// fresh runs f with a database of each kind that has no tables.
func fresh(t *testing.T, f func(t *testing.T, p place)) {
	t.Run("sqlite", func(t *testing.T) { f(t, place{at: filepath.Join(t.TempDir(), "app.db")}) })
	t.Run("postgres", func(t *testing.T) { f(t, place{postgres: true, at: pgtest.Open(t)}) })
}

// ask runs a query of the host's kind in a transaction.
func ask(t testing.TB, db *sqlstore.DB, dest any, query string) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		return sqlx.SelectContext(ctx, tx, dest, query)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestR31_ConcurrentStartsMigrateOnce(t *testing.T) {
	fresh(t, func(t *testing.T, p place) {
		const nodes = 20
		dbs := make([]*sqlstore.DB, nodes)
		for i := range dbs {
			dbs[i] = p.open(t)
		}
		errs := make([]error, nodes)
		var all sync.WaitGroup
		for i, db := range dbs {
			all.Go(func() { errs[i] = db.Migrate(t.Context(), sqlstore.MigrateOptions{}) })
		}
		all.Wait()
		for i, err := range errs {
			if err != nil {
				t.Errorf("node %d: %v", i, err)
			}
		}
		var versions []int64
		ask(t, dbs[0], &versions, "SELECT version_id FROM profilekit_migrations ORDER BY version_id")
		if want := everyVersion(t); !slices.Equal(versions, want) {
			t.Errorf("recorded versions %v, want %v", versions, want)
		}
		user(t, t.Context(), dbs[1], "works")
		if err := dbs[2].Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Errorf("once more: %v", err)
		}
	})
}

func TestMigrateThroughATransactionPoolerMode(t *testing.T) {
	dsn := pgtest.Open(t)
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{TransactionPooler: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for range 2 {
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	user(t, t.Context(), db, "works")
}

func TestMigrateWithAnEndedContextDoesNothing(t *testing.T) {
	fresh(t, func(t *testing.T, p place) {
		db := p.open(t)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := db.Migrate(ended, sqlstore.MigrateOptions{}); err != context.Canceled {
			t.Errorf("Migrate: %v, want context.Canceled", err)
		}
		var tables []string
		if p.postgres {
			ask(t, db, &tables, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
		} else {
			ask(t, db, &tables, "SELECT name FROM sqlite_schema WHERE type = 'table'")
		}
		if len(tables) != 0 {
			t.Errorf("tables %v, want none", tables)
		}
	})
}

// The table of users must stay one that the application it is taken over from
// can read: these columns, with these limits.
func TestUsersKeepsTheColumnsOfTheTableItReplaces(t *testing.T) {
	db := place{postgres: true, at: migrated(t)}.open(t)
	var columns []string
	ask(t, db, &columns, `SELECT column_name || ' ' || data_type || COALESCE('(' || character_maximum_length || ')', '')
		FROM information_schema.columns WHERE table_name = 'users' ORDER BY ordinal_position LIMIT 7`)
	want := []string{
		"id bigint", "username character varying(50)", "email character varying(100)", "password_hash text",
		"profile_picture text", "role character varying(20)", "created_at timestamp without time zone",
	}
	if !slices.Equal(columns, want) {
		t.Errorf("columns\n%q, want\n%q", columns, want)
	}
	var others []string
	ask(t, db, &others, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'profilekit\_%' AND tablename <> 'users'`)
	if len(others) != 0 {
		t.Errorf("tables outside our names: %v", others)
	}
}

// everyVersion is what is recorded when all migrations ran, each once: goose's 0
// and the number of each file.
func everyVersion(t *testing.T) []int64 {
	t.Helper()
	names, err := fs.Glob(sqlstore.Migrations(sqlstore.SQLite), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	versions := []int64{0}
	for _, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, version)
	}
	return versions
}
