package profile

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/profilekit/profilekit/settings"
)

// Bounds of text fields, in characters (Unicode code points).
const (
	MaxName    = 100  // displayName, givenName, familyName, pronouns
	MaxBio     = 1000 // may have many lines
	MaxAddress = 200  // each line of it
)

// checkText looks at a field of text: at most limit characters, valid UTF-8,
// no control and no bidi-override characters; line breaks and tabs only where
// there are many lines. Text is stored as it is sent.
func checkText(field, s string, limit int, lines bool) []FieldError {
	if runes(s, limit) > limit {
		return []FieldError{tooLong(field, limit)}
	}
	bad := func(r rune) bool {
		if lines && (r == '\n' || r == '\r' || r == '\t') {
			return false
		}
		if !lines && (r == '\u2028' || r == '\u2029') {
			return true
		}
		return isControl(r) || isBidiOverride(r)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, bad) {
		message := "holds control or direction characters, or more than one line"
		if lines {
			message = "holds control or direction characters"
		}
		return []FieldError{{Field: field, Code: settings.CodeFormat, Message: message}}
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

func tooLong(field string, limit int) FieldError {
	return FieldError{Field: field, Code: settings.CodeTooLong, Message: "must be " + strconv.Itoa(limit) + " characters or less"}
}
