package sqlstore_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// place is a database that can be opened again and again.
type place struct {
	postgres bool
	at       string
}

// open opens the database; it is closed with the test.
func (p place) open(t testing.TB) *sqlstore.DB {
	t.Helper()
	var db *sqlstore.DB
	var err error
	if p.postgres {
		db, err = postgres.Open(t.Context(), p.at, postgres.Options{})
	} else {
		db, err = sqlite.Open(t.Context(), p.at, sqlite.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// onBoth runs f with a migrated database of each kind.
func onBoth(t *testing.T, f func(t *testing.T, p place)) {
	t.Run("sqlite", func(t *testing.T) {
		p := place{at: filepath.Join(t.TempDir(), "app.db")}
		if err := p.open(t).Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		f(t, p)
	})
	t.Run("postgres", func(t *testing.T) { f(t, place{postgres: true, at: migrated(t)}) })
}

// migrated returns the DSN of a new database that has the tables.
func migrated(t testing.TB) string {
	t.Helper()
	return pgtest.OpenFrom(t, "migrated", func(ctx context.Context, dsn string) error {
		db, err := postgres.Open(ctx, dsn, postgres.Options{})
		if err != nil {
			return err
		}
		return errors.Join(db.Migrate(ctx, sqlstore.MigrateOptions{}), db.Close())
	})
}

// user makes a user of that name.
func user(t testing.TB, ctx context.Context, db *sqlstore.DB, name string) profile.User {
	t.Helper()
	u, err := db.Users().Create(ctx, profile.User{Username: name, Email: name + "@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// bind spells $1 for either database.
func (p place) bind(query string) string {
	if p.postgres {
		return query
	}
	return strings.ReplaceAll(query, "$", "?")
}
