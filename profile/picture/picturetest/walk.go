package picturetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// walkCases are those of a storage.LedgerWalker.
func walkCases(t *testing.T, h Harness) {
	walker, ok := storage.As[storage.LedgerWalker](h.Ledger)
	if !ok {
		t.Log("the ledger is no storage.LedgerWalker: there is no repair with it")
		return
	}
	ctx, at := conform.Context(t), conform.Time()
	ada, bob := h.NewUser(t), h.NewUser(t)
	pending, dead := reserved(t, h, ada, 3), live(t, h, ada, 2)
	conform.Must(t, "Dead", h.Ledger.Dead(ctx, dead, at))
	claimed := reserved(t, h, ada, 2)
	conform.Must(t, "Dead", h.Ledger.Dead(ctx, claimed[:1], at))
	if got, err := h.Ledger.Claim(ctx, at.Add(step), at.Add(step), at, 1); err != nil || len(got) != 1 {
		t.Fatalf("Claim: %v, %v; want one key", got, err)
	}
	var want []storage.LiveBlob
	for _, user := range []string{ada, bob, ada} {
		for _, k := range live(t, h, user, 4) {
			want = append(want, storage.LiveBlob{Key: k, UserID: user})
		}
	}
	slices.SortFunc(want, func(a, b storage.LiveBlob) int { return strings.Compare(a.Key, b.Key) })

	t.Run("counts what is live", func(t *testing.T) {
		n, err := walker.CountLive(ctx)
		conform.Must(t, "CountLive", err)
		if n != int64(len(want)) {
			t.Errorf("CountLive: %d, want the %d live blobs and no other", n, len(want))
		}
	})
	for _, limit := range []int{1, 5, len(want), len(want) + 1} {
		var got []storage.LiveBlob
		for after := ""; ; after = got[len(got)-1].Key {
			page, err := walker.LiveAfter(ctx, after, limit)
			conform.Must(t, "LiveAfter", err)
			if len(page) > limit {
				t.Fatalf("LiveAfter with limit %d returned %d blobs", limit, len(page))
			}
			got = append(got, page...)
			if len(page) < limit || len(got) > 2*len(want) {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("LiveAfter in pages of %d: %v, want the live blobs and no other, by key: %v", limit, got, want)
		}
	}
	t.Run("after a key that is not live", func(t *testing.T) {
		page, err := walker.LiveAfter(ctx, want[3].Key+"x", 2)
		conform.Must(t, "LiveAfter", err)
		if !slices.Equal(page, want[4:6]) {
			t.Errorf("LiveAfter: %v, want %v", page, want[4:6])
		}
	})
	t.Run("known in every state", func(t *testing.T) {
		entered := slices.Concat(pending, dead, claimed, []string{want[0].Key, want[5].Key})
		got, err := walker.Known(ctx, slices.Concat(entered, newKeys(3), []string{"", "nobody's"}))
		conform.Must(t, "Known", err)
		if !sameSet(got, entered) {
			t.Errorf("Known: %v, want %v", got, entered)
		}
	})
	t.Run("of nothing", func(t *testing.T) {
		got, err := walker.Known(ctx, nil)
		if len(got) != 0 || err != nil {
			t.Errorf("Known of no key: %v, %v", got, err)
		}
	})
	t.Run("forgotten keys are unknown", func(t *testing.T) {
		claimed := claim(t, h, at.Add(2*long))
		conform.Must(t, "Purge", h.Ledger.Purge(ctx, claimed))
		got, err := walker.Known(ctx, claimed)
		conform.Must(t, "Known", err)
		if len(claimed) == 0 || len(got) != 0 {
			t.Errorf("Known of %v, which were forgotten: %v", claimed, got)
		}
	})
	t.Run("ended context", func(t *testing.T) {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		if _, err := walker.LiveAfter(ended, "", 1); !errors.Is(err, context.Canceled) {
			t.Errorf("LiveAfter: error %v, want context.Canceled", err)
		}
		if _, err := walker.CountLive(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("CountLive: error %v, want context.Canceled", err)
		}
		for _, keys := range [][]string{nil, pending} {
			if _, err := walker.Known(ended, keys); !errors.Is(err, context.Canceled) {
				t.Errorf("Known of %d keys: error %v, want context.Canceled", len(keys), err)
			}
		}
	})
}
