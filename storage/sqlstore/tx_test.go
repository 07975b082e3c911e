package sqlstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

var errOnPurpose = errors.New("on purpose")

func TestD04_TxHandsOutTheTransaction(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db := p.open(t)
		ctx := t.Context()
		if _, ok := sqlstore.Tx(ctx); ok {
			t.Error("Tx outside InTx is ok")
		}
		var kept context.Context
		rename := func(id, to string) error {
			return db.InTx(ctx, func(ctx context.Context) error {
				kept = ctx
				tx, ok := sqlstore.Tx(ctx)
				if !ok {
					return errors.New("no transaction")
				}
				if _, err := tx.ExecContext(ctx, p.bind("UPDATE users SET bio = $1 WHERE id = $2"), to, id); err != nil {
					return err
				}
				u, err := db.Users().User(ctx, id)
				if err == nil && u.Bio != to {
					t.Errorf("within the transaction the store reads %q, want %q", u.Bio, to)
				}
				if to == "undone" {
					return errOnPurpose
				}
				return err
			})
		}
		u := user(t, ctx, db, "tess")
		if err := rename(u.ID, "done"); err != nil {
			t.Fatal(err)
		}
		if err := rename(u.ID, "undone"); !errors.Is(err, errOnPurpose) {
			t.Fatalf("InTx: %v, want fn's error", err)
		}
		if _, ok := sqlstore.Tx(kept); ok {
			t.Error("Tx with the context of a finished transaction is ok")
		}
		if got, err := db.Users().User(ctx, u.ID); err != nil || got.Bio != "done" {
			t.Errorf("bio %q and error %v, want the committed one", got.Bio, err)
		}
	})
}

// A transaction belongs to one DB: a second one, even of the same database,
// neither joins nor disturbs it.
func TestD04_TransactionsOfTwoDatabasesAreApart(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db, ctx := p.open(t), t.Context()
		var other *sqlstore.DB
		if p.postgres {
			other = place{postgres: true, at: migrated(t)}.open(t)
		} else {
			other = place{at: p.at + "2"}.open(t)
			if err := other.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		err := db.InTx(ctx, func(ctx context.Context) error {
			user(t, ctx, db, "mine")
			user(t, ctx, other, "theirs")
			err := other.InTx(ctx, func(ctx context.Context) error {
				user(t, ctx, other, "undone")
				return errOnPurpose
			})
			if !errors.Is(err, errOnPurpose) {
				t.Errorf("InTx of the other: %v, want fn's error", err)
			}
			return nil
		})
		if err != nil {
			t.Fatalf("an error of the other database's transaction doomed this one: %v", err)
		}
		for name, want := range map[string]error{"mine": nil, "theirs": storage.ErrNotFound, "undone": storage.ErrNotFound} {
			if _, err := db.Users().ByUsername(ctx, name); !errors.Is(err, want) {
				t.Errorf("%s here: %v, want %v", name, err, want)
			}
		}
		for name, want := range map[string]error{"mine": storage.ErrNotFound, "theirs": nil, "undone": storage.ErrNotFound} {
			if _, err := other.Users().ByUsername(ctx, name); !errors.Is(err, want) {
				t.Errorf("%s there: %v, want %v", name, err, want)
			}
		}
	})
}

// Postgres accepts nothing after a refused statement. SQLite would, and commit
// the half of a change that came before; so the rule is the same for both.
func TestD04_RefusedStatementDoomsTheTransaction(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db, ctx := p.open(t), t.Context()
		user(t, ctx, db, "first")
		event := activity.Event{ID: "1", UserID: "7", Kind: "test", At: time.Now()}
		if err := db.Activity().Append(ctx, event); err != nil {
			t.Fatal(err)
		}
		for name, refused := range map[string]func(ctx context.Context) error{
			"user name": func(ctx context.Context) error {
				_, err := db.Users().Create(ctx, profile.User{Username: "First", Email: "x@example.org"})
				return err
			},
			"event": func(ctx context.Context) error {
				bio := "new"
				_, err := db.Users().Update(ctx, "1", profile.Patch{Bio: &bio}, event)
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				err := db.InTx(ctx, func(ctx context.Context) error {
					user(t, ctx, db, "second")
					if err := refused(ctx); !errors.Is(err, storage.ErrTaken) {
						t.Errorf("error %v, want ErrTaken", err)
					}
					return nil // forgets it
				})
				if !errors.Is(err, storage.ErrTaken) {
					t.Errorf("InTx: %v, want the forgotten ErrTaken", err)
				}
				if _, err := db.Users().ByUsername(ctx, "second"); !errors.Is(err, storage.ErrNotFound) {
					t.Errorf("the user made before: %v, want ErrNotFound", err)
				}
				if u, err := db.Users().ByUsername(ctx, "first"); err != nil || u.Bio != "" {
					t.Errorf("bio %q, error %v: half a change is left", u.Bio, err)
				}
			})
		}
		// Nothing found and nothing changed are answers, not refusals.
		err := db.InTx(ctx, func(ctx context.Context) error {
			bio := "x"
			if _, err := db.Users().Update(ctx, "999", profile.Patch{Bio: &bio}); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("Update of nobody: %v", err)
			}
			if _, err := db.Users().Update(ctx, "1", profile.Patch{Bio: &bio, IfVersion: 99}); !errors.Is(err, storage.ErrStale) {
				t.Errorf("stale Update: %v", err)
			}
			user(t, ctx, db, "third")
			return nil
		})
		if err != nil {
			t.Errorf("InTx after ErrNotFound and ErrStale: %v", err)
		}
	})
}

// Two transactions that take two rows in opposite order: Postgres ends one,
// which runs again.
func TestD04_DeadlockIsRunAgain(t *testing.T) {
	p := place{postgres: true, at: migrated(t)}
	db, ctx := p.open(t), t.Context()
	ids := []string{user(t, ctx, db, "ann").ID, user(t, ctx, db, "bob").ID}
	var both sync.WaitGroup // meets in the first attempt only
	both.Add(2)
	errs := make(chan error, 2)
	var mu sync.Mutex
	attempts := 0
	for i := range 2 {
		go func() {
			first := true
			errs <- db.InTx(ctx, func(ctx context.Context) error {
				mu.Lock()
				attempts++
				mu.Unlock()
				if _, err := db.Auth().Passwords.LockPassword(ctx, ids[i]); err != nil {
					return err
				}
				if first {
					first = false
					both.Done()
					both.Wait()
				}
				_, err := db.Auth().Passwords.LockPassword(ctx, ids[1-i])
				return err
			})
		}()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Errorf("InTx: %v", err)
		}
	}
	if attempts < 3 {
		t.Errorf("fn ran %d times: there was no deadlock to break", attempts)
	}
}
