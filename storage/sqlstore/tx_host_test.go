package sqlstore_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// host is a program with a table of its own beside ours: the orders of users.
type host struct {
	place
	db *sqlstore.DB
}

func onHosts(t *testing.T, f func(t *testing.T, h host)) {
	onBoth(t, func(t *testing.T, p place) {
		h := host{p, p.open(t)}
		h.do(t, "CREATE TABLE orders (id TEXT PRIMARY KEY, buyer TEXT NOT NULL)")
		h.do(t, "CREATE TABLE lines (of TEXT NOT NULL REFERENCES orders (id) DEFERRABLE INITIALLY DEFERRED)")
		f(t, h)
	})
}

// do makes a statement in a unit of its own.
func (h host) do(t *testing.T, text string, args ...any) {
	t.Helper()
	if err := h.db.InTx(t.Context(), func(ctx context.Context) error { return h.exec(ctx, text, args...) }); err != nil {
		t.Fatal(err)
	}
}

// exec makes a statement of the host in the unit of ctx.
func (h host) exec(ctx context.Context, text string, args ...any) error {
	tx, ok := sqlstore.Tx(ctx)
	if !ok {
		return errors.New("no transaction")
	}
	_, err := tx.ExecContext(ctx, h.bind(text), args...)
	return err
}

func (h host) order(ctx context.Context, id, buyer string) error {
	return h.exec(ctx, "INSERT INTO orders (id, buyer) VALUES ($1, $2)", id, buyer)
}

// orders are the IDs that a look from outside finds.
func (h host) orders(t *testing.T) []string {
	t.Helper()
	var ids []string
	err := h.db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		ids = nil
		return tx.SelectContext(ctx, &ids, "SELECT id FROM orders ORDER BY id")
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func (h host) wantOrders(t *testing.T, want ...string) {
	t.Helper()
	if got := h.orders(t); !slices.Equal(got, want) {
		t.Errorf("the host's orders are %q, want %q", got, want)
	}
}

// everything changes one row in each of our stores, for u, and one of the host's.
func (h host) everything(ctx context.Context, u profile.User, at time.Time) error {
	bio := "changed"
	event := activity.NewEvent(ctx, "test.changed", u.ID, at, nil)
	_, err := h.db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio}, event)
	if err == nil {
		err = h.db.Auth().Passwords.SetPassword(ctx, u.ID, "", "hash")
	}
	if err == nil {
		err = h.db.Auth().Sessions.CreateSession(ctx, authstore.Session{ID: "s1", UserID: u.ID, TokenHash: [32]byte{1}, Level: authstore.LevelFull})
	}
	if err == nil {
		_, _, err = h.db.Limits().Take(ctx, "k1", limit.Rule{Limit: 1, Window: time.Hour}, at)
	}
	if err == nil {
		_, err = h.db.Settings().Put(ctx, u.ID, settings.Record{Data: []byte(`{"locale":"fr"}`)})
	}
	if err == nil {
		err = h.db.Ledger().Reserve(ctx, u.ID, []string{"b1"}, at)
	}
	if err == nil {
		err = h.order(ctx, "o1", u.ID)
	}
	return err
}

// made counts the changes of everything that are there.
func (h host) made(t *testing.T, u profile.User, at time.Time) int {
	t.Helper()
	ctx, n := t.Context(), 0
	see := func(what string, there bool, err error) {
		t.Helper()
		switch {
		case err != nil && !errors.Is(err, storage.ErrNotFound):
			t.Errorf("%s: %v", what, err)
		case err == nil && there:
			n++
		}
	}
	got, err := h.db.Users().User(ctx, u.ID)
	see("User", got.Bio == "changed", err)
	page, err := h.db.Activity().Page(ctx, activity.Query{UserID: u.ID, Limit: 9})
	see("Page", len(page) == 1, err)
	hash, err := h.db.Auth().Passwords.PasswordHash(ctx, u.ID)
	see("PasswordHash", hash == "hash", err)
	_, err = h.db.Auth().Sessions.Session(ctx, [32]byte{1})
	see("Session", true, err)
	// A try is counted where the next is refused; the look itself is undone.
	err = h.db.InTx(ctx, func(ctx context.Context) error {
		ok, _, err := h.db.Limits().Take(ctx, "k1", limit.Rule{Limit: 1, Window: time.Hour}, at)
		see("Take", !ok, err)
		return errOnPurpose
	})
	if !errors.Is(err, errOnPurpose) {
		t.Errorf("InTx: %v", err)
	}
	record, err := h.db.Settings().Get(ctx, u.ID)
	see("Get", record.Version != 0, err)
	keys, err := h.db.Ledger().Keys(ctx, u.ID)
	see("Keys", len(keys) == 1, err)
	see("orders", slices.Contains(h.orders(t), "o1"), nil)
	return n
}

// D4: the host's rows and those of all our stores come and go together.
func TestD04_HostAndStoresCommitAndRollBackTogether(t *testing.T) {
	onHosts(t, func(t *testing.T, h host) {
		u, at := user(t, t.Context(), h.db, "ann"), time.Now()
		if n := h.made(t, u, at); n != 0 {
			t.Fatalf("%d changes are there before any was made", n)
		}
		for _, c := range []struct {
			name string
			end  error
			want int
		}{
			{"an error of fn", errOnPurpose, 0},
			{"success", nil, 8},
		} {
			err := h.db.InTx(t.Context(), func(ctx context.Context) error {
				if err := h.everything(ctx, u, at); err != nil {
					return err
				}
				return c.end
			})
			if !errors.Is(err, c.end) {
				t.Errorf("%s: InTx: %v", c.name, err)
			}
			if n := h.made(t, u, at); n != c.want {
				t.Errorf("after %s %d of 8 changes are there, want %d", c.name, n, c.want)
			}
		}
	})
}

