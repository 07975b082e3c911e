package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/profilekit/profilekit/activity/activitytest"
	"github.com/profilekit/profilekit/activity/limit/limittest"
	"github.com/profilekit/profilekit/auth/authtest"
	"github.com/profilekit/profilekit/profile/picture/picturetest"
	"github.com/profilekit/profilekit/profile/profiletest"
	"github.com/profilekit/profilekit/settings/notify/notifytest"
	"github.com/profilekit/profilekit/settings/settingstest"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// open returns a new, migrated database.
func open(t testing.TB, path string) *sqlstore.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	return db
}

func onFile(t *testing.T) *sqlstore.DB   { return open(t, filepath.Join(t.TempDir(), "app.db")) }
func inMemory(t *testing.T) *sqlstore.DB { return open(t, ":memory:") }

func TestR26_ConformanceOnFile(t *testing.T)   { conformance(t, onFile) }
func TestR26_ConformanceInMemory(t *testing.T) { conformance(t, inMemory) }

func conformance(t *testing.T, open func(*testing.T) *sqlstore.DB) {
	t.Run("activity", func(t *testing.T) {
		activitytest.Run(t, func(t *testing.T) activitytest.Harness {
			db := open(t)
			return activitytest.Harness{Store: db.Activity(), Tx: db}
		})
	})
	t.Run("settings", func(t *testing.T) {
		settingstest.Run(t, func(t *testing.T) settingstest.Harness {
			db := open(t)
			return settingstest.Harness{Store: db.Settings(), Tx: db, Activity: db.Activity()}
		})
	})
	t.Run("profile", func(t *testing.T) {
		profiletest.Run(t, func(t *testing.T) profiletest.Harness {
			db := open(t)
			return profiletest.Harness{Store: db.Users(), Tx: db, Activity: db.Activity()}
		})
	})
	t.Run("holds", func(t *testing.T) {
		profiletest.RunHolds(t, func(t *testing.T) profiletest.HoldHarness {
			db := open(t)
			return profiletest.HoldHarness{Holds: db.Holds(), Tx: db}
		})
	})
	t.Run("auth", func(t *testing.T) {
		authtest.Run(t, func(t *testing.T) authtest.Harness {
			db := open(t)
			return authtest.Harness{Stores: db.Auth(), Users: db.Users(), Tx: db, Limits: db.Limits(), Activity: db.Activity()}
		})
	})
	t.Run("auth apart", func(t *testing.T) {
		authtest.Run(t, func(t *testing.T) authtest.Harness {
			db := open(t)
			return authtest.Harness{Stores: db.AuthApart(), Tx: db, Limits: db.Limits(), Activity: db.Activity()}
		})
	})
	t.Run("limits", func(t *testing.T) {
		limittest.Run(t, func(t *testing.T) limittest.Harness {
			db := open(t)
			return limittest.Harness{Store: db.Limits(), Tx: db}
		})
	})
	t.Run("outbox", func(t *testing.T) {
		notifytest.Run(t, func(t *testing.T) notifytest.Harness {
			db := open(t)
			return notifytest.Harness{Store: db.Outbox(), Tx: db}
		})
	})
	t.Run("picture", func(t *testing.T) {
		picturetest.RunLedger(t, func(t *testing.T) picturetest.Harness {
			db := open(t)
			return picturetest.Harness{Ledger: db.Ledger(), Tx: db}
		})
	})
}
