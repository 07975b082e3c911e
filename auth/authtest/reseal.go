package authtest

import (
	"errors"
	"slices"
	"testing"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// walkFactorCases are for a FactorStore that is a FactorWalker, and those of a
// use that leaves the Data for all of them.
func walkFactorCases(t *testing.T, h Harness) {
	fs := h.Stores.Factors
	t.Run("a use without Data leaves it", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		r := addedFactor(t, h, newFactor(user))
		next := used(r, 8)
		next.Data = nil
		conform.Must(t, "UseFactor", fs.UseFactor(ctx, next, authstore.Confirmed, true))
		next.Data = r.Data
		factorsAre(t, ctx, h, user, next)
		next.Counter, next.Data = 9, []byte{}
		conform.Must(t, "UseFactor", fs.UseFactor(ctx, next, authstore.Confirmed, true))
		factorsAre(t, ctx, h, user, next)
	})
	walker, ok := storage.As[authstore.FactorWalker](fs)
	if !ok {
		t.Log("the store is no authstore.FactorWalker")
		return
	}
	t.Run("the walk meets each once", func(t *testing.T) {
		ctx := conform.Context(t)
		want := map[string]authstore.FactorRecord{}
		for range 7 {
			r := addedFactor(t, h, newFactor(h.newUser(t)))
			want[r.ID] = r
		}
		pending := addedFactor(t, h, pendingFactor(h.newUser(t)))
		want[pending.ID] = pending
		var ids []string
		for after := ""; ; {
			page, err := walker.FactorsAfter(ctx, after, 3)
			conform.Must(t, "FactorsAfter", err)
			if len(page) > 3 {
				t.Fatalf("a page of %d, want at most 3", len(page))
			}
			for _, r := range page {
				if w, mine := want[r.ID]; mine {
					sameFactor(t, r, w)
					delete(want, r.ID)
				}
				ids = append(ids, r.ID)
			}
			if len(page) == 0 {
				break
			}
			after = page[len(page)-1].ID
		}
		if len(want) > 0 || !slices.IsSorted(ids) || len(slices.Compact(ids)) != len(ids) {
			t.Errorf("%d were not met; the walk was %v", len(want), ids)
		}
	})
	t.Run("Data is replaced while it is what was read", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		r := addedFactor(t, h, newFactor(user))
		other := addedFactor(t, h, newFactor(user))
		conform.Must(t, "ReplaceFactorData", walker.ReplaceFactorData(ctx, r, []byte("anew")))
		next := r
		next.Data = []byte("anew")
		for name, stale := range map[string]authstore.FactorRecord{"what it was before": r, "an unknown ID": {ID: "no such", Data: next.Data}, "no Data": {ID: r.ID}} {
			if err := walker.ReplaceFactorData(ctx, stale, []byte("again")); !errors.Is(err, storage.ErrStale) {
				t.Errorf("%s: error %v, want one matching storage.ErrStale", name, err)
			}
		}
		list, err := fs.Factors(ctx, user)
		conform.Must(t, "Factors", err)
		for _, got := range list {
			want := next
			if got.ID == other.ID {
				want = other
			}
			sameFactor(t, got, want)
		}
		won := 0
		for _, err := range conform.Together(20, func(i int) error {
			return walker.ReplaceFactorData(ctx, next, []byte{byte(i)})
		}) {
			if err == nil {
				won++
			} else if !errors.Is(err, storage.ErrStale) {
				t.Errorf("a loser got %v, want an error matching storage.ErrStale", err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 20 replaced it, want 1", won)
		}
	})
}
