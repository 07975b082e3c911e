// Package limittest is the conformance suite of limit.Store: one case for each thing
// that its comment promises. A store of your own passes it from an ordinary test:
//
//	func TestLimits(t *testing.T) {
//		limittest.Run(t, func(t *testing.T) limittest.Harness {
//			db := openEmpty(t) // your own; it closes in t.Cleanup
//			return limittest.Harness{Store: db.Limits(), Tx: db}
//		})
//	}
//
// The suite does not sleep, and runs under the race detector.
package limittest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// Harness is a store to be judged.
type Harness struct {
	// Store is empty at first.
	Store limit.Store
	// Tx begins transactions that the store joins; nil leaves their cases out.
	Tx storage.Transactor
}

// Run runs the suite. It calls open once for each subject, each time for a store
// of its own.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, s := range []struct {
		name  string
		cases func(t *testing.T, h Harness)
	}{
		{"hard limit", hardCases},
		{"growing waits", growingCases},
		{"refund and reset", refundCases},
		{"purge", purgeCases},
		{"ended context", endedCases},
		{"transaction", txCases},
	} {
		t.Run(s.name, func(t *testing.T) { s.cases(t, open(t)) })
	}
}

var (
	// hard allows 5 in a minute and then nothing.
	hard = limit.Rule{Limit: 5, Window: time.Minute}
	// growing allows 3 in 15 minutes and then one after 10 s, 20 s, 40 s, 60 s, 60 s ….
	growing = limit.Rule{Limit: 3, Window: 15 * time.Minute, Wait: 10 * time.Second, MaxWait: time.Minute}
)

// slack is how exactly a wait must be told: a store may keep milliseconds.
const slack = time.Millisecond

// allowed takes one try, which must be let through.
func allowed(t *testing.T, h Harness, key string, rule limit.Rule, now time.Time) {
	t.Helper()
	ok, wait, err := h.Store.Take(conform.Context(t), key, rule, now)
	if err != nil || !ok {
		t.Errorf("Take: ok %v, wait %v, error %v; want the try let through", ok, wait, err)
	}
}

// refused takes one try, which must be refused with that wait.
func refused(t *testing.T, h Harness, key string, rule limit.Rule, now time.Time, want time.Duration) {
	t.Helper()
	ok, wait, err := h.Store.Take(conform.Context(t), key, rule, now)
	switch {
	case err != nil || ok:
		t.Errorf("Take: ok %v, error %v; want the try refused", ok, err)
	case wait < want-slack || wait > want+slack:
		t.Errorf("Take refused with a wait of %v, want %v", wait, want)
	}
}

// parallel takes 100 tries at once and checks that exactly want come through.
func parallel(t *testing.T, h Harness, key string, rule limit.Rule, now time.Time, want int) {
	t.Helper()
	ctx := conform.Context(t)
	oks := make([]bool, 100)
	for _, err := range conform.Together(len(oks), func(i int) (err error) {
		oks[i], _, err = h.Store.Take(ctx, key, rule, now)
		return err
	}) {
		conform.Must(t, "Take", err)
	}
	got := 0
	for _, ok := range oks {
		if ok {
			got++
		}
	}
	if got != want {
		t.Errorf("%d of 100 concurrent tries were let through, want exactly %d", got, want)
	}
}

