package sqlstore_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// D4: after a statement of the host that was refused, Postgres accepts nothing:
// neither ours nor the commit, and it is told that nothing happened. SQLite
// goes on, so there the host decides.
func TestD04_AfterARefusedStatementOfTheHost(t *testing.T) {
	onHosts(t, func(t *testing.T, h host) {
		u := user(t, t.Context(), h.db, "ann")
		h.do(t, "INSERT INTO orders (id, buyer) VALUES ('taken', 'x')")
		for name, after := range map[string]func(ctx context.Context) error{
			"nothing": func(context.Context) error { return nil },
			"a read of ours": func(ctx context.Context) error {
				_, err := h.db.Users().User(ctx, u.ID)
				return err
			},
			"a write of ours": func(ctx context.Context) error {
				bio := name(t)
				_, err := h.db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio})
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				var then error
				err := h.db.InTx(t.Context(), func(ctx context.Context) error {
					if err := h.order(ctx, "before "+name, u.ID); err != nil {
						return err
					}
					if err := h.order(ctx, "taken", u.ID); err == nil {
						t.Error("the host's statement was not refused")
					}
					then = after(ctx)
					return nil // the host forgets both
				})
				if !h.postgres {
					if err != nil || then != nil {
						t.Errorf("InTx: %v, and within %v; want what SQLite says", err, then)
					}
					return
				}
				if err == nil || errors.Is(err, storage.ErrUnknownOutcome) {
					t.Errorf("InTx: %v, want an error that says that nothing happened", err)
				}
				if name != "nothing" && then == nil {
					t.Error("a statement of ours succeeded in a transaction that had failed")
				}
			})
		}
		if h.postgres {
			h.wantOrders(t, "taken")
		}
	})
}

// name is the bio of a test: its last word.
func name(t *testing.T) string { return t.Name()[strings.LastIndex(t.Name(), "/")+1:] }

// D4: a constraint that the host defers to the commit fails there. Nothing
// happened, and the next transaction finds the database free.
func TestD04_ConstraintThatFailsAtTheCommit(t *testing.T) {
	onHosts(t, func(t *testing.T, h host) {
		ran := 0
		err := h.db.InTx(t.Context(), func(ctx context.Context) error {
			ran++
			if err := h.order(ctx, "o1", "x"); err != nil {
				return err
			}
			return h.exec(ctx, "INSERT INTO lines (of) VALUES ('no such order')")
		})
		if err == nil || errors.Is(err, storage.ErrUnknownOutcome) || ran != 1 {
			t.Errorf("InTx: %v after %d runs, want a refusal after 1", err, ran)
		}
		h.wantOrders(t)
		for _, name := range []string{"ann", "bob", "cy"} {
			user(t, t.Context(), h.db, name)
		}
	})
}

// D4: when the context ends in the middle, what was done is undone and the
// connection is free, whether fn notices or not.
func TestD04_ContextThatEndsInTheMiddleRollsBack(t *testing.T) {
	onHosts(t, func(t *testing.T, h host) {
		for name, c := range map[string]struct {
			within func(ctx context.Context) error
		}{
			"fn returns nil":       {func(context.Context) error { return nil }},
			"fn returns its error": {func(ctx context.Context) error { return ctx.Err() }},
			"fn goes on":           {func(ctx context.Context) error { return h.order(ctx, "late", "x") }},
			"fn ignores the end":   {func(ctx context.Context) error { return h.order(context.WithoutCancel(ctx), "late", "x") }},
			"fn drops our error": {func(ctx context.Context) error {
				if _, err := h.db.Users().User(ctx, "1"); !errors.Is(err, context.Canceled) {
					t.Errorf("a read after the end: %v, want context.Canceled", err)
				}
				return nil
			}},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			err := h.db.InTx(ctx, func(ctx context.Context) error {
				if err := h.order(ctx, "o1", "x"); err != nil {
					return err
				}
				cancel()
				return c.within(ctx)
			})
			cancel()
			if err == nil {
				t.Errorf("%s: InTx is nil", name)
			}
			h.wantOrders(t)
		}
	})
}

// D4: a panic rolls back and goes on, in an outer and in an inner fn, and when
// fn recovers from the inner one the outer is doomed.
func TestD04_PanicRollsBackAndGoesOn(t *testing.T) {
	onHosts(t, func(t *testing.T, h host) {
		inner := func(ctx context.Context) error {
			return h.db.InTx(ctx, func(ctx context.Context) error {
				if err := h.order(ctx, "o2", "x"); err != nil {
					return err
				}
				panic(errOnPurpose)
			})
		}
		run := func(fn func(ctx context.Context) error) (panicked any, err error) {
			defer func() { panicked = recover() }()
			return nil, h.db.InTx(t.Context(), func(ctx context.Context) error {
				if err := h.order(ctx, "o1", "x"); err != nil {
					return err
				}
				return fn(ctx)
			})
		}
		if p, _ := run(func(context.Context) error { panic(errOnPurpose) }); p != errOnPurpose {
			t.Errorf("outer: panicked with %v, want what fn did", p)
		}
		h.wantOrders(t)
		if p, _ := run(inner); p != errOnPurpose {
			t.Errorf("inner: panicked with %v, want what fn did", p)
		}
		h.wantOrders(t)
		p, err := run(func(ctx context.Context) error {
			defer func() { _ = recover() }()
			return inner(ctx)
		})
		if err == nil || p != nil {
			t.Errorf("inner, recovered: error %v, panic %v; want an error", err, p)
		}
		h.wantOrders(t)
	})
}

// D4: nested units are one: the innermost sees the outer's rows, Tx is the same
// transaction, and an error in the third level undoes the first.
func TestD04_NestedUnitsAreOne(t *testing.T) {
	onHosts(t, func(t *testing.T, h host) {
		for _, c := range []struct {
			innermost error
			want      []string
		}{{errOnPurpose, nil}, {nil, []string{"1", "2", "3"}}} {
			err := h.db.InTx(t.Context(), func(ctx context.Context) error {
				outer, _ := sqlstore.Tx(ctx)
				if err := h.order(ctx, "1", "x"); err != nil {
					return err
				}
				_ = h.db.InTx(ctx, func(ctx context.Context) error {
					if err := h.order(ctx, "2", "x"); err != nil {
						return err
					}
					_ = h.db.InTx(ctx, func(ctx context.Context) error {
						var n int
						tx, _ := sqlstore.Tx(ctx)
						if tx != outer {
							t.Error("the innermost has another transaction")
						}
						if err := tx.GetContext(ctx, &n, "SELECT count(*) FROM orders"); err != nil || n != 2 {
							t.Errorf("the innermost sees %d rows and %v, want 2", n, err)
						}
						if err := h.order(ctx, "3", "x"); err != nil {
							return err
						}
						return c.innermost
					})
					return nil // forgets the error
				})
				return nil // and so does this
			})
			if !errors.Is(err, c.innermost) {
				t.Errorf("InTx: %v, want %v", err, c.innermost)
			}
			h.wantOrders(t, c.want...)
		}
	})
}
