package auth_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// database is the part of one that a Service needs.
type database interface {
	storage.Transactor
	Users() profile.Store
	Auth() authstore.Stores
	AuthApart() authstore.Stores
	Limits() limit.Store
	Activity() activity.Store
	Settings() settings.Store
}

// onDatabases runs what depends on locks and transactions on every kind of
// database; the model in memory is the one that the other tests use.
func onDatabases(t *testing.T, run func(t *testing.T, db database)) {
	t.Run("memory", func(t *testing.T) { run(t, memstore.New()) })
	t.Run("SQLite", func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), sqlite.Options{})
		run(t, migrated(t, db, err))
	})
	t.Run("Postgres", func(t *testing.T) {
		dsn := pgtest.OpenFrom(t, "auth", func(ctx context.Context, dsn string) error {
			db, err := postgres.Open(ctx, dsn, postgres.Options{})
			if err != nil {
				return err
			}
			defer db.Close()
			return db.Migrate(ctx, sqlstore.MigrateOptions{})
		})
		db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
		run(t, migrated(t, db, err))
	})
}

func migrated(t *testing.T, db *sqlstore.DB, err error) *sqlstore.DB {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	return db
}
