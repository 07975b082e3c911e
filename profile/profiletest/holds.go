package profiletest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// HoldHarness is a profile.HoldStore to be judged.
type HoldHarness struct {
	// Holds may have some already, none of which ended before the year 2000.
	Holds profile.HoldStore
	// Tx begins transactions that Holds joins; nil leaves their cases out.
	Tx storage.Transactor
}

// RunHolds is the suite of profile.HoldStore. It calls open once for each case,
// each time for a store of its own.
func RunHolds(t *testing.T, open func(t *testing.T) HoldHarness) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, holding){
		"held for others until the end":   heldCases,
		"what is kept longer stays so":    longerCases,
		"each holder's is its own":        holderCases,
		"names are counted":               countCases,
		"an erased user leaves names":     eraseCases,
		"purge":                           purgeCases,
		"many keys and none":              manyCases,
		"written at once":                 togetherCases,
		"transaction and ended context":   holdTxCases,
		"texts that no database can hold": hostileCases,
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			run(t, holding{t, h.Holds, h.Tx, nameKey(t), mailKey(t)})
		})
	}
}

// holdsAt is long before what other tests of a shared store use.
var holdsAt = time.Date(1999, 1, 2, 3, 4, 5, 678901000, time.UTC)

type holding struct {
	t          *testing.T
	store      profile.HoldStore
	tx         storage.Transactor
	name, mail string
}

func nameKey(t *testing.T) string {
	t.Helper()
	key, err := profile.UsernameHold(conform.Name("u"))
	conform.Must(t, "UsernameHold", err)
	return key
}

func mailKey(t *testing.T) string {
	t.Helper()
	key, err := profile.EmailHold(conform.Name("u") + "@example.org")
	conform.Must(t, "EmailHold", err)
	return key
}

func (h holding) hold(userID string, until time.Time, keys ...string) {
	h.t.Helper()
	conform.Must(h.t, "Hold", h.store.Hold(conform.Context(h.t), userID, keys, until))
}

// held checks which of the two keys are held for another than userID at now.
func (h holding) held(userID string, now time.Time, want ...string) {
	h.t.Helper()
	got, err := h.store.Held(conform.Context(h.t), userID, []string{h.name, h.mail}, now)
	slices.Sort(got)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		h.t.Errorf("Held for another than %q at %v: %v and error %v, want %v", userID, now, got, err, want)
	}
}

func (h holding) names(userID string, now time.Time, want int) {
	h.t.Helper()
	if n, err := h.store.HeldNames(conform.Context(h.t), userID, now); n != want || err != nil {
		h.t.Errorf("HeldNames of %q: %d and error %v, want %d", userID, n, err, want)
	}
}

func heldCases(t *testing.T, h holding) {
	h.held("1", holdsAt)
	until := holdsAt.Add(time.Hour)
	h.hold("1", until, h.name)
	h.hold("1", until.Add(time.Hour), h.mail)
	h.held("2", holdsAt, h.name, h.mail)
	h.held("", holdsAt, h.name, h.mail)
	h.held("1", holdsAt) // its owner may have it
	h.held("2", until.Add(-time.Microsecond), h.name, h.mail)
	h.held("2", until, h.mail)
	h.held("2", until.Add(time.Hour))
	// In another zone the instant is the same.
	h.held("2", until.In(time.FixedZone("", 3600)), h.mail)
}

func longerCases(t *testing.T, h holding) {
	until := holdsAt.Add(time.Hour)
	h.hold("1", until, h.name)
	h.hold("1", holdsAt.Add(time.Minute), h.name)
	h.held("2", until.Add(-time.Microsecond), h.name)
	h.hold("1", until.Add(time.Hour), h.name)
	h.held("2", until, h.name)
	h.held("2", until.Add(time.Hour))
}

func holderCases(t *testing.T, h holding) {
	h.hold("1", holdsAt.Add(time.Hour), h.name)
	h.hold("2", holdsAt.Add(2*time.Hour), h.name)
	h.held("1", holdsAt, h.name)
	h.held("2", holdsAt, h.name)
	h.held("2", holdsAt.Add(time.Hour))
	h.held("3", holdsAt, h.name) // once, though two have it
	h.hold("", holdsAt.Add(3*time.Hour), h.mail)
	h.held("1", holdsAt, h.name, h.mail)
	h.held("", holdsAt, h.name)
}

func countCases(t *testing.T, h holding) {
	h.names("1", holdsAt, 0)
	h.hold("1", holdsAt.Add(time.Hour), h.name, h.mail)
	h.hold("1", holdsAt.Add(time.Hour), h.name)
	h.hold("1", holdsAt.Add(2*time.Hour), nameKey(t))
	h.hold("2", holdsAt.Add(2*time.Hour), nameKey(t))
	h.names("1", holdsAt, 2)
	h.names("1", holdsAt.Add(time.Hour), 1)
	h.names("1", holdsAt.Add(2*time.Hour), 0)
	h.names("2", holdsAt, 1)
	h.names("3", holdsAt, 0)
}

