package profile_test

import (
	"strings"
	"testing"

	"github.com/profilekit/profilekit/profile"
)

// What parses addresses, names and links in the standard library was quadratic
// more than once. Nothing longer than it may be reaches a parser: what is
// refused costs the same whether it has a thousand bytes or ten million.
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

// least is the least number of allocations of f in 50 runs: the collector, and the race
// detector on purpose, take things from pools now and then.
func least(f func()) float64 {
	n := testing.AllocsPerRun(1, f)
	for range 49 {
		n = min(n, testing.AllocsPerRun(1, f))
	}
	return n
}