func hardCases(t *testing.T, h Harness) {
	at := conform.Time()
	t.Run("nothing until the window after the first try has passed", func(t *testing.T) {
		key := conform.Name("k")
		for i := range hard.Limit {
			allowed(t, h, key, hard, at.Add(time.Duration(i)*time.Second))
		}
		refused(t, h, key, hard, at.Add(5*time.Second), 55*time.Second)
		refused(t, h, key, hard, at.Add(30*time.Second), 30*time.Second)
		refused(t, h, key, hard, at.Add(time.Minute-slack), slack)
		allowed(t, h, key, hard, at.Add(time.Minute+slack))
	})
	t.Run("refused tries are not counted", func(t *testing.T) {
		key := conform.Name("k")
		for range hard.Limit {
			allowed(t, h, key, hard, at)
		}
		for range 50 {
			refused(t, h, key, hard, at.Add(59*time.Second), time.Second)
		}
		for range hard.Limit {
			allowed(t, h, key, hard, at.Add(time.Minute+slack))
		}
		refused(t, h, key, hard, at.Add(time.Minute+slack), time.Minute)
	})
	t.Run("R13 of 100 concurrent tries exactly the limit", func(t *testing.T) {
		for range 3 {
			key := conform.Name("k")
			parallel(t, h, key, hard, at, hard.Limit)
			parallel(t, h, key, hard, at.Add(time.Second), 0)
			parallel(t, h, key, hard, at.Add(time.Minute+slack), hard.Limit)
		}
	})
	t.Run("keys are apart", func(t *testing.T) {
		base := conform.Name("k")
		full := base + "a"
		for range hard.Limit {
			allowed(t, h, full, hard, at)
		}
		for _, key := range []string{base, base + "b", strings.ToUpper(full), full + " ", full + "é", full + "%"} {
			allowed(t, h, key, hard, at)
		}
		refused(t, h, full, hard, at, time.Minute)
	})
	t.Run("a clock that goes back opens nothing", func(t *testing.T) {
		key := conform.Name("k")
		for range hard.Limit {
			allowed(t, h, key, hard, at)
		}
		ok, wait, err := h.Store.Take(conform.Context(t), key, hard, at.Add(-time.Hour))
		conform.Must(t, "Take", err)
		if ok || wait < time.Minute-slack {
			t.Errorf("an hour before the first try: ok %v, wait %v; want it refused, for a minute at least", ok, wait)
		}
	})
}

func growingCases(t *testing.T, h Harness) {
	at := conform.Time()
	t.Run("waits double up to the greatest", func(t *testing.T) {
		key, now := conform.Name("k"), at
		for range growing.Limit {
			allowed(t, h, key, growing, now)
		}
		for _, wait := range []time.Duration{10, 20, 40, 60, 60, 60} {
			wait *= time.Second
			refused(t, h, key, growing, now, wait)
			refused(t, h, key, growing, now.Add(wait/2), wait/2)
			refused(t, h, key, growing, now.Add(wait-slack), slack)
			now = now.Add(wait + slack)
			allowed(t, h, key, growing, now)
		}
	})
	t.Run("waiting long for one try gives one", func(t *testing.T) {
		key := conform.Name("k")
		for range growing.Limit {
			allowed(t, h, key, growing, at)
		}
		later := at.Add(growing.Window - time.Second)
		allowed(t, h, key, growing, later)
		refused(t, h, key, growing, later, 20*time.Second)
	})
	t.Run("a window without a try forgets all", func(t *testing.T) {
		key, now := conform.Name("k"), at
		for range growing.Limit {
			allowed(t, h, key, growing, now)
		}
		now = now.Add(10*time.Second + slack)
		allowed(t, h, key, growing, now)
		// A refused try is not one.
		refused(t, h, key, growing, now.Add(time.Second), 19*time.Second)
		now = now.Add(growing.Window + slack)
		for range growing.Limit {
			allowed(t, h, key, growing, now)
		}
		refused(t, h, key, growing, now, 10*time.Second)
	})
	t.Run("slow tries are not forgotten", func(t *testing.T) {
		key, now := conform.Name("k"), at
		for range growing.Limit {
			now = now.Add(growing.Window - time.Second)
			allowed(t, h, key, growing, now)
		}
		refused(t, h, key, growing, now, 10*time.Second)
	})
	t.Run("R13 of 100 concurrent tries exactly the limit, then one a wait", func(t *testing.T) {
		key, now := conform.Name("k"), at
		parallel(t, h, key, growing, now, growing.Limit)
		for _, wait := range []time.Duration{10, 20, 40, 60} {
			parallel(t, h, key, growing, now.Add(wait*time.Second-slack), 0)
			now = now.Add(wait*time.Second + slack)
			parallel(t, h, key, growing, now, 1)
		}
	})
	t.Run("a clock that goes back opens nothing", func(t *testing.T) {
		key := conform.Name("k")
		for range growing.Limit {
			allowed(t, h, key, growing, at)
		}
		for _, back := range []time.Duration{time.Second, time.Hour, 48 * time.Hour} {
			ok, wait, err := h.Store.Take(conform.Context(t), key, growing, at.Add(-back))
			conform.Must(t, "Take", err)
			if ok || wait < growing.Wait-slack {
				t.Errorf("%v before the last try: ok %v, wait %v; want it refused, for 10s at least", back, ok, wait)
			}
		}
	})
}

