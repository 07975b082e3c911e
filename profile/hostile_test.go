package profile_test

import (
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/profile"
)

// TestP52_LengthIsLookedAtBeforeAnythingElse: the standard library's parsers of addresses,
// names and links were quadratic more than once. No text longer than its limit reaches a
// parser: a refusal costs the same for a thousand bytes as for ten million.
func TestP52_LengthIsLookedAtBeforeAnythingElse(t *testing.T) {
	w := newWorld(t)
	edit := func(link string) { w.Edit(t.Context(), w.ann.ID, profile.Edit{Links: list(link)}, 0) }
	for name, c := range map[string]struct {
		unit  string
		check func(s string)
	}{
		"address":        {"(", func(s string) { profile.EmailKey(s + "@example.org") }},
		"address, atoms": {"a.", func(s string) { profile.EmailKey(s + "a@example.org") }},
		"domain":         {"xn--a.", func(s string) { profile.EmailKey("a@" + s + "org") }},
		"user name":      {"ä", func(s string) { profile.UsernameKey(s) }},
		"link":           {"%2e", func(s string) { edit("https://example.org/" + s) }},
		"link, host":     {"a.", func(s string) { edit("https://" + s) }},
	} {
		short, long := strings.Repeat(c.unit, 1000), strings.Repeat(c.unit, 1_000_000)
		few, many := least(func() { c.check(short) }), least(func() { c.check(long) })
		if many > few+2 {
			t.Errorf("%s: %v allocations for 1000 units, %v for a million", name, few, many)
		}
	}
}

// least is the least number of allocations of f in 50 runs. The race detector takes things
// from pools on purpose now and then, and the collector empties the pools; it waits while a
// run is counted, since texts of megabytes would call it in every run.
func least(f func()) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	n := testing.AllocsPerRun(1, f)
	for range 49 {
		runtime.GC()
		n = min(n, testing.AllocsPerRun(1, f))
	}
	return n
}
