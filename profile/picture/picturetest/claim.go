package picturetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// step is the least step of time that every ledger tells apart.
const step = time.Microsecond

func purgeCases(t *testing.T, h Harness) {
	ctx, user, at := conform.Context(t), h.NewUser(t), conform.Time()
	lives := live(t, h, user, 2)
	pending := reserved(t, h, user, 3)
	dead := live(t, h, user, 4)
	conform.Must(t, "Dead", h.Ledger.Dead(ctx, dead, at.Add(time.Hour)))
	purge := func(t *testing.T, deadBefore, pendingBefore time.Time, limit int) []string {
		t.Helper()
		keys, err := h.Ledger.Claim(ctx, at.Add(2*time.Hour), deadBefore, pendingBefore, limit)
		conform.Must(t, "Claim", err)
		return keys
	}
	// The cases go on from one another.
	t.Run("nothing is old enough", func(t *testing.T) {
		if got := purge(t, at.Add(time.Hour), at, 100); len(got) != 0 {
			t.Errorf("Claim took %v; want nothing: the dead are not dead since before deadBefore (their age counts from Dead), the pending not since before pendingBefore", got)
		}
	})
	t.Run("no more than the limit and none twice", func(t *testing.T) {
		first := purge(t, at.Add(time.Hour+step), at, 3)
		second := purge(t, at.Add(time.Hour+step), at, 3)
		if len(first) != 3 || len(second) != 1 || !sameSet(slices.Concat(first, second), dead) {
			t.Errorf("two purges with limit 3 took %v and then %v, want the 4 dead keys %v, 3 and then 1", first, second, dead)
		}
	})
	t.Run("pending for too long", func(t *testing.T) {
		if got := purge(t, at, at.Add(step), 100); !sameSet(got, pending) {
			t.Errorf("Claim took %v, want the pending keys %v", got, pending)
		}
	})
	t.Run("a claimed key cannot become live", func(t *testing.T) {
		for _, k := range slices.Concat(pending, dead) {
			if err := h.Ledger.Live(ctx, []string{k}, at); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("Live of a claimed key: error %v, want one matching storage.ErrNotFound", err)
			}
			ownerIs(t, h, k, "")
		}
	})
	t.Run("a claimed key is entered still", func(t *testing.T) {
		keysAre(t, ctx, h, user, slices.Concat(lives, pending, dead)...)
		if err := h.Ledger.Reserve(ctx, user, pending[:1], at); !errors.Is(err, storage.ErrTaken) {
			t.Errorf("Reserve of a claimed key: error %v, want one matching storage.ErrTaken", err)
		}
	})
	t.Run("live keys are never taken", func(t *testing.T) {
		if got := claim(t, h, at.Add(2*long)); slices.ContainsFunc(got, func(k string) bool { return slices.Contains(lives, k) }) {
			t.Errorf("Claim took a live key: %v", got)
		}
		ownerIs(t, h, lives[0], user)
	})
}

func claimCases(t *testing.T, h Harness) {
	ctx, user, at := conform.Context(t), h.NewUser(t), conform.Time()
	keys := reserved(t, h, user, 3)
	now := at.Add(long)
	if got := claim(t, h, now); !sameSet(got, keys) {
		t.Fatalf("Claim took %v, want %v", got, keys)
	}
	again := func(t *testing.T, now time.Time, limit int) []string {
		t.Helper()
		// A claim counts from when it was made, whatever the other bounds.
		got, err := h.Ledger.Claim(ctx, now, at.Add(-long), at.Add(-long), limit)
		conform.Must(t, "Claim", err)
		return got
	}
	t.Run("not within an hour", func(t *testing.T) {
		for _, later := range []time.Duration{0, time.Minute, time.Hour} {
			if got := again(t, now.Add(later), 100); len(got) != 0 {
				t.Errorf("%v after its claim a key was returned again: %v", later, got)
			}
		}
		if got := claim(t, h, now.Add(time.Hour)); len(got) != 0 {
			t.Errorf("a claimed key was returned again because it was pending for long: %v", got)
		}
	})
	t.Run("after an hour, up to the limit", func(t *testing.T) {
		first := again(t, now.Add(time.Hour+step), 2)
		second := again(t, now.Add(time.Hour+step), 2)
		if len(first) != 2 || len(second) != 1 || !sameSet(slices.Concat(first, second), keys) {
			t.Errorf("purges an hour after the claim took %v and %v, want %v, 2 and then 1", first, second, keys)
		}
	})
	t.Run("the new claim counts", func(t *testing.T) {
		if got := again(t, now.Add(2*time.Hour), 100); len(got) != 0 {
			t.Errorf("less than an hour after the second claim a key was returned again: %v", got)
		}
		if got := again(t, now.Add(3*time.Hour), 100); !sameSet(got, keys) {
			t.Errorf("more than an hour after the second claim Claim took %v, want %v", got, keys)
		}
	})
	t.Run("dead does not take a claim back", func(t *testing.T) {
		conform.Must(t, "Dead", h.Ledger.Dead(ctx, keys, now.Add(3*time.Hour)))
		if err := h.Ledger.Live(ctx, keys, now.Add(3*time.Hour)); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("Live after Dead of a claimed key: error %v, want one matching storage.ErrNotFound", err)
		}
		keysAre(t, ctx, h, user, keys...)
	})
}

func forgetCases(t *testing.T, h Harness) {
	ctx, user, at := conform.Context(t), h.NewUser(t), conform.Time()
	gone := reserved(t, h, user, 2)
	conform.Must(t, "Dead", h.Ledger.Dead(ctx, gone, at))
	if got := claim(t, h, at.Add(step)); !sameSet(got, gone) {
		t.Fatalf("Claim took %v, want %v", got, gone)
	}
	lives, pending := live(t, h, user, 2), reserved(t, h, user, 2)
	t.Run("claimed keys go", func(t *testing.T) {
		conform.Must(t, "Purge", h.Ledger.Purge(ctx, gone))
		keysAre(t, ctx, h, user, slices.Concat(lives, pending)...)
		if got := claim(t, h, at.Add(long)); slices.Contains(got, gone[0]) {
			t.Error("a forgotten key was claimed again")
		}
	})
	t.Run("unknown keys are ignored", func(t *testing.T) {
		conform.Must(t, "Purge", h.Ledger.Purge(ctx, slices.Concat(gone, newKeys(2))))
		conform.Must(t, "Purge of nothing", h.Ledger.Purge(ctx, nil))
	})
	t.Run("a live key stays", func(t *testing.T) {
		conform.Must(t, "Purge", h.Ledger.Purge(ctx, lives))
		ownerIs(t, h, lives[0], user)
	})
	t.Run("a forgotten key may be entered again", func(t *testing.T) {
		other := h.NewUser(t)
		conform.Must(t, "Reserve", h.Ledger.Reserve(ctx, other, gone, at))
		conform.Must(t, "Live", h.Ledger.Live(ctx, gone, at))
		ownerIs(t, h, gone[0], other)
	})
}