func refundCases(t *testing.T, h Harness) {
	th, at := h.Store, conform.Time()
	refund := func(t *testing.T, key string) {
		t.Helper()
		conform.Must(t, "Refund", th.Refund(conform.Context(t), key))
	}
	for name, rule := range map[string]limit.Rule{"hard": hard, "growing": growing} {
		first := rule.Wait
		if first == 0 {
			first = rule.Window
		}
		t.Run("a refund gives one try back, "+name, func(t *testing.T) {
			key := conform.Name("k")
			for range rule.Limit {
				allowed(t, h, key, rule, at)
			}
			refused(t, h, key, rule, at, first)
			refund(t, key)
			allowed(t, h, key, rule, at)
			refused(t, h, key, rule, at, first)
			refund(t, key)
			parallel(t, h, key, rule, at, 1)
		})
		t.Run("successes that are refunded are never limited, "+name, func(t *testing.T) {
			key := conform.Name("k")
			for i := range 10 * rule.Limit {
				allowed(t, h, key, rule, at.Add(time.Duration(i)*time.Second))
				refund(t, key)
			}
		})
		t.Run("no credit from refunds, "+name, func(t *testing.T) {
			key := conform.Name("k")
			for range 3 {
				refund(t, key)
			}
			allowed(t, h, key, rule, at)
			for range 3 {
				refund(t, key)
			}
			parallel(t, h, key, rule, at, rule.Limit)
		})
		t.Run("reset forgets, "+name, func(t *testing.T) {
			key, other := conform.Name("k"), conform.Name("k")
			conform.Must(t, "Reset of nothing", th.Reset(conform.Context(t), key))
			for range rule.Limit {
				allowed(t, h, key, rule, at)
				allowed(t, h, other, rule, at)
			}
			conform.Must(t, "Reset", th.Reset(conform.Context(t), key))
			refused(t, h, other, rule, at, first)
			for range rule.Limit {
				allowed(t, h, key, rule, at)
			}
			refused(t, h, key, rule, at, first)
		})
	}
	t.Run("a refund of a try that was waited for", func(t *testing.T) {
		key, now := conform.Name("k"), at
		for range growing.Limit {
			allowed(t, h, key, growing, now)
		}
		now = now.Add(growing.Wait + slack)
		for range 3 {
			allowed(t, h, key, growing, now)
			refund(t, key)
		}
		allowed(t, h, key, growing, now)
		refused(t, h, key, growing, now, 2*growing.Wait)
	})
	t.Run("concurrent refunds all count", func(t *testing.T) {
		rule := limit.Rule{Limit: 40, Window: time.Minute}
		ctx, key := conform.Context(t), conform.Name("k")
		for range rule.Limit {
			allowed(t, h, key, rule, at)
		}
		for _, err := range conform.Together(25, func(int) error { return th.Refund(ctx, key) }) {
			conform.Must(t, "Refund", err)
		}
		parallel(t, h, key, rule, at, 25)
	})
}

