package picturetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

func raceCases(t *testing.T, h Harness) {
	t.Run("concurrent purges share no key", func(t *testing.T) {
		ctx, user, at := conform.Context(t), h.NewUser(t), conform.Time()
		var all []string
		for range 10 {
			all = append(all, reserved(t, h, user, 4)...)
		}
		took := make([][]string, 8)
		for _, err := range conform.Together(len(took), func(i int) (err error) {
			took[i], err = h.Ledger.Claim(ctx, at.Add(long), at.Add(long), at.Add(long), 7)
			return err
		}) {
			conform.Must(t, "Claim", err)
		}
		got := append(slices.Concat(took...), claim(t, h, at.Add(long))...)
		if !sameSet(got, all) {
			t.Errorf("8 concurrent purges and one after took %d keys, want each of %d once", len(got), len(all))
		}
	})
	t.Run("a key becomes live or is claimed, never both", func(t *testing.T) {
		ctx, user, at := conform.Context(t), h.NewUser(t), conform.Time()
		for range 30 {
			keys := reserved(t, h, user, 4)
			var claimed []string
			errs := conform.Together(2, func(i int) (err error) {
				if i == 0 {
					return h.Ledger.Live(ctx, keys, at)
				}
				claimed, err = h.Ledger.Claim(ctx, at.Add(long), at.Add(long), at.Add(long), 2)
				return err
			})
			conform.Must(t, "Claim", errs[1])
			switch {
			case errs[0] == nil && len(claimed) > 0:
				t.Fatalf("Live succeeded and Claim took %v", claimed)
			case errs[0] != nil && !errors.Is(errs[0], storage.ErrNotFound):
				t.Fatalf("Live beside Claim: error %v, want nil or one matching storage.ErrNotFound", errs[0])
			}
			for _, k := range keys {
				if isLive(t, ctx, h, k) != (errs[0] == nil) {
					t.Fatalf("Live returned %v, and a key being live is %v", errs[0], errs[0] != nil)
				}
			}
			// What is left pending must not be taken in the next round.
			conform.Must(t, "Dead", h.Ledger.Dead(ctx, keys, at))
			claim(t, h, at.Add(long))
		}
	})
}

func endedCases(t *testing.T, h Harness) {
	user, at := h.NewUser(t), conform.Time()
	pending, lives, fresh := reserved(t, h, user, 2), live(t, h, user, 2), newKeys(2)
	conform.EndedContext(t, []conform.Call{
		{Name: "Reserve", Do: func(ctx context.Context) error { return h.Ledger.Reserve(ctx, user, fresh, at) }},
		{Name: "Live", Do: func(ctx context.Context) error { return h.Ledger.Live(ctx, pending, at) }},
		{Name: "Dead", Do: func(ctx context.Context) error { return h.Ledger.Dead(ctx, lives, at) }},
		{Name: "Claim", Do: func(ctx context.Context) error {
			_, err := h.Ledger.Claim(ctx, at.Add(long), at.Add(long), at.Add(long), 10)
			return err
		}},
		{Name: "Purge", Do: func(ctx context.Context) error { return h.Ledger.Purge(ctx, pending) }},
		{Name: "Owner", Do: func(ctx context.Context) error {
			_, err := h.Ledger.Owner(ctx, lives[0])
			return err
		}},
		{Name: "Keys", Do: func(ctx context.Context) error {
			_, err := h.Ledger.Keys(ctx, user)
			return err
		}},
	})
	ctx := conform.Context(t)
	keysAre(t, ctx, h, user, slices.Concat(pending, lives)...)
	ownerIs(t, h, lives[0], user)
	// Neither Live nor Claim has taken the pending keys.
	conform.Must(t, "Live", h.Ledger.Live(ctx, pending, at))
}

func txCases(t *testing.T, h Harness) {
	type do = func(context.Context) error
	type made = func(context.Context) bool
	at := conform.Time()
	user := h.NewUser(t)
	lives := live(t, h, user, 1)
	conform.Refusals(t, h.Tx, []conform.Refusal{
		{
			Name: "a key that is there", Is: storage.ErrTaken,
			Do: func(ctx context.Context) error { return h.Ledger.Reserve(ctx, user, lives, at) },
		},
		{
			Name: "a key that is not pending", Is: storage.ErrNotFound,
			Do: func(ctx context.Context) error { return h.Ledger.Live(ctx, lives, at) },
		},
		{Name: "a key that is not live", Is: storage.ErrNotFound, Do: func(ctx context.Context) error {
			_, err := h.Ledger.Owner(ctx, newKeys(1)[0])
			return err
		}},
	})
	conform.Transactions(t, h.Tx, []conform.Change{
		{Name: "Reserve", Prepare: func(t *testing.T) (do, made) {
			user, keys := h.NewUser(t), newKeys(2)
			return func(ctx context.Context) error { return h.Ledger.Reserve(ctx, user, keys, at) },
				func(ctx context.Context) bool { return hasKey(t, ctx, h, user, keys[1]) }
		}},
		{Name: "Live", Prepare: func(t *testing.T) (do, made) {
			keys := reserved(t, h, h.NewUser(t), 2)
			return func(ctx context.Context) error { return h.Ledger.Live(ctx, keys, at) },
				func(ctx context.Context) bool { return isLive(t, ctx, h, keys[1]) }
		}},
		{Name: "Dead", Prepare: func(t *testing.T) (do, made) {
			keys := live(t, h, h.NewUser(t), 2)
			return func(ctx context.Context) error { return h.Ledger.Dead(ctx, keys, at) },
				func(ctx context.Context) bool { return !isLive(t, ctx, h, keys[1]) }
		}},
		{Name: "Purge", Prepare: func(t *testing.T) (do, made) {
			user := h.NewUser(t)
			keys := reserved(t, h, user, 2)
			claim(t, h, at.Add(long))
			return func(ctx context.Context) error { return h.Ledger.Purge(ctx, keys) },
				func(ctx context.Context) bool { return !hasKey(t, ctx, h, user, keys[1]) }
		}},
	})
}

func hasKey(t *testing.T, ctx context.Context, h Harness, user, key string) bool {
	t.Helper()
	keys, err := h.Ledger.Keys(ctx, user)
	conform.Must(t, "Keys", err)
	return slices.Contains(keys, key)
}
