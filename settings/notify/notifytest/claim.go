package notifytest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/settings/notify"
)

func claimCases(t *testing.T, open func(t *testing.T) Harness) {
	at := conform.Time()
	each(t, open, "an item comes back as it was added", func(t *testing.T, h Harness) {
		body := []byte("\x00sealed\xff")
		want := notify.Item{ID: "one", Body: bytes.Clone(body), Class: notify.ClassNotice, Group: "7", CreatedAt: at}
		h.add(t, want)
		clear(want.Body)
		got := h.claim(t, at, 10)
		if len(got) != 1 || got[0].ID != "one" || !bytes.Equal(got[0].Body, body) || got[0].Class != notify.ClassNotice ||
			got[0].Group != "7" || got[0].Attempts != 1 || !got[0].CreatedAt.Equal(at) || got[0].Reason != "" {
			t.Errorf("ClaimItems: %+v", got)
		}
	})
	each(t, open, "an ID is there once", func(t *testing.T, h Harness) {
		h.add(t, item("one", notify.ClassSecret, "7", at))
		if err := h.Store.AddItem(conform.Context(t), item("one", notify.ClassSecret, "8", at)); err == nil {
			t.Error("AddItem of an ID that is there: no error")
		}
	})
	each(t, open, "not before its time, and no more than the limit", func(t *testing.T, h Harness) {
		for i := range 5 {
			h.add(t, item(fmt.Sprint("item ", i), notify.ClassSecret, fmt.Sprint("group ", i), at.Add(time.Duration(i)*time.Second)))
		}
		if got := h.claim(t, at.Add(-time.Microsecond), 10); len(got) != 0 {
			t.Errorf("before their time %q were claimed", ids(got))
		}
		wantIDs(t, h.claim(t, at.Add(3*time.Second), 2), "item 0", "item 1")
		wantIDs(t, h.claim(t, at.Add(3*time.Second), 10), "item 2", "item 3")
	})
	each(t, open, "a claim ends, and not before", func(t *testing.T, h Harness) {
		h.add(t, item("one", notify.ClassSecret, "7", at))
		h.claim(t, at, 1)
		if got := h.claim(t, at.Add(claimFor-time.Microsecond), 1); len(got) != 0 {
			t.Error("an item was claimed within the claim of another")
		}
		if got := h.claim(t, at.Add(claimFor), 1); len(got) != 1 || got[0].Attempts != 2 {
			t.Errorf("after the end of a claim: %+v, want the item with 2 attempts", got)
		}
	})
	each(t, open, "what is finished is gone", func(t *testing.T, h Harness) {
		h.add(t, item("one", notify.ClassSecret, "7", at), item("two", notify.ClassSecret, "8", at))
		h.claim(t, at, 2)
		h.finish(t, "one")
		h.finish(t, "one") // again is no error
		wantIDs(t, h.claim(t, at.Add(time.Hour), 10), "two")
	})
	each(t, open, "R28 each item goes to one of many callers", func(t *testing.T, h Harness) {
		const items, callers = 40, 8
		for i := range items {
			h.add(t, item(fmt.Sprint("item ", i), notify.ClassSecret, fmt.Sprint("group ", i), at))
		}
		ctx, got := conform.Context(t), make([][]notify.Item, callers)
		for _, err := range conform.Together(callers, func(i int) error {
			for range items {
				list, err := h.Store.ClaimItems(ctx, at, at.Add(claimFor), 3)
				if err != nil || len(list) == 0 {
					return err
				}
				got[i] = append(got[i], list...)
			}
			return nil
		}) {
			conform.Must(t, "ClaimItems", err)
		}
		times := map[string]int{}
		for _, list := range got {
			for _, i := range list {
				times[i.ID]++
			}
		}
		for i := range items {
			if n := times[fmt.Sprint("item ", i)]; n != 1 {
				t.Errorf("item %d was claimed %d times", i, n)
			}
		}
	})
}
