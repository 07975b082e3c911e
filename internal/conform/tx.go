package conform

import (
	"context"
	"errors"
	"testing"

	"github.com/profilekit/profilekit/storage"
)

// Change is one method of a store that writes.
type Change struct {
	Name string
	// Prepare makes what the change needs and returns the change, and a look
	// at whether it has been made. Each case prepares anew.
	Prepare func(t *testing.T) (do func(ctx context.Context) error, made func(ctx context.Context) bool)
}

var errRollback = errors.New("conform: roll this back")

// Transactions checks that each change joins a transaction that its context
// carries, and what storage.Transactor promises of it. Without a Transactor
// there is nothing to check.
func Transactions(t *testing.T, tx storage.Transactor, changes []Change) {
	t.Helper()
	if tx == nil {
		return
	}
	for _, c := range changes {
		t.Run(c.Name, func(t *testing.T) {
			for i, k := range txCases {
				ok := t.Run(k.name, func(t *testing.T) {
					do, made := c.Prepare(t)
					if ctx := Context(t); made(ctx) {
						t.Fatalf("%s: the change is there before it was made", c.Name)
					} else {
						k.run(t, ctx, tx, do, made)
					}
				})
				if i == 0 && !ok {
					t.Log("the other cases are left out: they ask how well a store joins that does not join")
					return
				}
			}
		})
	}
}

type txCase struct {
	name string
	run  func(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool)
}

// txCases begin with the one without which the others mean nothing.
var txCases = []txCase{
	{"rollback leaves nothing", txRollback},
	{"commit keeps it", txCommit},
	{"nobody outside sees it before", txOutside},
	{"a nested call joins", txNested},
	{"an inner error dooms the outer", txDoomed},
	{"an ended context runs nothing", txEnded},
	{"the context is dead afterwards", txDead},
	{"a panic rolls back", txPanic},
	{"a cancel within tells the truth", txCancel},
	{"a call after a cancel within says so", txCancelled},
}

func txCommit(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool) {
	seen, inside := false, false
	err := tx.InTx(ctx, func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return err
		}
		seen, inside = made(ctx), tx.InTransaction(ctx)
		return nil
	})
	Must(t, "InTx", err)
	if !inside || tx.InTransaction(ctx) {
		t.Errorf("InTransaction is %v inside and %v outside", inside, tx.InTransaction(ctx))
	}
	if !seen {
		t.Error("the transaction does not see its own change: reading or writing does not join it")
	}
	if !made(ctx) {
		t.Error("InTx returned nil and the change is not there")
	}
}

func txNested(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool) {
	err := tx.InTx(ctx, func(ctx context.Context) error {
		if err := tx.InTx(ctx, do); err != nil {
			return err
		}
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		t.Errorf("InTx: error %v, want the one the outer fn returned", err)
	}
	if made(ctx) {
		t.Error("the outer transaction rolled back and the change of the inner one is there")
	}
}

func txDoomed(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool) {
	err := tx.InTx(ctx, func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return err
		}
		// The outer fn forgets the inner error on purpose.
		_ = tx.InTx(ctx, func(context.Context) error { return errRollback })
		return nil
	})
	if err == nil {
		t.Error("an inner InTx failed, the outer fn returned nil, and InTx returned nil; want an error")
	}
	if made(ctx) {
		t.Error("an inner InTx failed and the outer one committed")
	}
}

func txEnded(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool) {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	called := false
	err := tx.InTx(ended, func(ctx context.Context) error {
		called = true
		return do(ctx)
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("InTx with a cancelled context: error %v, want one matching context.Canceled", err)
	}
	if called {
		t.Error("InTx with a cancelled context called fn")
	}
	if made(ctx) {
		t.Error("InTx with a cancelled context made the change")
	}
}

func txDead(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool) {
	var kept context.Context
	Must(t, "InTx", tx.InTx(ctx, func(ctx context.Context) error {
		kept = ctx
		return nil
	}))
	if err := do(kept); err == nil {
		t.Error("a call with the context of a finished transaction returned nil; want an error")
	}
	if err := tx.InTx(kept, func(context.Context) error { return nil }); err == nil {
		t.Error("InTx with the context of a finished transaction returned nil; want an error")
	}
	if made(ctx) {
		t.Error("a call with the context of a finished transaction made the change")
	}
}

func txPanic(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool) {
	func() {
		// Whether the panic comes through is the store's to choose.
		defer func() { _ = recover() }()
		_ = tx.InTx(ctx, func(ctx context.Context) error {
			if err := do(ctx); err != nil {
				t.Errorf("within the transaction: %v", err)
			}
			panic("conform: on purpose")
		})
	}()
	if made(ctx) {
		t.Error("fn panicked and the change is there")
	}
	if err := tx.InTx(ctx, func(context.Context) error { return nil }); err != nil {
		t.Errorf("InTx after a panic: %v; want nil (is the transaction still open?)", err)
	}
}

func txCancel(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool) {
	cancelled, cancel := context.WithCancel(ctx)
	defer cancel()
	err := tx.InTx(cancelled, func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return err
		}
		cancel()
		return nil
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("InTx cancelled before its commit: error %v, want nil or one matching context.Canceled", err)
	}
	if made(ctx) != (err == nil) {
		t.Errorf("InTx cancelled before its commit returned %v, and the change being there is %v", err, err != nil)
	}
}

func txCancelled(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool) {
	cancelled, cancel := context.WithCancel(ctx)
	defer cancel()
	err := tx.InTx(cancelled, func(ctx context.Context) error {
		cancel()
		err := do(ctx)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a call in a transaction that was cancelled: error %v, want one matching context.Canceled", err)
		}
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("InTx: error %v, want one matching context.Canceled", err)
	}
	if made(ctx) {
		t.Error("a call in a transaction that was cancelled made the change")
	}
}
