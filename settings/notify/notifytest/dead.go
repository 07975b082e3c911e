package notifytest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
)

func deadCases(t *testing.T, open func(t *testing.T) Harness) {
	at := conform.Time()
	each(t, open, "it says why, and not what or of which group", func(t *testing.T, h Harness) {
		h.add(t, item("one", notify.ClassNotice, "7", at), item("two", notify.ClassNotice, "7", at))
		h.claim(t, at, 1)
		conform.Must(t, "BuryItem", h.Store.BuryItem(conform.Context(t), "one", "no such mailbox", at.Add(time.Second)))
		got := h.dead(t)
		if len(got) != 1 || got[0].ID != "one" || got[0].Reason != "no such mailbox" || got[0].Class != notify.ClassNotice || got[0].Attempts != 1 || !got[0].CreatedAt.Equal(at) {
			t.Fatalf("DeadItems: %+v", got)
		}
		if len(got[0].Body) != 0 || got[0].Group != "" {
			t.Errorf("a dead letter still says what it said, or of which group it is: %+v", got[0])
		}
		wantNext(t, h, at.Add(time.Hour), "two") // and is in nobody's way
		if more := h.claim(t, at.Add(time.Hour), 10); len(more) != 0 {
			t.Errorf("dead letters %q are claimed", ids(more))
		}
	})
	each(t, open, "the last one first, up to the limit", func(t *testing.T, h Harness) {
		for i, name := range []string{"b", "c", "a"} {
			h.add(t, item(name, notify.ClassSecret, "7", at))
			conform.Must(t, "BuryItem", h.Store.BuryItem(conform.Context(t), name, "why", at.Add(time.Duration(i)*time.Second)))
		}
		got, err := h.Store.DeadItems(conform.Context(t), 2)
		conform.Must(t, "DeadItems", err)
		if names := ids(got); !slices.Equal(names, []string{"a", "c"}) {
			t.Errorf("DeadItems: %q", names)
		}
	})
	each(t, open, "old ones are purged, and nothing else", func(t *testing.T, h Harness) {
		ctx := conform.Context(t)
		for i := range 5 {
			name := fmt.Sprint("dead ", i)
			h.add(t, item(name, notify.ClassSecret, name, at))
			conform.Must(t, "BuryItem", h.Store.BuryItem(ctx, name, "why", at.Add(time.Duration(i)*time.Second)))
		}
		h.add(t, item("waits", notify.ClassSecret, "7", at))
		for _, want := range []int{3, 1, 0} {
			n, err := h.Store.PurgeItems(ctx, at.Add(4*time.Second), 3)
			conform.Must(t, "PurgeItems", err)
			if n != want {
				t.Errorf("%d were purged, want %d", n, want)
			}
		}
		wantIDs(t, h.dead(t), "dead 4")
		wantIDs(t, h.claim(t, at, 10), "waits")
	})
}

func walkCases(t *testing.T, open func(t *testing.T) Harness) {
	at := conform.Time()
	each(t, open, "all that waits, in pages", func(t *testing.T, h Harness) {
		walker, ok := storage.As[notify.OutboxWalker](h.Store)
		if !ok {
			t.Log("the store is no OutboxWalker")
			return
		}
		ctx := conform.Context(t)
		for _, name := range []string{"d", "a", "c", "b", "e"} {
			h.add(t, item(name, notify.ClassNotice, "7", at))
		}
		h.claim(t, at, 1)
		conform.Must(t, "BuryItem", h.Store.BuryItem(ctx, "c", "why", at))
		for after, want := range map[string][]string{"": {"a", "b", "d"}, "b": {"d", "e"}, "e": nil} {
			got, err := walker.WaitingItems(ctx, after, 3)
			conform.Must(t, "WaitingItems", err)
			if names := ids(got); !slices.Equal(names, want) {
				t.Errorf("WaitingItems after %q: %q, want %q", after, names, want)
			}
			for _, i := range got {
				if string(i.Body) != string(item(i.ID, 0, "", at).Body) {
					t.Errorf("the body of %s is %q", i.ID, i.Body)
				}
			}
		}
	})
}

