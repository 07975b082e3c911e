package notifytest

import (
	"fmt"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/settings/notify"
)

func orderCases(t *testing.T, open func(t *testing.T) Harness) {
	at := conform.Time()
	second := func(n int) time.Time { return at.Add(time.Duration(n) * time.Second) }
	later := at.Add(time.Minute)
	each(t, open, "a lower class goes first", func(t *testing.T, h Harness) {
		h.add(t,
			item("notice", notify.ClassNotice, "1", second(0)), item("between", notify.ClassSecret+1, "2", second(1)),
			item("secret", notify.ClassSecret, "3", second(2)), item("secret of the first", notify.ClassSecret, "1", second(3)))
		wantNext(t, h, later, "secret", "secret of the first", "between", "notice")
	})
	each(t, open, "those of one group keep their order", func(t *testing.T, h Harness) {
		// The IDs and, where clocks of nodes differ, the times say otherwise.
		h.add(t,
			item("c", notify.ClassNotice, "7", second(2)), item("b", notify.ClassNotice, "7", second(1)),
			item("a", notify.ClassNotice, "7", second(1)), item("d", notify.ClassNotice, "7", second(0)))
		wantNext(t, h, later, "c", "b", "a", "d")
	})
	each(t, open, "of one group and class one is claimed at a time", func(t *testing.T, h Harness) {
		h.add(t,
			item("first", notify.ClassNotice, "7", second(0)), item("second", notify.ClassNotice, "7", second(1)),
			item("link", notify.ClassSecret, "7", second(2)), item("other", notify.ClassNotice, "8", second(3)))
		wantIDs(t, h.claim(t, later, 10), "first", "link", "other")
		if got := h.claim(t, later, 10); len(got) != 0 {
			t.Errorf("%q were claimed while one of the same group and class was", ids(got))
		}
		h.finish(t, "first")
		wantIDs(t, h.claim(t, later, 10), "second")
	})
	each(t, open, "what was behind a claim that ended stays behind", func(t *testing.T, h Harness) {
		h.add(t, item("first", notify.ClassNotice, "7", second(0)), item("second", notify.ClassNotice, "7", second(1)))
		h.claim(t, later, 1)
		wantNext(t, h, later.Add(claimFor), "first", "second")
	})
	each(t, open, "R28 callers at one time keep those of one group apart", func(t *testing.T, h Harness) {
		const items, callers = 30, 6
		for i := range items {
			h.add(t, item(fmt.Sprintf("item %02d", items-i), notify.ClassNotice, "7", second(i)))
		}
		ctx := conform.Context(t)
		for n := range items {
			got := make([][]notify.Item, callers)
			for _, err := range conform.Together(callers, func(i int) (err error) {
				got[i], err = h.Store.ClaimItems(ctx, later, later.Add(claimFor), 2)
				return err
			}) {
				conform.Must(t, "ClaimItems", err)
			}
			var all []notify.Item
			for _, list := range got {
				all = append(all, list...)
			}
			want := fmt.Sprintf("item %02d", items-n)
			if len(all) != 1 || all[0].ID != want {
				t.Fatalf("%q were claimed at one time, want %q alone", ids(all), want)
			}
			h.finish(t, want)
		}
	})
	each(t, open, "a group with many lets others go first", func(t *testing.T, h Harness) {
		for i := range 50 {
			h.add(t, item(fmt.Sprintf("many %02d", i), notify.ClassNotice, "7", at))
		}
		h.add(t, item("other 0", notify.ClassNotice, "8", second(1)), item("other 1", notify.ClassNotice, "8", second(1)))
		wantNext(t, h, later, "many 00", "other 0", "many 01", "other 1", "many 02", "many 03")
	})
	each(t, open, "those without a group have nothing to do with one another", func(t *testing.T, h Harness) {
		h.add(t,
			item("c", notify.ClassSecret, "", second(0)), item("b", notify.ClassSecret, "", second(1)),
			item("a", notify.ClassSecret, "", second(2)), item("d", notify.ClassSecret, "7", second(3)))
		wantIDs(t, h.claim(t, later, 2), "b", "c")
		wantIDs(t, h.claim(t, later, 10), "a", "d")
	})
	each(t, open, "who waited long goes before who has just come", func(t *testing.T, h Harness) {
		for i := range 5 {
			h.add(t, item(fmt.Sprint("old ", i), notify.ClassNotice, "7", at))
		}
		now := at.Add(3*time.Hour + time.Second)
		h.add(t, item("new", notify.ClassNotice, "8", now))
		wantNext(t, h, now, "old 0", "old 1", "old 2", "old 3", "new", "old 4")
	})
}

func retryCases(t *testing.T, open func(t *testing.T) Harness) {
	at := conform.Time()
	retry := func(t *testing.T, h Harness, id string, attempts int, at time.Time) {
		t.Helper()
		conform.Must(t, "RetryItem", h.Store.RetryItem(conform.Context(t), id, attempts, at))
	}
	each(t, open, "from the given time on, and not before", func(t *testing.T, h Harness) {
		h.add(t, item("one", notify.ClassSecret, "7", at))
		h.claim(t, at, 1)
		retry(t, h, "one", 1, at.Add(10*time.Second))
		if got := h.claim(t, at.Add(10*time.Second-time.Microsecond), 1); len(got) != 0 {
			t.Error("an item was claimed before its retry")
		}
		if got := h.claim(t, at.Add(10*time.Second), 1); len(got) != 1 || got[0].Attempts != 2 {
			t.Errorf("at the time of its retry: %+v, want the item with 2 attempts", got)
		}
		retry(t, h, "gone", 1, at) // is no error
	})
	each(t, open, "who waits for a retry holds up none, and keeps its turn", func(t *testing.T, h Harness) {
		h.add(t, item("first", notify.ClassSecret, "7", at), item("second", notify.ClassSecret, "7", at), item("third", notify.ClassSecret, "7", at))
		h.claim(t, at, 1)
		retry(t, h, "first", 1, at.Add(time.Minute))
		wantNext(t, h, at.Add(time.Second), "second")
		wantNext(t, h, at.Add(time.Minute), "first", "third")
	})
	each(t, open, "the claim of another is not ended", func(t *testing.T, h Harness) {
		h.add(t, item("one", notify.ClassSecret, "7", at))
		h.claim(t, at, 1)
		now := at.Add(claimFor)
		h.claim(t, now, 1) // by another, since the first one is late
		retry(t, h, "one", 1, now)
		if got := h.claim(t, now.Add(time.Second), 1); len(got) != 0 {
			t.Error("who was late with a retry ended the claim of another")
		}
		retry(t, h, "one", 2, now)
		wantIDs(t, h.claim(t, now.Add(time.Second), 1), "one")
	})
	each(t, open, "a dead letter stays dead", func(t *testing.T, h Harness) {
		h.add(t, item("one", notify.ClassSecret, "7", at))
		h.claim(t, at, 1)
		conform.Must(t, "BuryItem", h.Store.BuryItem(conform.Context(t), "one", "no such mailbox", at))
		retry(t, h, "one", 1, at)
		if got := h.claim(t, at.Add(time.Hour), 1); len(got) != 0 || len(h.dead(t)) != 1 {
			t.Errorf("after a retry of a dead letter %q is claimed and %d are dead", ids(got), len(h.dead(t)))
		}
	})
}
