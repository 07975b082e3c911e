package profile

import (
	"strings"
	"unicode/utf8"

	"github.com/profilekit/profilekit/settings/input"
)

// Bounds of a user name, in characters.
const (
	MinUsername = 3
	MaxUsername = 50
)

// UsernameKey returns the form of a user name that is compared and kept
// unique: ASCII letters folded to lower case, all else as it is. No Unicode
// folding takes place, which would make U+212A (the Kelvin sign) a k.
//
// It has a key for every name that may be stored, also for one of an adopted
// table that CheckUsername would refuse today: 1 to 50 characters of valid
// UTF-8 without control characters. The error is an *input.InvalidError on
// "username".
func UsernameKey(name string) (string, error) {
	n := runes(name, MaxUsername)
	switch {
	case n == 0:
		return "", input.Invalid(input.New("username", input.Required, nil))
	case n > MaxUsername:
		return "", input.Invalid(input.Long("username", MaxUsername))
	case !utf8.ValidString(name) || strings.ContainsFunc(name, isControl):
		return "", input.Invalid(input.New("username", input.Characters, nil))
	}
	return asciiLower(name), nil
}

// CheckUsername says whether name may be chosen: 3 to 50 of the ASCII letters
// and digits and "_", "." and "-", and not reserved. reserved is asked with the
// UsernameKey; nil reserves nothing. The error is an *input.InvalidError on
// "username".
func CheckUsername(name string, reserved func(key string) bool) error {
	fail := func(code input.Code) error { return input.Invalid(input.New("username", code, nil)) }
	n := runes(name, MaxUsername)
	switch {
	case n == 0:
		return fail(input.Required)
	case n > MaxUsername:
		return input.Invalid(input.Long("username", MaxUsername))
	}
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
		default:
			return fail(input.Characters)
		}
	}
	if n < MinUsername {
		return input.Invalid(input.Short("username", MinUsername))
	}
	if reserved != nil && reserved(asciiLower(name)) {
		return fail(input.Reserved)
	}
	return nil
}

// DefaultReserved are names that users would take for the operator's, that
// RFC 2142 gives to roles, or that collide with paths.
var DefaultReserved = []string{
	"about", "abuse", "account", "accounts", "activity", "admin", "administrator", "anonymous", "api", "app", "assets",
	"auth", "billing", "blog", "bot", "bots", "contact", "default", "deleted", "dev", "docs", "email", "everyone",
	"feedback", "ftp", "guest", "healthz", "help", "host", "hostmaster", "info", "invalid", "legal", "login", "logout",
	"mail", "mailer-daemon", "me", "media", "moderator", "news", "no-reply", "nobody", "noreply", "null", "official",
	"operator", "owner", "password", "pictures", "postmaster", "privacy", "profile", "public", "readyz", "register",
	"reset", "robots.txt", "root", "sales", "security", "self", "server", "settings", "signin", "signout", "signup",
	"staff", "static", "status", "superuser", "support", "sysadmin", "system", "team", "terms", "test", "trust",
	"undefined", "unknown", "upload", "user", "username", "users", "verify", "webmaster", "well-known", "www",
}

// reservedSet answers whether a key is one of names.
func reservedSet(names []string) func(string) bool {
	set := make(map[string]struct{}, len(names))
	for _, n := range names {
		set[asciiLower(n)] = struct{}{}
	}
	return func(key string) bool { _, ok := set[key]; return ok }
}

// runes counts the characters of s, but not those of what must be longer than
// limit anyway.
func runes(s string, limit int) int {
	if len(s) > limit*utf8.UTFMax {
		return limit + 1
	}
	return utf8.RuneCountInString(s)
}

// asciiLower folds A to Z and nothing else.
func asciiLower(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
