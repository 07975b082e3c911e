package main

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile/profiletest"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// onBoth runs f with new databases of each kind.
func onBoth(t *testing.T, f func(t *testing.T, open func(t *testing.T) people)) {
	on := func(database func(t *testing.T) (url, path string)) func(t *testing.T) {
		return func(t *testing.T) {
			f(t, func(t *testing.T) people {
				url, path := database(t)
				db, pool, err := open(t.Context(), url, path)
				if err != nil {
					t.Fatal(err)
				}
				return opened(t, db, pool)
			})
		}
	}
	t.Run("SQLite", on(func(t *testing.T) (url, path string) { return "", filepath.Join(t.TempDir(), "app.db") }))
	t.Run("Postgres", on(func(t *testing.T) (url, path string) { return pgtest.Open(t), "" }))
}

func opened(t *testing.T, db *sqlstore.DB, pool *sql.DB) people {
	t.Helper()
	t.Cleanup(func() {
		pool.Close()
		db.Close()
	})
	pool.SetMaxOpenConns(8)
	p, err := openPeople(t.Context(), db, pool)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestR26_OwnUsersPassTheSuite is all that a host must do to know that its store
// keeps what profile.Store promises.
func TestR26_OwnUsersPassTheSuite(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) people) {
		profiletest.Run(t, func(t *testing.T) profiletest.Harness {
			p := open(t)
			return profiletest.Harness{Store: p, Tx: p.db, Activity: p.db.Activity()}
		})
	})
}