func eraseCases(t *testing.T, h holding) {
	ctx, until := conform.Context(t), holdsAt.Add(time.Hour)
	h.hold("1", until, h.name, h.mail)
	conform.Must(t, "EraseHolds of another", h.store.EraseHolds(ctx, "2"))
	h.held("1", holdsAt)
	for range 2 {
		conform.Must(t, "EraseHolds", h.store.EraseHolds(ctx, "1"))
		h.names("1", holdsAt, 0)
		h.held("1", holdsAt, h.name)
		h.held("2", until.Add(-time.Microsecond), h.name)
		h.held("2", until)
	}
	conform.Must(t, "EraseHolds of nobody", h.store.EraseHolds(ctx, ""))
	h.held("2", holdsAt, h.name)
	// What is kept against everybody longer stays so.
	h.hold("3", until.Add(-time.Minute), h.name)
	conform.Must(t, "EraseHolds", h.store.EraseHolds(ctx, "3"))
	h.held("2", until.Add(-time.Microsecond), h.name)
}

func purgeCases(t *testing.T, h holding) {
	purges := func(before time.Time, limit, want int) {
		t.Helper()
		if n, err := h.store.PurgeHolds(conform.Context(t), before, limit); n != want || err != nil {
			t.Errorf("PurgeHolds with limit %d: %d and error %v, want %d", limit, n, err, want)
		}
	}
	for i := range 5 {
		h.hold("1", holdsAt.Add(time.Duration(i)*time.Microsecond), nameKey(t))
	}
	h.hold("1", holdsAt.Add(time.Hour), h.name)
	h.hold("2", holdsAt.Add(time.Hour), h.name)
	purges(holdsAt, 100, 0)
	purges(holdsAt.Add(time.Microsecond), 100, 1)
	purges(holdsAt.Add(time.Hour), 0, 0)
	purges(holdsAt.Add(time.Hour), 3, 3)
	purges(holdsAt.Add(time.Hour), 3, 1)
	h.held("1", holdsAt, h.name)
	purges(holdsAt.Add(2*time.Hour), 100, 2)
	h.held("1", holdsAt)
}

func manyCases(t *testing.T, h holding) {
	ctx := conform.Context(t)
	h.hold("1", holdsAt.Add(time.Hour))
	h.hold("1", holdsAt.Add(time.Hour), h.name, h.mail, h.name)
	h.held("2", holdsAt, h.name, h.mail)
	if got, err := h.store.Held(ctx, "2", nil, holdsAt); len(got) != 0 || err != nil {
		t.Errorf("Held of no key: %v, %v", got, err)
	}
	if got, err := h.store.Held(ctx, "2", []string{h.mail, h.mail, nameKey(t)}, holdsAt); !slices.Equal(got, []string{h.mail}) || err != nil {
		t.Errorf("Held of a key that is given twice: %v, %v", got, err)
	}
}

func togetherCases(t *testing.T, h holding) {
	ctx := conform.Context(t)
	for i, err := range conform.Together(20, func(i int) error {
		return h.store.Hold(ctx, "1", []string{h.name}, holdsAt.Add(time.Duration(i+1)*time.Minute))
	}) {
		if err != nil {
			t.Errorf("Hold %d at once with others: %v", i, err)
		}
	}
	h.held("2", holdsAt.Add(20*time.Minute-time.Microsecond), h.name)
	h.held("2", holdsAt.Add(20*time.Minute))
	h.names("1", holdsAt, 1)
}

func holdTxCases(t *testing.T, h holding) {
	until := holdsAt.Add(time.Hour)
	h.hold("9", until, h.mail)
	conform.EndedContext(t, []conform.Call{
		{Name: "Hold", Do: func(ctx context.Context) error { return h.store.Hold(ctx, "1", []string{h.name}, until) }},
		{Name: "Held", Do: func(ctx context.Context) error {
			_, err := h.store.Held(ctx, "1", []string{h.name}, holdsAt)
			return err
		}},
		{Name: "HeldNames", Do: func(ctx context.Context) error { _, err := h.store.HeldNames(ctx, "1", holdsAt); return err }},
		{Name: "EraseHolds", Do: func(ctx context.Context) error { return h.store.EraseHolds(ctx, "9") }},
		{Name: "PurgeHolds", Do: func(ctx context.Context) error {
			_, err := h.store.PurgeHolds(ctx, until.Add(time.Hour), 10)
			return err
		}},
	})
	h.held("1", holdsAt, h.mail)
	if h.tx == nil {
		return
	}
	conform.Transactions(t, h.tx, []conform.Change{{Name: "Hold", Prepare: func(t *testing.T) (do func(context.Context) error, made func(context.Context) bool) {
		key := nameKey(t)
		do = func(ctx context.Context) error { return h.store.Hold(ctx, "1", []string{key}, until) }
		made = func(ctx context.Context) bool {
			got, err := h.store.Held(ctx, "2", []string{key}, holdsAt)
			return err == nil && len(got) == 1
		}
		return do, made
	}}})
}

func hostileCases(t *testing.T, h holding) {
	ctx := conform.Context(t)
	long := profile.NameHoldPrefix + strings.Repeat("f", 64)
	for _, text := range []string{"a\x00b", "\xff", "'; DROP TABLE users; --", long} {
		if got, err := h.store.Held(ctx, text, []string{text, h.name}, holdsAt); len(got) != 0 || err != nil {
			t.Errorf("Held(%q): %v and error %v, want none", text, got, err)
		}
		h.names(text, holdsAt, 0)
		if err := h.store.EraseHolds(ctx, text); err != nil {
			t.Errorf("EraseHolds(%q): %v", text, err)
		}
	}
}