func purgeCases(t *testing.T, h Harness) {
	at := conform.Time()
	purge := func(t *testing.T, now time.Time, most, want int) {
		t.Helper()
		n, err := h.Store.PurgeLimits(conform.Context(t), now, most)
		if err != nil || n != want {
			t.Errorf("PurgeLimits with limit %d: %d and error %v, want %d", most, n, err, want)
		}
	}
	full, slow := conform.Name("k"), conform.Name("k")
	for range hard.Limit {
		allowed(t, h, full, hard, at)
	}
	for i := range growing.Limit {
		allowed(t, h, slow, growing, at.Add(time.Duration(i)*time.Minute))
	}
	for i := range 4 {
		allowed(t, h, fmt.Sprint(conform.Name("k"), i), hard, at)
	}
	// The cases go on from one another.
	t.Run("what is remembered stays", func(t *testing.T) {
		purge(t, at.Add(time.Minute-slack), 100, 0)
		refused(t, h, full, hard, at.Add(time.Minute-slack), slack)
	})
	t.Run("no more than the limit", func(t *testing.T) { purge(t, at.Add(time.Minute+slack), 3, 3) })
	t.Run("the rest", func(t *testing.T) { purge(t, at.Add(time.Minute+slack), 3, 2) })
	t.Run("growing waits are remembered for a window after the last try", func(t *testing.T) {
		last := at.Add(time.Duration(growing.Limit-1) * time.Minute)
		purge(t, last.Add(growing.Window-slack), 100, 0)
		purge(t, last.Add(growing.Window+slack), 100, 1)
		purge(t, last.Add(growing.Window+slack), 100, 0)
	})
}

func endedCases(t *testing.T, h Harness) {
	at, key, full := conform.Time(), conform.Name("k"), conform.Name("k")
	for range hard.Limit {
		allowed(t, h, full, hard, at)
	}
	conform.EndedContext(t, []conform.Call{
		{Name: "Take", Do: func(ctx context.Context) error {
			ok, _, err := h.Store.Take(ctx, key, hard, at)
			if ok {
				t.Error("Take with an ended context let the try through")
			}
			return err
		}},
		{Name: "Refund", Do: func(ctx context.Context) error { return h.Store.Refund(ctx, full) }},
		{Name: "Reset", Do: func(ctx context.Context) error { return h.Store.Reset(ctx, full) }},
		{Name: "PurgeLimits", Do: func(ctx context.Context) error {
			_, err := h.Store.PurgeLimits(ctx, at.Add(1000*time.Hour), 10)
			return err
		}},
	})
	refused(t, h, full, hard, at, hard.Window)
	parallel(t, h, key, hard, at, hard.Limit)
}

type (
	do   = func(context.Context) error
	made = func(context.Context) bool
)

func txCases(t *testing.T, h Harness) {
	conform.Transactions(t, h.Tx, []conform.Change{
		{Name: "Take", Prepare: func(t *testing.T) (do, made) { return inTx(t, h, h.Store.Reset, false) }},
		{Name: "Reset", Prepare: func(t *testing.T) (do, made) { return inTx(t, h, h.Store.Reset, true) }},
		{Name: "Refund", Prepare: func(t *testing.T) (do, made) { return inTx(t, h, h.Store.Refund, true) }},
	})
}

// inTx takes the only try of a key in a transaction or, with taken, gives the try
// back there. Whether the try was counted is seen by trying once more, which is
// undone by the same way back.
func inTx(t *testing.T, h Harness, back func(context.Context, string) error, taken bool) (do, made) {
	key, at := conform.Name("k"), conform.Time()
	one := limit.Rule{Limit: 1, Window: time.Minute}
	take := func(ctx context.Context) error {
		ok, _, err := h.Store.Take(ctx, key, one, at)
		if err == nil && !ok {
			err = errors.New("the first try was refused")
		}
		return err
	}
	change := take
	if taken {
		conform.Must(t, "Take", take(conform.Context(t)))
		change = func(ctx context.Context) error { return back(ctx, key) }
	}
	return change, func(ctx context.Context) bool {
		ok, _, err := h.Store.Take(ctx, key, one, at)
		conform.Must(t, "Take", err)
		if ok {
			conform.Must(t, "the way back", back(ctx, key))
		}
		return ok == taken
	}
}
