package upgrade

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"

	_ "github.com/lib/pq"

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

// oldTable is that of the programs which are taken over from.
const oldTable = `CREATE TABLE users (id SERIAL PRIMARY KEY, username VARCHAR(50) UNIQUE NOT NULL, email VARCHAR(100) UNIQUE NOT NULL,
	password_hash TEXT NOT NULL, profile_picture TEXT, role VARCHAR(20) DEFAULT 'user', created_at TIMESTAMP DEFAULT NOW())`

// A release to come may add columns, tables and indexes, and drop an index that
// is not unique. Today's stores do not mind, on a table of our own making or,
// which is as good, on one that was taken over.
func TestR32_SuitesPassOnASchemaThatWasAddedTo(t *testing.T) {
	suites(t, "adopted and added to", adopted, addedTo)
	if os.Getenv("PROFILEKIT_LONG") != "" {
		suites(t, "adopted", adopted)
		suites(t, "added to", addedTo)
	}
}

func adopted(ctx context.Context, dsn string) error {
	err := run(ctx, dsn, oldTable,
		"INSERT INTO users (username, email, password_hash, role) VALUES ('Old Hand', 'old@localhost', '', NULL)")
	if err != nil {
		return err
	}
	return migrate(ctx, dsn, sqlstore.MigrateOptions{AdoptUsers: true, Zone: time.UTC})
}

func addedTo(ctx context.Context, dsn string) error {
	return errors.Join(migrate(ctx, dsn, sqlstore.MigrateOptions{}), run(ctx, dsn,
		"ALTER TABLE users ADD COLUMN mood TEXT NOT NULL DEFAULT '', ADD COLUMN seen TIMESTAMPTZ",
		"ALTER TABLE profilekit_sessions ADD COLUMN factor TEXT NOT NULL DEFAULT ''",
		"ALTER TABLE profilekit_activity ADD COLUMN weight BIGINT",
		"CREATE TABLE profilekit_passkeys (id TEXT PRIMARY KEY, user_id TEXT NOT NULL)",
		"CREATE INDEX profilekit_users_seen ON users (seen)",
		"DROP INDEX profilekit_activity_time",
		"INSERT INTO profilekit_migrations (version_id, is_applied) SELECT max(version_id) + 1, true FROM profilekit_migrations"))
}

func migrate(ctx context.Context, dsn string, opts sqlstore.MigrateOptions) error {
	db, err := postgres.Open(ctx, dsn, postgres.Options{})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx, opts), db.Close())
}

func run(ctx context.Context, dsn string, statements ...string) error {
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// suites runs all of them, each case on a copy of the database that prepare
// made and that Migrate was called for once more, as at a start.
func suites(t *testing.T, name string, prepare ...func(ctx context.Context, dsn string) error) {
	all := func(ctx context.Context, dsn string) error {
		for _, p := range prepare {
			if err := p(ctx, dsn); err != nil {
				return err
			}
		}
		return nil
	}
	open := func(t *testing.T) *sqlstore.DB {
		t.Helper()
		db, err := postgres.Open(t.Context(), pgtest.OpenFrom(t, name, all), postgres.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		return db
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