func endedCases(t *testing.T, open func(t *testing.T) Harness) {
	h, at := open(t), conform.Time()
	h.add(t, item("one", notify.ClassSecret, "7", at))
	conform.EndedContext(t, []conform.Call{
		{Name: "AddItem", Do: func(ctx context.Context) error {
			return h.Store.AddItem(ctx, item("two", notify.ClassSecret, "8", at))
		}},
		{Name: "ClaimItems", Do: func(ctx context.Context) error {
			_, err := h.Store.ClaimItems(ctx, at, at.Add(claimFor), 1)
			return err
		}},
		{Name: "FinishItem", Do: func(ctx context.Context) error { return h.Store.FinishItem(ctx, "one") }},
		{Name: "RetryItem", Do: func(ctx context.Context) error { return h.Store.RetryItem(ctx, "one", 0, at.Add(time.Hour)) }},
		{Name: "BuryItem", Do: func(ctx context.Context) error { return h.Store.BuryItem(ctx, "one", "why", at) }},
		{Name: "DeadItems", Do: func(ctx context.Context) error {
			_, err := h.Store.DeadItems(ctx, 1)
			return err
		}},
		{Name: "PurgeItems", Do: func(ctx context.Context) error {
			_, err := h.Store.PurgeItems(ctx, at, 1)
			return err
		}},
	})
	t.Run("nothing was changed", func(t *testing.T) {
		if got := h.claim(t, at, 10); len(got) != 1 || got[0].ID != "one" || got[0].Attempts != 1 || len(h.dead(t)) != 0 {
			t.Errorf("calls with an ended context left %+v", got)
		}
	})
}

// txCases look at a change by what waits and what is dead, which does not show a retry.
func txCases(t *testing.T, open func(t *testing.T) Harness) {
	h := open(t)
	// Each item is of a group of its own; far is after the claims of all.
	at, far := conform.Time(), conform.Time().Add(100*24*time.Hour)
	prepared := func(t *testing.T) string {
		name := conform.Name("i")
		h.add(t, item(name, notify.ClassSecret, name, at))
		return name
	}
	waits := func(ctx context.Context, name string) bool {
		walker, _ := storage.As[notify.OutboxWalker](h.Store)
		list, err := walker.WaitingItems(ctx, "", 1000)
		return err == nil && slices.Contains(ids(list), name)
	}
	dead := func(ctx context.Context, name string) bool {
		list, err := h.Store.DeadItems(ctx, 1000)
		return err == nil && slices.Contains(ids(list), name)
	}
	attempts := func(ctx context.Context, name string) int {
		walker, _ := storage.As[notify.OutboxWalker](h.Store)
		list, err := walker.WaitingItems(ctx, "", 1000)
		if i := slices.IndexFunc(list, func(i notify.Item) bool { return i.ID == name }); err == nil && i >= 0 {
			return list[i].Attempts
		}
		return -1
	}
	if _, ok := storage.As[notify.OutboxWalker](h.Store); !ok {
		t.Log("without an OutboxWalker nobody can look")
		return
	}
	type do = func(context.Context) error
	type made = func(context.Context) bool
	conform.Transactions(t, h.Tx, []conform.Change{
		{Name: "AddItem", Prepare: func(t *testing.T) (do, made) {
			name := conform.Name("i")
			return func(ctx context.Context) error { return h.Store.AddItem(ctx, item(name, notify.ClassSecret, name, at)) },
				func(ctx context.Context) bool { return waits(ctx, name) }
		}},
		{Name: "ClaimItems", Prepare: func(t *testing.T) (do, made) {
			name := prepared(t)
			return func(ctx context.Context) error {
					_, err := h.Store.ClaimItems(ctx, far, far.Add(claimFor), 1000)
					far = far.Add(2 * claimFor)
					return err
				},
				func(ctx context.Context) bool { return attempts(ctx, name) > 0 }
		}},
		{Name: "FinishItem", Prepare: func(t *testing.T) (do, made) {
			name := prepared(t)
			return func(ctx context.Context) error { return h.Store.FinishItem(ctx, name) },
				func(ctx context.Context) bool { return !waits(ctx, name) }
		}},
		{Name: "BuryItem", Prepare: func(t *testing.T) (do, made) {
			name := prepared(t)
			return func(ctx context.Context) error { return h.Store.BuryItem(ctx, name, "why", at) },
				func(ctx context.Context) bool { return dead(ctx, name) }
		}},
		{Name: "PurgeItems", Prepare: func(t *testing.T) (do, made) {
			name := prepared(t)
			conform.Must(t, "BuryItem", h.Store.BuryItem(conform.Context(t), name, "why", at))
			return func(ctx context.Context) error {
					_, err := h.Store.PurgeItems(ctx, at.Add(time.Second), 1000)
					return err
				},
				func(ctx context.Context) bool { return !dead(ctx, name) }
		}},
	})
}
