package profile

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/profilekit/profilekit/settings/input"
)

// Bounds of text fields, in characters (Unicode code points).
const (
	MaxName    = 100  // a name, and other texts of one line
	MaxBio     = 1000 // may have many lines
	MaxAddress = 200  // each line of it
)

// checkText looks at a field of text: at most limit characters, valid UTF-8,
// no control and no bidi-override characters; line breaks and tabs only where
// there are many lines. Text is stored as it is sent.
func checkText(field, s string, limit int, lines bool) []input.FieldError {
	if runes(s, limit) > limit {
		return []input.FieldError{input.Long(field, limit)}
	}
	broken := false
	bad := func(r rune) bool {
		switch r {
		case '\n', '\r', '\u2028', '\u2029':
			broken = broken || !lines
			return false
		case '\t':
			return !lines
		}
		return isControl(r) || isBidiOverride(r)
	}
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, bad):
		return []input.FieldError{input.New(field, input.Characters, nil)}
	case broken:
		return []input.FieldError{input.New(field, input.Lines, nil)}
	}
	return nil
}

func isControl(r rune) bool { return unicode.Is(unicode.Cc, r) }

// isBidiOverride is the characters that reorder what follows: embeddings,
// overrides and isolates (UAX 9). The plain marks LRM, RLM and ALM, which
// right-to-left text needs, are not among them.
func isBidiOverride(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
