package conform

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// joinPatience bounds one call in a transaction. Where one can write at a time,
// a store that does not join waits for the very transaction that waits for it.
func joinPatience() time.Duration {
	if _, broken := os.LookupEnv(childEnv); broken {
		return 2 * time.Second // it is expected
	}
	return 10 * time.Second
}

// joining is the context of one call in a transaction.
func joining(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, joinPatience())
}

// waited fails the test when a call in a transaction outlasted ctx.
func waited(t *testing.T, ctx context.Context) bool {
	t.Helper()
	if ctx.Err() != nil {
		t.Errorf("a call in a transaction took longer than %v: does the store wait for the transaction, because it does not join it?", joinPatience())
	}
	return ctx.Err() != nil
}

func txRollback(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool) {
	limited, cancel := joining(ctx)
	defer cancel()
	err := tx.InTx(limited, func(ctx context.Context) error {
		if err := do(ctx); err != nil {
			return err
		}
		return errRollback
	})
	if !waited(t, limited) && !errors.Is(err, errRollback) {
		t.Errorf("InTx: error %v, want the one fn returned", err)
	}
	if made(ctx) {
		t.Error("fn returned an error and the change is there: the store does not join the transaction")
	}
}

// lookPatience is how long a look from outside may take before the transaction
// goes on without it: where there is one connection it waits for that.
const lookPatience = 50 * time.Millisecond

// txOutside looks from outside while the transaction is open. It rolls back, so
// the change must not be seen however late the look comes.
func txOutside(t *testing.T, ctx context.Context, tx storage.Transactor, do func(context.Context) error, made func(context.Context) bool) {
	var look sync.Once // fn may run again
	looked := make(chan struct{})
	seen := false
	err := tx.InTx(ctx, func(inner context.Context) error {
		if err := do(inner); err != nil {
			return err
		}
		look.Do(func() {
			go func() {
				defer close(looked)
				seen = made(ctx)
			}()
		})
		patience := time.NewTimer(lookPatience)
		defer patience.Stop()
		select {
		case <-looked:
		case <-patience.C:
		}
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		t.Errorf("InTx: error %v, want the one fn returned", err)
	}
	look.Do(func() { close(looked) }) // fn did not come so far
	<-looked
	if seen {
		t.Error("the change was seen from outside, and its transaction never committed")
	}
}
