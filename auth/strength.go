package auth

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/profilekit/profilekit/internal/knownpasswords"
)

// Strength is how hard a password is to guess, for the meter beside the field
// where it is typed: 0 is guessed at once, 1 soon, 2 with some effort, 3 hardly,
// 4 not in our time. It refuses nothing: no rule of composition helps (NIST
// SP 800-63B-4, 3.1.1.2).
type Strength int

// EstimateStrength estimates a password. words are names that a guesser would
// try: of the account and of the service.
//
// What is easy to describe counts as one character: a common password, a name,
// a run such as "aaaa", "6543" or "qwerty", and repetitions of a part.
func EstimateStrength(password string, words ...string) Strength {
	switch n := pieces(password, words); {
	case n < 6:
		return 0
	case n < 10:
		return 1
	case n < 14:
		return 2
	case n < 18:
		return 3
	}
	return 4
}

// looked is how much of a password is looked at, in code points: the rest can
// only make it stronger.
const looked = 64

// pieces is into how few pieces a password falls apart.
func pieces(password string, words []string) int {
	text := []rune(strings.ToLower(password))
	text = text[:min(len(text), looked)]
	names := namesIn(words)
	n := 0
	if unit := period(text); unit < len(text) {
		text = text[:unit]
		n = 1 // how often
	}
	for len(text) > 0 {
		text = text[max(1, run(text), known(text), named(text, names)):]
		n++
	}
	return n
}

// period is the length of the shortest part that text repeats throughout, at
// least twice; the last one may be cut.
func period(text []rune) int {
	for unit := 1; unit <= len(text)/2; unit++ {
		if slices.Equal(text[unit:], text[:len(text)-unit]) {
			return unit
		}
	}
	return len(text)
}

// rows are the keys that lie side by side.
var rows = [...]string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "qwertzuiop", "azertyuiop"}

// leastRun is the length from which neighbours are a run.
const leastRun = 3

// run is the length of the run that text begins with, or 0: of code points that
// rise or fall by one or stay, or of neighbours on a keyboard.
func run(text []rune) int {
	longest := 0
	for _, step := range []rune{0, 1, -1} {
		n := 1
		for n < len(text) && text[n]-text[n-1] == step {
			n++
		}
		longest = max(longest, n)
	}
	for _, row := range rows {
		for _, step := range []int{1, -1} {
			at := strings.IndexRune(row, text[0])
			if at < 0 {
				continue
			}
			n := 1
			for n < len(text) && at+step >= 0 && at+step < len(row) && text[n] == rune(row[at+step]) {
				at += step
				n++
			}
			longest = max(longest, n)
		}
	}
	if longest < leastRun {
		return 0
	}
	return longest
}

// known is the length of the common password that text begins with, or 0.
func known(text []rune) int {
	for n := min(len(text), 20); n >= 8; n-- {
		if knownpasswords.Contains(string(text[:n])) {
			return n
		}
	}
	return 0
}

// named is the length of the name that text begins with, or 0.
func named(text []rune, names []string) int {
	s := string(text)
	for _, name := range names {
		if strings.HasPrefix(s, name) {
			return utf8.RuneCountInString(name)
		}
	}
	return 0
}

func sortByLength(names []string) {
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
}
