package picturetest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// takeCases are those of a storage.LedgerTaker.
func takeCases(t *testing.T, h Harness) {
	taker, ok := storage.As[storage.LedgerTaker](h.Ledger)
	if !ok {
		t.Log("the ledger is no storage.LedgerTaker: there is no direct upload with it")
		return
	}
	ctx, at := conform.Context(t), conform.Time()
	ada, bob := h.NewUser(t), h.NewUser(t)
	refused := func(t *testing.T, what string, err error) {
		t.Helper()
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: error %v, want one matching storage.ErrNotFound", what, err)
		}
	}
	t.Run("of another user", func(t *testing.T) {
		key := reserved(t, h, ada, 1)[0]
		refused(t, "Take", taker.Take(ctx, bob, key, at))
		conform.Must(t, "Take", taker.Take(ctx, ada, key, at))
		refused(t, "GiveBack", taker.GiveBack(ctx, bob, key, at))
		conform.Must(t, "GiveBack", taker.GiveBack(ctx, ada, key, at))
	})
	t.Run("in another state", func(t *testing.T) {
		key := live(t, h, ada, 1)[0]
		refused(t, "Take of a live key", taker.Take(ctx, ada, key, at))
		refused(t, "GiveBack of a live key", taker.GiveBack(ctx, ada, key, at))
		if !isLive(t, ctx, h, key) {
			t.Error("the live key is not live any more")
		}
		conform.Must(t, "Dead", h.Ledger.Dead(ctx, []string{key}, at))
		refused(t, "Take of a dead key", taker.Take(ctx, ada, key, at))
		refused(t, "Take of an unknown key", taker.Take(ctx, ada, newKeys(1)[0], at))
		refused(t, "GiveBack of an unknown key", taker.GiveBack(ctx, ada, newKeys(1)[0], at))
		key = reserved(t, h, ada, 1)[0]
		refused(t, "GiveBack of a pending key", taker.GiveBack(ctx, ada, key, at))
	})
	t.Run("once", func(t *testing.T) {
		key := reserved(t, h, ada, 1)[0]
		var took atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				err := taker.Take(ctx, ada, key, at)
				switch {
				case err == nil:
					took.Add(1)
				case !errors.Is(err, storage.ErrNotFound):
					t.Errorf("Take: error %v, want nil or one matching storage.ErrNotFound", err)
				}
			})
		}
		all.Wait()
		if n := took.Load(); n != 1 {
			t.Errorf("%d of 8 took the key; want one", n)
		}
		if err := h.Ledger.Live(ctx, []string{key}, at); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("Live of a key that was taken: error %v, want one matching storage.ErrNotFound", err)
		}
	})
	t.Run("claimed when its time has come", func(t *testing.T) {
		user := h.NewUser(t)
		key := reserved(t, h, user, 1)[0]
		later := at.Add(long)
		conform.Must(t, "Take", taker.Take(ctx, user, key, later))
		before, after := later, later.Add(step)
		if got, err := h.Ledger.Claim(ctx, before, before, at, 1000); err != nil || slices.Contains(got, key) {
			t.Errorf("Claim before its time: %v, %v; want not %s", got, err, key)
		}
		if got, err := h.Ledger.Claim(ctx, after, after, at, 1000); err != nil || !slices.Contains(got, key) {
			t.Errorf("Claim after its time: %v, %v; want %s", got, err, key)
		}
		refused(t, "GiveBack of a claimed key", taker.GiveBack(ctx, user, key, at))
	})
	t.Run("given back it is pending since", func(t *testing.T) {
		user := h.NewUser(t)
		key := reserved(t, h, user, 1)[0]
		later := at.Add(2 * long)
		conform.Must(t, "Take", taker.Take(ctx, user, key, at))
		conform.Must(t, "GiveBack", taker.GiveBack(ctx, user, key, later))
		if got, err := h.Ledger.Claim(ctx, later, later, later, 1000); err != nil || slices.Contains(got, key) {
			t.Errorf("Claim: %v, %v; want not %s", got, err, key)
		}
		conform.Must(t, "Take again", taker.Take(ctx, user, key, at))
	})
	t.Run("ended context", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		key := reserved(t, h, ada, 1)[0]
		if err := taker.Take(ended, ada, key, at); !errors.Is(err, context.Canceled) {
			t.Errorf("Take: error %v, want context.Canceled", err)
		}
		conform.Must(t, "Take", taker.Take(ctx, ada, key, at))
		if err := taker.GiveBack(ended, ada, key, at); !errors.Is(err, context.Canceled) {
			t.Errorf("GiveBack: error %v, want context.Canceled", err)
		}
	})
}
