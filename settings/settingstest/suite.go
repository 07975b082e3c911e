// Package settingstest is the conformance suite of settings.Store: one case
// for each thing that the interface's comments promise. A store of your own
// passes it from an ordinary test:
//
//	func TestSettingsStore(t *testing.T) {
//		settingstest.Run(t, func(t *testing.T) settingstest.Harness {
//			db := openEmpty(t) // your own; it closes in t.Cleanup
//			return settingstest.Harness{Store: db.Settings(), Tx: db, Activity: db.Activity()}
//		})
//	}
//
// The suite does not sleep, and runs under the race detector.
package settingstest

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// Harness is a store to be judged.
type Harness struct {
	// Store is empty at first.
	Store settings.Store
	// Tx begins transactions that Store joins; nil leaves their cases out.
	Tx storage.Transactor
	// Activity is where the events that Store writes are read; nil leaves the
	// looks at them out.
	Activity activity.Store
	// NewUser returns the ID of one more user, for a store that takes records
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
		{"record", recordCases},
		{"version", versionCases},
		{"events", eventCases},
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
