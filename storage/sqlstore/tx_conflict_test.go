package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// conflict is a host on Postgres, where transactions run beside each other.
func conflict(t *testing.T) host {
	t.Helper()
	p := place{postgres: true, at: migrated(t)}
	h := host{p, p.open(t)}
	h.do(t, "CREATE TABLE orders (id TEXT PRIMARY KEY, buyer TEXT NOT NULL)")
	return h
}

// meeting makes the first attempts of two transactions wait for each other.
type meeting struct {
	met  sync.WaitGroup
	runs [2]atomic.Int32
}

func newMeeting() *meeting {
	m := &meeting{}
	m.met.Add(2)
	return m
}

// run counts an attempt of transaction i and returns a function that waits for
// the other, in the first attempt only.
func (m *meeting) run(i int) (wait func()) {
	if m.runs[i].Add(1) > 1 {
		return func() {}
	}
	return func() { m.met.Done(); m.met.Wait() }
}

// both runs the two and checks that both succeed, and one or both more than
// once: else there was no conflict.
func (m *meeting) both(t *testing.T, h host, fn func(ctx context.Context, i int, wait func()) error) {
	t.Helper()
	errs := make(chan error, 2)
	for i := range 2 {
		go func() {
			errs <- h.db.InTx(t.Context(), func(ctx context.Context) error { return fn(ctx, i, m.run(i)) })
		}()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Errorf("InTx: %v", err)
		}
	}
	a, b := m.runs[0].Load(), m.runs[1].Load()
	if a+b < 3 || a > 5 || b > 5 {
		t.Errorf("fn ran %d and %d times; want a conflict, and no more than 5 each", a, b)
	}
}

// D4, 40001: two serializable transactions that each read what the other
// writes. One is ended by the database and runs again, on what the other left.
func TestD04_SerializationFailureRunsAgain(t *testing.T) {
	h := conflict(t)
	for name, write := range map[string]func(ctx context.Context, i, seen int) error{
		"the host's rows": func(ctx context.Context, i, seen int) error {
			return h.order(ctx, fmt.Sprintf("host %d", i), fmt.Sprint(seen))
		},
		"our rows, and then the host's": func(ctx context.Context, i, seen int) error {
			name := fmt.Sprintf("racer%d", i)
			if _, err := h.db.Users().Create(ctx, profile.User{Username: name, Email: name + "@example.org"}); err != nil {
				return err
			}
			return h.order(ctx, fmt.Sprintf("ours %d", i), fmt.Sprint(seen))
		},
	} {
		t.Run(name, func(t *testing.T) {
			before, saw := len(h.orders(t)), [2]int{}
			newMeeting().both(t, h, func(ctx context.Context, i int, wait func()) error {
				if err := h.exec(ctx, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"); err != nil {
					return err
				}
				tx, _ := sqlstore.Tx(ctx)
				saw[i] = 0
				if err := tx.GetContext(ctx, &saw[i], "SELECT count(*) FROM orders"); err != nil {
					return err
				}
				wait()
				return write(ctx, i, saw[i])
			})
			if n := len(h.orders(t)); n != before+2 {
				t.Errorf("%d rows more, want 2", n-before)
			}
			if saw[0]+saw[1] != 2*before+1 {
				t.Errorf("they saw %v rows: the one that ran again did not see the other's, from %d before", saw, before)
			}
		})
	}
}

// D4, 40P01: two transactions that lock a row of the host and a user of ours in
// opposite order.
func TestD04_DeadlockWithRowsOfTheHostRunsAgain(t *testing.T) {
	h := conflict(t)
	u := user(t, t.Context(), h.db, "ann")
	h.do(t, "INSERT INTO orders (id, buyer) VALUES ('o1', '')")
	lock := []func(ctx context.Context) error{
		func(ctx context.Context) error { return h.exec(ctx, "UPDATE orders SET buyer = buyer || 'x'") },
		func(ctx context.Context) error {
			now, err := h.db.Users().User(ctx, u.ID)
			if err != nil {
				return err
			}
			bio := now.Bio + "x"
			_, err = h.db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio})
			return err
		},
	}
	newMeeting().both(t, h, func(ctx context.Context, i int, wait func()) error {
		if err := lock[i](ctx); err != nil {
			return err
		}
		wait()
		return lock[1-i](ctx)
	})
	tx := func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		var buyer string
		if err := tx.GetContext(ctx, &buyer, "SELECT buyer FROM orders"); err != nil || buyer != "xx" {
			t.Errorf("the host's row is %q (%v), want both changes once", buyer, err)
		}
		return nil
	}
	if err := h.db.InTx(t.Context(), tx); err != nil {
		t.Error(err)
	}
}

// D4: a conflict that shows only at the commit is one too.
func TestD04_SerializationFailureAtTheCommitRunsAgain(t *testing.T) {
	h := conflict(t)
	h.do(t, "INSERT INTO orders (id, buyer) VALUES ('a', 'on call'), ('b', 'on call')")
	// Each goes off call if the other is on: the textbook's write skew.
	newMeeting().both(t, h, func(ctx context.Context, i int, wait func()) error {
		if err := h.exec(ctx, "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE"); err != nil {
			return err
		}
		tx, _ := sqlstore.Tx(ctx)
		var n int
		if err := tx.GetContext(ctx, &n, "SELECT count(*) FROM orders WHERE buyer = 'on call'"); err != nil {
			return err
		}
		if n == 2 {
			if err := h.exec(ctx, "UPDATE orders SET buyer = 'off' WHERE id = $1", []string{"a", "b"}[i]); err != nil {
				return err
			}
		}
		wait()
		return nil
	})
	var on int
	err := h.db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		return tx.GetContext(ctx, &on, "SELECT count(*) FROM orders WHERE buyer = 'on call'")
	})
	if err != nil || on != 1 {
		t.Errorf("%d are on call (%v), want 1", on, err)
	}
}

// D4: what fn returns besides a conflict is not tried again, nor is a conflict
// of a nested fn tried within.
func TestD04_OnlyConflictsRunAgain(t *testing.T) {
	h := conflict(t)
	raise := func(ctx context.Context, code string) error {
		return h.exec(ctx, `DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '`+code+`'; END $$`)
	}
	for code, want := range map[string]int{"40001": 5, "40P01": 5, "23505": 1, "55P03": 1, "57014": 1, "40002": 1} {
		for name, within := range map[string]func(ctx context.Context, fn func(ctx context.Context) error) error{
			"outer":  func(ctx context.Context, fn func(ctx context.Context) error) error { return fn(ctx) },
			"nested": h.db.InTx,
		} {
			outer, inner := 0, 0
			err := h.db.InTx(t.Context(), func(ctx context.Context) error {
				outer++
				return within(ctx, func(ctx context.Context) error {
					inner++
					return raise(ctx, code)
				})
			})
			if err == nil || outer != want || inner != want {
				t.Errorf("%s, %s: fn ran %d times, its inner %d, error %v; want %d", code, name, outer, inner, err, want)
			}
		}
	}
	// Within the pauses an end of the context is the end.
	ctx, cancel := context.WithCancel(t.Context())
	runs := 0
	err := h.db.InTx(ctx, func(ctx context.Context) error {
		runs++
		err := raise(ctx, "40001")
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) || runs != 1 {
		t.Errorf("cancelled: %d runs, error %v; want 1 and context.Canceled", runs, err)
	}
	if errors.Is(err, storage.ErrUnknownOutcome) {
		t.Error("cancelled before the commit: its outcome is known")
	}
}
