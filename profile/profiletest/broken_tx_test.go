package profiletest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// The faults below are those of a host's own store that does not take the
// transaction from its context.

// forgetful is a context without what it carries: a store that uses its pool
// and never asks sqlstore.Tx.
type forgetful struct{ context.Context }

func (forgetful) Value(any) any { return nil }

// updatesApart ignores the transaction in Update, readsApart in User.
type (
	updatesApart struct{ profile.Store }
	readsApart   struct{ profile.Store }
)

func (s updatesApart) Update(ctx context.Context, id string, p profile.Patch, ev ...activity.Event) (profile.User, error) {
	return s.Store.Update(forgetful{ctx}, id, p, ev...)
}

func (s readsApart) User(ctx context.Context, id string) (profile.User, error) {
	return s.Store.User(forgetful{ctx}, id)
}

// halfJoins changes the row in the transaction and writes the events beside it.
type halfJoins struct {
	profile.Store
	events activity.Store
}

func (s halfJoins) Update(ctx context.Context, id string, p profile.Patch, ev ...activity.Event) (profile.User, error) {
	u, err := s.Store.Update(ctx, id, p)
	if err == nil {
		err = s.events.Append(forgetful{ctx}, ev...)
	}
	return u, err
}

func TestD04_StoresThatIgnoreTheTransactionAreFound(t *testing.T) {
	const update, rollback = "transaction/Update/", "rollback leaves nothing"
	inMemory := func(name, finds string, breakIt func(m *memstore.Store) profile.Store) conform.Broken {
		return conform.Broken{Name: "in memory: " + name, Finds: finds, Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				return Harness{Store: breakIt(m), Tx: m, Activity: m.Activity()}
			})
		}}
	}
	onPostgres := func(name, finds string, breakIt func(db *sqlstore.DB) profile.Store) conform.Broken {
		return conform.Broken{Name: "on Postgres: " + name, Finds: finds, Suite: func(t *testing.T) {
			Run(t, func(t *testing.T) Harness {
				db := onPostgres(t)
				return Harness{Store: breakIt(db), Tx: db, Activity: db.Activity()}
			})
		}}
	}
	conform.FindsBroken(t,
		// One writer at a time: the update waits for its own transaction.
		inMemory("updates apart", update+rollback, func(m *memstore.Store) profile.Store { return updatesApart{m.Users()} }),
		inMemory("reads apart", update+"commit keeps it", func(m *memstore.Store) profile.Store { return readsApart{m.Users()} }),
		onPostgres("updates apart", update+rollback, func(db *sqlstore.DB) profile.Store { return updatesApart{db.Users()} }),
		onPostgres("writes its events apart", update+rollback, func(db *sqlstore.DB) profile.Store { return halfJoins{db.Users(), db.Activity()} }),
		conform.Broken{Name: "on SQLite: uses another pool", Finds: update + rollback, Suite: func(t *testing.T) {
			Run(t, func(t *testing.T) Harness {
				path := filepath.Join(t.TempDir(), "app.db")
				db := onSQLite(t, path)
				return Harness{Store: onSQLite(t, path).Users(), Tx: db, Activity: db.Activity()}
			})
		}},
	)
}

func onPostgres(t *testing.T) *sqlstore.DB {
	t.Helper()
	dsn := pgtest.OpenFrom(t, "migrated", func(ctx context.Context, dsn string) error {
		db, err := postgres.Open(ctx, dsn, postgres.Options{})
		if err != nil {
			return err
		}
		return errors.Join(db.Migrate(ctx, sqlstore.MigrateOptions{}), db.Close())
	})
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// onSQLite opens a database that does not wait long for another that writes.
func onSQLite(t *testing.T, path string) *sqlstore.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{BusyTimeout: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	return db
}
