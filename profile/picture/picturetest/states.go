package picturetest

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

func reserveCases(t *testing.T, h Harness) {
	t.Run("keys are entered as pending and owned", func(t *testing.T) {
		ctx, ada, bob := conform.Context(t), h.NewUser(t), h.NewUser(t)
		keysAre(t, ctx, h, ada)
		a, b := reserved(t, h, ada, 4), reserved(t, h, bob, 2)
		keysAre(t, ctx, h, ada, a...)
		keysAre(t, ctx, h, bob, b...)
		ownerIs(t, h, a[0], "")
	})
	t.Run("no keys is nothing", func(t *testing.T) {
		ctx, user := conform.Context(t), h.NewUser(t)
		conform.Must(t, "Reserve of nothing", h.Ledger.Reserve(ctx, user, nil, conform.Time()))
		keysAre(t, ctx, h, user)
	})
	t.Run("a key that is there is taken and none is entered", func(t *testing.T) {
		ctx, user, other := conform.Context(t), h.NewUser(t), h.NewUser(t)
		states := map[string]string{"pending": reserved(t, h, user, 1)[0], "live": live(t, h, user, 1)[0]}
		states["dead"] = live(t, h, user, 1)[0]
		conform.Must(t, "Dead", h.Ledger.Dead(ctx, []string{states["dead"]}, conform.Time()))
		for state, key := range states {
			fresh := newKeys(2)
			err := h.Ledger.Reserve(ctx, other, []string{fresh[0], key, fresh[1]}, conform.Time())
			if !errors.Is(err, storage.ErrTaken) {
				t.Errorf("Reserve of a key that is %s: error %v, want one matching storage.ErrTaken", state, err)
			}
			keysAre(t, ctx, h, other)
		}
		twice := newKeys(1)[0]
		if err := h.Ledger.Reserve(ctx, other, []string{twice, twice}, conform.Time()); !errors.Is(err, storage.ErrTaken) {
			t.Errorf("Reserve of one key twice in a call: error %v, want one matching storage.ErrTaken", err)
		}
		keysAre(t, ctx, h, other)
	})
	t.Run("of concurrent reservations of a key one wins", func(t *testing.T) {
		ctx, user, key := conform.Context(t), h.NewUser(t), newKeys(1)
		won := 0
		for _, err := range conform.Together(20, func(int) error {
			return h.Ledger.Reserve(ctx, user, key, conform.Time())
		}) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, storage.ErrTaken):
				t.Errorf("a loser got %v, want an error matching storage.ErrTaken", err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 20 concurrent reservations of one key won, want 1", won)
		}
	})
}

// ownerIs checks who Owner says a key's is; "" is for not live.
func ownerIs(t *testing.T, h Harness, key, want string) {
	t.Helper()
	got, err := h.Ledger.Owner(conform.Context(t), key)
	switch {
	case want == "" && !errors.Is(err, storage.ErrNotFound):
		t.Errorf("Owner of a key that is not live: %q and error %v, want one matching storage.ErrNotFound", got, err)
	case want != "" && (err != nil || got != want):
		t.Errorf("Owner of a live key: %q and error %v, want %q", got, err, want)
	}
}

func liveCases(t *testing.T, h Harness) {
	t.Run("pending keys become live", func(t *testing.T) {
		ctx, user := conform.Context(t), h.NewUser(t)
		keys := reserved(t, h, user, 4)
		conform.Must(t, "Live", h.Ledger.Live(ctx, keys[:2], conform.Time()))
		ownerIs(t, h, keys[0], user)
		ownerIs(t, h, keys[1], user)
		ownerIs(t, h, keys[2], "")
		keysAre(t, ctx, h, user, keys...)
	})
	t.Run("no keys is nothing", func(t *testing.T) {
		conform.Must(t, "Live of nothing", h.Ledger.Live(conform.Context(t), nil, conform.Time()))
	})
	t.Run("a key that is not pending is not found and none changes", func(t *testing.T) {
		ctx, user := conform.Context(t), h.NewUser(t)
		dead := reserved(t, h, user, 1)[0]
		conform.Must(t, "Dead", h.Ledger.Dead(ctx, []string{dead}, conform.Time()))
		for state, key := range map[string]string{
			"unknown": newKeys(1)[0],
			"live":    live(t, h, user, 1)[0],
			"dead":    dead,
		} {
			pending := reserved(t, h, user, 2)
			err := h.Ledger.Live(ctx, []string{pending[0], key, pending[1]}, conform.Time())
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("Live of a key that is %s: error %v, want one matching storage.ErrNotFound", state, err)
			}
			ownerIs(t, h, pending[0], "")
			ownerIs(t, h, pending[1], "")
			// They are pending still.
			conform.Must(t, "Live of the other keys", h.Ledger.Live(ctx, pending, conform.Time()))
		}
		ownerIs(t, h, dead, "")
	})
	t.Run("an unknown key has no owner", func(t *testing.T) {
		ownerIs(t, h, newKeys(1)[0], "")
		ownerIs(t, h, "", "")
	})
}

func deadCases(t *testing.T, h Harness) {
	t.Run("whatever the state", func(t *testing.T) {
		ctx, user := conform.Context(t), h.NewUser(t)
		keys := append(reserved(t, h, user, 2), live(t, h, user, 2)...)
		at := conform.Time().Add(time.Minute)
		conform.Must(t, "Dead", h.Ledger.Dead(ctx, keys, at))
		conform.Must(t, "Dead again", h.Ledger.Dead(ctx, keys, at))
		for _, k := range keys {
			ownerIs(t, h, k, "")
		}
		keysAre(t, ctx, h, user, keys...)
		for _, k := range keys {
			if err := h.Ledger.Live(ctx, []string{k}, at); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("Live of a dead key: error %v, want one matching storage.ErrNotFound", err)
			}
		}
	})
	t.Run("unknown keys are ignored", func(t *testing.T) {
		ctx, user := conform.Context(t), h.NewUser(t)
		known := live(t, h, user, 1)
		conform.Must(t, "Dead", h.Ledger.Dead(ctx, append(newKeys(2), known...), conform.Time()))
		ownerIs(t, h, known[0], "")
		keysAre(t, ctx, h, user, known...)
		conform.Must(t, "Dead of nothing", h.Ledger.Dead(ctx, nil, conform.Time()))
	})
}
