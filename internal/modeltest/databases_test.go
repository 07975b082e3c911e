package modeltest_test

import (
	"path/filepath"
	"testing"

	"github.com/profilekit/profilekit/internal/modeltest"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// operations is what R26 asks for.
const operations = 10_000

func TestR26_SQLiteEqualsTheModel(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "app.db"), sqlite.Options{})
	compare(t, db, err)
}

func TestR26_PostgresEqualsTheModel(t *testing.T) {
	db, err := postgres.Open(t.Context(), pgtest.Open(t), postgres.Options{})
	compare(t, db, err)
}

func compare(t *testing.T, db *sqlstore.DB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := modeltest.Compare(t.Context(), db, 26, operations); err != nil {
		t.Error(err)
	}
}
