package activitytest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
)

func pageCases(t *testing.T, h Harness) {
	t.Run("a user without events has an empty page", func(t *testing.T) {
		got, err := h.Store.Page(conform.Context(t), activity.Query{UserID: h.NewUser(t), Limit: 10})
		conform.Must(t, "Page", err)
		if len(got) != 0 {
			t.Errorf("%d events, want none", len(got))
		}
	})
	t.Run("newest first, by time and then ID", func(t *testing.T) { ordered(t, h) })
	t.Run("pages hold each event once at every limit", func(t *testing.T) { everyLimit(t, h) })
	t.Run("a position need not exist", func(t *testing.T) { freePosition(t, h) })
	t.Run("a kind narrows", func(t *testing.T) { byKind(t, h) })
	t.Run("users are apart", func(t *testing.T) { usersApart(t, h) })
}

// fill appends n events of the user at few instants, in an order that is
// neither that of time nor of ID, and returns them newest first.
func fill(t *testing.T, h Harness, user string, n int) []activity.Event {
	t.Helper()
	var all []activity.Event
	for i := range n {
		// Seven instants a microsecond apart; 5 is coprime to every n used, so
		// the sequence numbers come mixed.
		at := conform.Time().Add(time.Duration(i%7) * time.Microsecond)
		e := conform.Event(user, []activity.Kind{kind, "conform.other"}[i%2], at)
		e.ID = conform.EventID(conform.Time(), uint16(i*5%n))
		all = append(all, e)
	}
	ctx := conform.Context(t)
	for chunk := range slices.Chunk(all, 4) {
		conform.Must(t, "Append", h.Store.Append(ctx, chunk...))
	}
	slices.SortFunc(all, newestFirst)
	return all
}

func newestFirst(a, b activity.Event) int {
	if c := b.At.Compare(a.At); c != 0 {
		return c
	}
	return strings.Compare(b.ID, a.ID)
}

func ids(events []activity.Event) []string {
	var list []string
	for _, e := range events {
		list = append(list, e.ID)
	}
	return list
}

func ordered(t *testing.T, h Harness) {
	user := h.NewUser(t)
	want := fill(t, h, user, 31)
	got, err := h.Store.Page(conform.Context(t), activity.Query{UserID: user, Limit: 100})
	conform.Must(t, "Page", err)
	if !slices.Equal(ids(got), ids(want)) {
		t.Errorf("Page is not in order of time, then ID, newest first:\ngot  %v\nwant %v", ids(got), ids(want))
	}
}

func everyLimit(t *testing.T, h Harness) {
	ctx, user := conform.Context(t), h.NewUser(t)
	want := fill(t, h, user, 31)
	for _, limit := range []int{1, 2, 3, 7, 30, 31, 32} {
		var got []activity.Event
		q := activity.Query{UserID: user, Limit: limit}
		for {
			page, err := h.Store.Page(ctx, q)
			conform.Must(t, "Page", err)
			if len(page) > limit {
				t.Fatalf("limit %d: a page of %d events", limit, len(page))
			}
			if len(page) == 0 || len(got) > len(want) {
				break
			}
			got = append(got, page...)
			q.After = position(page[len(page)-1])
		}
		if !slices.Equal(ids(got), ids(want)) {
			t.Errorf("limit %d: the pages together are not the history, each event once\ngot  %v\nwant %v", limit, ids(got), ids(want))
		}
	}
}

func position(e activity.Event) activity.Position {
	return activity.Position{At: e.At, ID: e.ID}
}

func freePosition(t *testing.T, h Harness) {
	ctx, user, at := conform.Context(t), h.NewUser(t), conform.Time()
	var want []activity.Event
	for i := range 6 {
		e := conform.Event(user, kind, at)
		e.ID = conform.EventID(at, uint16(2*i))
		want = append(want, e)
	}
	conform.Must(t, "Append", h.Store.Append(ctx, want...))
	slices.SortFunc(want, newestFirst)
	for i, seq := range []uint16{11, 9, 7, 5, 3, 1} {
		got, err := h.Store.Page(ctx, activity.Query{
			UserID: user, Limit: 10,
			After: activity.Position{At: at, ID: conform.EventID(at, seq)},
		})
		conform.Must(t, "Page", err)
		if !slices.Equal(ids(got), ids(want[i:])) {
			t.Errorf("after a position between two events of one instant: %d events, want %d", len(got), len(want)-i)
		}
	}
	for name, c := range map[string]struct {
		at   time.Time
		want []activity.Event
	}{
		"a later instant":    {at.Add(time.Microsecond), want},
		"an earlier instant": {at.Add(-time.Microsecond), nil},
		"another zone":       {at.Add(time.Microsecond).In(time.FixedZone("behind", -8*60*60)), want},
	} {
		got, err := h.Store.Page(ctx, activity.Query{
			UserID: user, Limit: 10,
			After: activity.Position{At: c.at, ID: conform.EventID(at, 7)},
		})
		conform.Must(t, "Page", err)
		if !slices.Equal(ids(got), ids(c.want)) {
			t.Errorf("after a position at %s: %d events, want %d", name, len(got), len(c.want))
		}
	}
}

func byKind(t *testing.T, h Harness) {
	ctx, user := conform.Context(t), h.NewUser(t)
	all := fill(t, h, user, 31)
	want := slices.DeleteFunc(slices.Clone(all), func(e activity.Event) bool { return e.Kind != kind })
	var got []activity.Event
	q := activity.Query{UserID: user, Limit: 4, Kind: kind}
	for {
		page, err := h.Store.Page(ctx, q)
		conform.Must(t, "Page", err)
		if len(page) == 0 || len(got) > len(want) {
			break
		}
		got = append(got, page...)
		q.After = position(page[len(page)-1])
	}
	if !slices.Equal(ids(got), ids(want)) {
		t.Errorf("pages of one kind: %d events, want %d:\ngot  %v\nwant %v", len(got), len(want), ids(got), ids(want))
	}
	none, err := h.Store.Page(ctx, activity.Query{UserID: user, Limit: 10, Kind: "conform"})
	conform.Must(t, "Page", err)
	if len(none) != 0 {
		t.Error("a kind is matched by its beginning; want the whole name")
	}
}

func usersApart(t *testing.T, h Harness) {
	ctx, ada, bob := conform.Context(t), h.NewUser(t), h.NewUser(t)
	wantAda, wantBob := fill(t, h, ada, 12), fill(t, h, bob, 13)
	if got := conform.Events(t, ctx, h.Store, ada); !slices.Equal(ids(got), ids(wantAda)) {
		t.Errorf("the first user's history has %d events, want %d of their own", len(got), len(wantAda))
	}
	// A place in another user's history is only a place in time.
	got, err := h.Store.Page(ctx, activity.Query{UserID: bob, Limit: 100, After: position(wantAda[0])})
	conform.Must(t, "Page", err)
	for _, e := range got {
		if e.UserID != bob {
			t.Fatal("a page holds an event of another user")
		}
		if newestFirst(wantAda[0], e) >= 0 {
			t.Error("a page holds an event that is not after its position")
		}
	}
	if n := len(conform.Events(t, ctx, h.Store, bob)); n != len(wantBob) {
		t.Errorf("the second user's history has %d events, want %d", n, len(wantBob))
	}
}
