package activitytest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

const kind activity.Kind = "conform.happened"

func appendCases(t *testing.T, h Harness) {
	t.Run("an event comes back as it was", func(t *testing.T) { roundTrip(t, h) })
	t.Run("no events is not an error", func(t *testing.T) {
		conform.Must(t, "Append of nothing", h.Store.Append(conform.Context(t)))
	})
	t.Run("an ID that exists is taken and none is written", func(t *testing.T) { takenID(t, h) })
	t.Run("an ID twice in one call is taken and none is written", func(t *testing.T) { twiceInOneCall(t, h) })
	t.Run("of concurrent appends of one ID one wins", func(t *testing.T) { concurrentID(t, h) })
	t.Run("the caller's map is not kept", func(t *testing.T) { notAliased(t, h) })
}

func roundTrip(t *testing.T, h Harness) {
	ctx, user, at := conform.Context(t), h.NewUser(t), conform.Time()
	full := conform.Event(user, kind, at.Add(3*time.Microsecond))
	full.Detail["long"] = strings.Repeat("ß🙂", 400)
	bare := activity.Event{ID: conform.EventID(at, 0), UserID: user, Kind: "conform.bare", At: at.Add(2 * time.Microsecond)}
	zoned := conform.Event(user, kind, at.In(time.FixedZone("ahead", 2*60*60)))
	conform.Must(t, "Append", h.Store.Append(ctx, full, bare, zoned))

	got := conform.Events(t, ctx, h.Store, user)
	want := []activity.Event{full, bare, zoned}
	want[2].At = at
	if len(got) != len(want) {
		t.Fatalf("%d events came back, want %d", len(got), len(want))
	}
	for i := range want {
		if !conform.SameEvent(got[i], want[i]) {
			t.Errorf("event %d came back as\n%+v, want\n%+v (times UTC, in whole microseconds)", i, got[i], want[i])
		}
	}
}

func takenID(t *testing.T, h Harness) {
	ctx, user := conform.Context(t), h.NewUser(t)
	first := conform.Event(user, kind, conform.Time())
	conform.Must(t, "Append", h.Store.Append(ctx, first))
	fresh := conform.Event(user, kind, conform.Time())
	again := conform.Event(h.NewUser(t), kind, conform.Time())
	again.ID = first.ID
	if err := h.Store.Append(ctx, fresh, again); !errors.Is(err, storage.ErrTaken) {
		t.Errorf("Append of an ID that exists (another user's): error %v, want one matching storage.ErrTaken", err)
	}
	if conform.HasEvent(t, ctx, h.Store, user, fresh.ID) {
		t.Error("Append failed and one of its events is there")
	}
	if got := conform.Events(t, ctx, h.Store, user); len(got) != 1 || !conform.SameEvent(got[0], first) {
		t.Errorf("the event that was there first is now %+v", got)
	}
}

func twiceInOneCall(t *testing.T, h Harness) {
	ctx, user := conform.Context(t), h.NewUser(t)
	a, b := conform.Event(user, kind, conform.Time()), conform.Event(user, kind, conform.Time())
	b.ID = a.ID
	if err := h.Store.Append(ctx, a, b); !errors.Is(err, storage.ErrTaken) {
		t.Errorf("Append of one ID twice: error %v, want one matching storage.ErrTaken", err)
	}
	if got := conform.Events(t, ctx, h.Store, user); len(got) != 0 {
		t.Errorf("Append failed and wrote %d events", len(got))
	}
}

func concurrentID(t *testing.T, h Harness) {
	ctx, user := conform.Context(t), h.NewUser(t)
	id := conform.EventID(conform.Time(), 0)
	won := 0
	for _, err := range conform.Together(20, func(int) error {
		e := conform.Event(user, kind, conform.Time())
		e.ID = id
		return h.Store.Append(ctx, e)
	}) {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, storage.ErrTaken):
			t.Errorf("a loser got %v, want an error matching storage.ErrTaken", err)
		}
	}
	if got := len(conform.Events(t, ctx, h.Store, user)); won != 1 || got != 1 {
		t.Errorf("%d of 20 appends of one ID won and %d events are there, want 1 and 1", won, got)
	}
}

func notAliased(t *testing.T, h Harness) {
	ctx, user := conform.Context(t), h.NewUser(t)
	e := conform.Event(user, kind, conform.Time())
	conform.Must(t, "Append", h.Store.Append(ctx, e))
	e.Detail["note"] = "changed after Append"
	for _, got := range conform.Events(t, ctx, h.Store, user) {
		if got.Detail["note"] == e.Detail["note"] {
			t.Error("the store keeps the caller's map: a change after Append is in the store")
		}
		got.Detail["note"] = "changed after Page"
	}
	for _, got := range conform.Events(t, ctx, h.Store, user) {
		if got.Detail["note"] == "changed after Page" {
			t.Error("the store hands out its own map: a change of a result is in the store")
		}
	}
}

func endedCases(t *testing.T, h Harness) {
	user, e := h.NewUser(t), conform.Event("", kind, conform.Time())
	e.UserID = user
	stays := conform.Event(user, kind, conform.Time())
	conform.Must(t, "Append", h.Store.Append(conform.Context(t), stays))
	conform.EndedContext(t, endedCalls(h.Store, user, e))
	got := conform.Events(t, conform.Context(t), h.Store, user)
	if len(got) != 1 || got[0].ID != stays.ID {
		t.Errorf("calls with an ended context changed the store: %d events, want the 1 from before", len(got))
	}
}