// D4: a Recorder writes in the unit of the change, and its error undoes it.
func TestD04_RecorderJoinsAndItsErrorRollsBack(t *testing.T) {
	onHosts(t, func(t *testing.T, h host) {
		u := user(t, t.Context(), h.db, "ann")
		edit := func(r activity.Recorder, bio string) error {
			return h.db.InTx(t.Context(), func(ctx context.Context) error {
				event := activity.NewEvent(ctx, "test.changed", u.ID, time.Now(), nil)
				if _, err := h.db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio}, event); err != nil {
					return err
				}
				return r.Record(ctx, event)
			})
		}
		if err := edit(recorder{h, nil}, "kept"); err != nil {
			t.Fatal(err)
		}
		if err := edit(recorder{h, errOnPurpose}, "undone"); !errors.Is(err, errOnPurpose) {
			t.Errorf("InTx: %v, want the recorder's error", err)
		}
		got, err := h.db.Users().User(t.Context(), u.ID)
		page, errPage := h.db.Activity().Page(t.Context(), activity.Query{UserID: u.ID, Limit: 9})
		if err != nil || errPage != nil || got.Bio != "kept" || len(page) != 1 || len(h.orders(t)) != 1 {
			t.Errorf("bio %q, %d events, %d rows of the recorder (%v, %v); want one change, whole", got.Bio, len(page), len(h.orders(t)), err, errPage)
		}
	})
}

// recorder writes a row for every event and then ends with err.
type recorder struct {
	host
	err error
}

func (r recorder) Record(ctx context.Context, events ...activity.Event) error {
	for _, e := range events {
		if err := r.order(ctx, e.ID, e.UserID); err != nil {
			return err
		}
	}
	return r.err
}

// D4: fn may share its context among goroutines, and statements of the host and
// of ours take turns on the one connection.
func TestD04_GoroutinesShareTheUnit(t *testing.T) {
	onHosts(t, func(t *testing.T, h host) {
		err := h.db.InTx(t.Context(), func(ctx context.Context) error {
			errs := make(chan error, 20)
			var done sync.WaitGroup
			for i := range cap(errs) {
				done.Go(func() {
					if i%2 == 0 {
						errs <- h.order(ctx, string(rune('a'+i)), "x")
						return
					}
					_, err := h.db.Settings().Put(ctx, string(rune('a'+i)), settings.Record{Data: []byte(`{}`)})
					errs <- err
				})
			}
			done.Wait()
			for range cap(errs) {
				if err := <-errs; err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if i%2 == 0 {
				continue
			}
			if r, err := h.db.Settings().Get(t.Context(), string(rune('a'+i))); err != nil || r.Version != 1 {
				t.Errorf("settings %d: %+v, %v", i, r, err)
			}
		}
		if n := len(h.orders(t)); n != 10 {
			t.Errorf("%d orders, want 10", n)
		}
	})
}

// D4: a goroutine that outlives fn has a dead context, and a transaction that
// has ended; it neither writes nor disturbs others.
func TestD04_ContextAndTxAreDeadAfterwards(t *testing.T) {
	onHosts(t, func(t *testing.T, h host) {
		for name, end := range map[string]error{"commit": nil, "rollback": errOnPurpose} {
			var kept context.Context
			var late func() error
			err := h.db.InTx(t.Context(), func(ctx context.Context) error {
				tx, _ := sqlstore.Tx(ctx)
				kept = ctx
				late = func() error {
					_, err := tx.ExecContext(context.WithoutCancel(ctx), "DELETE FROM orders")
					return err
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Errorf("%s: InTx: %v", name, err)
			}
			if err := late(); err == nil {
				t.Errorf("after a %s the transaction took a statement", name)
			}
			if kept.Err() == nil {
				t.Errorf("after a %s the context has not ended", name)
			}
			// Also a context that no longer ends does not fall through to the pool.
			kept = context.WithoutCancel(kept)
			if _, err := h.db.Users().User(kept, "1"); err == nil || errors.Is(err, storage.ErrNotFound) {
				t.Errorf("after a %s a read with its context: %v, want a refusal", name, err)
			}
			if _, err := h.db.Users().Create(kept, profile.User{Username: "late", Email: "late@example.org"}); err == nil {
				t.Errorf("after a %s a write with its context succeeded", name)
			}
			if err := h.db.InTx(kept, func(context.Context) error { return nil }); err == nil {
				t.Errorf("after a %s InTx with its context succeeded", name)
			}
		}
	})
}

// D4: a statement between two rows of a query takes nothing from either. What goroutines
// do now and then is done here each time.
func TestD04_AStatementBetweenTwoRows(t *testing.T) {
	onHosts(t, func(t *testing.T, h host) {
		err := h.db.InTx(t.Context(), func(ctx context.Context) error {
			for _, id := range []string{"a", "b", "c"} {
				if err := h.order(ctx, id, "x"); err != nil {
					return err
				}
			}
			tx, _ := sqlstore.Tx(ctx)
			rows, err := tx.QueryContext(ctx, "SELECT id FROM orders ORDER BY id")
			if err != nil {
				return err
			}
			defer rows.Close()
			var got []string
			for rows.Next() {
				var id string
				if err := rows.Scan(&id); err != nil {
					return err
				}
				got = append(got, id)
				if err := h.exec(ctx, "UPDATE orders SET buyer = 'y' WHERE id = $1", id); err != nil {
					return err
				}
				if _, err := h.db.Settings().Get(ctx, id); !errors.Is(err, storage.ErrNotFound) && err != nil {
					return err
				}
			}
			if !slices.Equal(got, []string{"a", "b", "c"}) {
				t.Errorf("rows %q", got)
			}
			return rows.Err()
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
