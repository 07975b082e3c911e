package activitytest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

func purgeCases(t *testing.T, h Harness) {
	ctx := conform.Context(t)
	purge := func(t *testing.T, before time.Time, limit, want int) {
		t.Helper()
		n, err := h.Store.Purge(ctx, before, limit)
		conform.Must(t, "Purge", err)
		if n != want {
			t.Errorf("Purge with limit %d removed %d, want %d", limit, n, want)
		}
	}
	at, ada, bob := conform.Time(), h.NewUser(t), h.NewUser(t)
	var keep []string
	for i := range 10 {
		// Ten a user, of which five are older than the line and one is on it.
		for _, user := range []string{ada, bob} {
			e := conform.Event(user, kind, at.Add(time.Duration(i-5)*time.Microsecond))
			conform.Must(t, "Append", h.Store.Append(ctx, e))
			if i >= 5 {
				keep = append(keep, e.ID)
			}
		}
	}
	// The cases go on from one another.
	t.Run("nothing is old enough", func(t *testing.T) { purge(t, at.Add(-time.Hour), 100, 0) })
	t.Run("no more than the limit", func(t *testing.T) { purge(t, at, 4, 4) })
	t.Run("as many as the limit", func(t *testing.T) { purge(t, at, 4, 4) })
	t.Run("fewer than the limit are left", func(t *testing.T) { purge(t, at, 4, 2) })
	t.Run("none is left", func(t *testing.T) { purge(t, at, 4, 0) })
	t.Run("only older events went, of all users", func(t *testing.T) {
		got := ids(append(conform.Events(t, ctx, h.Store, ada), conform.Events(t, ctx, h.Store, bob)...))
		slices.Sort(got)
		slices.Sort(keep)
		if !slices.Equal(got, keep) {
			t.Errorf("%d events are left, want the %d that are not older than the line", len(got), len(keep))
		}
	})
	t.Run("concurrent purges remove each event once", func(t *testing.T) {
		counts := make([]int, 8)
		for _, err := range conform.Together(len(counts), func(i int) (err error) {
			counts[i], err = h.Store.Purge(ctx, at.Add(time.Hour), 3)
			return err
		}) {
			conform.Must(t, "Purge", err)
		}
		sum := 0
		for _, n := range counts {
			sum += n
		}
		left := len(conform.Events(t, ctx, h.Store, ada)) + len(conform.Events(t, ctx, h.Store, bob))
		if sum+left != len(keep) {
			t.Errorf("concurrent purges say they removed %d and %d are left, of %d", sum, left, len(keep))
		}
	})
}

func eraseCases(t *testing.T, h Harness) {
	t.Run("a user without events is not an error", func(t *testing.T) {
		conform.Must(t, "Erase", h.Store.Erase(conform.Context(t), h.NewUser(t)))
	})
	t.Run("every event of the user goes and no other", func(t *testing.T) {
		ctx, ada, bob := conform.Context(t), h.NewUser(t), h.NewUser(t)
		fill(t, h, ada, 31)
		want := fill(t, h, bob, 13)
		conform.Must(t, "Erase", h.Store.Erase(ctx, ada))
		if n := len(conform.Events(t, ctx, h.Store, ada)); n != 0 {
			t.Errorf("%d events are left after Erase", n)
		}
		if got := conform.Events(t, ctx, h.Store, bob); !slices.Equal(ids(got), ids(want)) {
			t.Errorf("Erase left %d of another user's %d events", len(got), len(want))
		}
		conform.Must(t, "Erase again", h.Store.Erase(ctx, ada))
	})
}

func endedCalls(s activity.Store, user string, e activity.Event) []conform.Call {
	return []conform.Call{
		{Name: "Append", Do: func(ctx context.Context) error { return s.Append(ctx, e) }},
		{Name: "Page", Do: func(ctx context.Context) error {
			_, err := s.Page(ctx, activity.Query{UserID: user, Limit: 10})
			return err
		}},
		{Name: "Purge", Do: func(ctx context.Context) error {
			_, err := s.Purge(ctx, e.At.Add(time.Hour), 10)
			return err
		}},
		{Name: "Erase", Do: func(ctx context.Context) error { return s.Erase(ctx, user) }},
	}
}

func txCases(t *testing.T, h Harness) {
	there := conform.Event(h.NewUser(t), kind, conform.Time())
	conform.Must(t, "Append", h.Store.Append(conform.Context(t), there))
	conform.Refusals(t, h.Tx, []conform.Refusal{{
		Name: "an ID that exists", Is: storage.ErrTaken,
		Do: func(ctx context.Context) error { return h.Store.Append(ctx, there) },
	}})
	conform.Transactions(t, h.Tx, []conform.Change{
		{Name: "Append", Prepare: func(t *testing.T) (func(context.Context) error, func(context.Context) bool) {
			e := conform.Event(h.NewUser(t), kind, conform.Time())
			return func(ctx context.Context) error { return h.Store.Append(ctx, e) },
				func(ctx context.Context) bool { return conform.HasEvent(t, ctx, h.Store, e.UserID, e.ID) }
		}},
		{Name: "Erase", Prepare: func(t *testing.T) (func(context.Context) error, func(context.Context) bool) {
			user := h.NewUser(t)
			fill(t, h, user, 8)
			return func(ctx context.Context) error { return h.Store.Erase(ctx, user) },
				func(ctx context.Context) bool { return len(conform.Events(t, ctx, h.Store, user)) == 0 }
		}},
	})
}
