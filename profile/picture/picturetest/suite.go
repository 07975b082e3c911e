// Package picturetest is the conformance suite of picture.Ledger, which is
// storage.Ledger: one case for each thing that the interface's comments
// promise. A ledger that is a storage.LedgerWalker or a storage.LedgerTaker is
// judged as one as well. A ledger of your own passes the suite from an ordinary test:
//
//	func TestLedger(t *testing.T) {
//		picturetest.RunLedger(t, func(t *testing.T) picturetest.Harness {
//			db := openEmpty(t) // your own; it closes in t.Cleanup
//			return picturetest.Harness{Ledger: db.Ledger(), Tx: db}
//		})
//	}
//
// The suite does not sleep, and runs under the race detector.
package picturetest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// Harness is a ledger to be judged.
type Harness struct {
	// Ledger is empty at first.
	Ledger storage.Ledger
	// Tx begins transactions that Ledger joins; nil leaves their cases out.
	Tx storage.Transactor
	// NewUser returns the ID of one more user, for a ledger that takes keys of
	// users that exist only; nil invents decimal numbers.
	NewUser func(t *testing.T) string
}

// RunLedger runs the suite. It calls open once for each subject, each time for
// a ledger of its own.
func RunLedger(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, s := range []struct {
		name  string
		cases func(t *testing.T, h Harness)
	}{
		{"reserve", reserveCases},
		{"live", liveCases},
		{"dead", deadCases},
		{"purge", purgeCases},
		{"purge again", claimCases},
		{"purge beside others", raceCases},
		{"forget", forgetCases},
		{"walk", walkCases},
		{"take", takeCases},
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

// long is an age that every row of the suite has, seen from at.Add(2*long).
const long = 24 * time.Hour

// newKeys returns n fresh blob keys, as a picture's sizes have.
func newKeys(n int) []string {
	base := conform.Name("k")
	keys := make([]string, n)
	for i := range keys {
		keys[i] = base + "-" + strconv.Itoa(512>>i) + ".jpg"
	}
	return keys
}

// reserved enters n fresh keys for a user, pending since conform.Time().
func reserved(t *testing.T, h Harness, user string, n int) []string {
	t.Helper()
	keys := newKeys(n)
	conform.Must(t, "Reserve", h.Ledger.Reserve(conform.Context(t), user, keys, conform.Time()))
	return keys
}

// live enters n fresh keys and makes them live.
func live(t *testing.T, h Harness, user string, n int) []string {
	t.Helper()
	keys := reserved(t, h, user, n)
	conform.Must(t, "Live", h.Ledger.Live(conform.Context(t), keys, conform.Time()))
	return keys
}

// isLive reports whether the key has an owner.
func isLive(t *testing.T, ctx context.Context, h Harness, key string) bool {
	t.Helper()
	_, err := h.Ledger.Owner(ctx, key)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Owner: error %v, want nil or one matching storage.ErrNotFound", err)
	}
	return err == nil
}

// claim purges everything that is due at now, in one go.
func claim(t *testing.T, h Harness, now time.Time) []string {
	t.Helper()
	keys, err := h.Ledger.Claim(conform.Context(t), now, now, now, 1000)
	conform.Must(t, "Claim", err)
	return keys
}

// keysAre checks which keys are entered for a user, in any order.
func keysAre(t *testing.T, ctx context.Context, h Harness, user string, want ...string) {
	t.Helper()
	got, err := h.Ledger.Keys(ctx, user)
	conform.Must(t, "Keys", err)
	if !sameSet(got, want) {
		t.Errorf("Keys: %v, want %v", got, want)
	}
}

func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
