// Package notifytest is the conformance suite of notify.OutboxStore: one case for each
// thing that its comments promise. A store of your own passes it from an ordinary test:
//
//	func TestOutbox(t *testing.T) {
//		notifytest.Run(t, func(t *testing.T) notifytest.Harness {
//			db := openEmpty(t) // your own; it closes in t.Cleanup
//			return notifytest.Harness{Store: db.Outbox(), Tx: db}
//		})
//	}
//
// The suite does not sleep, and runs under the race detector.
package notifytest

import (
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage"
)

// Harness is a store to be judged.
type Harness struct {
	// Store is empty at first.
	Store notify.OutboxStore
	// Tx begins transactions that the store joins; nil leaves their cases out.
	Tx storage.Transactor
}

// Run runs the suite. It calls open once for each case of the order, and once for each
// other subject, each time for a store of its own.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, s := range []struct {
		name  string
		cases func(t *testing.T, open func(t *testing.T) Harness)
	}{
		{"claim", claimCases},
		{"order", orderCases},
		{"retry", retryCases},
		{"dead letters", deadCases},
		{"walk", walkCases},
		{"ended context", endedCases},
		{"transaction", txCases},
	} {
		t.Run(s.name, func(t *testing.T) { s.cases(t, open) })
	}
}

// each runs a case on a store of its own.
func each(t *testing.T, open func(t *testing.T) Harness, name string, run func(t *testing.T, h Harness)) {
	t.Run(name, func(t *testing.T) { run(t, open(t)) })
}

// claimFor is how long the claims of the suite last.
const claimFor = 5 * time.Minute

// item is one that is whole, and whose ID is the name.
func item(name string, class notify.Class, group string, at time.Time) notify.Item {
	return notify.Item{ID: name, Body: []byte("sealed \x00\xff of " + name), Class: class, Group: group, CreatedAt: at}
}

// add writes items, one after the other.
func (h Harness) add(t *testing.T, items ...notify.Item) {
	t.Helper()
	for _, i := range items {
		conform.Must(t, "AddItem", h.Store.AddItem(conform.Context(t), i))
	}
}

// claim takes up to limit items.
func (h Harness) claim(t *testing.T, now time.Time, limit int) []notify.Item {
	t.Helper()
	list, err := h.Store.ClaimItems(conform.Context(t), now, now.Add(claimFor), limit)
	conform.Must(t, "ClaimItems", err)
	return list
}

// finish removes an item.
func (h Harness) finish(t *testing.T, id string) {
	t.Helper()
	conform.Must(t, "FinishItem", h.Store.FinishItem(conform.Context(t), id))
}

// dead are all dead letters.
func (h Harness) dead(t *testing.T) []notify.Item {
	t.Helper()
	list, err := h.Store.DeadItems(conform.Context(t), 1000)
	conform.Must(t, "DeadItems", err)
	return list
}

// ids are the IDs of items, in their order.
func ids(list []notify.Item) []string {
	var names []string
	for _, i := range list {
		names = append(names, i.ID)
	}
	return names
}

// wantIDs compares what was claimed with what was to be, in any order.
func wantIDs(t *testing.T, got []notify.Item, want ...string) {
	t.Helper()
	names := ids(got)
	slices.Sort(names)
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// wantNext claims one item after the other and finishes each: they come in this order.
func wantNext(t *testing.T, h Harness, now time.Time, want ...string) {
	t.Helper()
	for n, name := range want {
		got := h.claim(t, now, 1)
		if len(got) != 1 || got[0].ID != name {
			t.Fatalf("item %d that is claimed is %q, want %q", n+1, ids(got), name)
		}
		h.finish(t, name)
	}
}
