// Package activitytest is the conformance suite of activity.Store: one case
// for each thing that the interface's comments promise. A store of your own
// passes it from an ordinary test:
//
//	func TestActivityStore(t *testing.T) {
//		activitytest.Run(t, func(t *testing.T) activitytest.Harness {
//			db := openEmpty(t) // your own; it closes in t.Cleanup
//			return activitytest.Harness{Store: db.Activity(), Tx: db}
//		})
//	}
//
// Event IDs are UUIDs of version 7 (RFC 9562), as activity.New makes them. The
// suite does not sleep, and runs under the race detector.
package activitytest

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/storage"
)

// Harness is a store to be judged.
type Harness struct {
	// Store is empty at first.
	Store activity.Store
	// Tx begins transactions that Store joins; nil leaves their cases out.
	Tx storage.Transactor
	// NewUser returns the ID of one more user, for a store that takes events
	// of users that exist only; nil invents decimal numbers.
	NewUser func(t *testing.T) string
}

// Run runs the suite. It calls open once for each subject, each time for a
// store of its own.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, s := range []struct {
		name  string
		cases func(t *testing.T, h Harness)
	}{
		{"append", appendCases},
		{"page", pageCases},
		{"page while rows arrive", arrivalCases},
		{"purge", purgeCases},
		{"erase", eraseCases},
		{"ended context", endedCases},
		{"transaction", txCases},
	} {
		t.Run(s.name, func(t *testing.T) {
			h := open(t)
			if h.NewUser == nil {
				var last atomic.Int64
				last.Store(1000)
				h.NewUser = func(*testing.T) string { return strconv.FormatInt(last.Add(1), 10) }
			}
			s.cases(t, h)
		})
	}
}
