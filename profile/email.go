package profile

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/profilekit/profilekit/settings/input"
)

// Bounds of an e-mail address.
const (
	// MaxEmail is in characters; it is what the users table holds.
	MaxEmail = 100
	// maxEmailBytes is the longest path of RFC 5321 without its brackets. It is
	// looked at before any parsing, and bounds the key too.
	maxEmailBytes = 254
	// maxLocalBytes is RFC 5321, 4.5.3.1.1.
	maxLocalBytes = 64
)

// lookup is how domains become A-labels: UTS 46, not transitional, with every
// check that idna has.
var lookup = idna.New(
	idna.MapForLookup(),
	idna.Transitional(false),
	idna.BidiRule(),
	idna.CheckHyphens(true),
	idna.CheckJoiners(true),
	idna.StrictDomainName(true),
	idna.VerifyDNSLength(true),
)

// EmailKey returns the form of an e-mail address that is compared and kept
// unique: the local part with ASCII letters in lower case, the domain as
// A-labels in lower case. Addresses that reach one mailbox only by the custom of
// its provider (dots, "+tags") are different. The error is an
// *input.InvalidError on
// "email".
//
// Accepted is what is exactly one address and nothing else: no display name,
// comment, quoting, address literal or space, a domain of at least two labels,
// at most 100 characters. Characters outside ASCII in the local part must be
// letters, marks or digits in their one normal form (NFKC), so that an address
// has one spelling.
func EmailKey(email string) (string, error) {
	fail := func(code input.Code) (string, error) {
		return "", input.Invalid(input.New("email", code, nil))
	}
	// Length first: parsers of addresses have been quadratic before.
	if email == "" {
		return fail(input.Required)
	}
	if len(email) > maxEmailBytes || utf8.RuneCountInString(email) > MaxEmail {
		return "", input.Invalid(input.Long("email", MaxEmail))
	}
	at := strings.LastIndexByte(email, '@')
	if at < 1 || at > maxLocalBytes || !utf8.ValidString(email) {
		return fail(input.Email)
	}
	local, domain := email[:at], email[at+1:]
	if !localPart(local) {
		return fail(input.Email)
	}
	if a, err := mail.ParseAddress(email); err != nil || a.Name != "" || a.Address != email {
		return fail(input.Email)
	}
	host, ok := domainKey(domain)
	if !ok {
		return fail(input.EmailDomain)
	}
	key := asciiLower(local) + "@" + host
	if len(key) > maxEmailBytes {
		return "", input.Invalid(input.Long("email", MaxEmail))
	}
	return key, nil
}

// CheckEmail says whether email may be an account's address; see EmailKey.
func CheckEmail(email string) error {
	_, err := EmailKey(email)
	return err
}

// localPart accepts a dot-atom (RFC 5322, 3.2.3, with RFC 6532).
func localPart(s string) bool {
	ascii := true
	for i, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if !atext(byte(r)) && (r != '.' || i == 0 || i == len(s)-1 || s[i-1] == '.') {
				return false
			}
		case !unicode.In(r, unicode.L, unicode.M, unicode.N):
			return false
		default:
			ascii = false
		}
	}
	return ascii || norm.NFKC.IsNormalString(s)
}

func atext(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// domainKey turns a domain into A-labels. It refuses a single label, a root
// dot, an address, and a label "xn--…" that no real domain encodes to.
func domainKey(domain string) (string, bool) {
	ascii, err := lookup.ToASCII(domain)
	if err != nil || ascii == "" || strings.HasSuffix(ascii, ".") {
		return "", false
	}
	ascii = asciiLower(ascii)
	dot := strings.LastIndexByte(ascii, '.')
	if dot < 1 || !strings.ContainsFunc(ascii[dot+1:], func(r rune) bool { return r < '0' || r > '9' }) {
		return "", false
	}
	// A-labels that decode to something which encodes differently would be a
	// second spelling of that domain.
	back, err := lookup.ToUnicode(ascii)
	if err != nil {
		return "", false
	}
	again, err := lookup.ToASCII(back)
	if err != nil || again != ascii {
		return "", false
	}
	return ascii, true
}
