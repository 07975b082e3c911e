package poolers_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"testing"

	"github.com/profilekit/profilekit/activity/activitytest"
	"github.com/profilekit/profilekit/activity/limit/limittest"
	"github.com/profilekit/profilekit/auth/authtest"
	"github.com/profilekit/profilekit/internal/modeltest"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile/picture/picturetest"
	"github.com/profilekit/profilekit/profile/profiletest"
	"github.com/profilekit/profilekit/settings/notify/notifytest"
	"github.com/profilekit/profilekit/settings/settingstest"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// long reports whether the long form of the tests is wanted.
func long() bool { return os.Getenv("PROFILEKIT_LONG") != "" }

// suite is every conformance suite over what connect opens. In the short form
// one database serves them all, emptied between; in the long form each test has
// its own, as it has in package postgres.
func suite(t *testing.T, connect func(t testing.TB, dsn string) *sqlstore.DB) {
	t.Helper()
	open := func(t *testing.T) *sqlstore.DB { return connect(t, migrated(t)) }
	if !long() {
		dsn := migrated(t)
		db := connect(t, dsn)
		open = func(t *testing.T) *sqlstore.DB {
			empty(t, dsn)
			return db
		}
	}
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

// empty empties every table of ours.
func empty(t testing.TB, dsn string) {
	t.Helper()
	exec(t, dsn, `DO $$ DECLARE name text; BEGIN
		FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'profilekit_migrations' LOOP
			EXECUTE format('DELETE FROM %I', name);
		END LOOP;
	END $$`)
}

// model compares random operations on an empty database with the model.
func model(t *testing.T, db *sqlstore.DB) {
	t.Helper()
	operations := 1_000
	if long() {
		operations = 10_000
	}
	if err := modeltest.Compare(t.Context(), db, 26, operations); err != nil {
		t.Error(err)
	}
}

// migrated returns the DSN of a new, migrated database.
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

// through is dsn with the host of bouncer.
func through(t testing.TB, bouncer, dsn string) string {
	t.Helper()
	b, err := url.Parse(bouncer)
	must(t, err)
	u, err := url.Parse(dsn)
	must(t, err)
	u.Host = b.Host
	return u.String()
}

// open opens the database at dsn with lib/pq.
func open(t testing.TB, dsn string, o postgres.Options) *sqlstore.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, o)
	must(t, err)
	return closed(t, db)
}

// closed closes db at the end of the test.
func closed(t testing.TB, db *sqlstore.DB) *sqlstore.DB {
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
