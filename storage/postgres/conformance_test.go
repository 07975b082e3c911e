package postgres_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/profilekit/profilekit/activity/activitytest"
	"github.com/profilekit/profilekit/activity/limit/limittest"
	"github.com/profilekit/profilekit/auth/authtest"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile/picture/picturetest"
	"github.com/profilekit/profilekit/profile/profiletest"
	"github.com/profilekit/profilekit/settings/notify/notifytest"
	"github.com/profilekit/profilekit/settings/settingstest"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// fresh returns the DSN of a new, migrated database.
func fresh(t testing.TB) string {
	t.Helper()
	return pgtest.OpenFrom(t, "migrated", func(ctx context.Context, dsn string) error {
		db, err := postgres.Open(ctx, dsn, postgres.Options{})
		if err != nil {
			return err
		}
		return errors.Join(db.Migrate(ctx, sqlstore.MigrateOptions{}), db.Close())
	})
}

// open opens the database at dsn.
func open(t testing.TB, dsn string, opts postgres.Options) *sqlstore.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestR26_ConformancePrepared(t *testing.T) {
	conformance(t, func(t *testing.T) *sqlstore.DB { return open(t, fresh(t), postgres.Options{}) })
}

// TestR26_ConformanceUnprepared runs single suites; all of them run with the long form,
// and always behind a real pooler in internal/faults/poolers.
func TestR26_ConformanceUnprepared(t *testing.T) {
	if os.Getenv("PROFILEKIT_LONG") == "" {
		db := func(t *testing.T) *sqlstore.DB { return open(t, fresh(t), postgres.Options{TransactionPooler: true}) }
		t.Run("activity", func(t *testing.T) {
			activitytest.Run(t, func(t *testing.T) activitytest.Harness {
				db := db(t)
				return activitytest.Harness{Store: db.Activity(), Tx: db}
			})
		})
		return
	}
	conformance(t, func(t *testing.T) *sqlstore.DB {
		return open(t, fresh(t), postgres.Options{TransactionPooler: true})
	})
}

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
