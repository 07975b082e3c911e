package profile

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/profilekit/profilekit/settings/input"
)

// Bounds of the links of a profile.
const (
	MaxLinks = 10
	MaxLink  = 500 // characters of each
)

// checkLinks looks at each link.
func checkLinks(links []string) []input.FieldError {
	if len(links) > MaxLinks {
		return []input.FieldError{input.New("links", input.TooMany, input.Params{"max": MaxLinks})}
	}
	var bad []input.FieldError
	for i, link := range links {
		field := "links[" + strconv.Itoa(i) + "]"
		switch {
		case runes(link, MaxLink) > MaxLink:
			bad = append(bad, input.Long(field, MaxLink))
		case !safeLink(link):
			bad = append(bad, input.New(field, input.Link, nil))
		}
	}
	return bad
}

// safeLink accepts an absolute http or https URL whose host every browser
// reads as url.Parse does: no user name before the host, nothing invisible,
// no space, backslash or other character that browsers repair in their own way.
func safeLink(s string) bool {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, oddInLink) {
		return false
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Opaque != "" || u.User != nil {
		return false
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return false
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return false
	}
	return isHost(u.Host[:len(u.Host)-len(portPart(u))])
}

func portPart(u *url.URL) string {
	if p := u.Port(); p != "" {
		return ":" + p
	}
	return ""
}

// isHost accepts a domain name, an IPv4 address, or an IPv6 one in brackets.
func isHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		a, err := netip.ParseAddr(inner)
		return ok && err == nil && a.Is6() && a.Zone() == ""
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Is4()
	}
	ascii, err := lookup.ToASCII(strings.TrimSuffix(host, "."))
	if err != nil || ascii == "" {
		return false
	}
	// What ends in a number is an IPv4 address to browsers (WHATWG URL), in
	// forms that only they know: 0x7f.1, 2130706433.
	last := asciiLower(ascii[strings.LastIndexByte(ascii, '.')+1:])
	_, err = strconv.ParseUint(last, 10, 64)
	return err != nil && !strings.HasPrefix(last, "0x")
}

// oddInLink is what RFC 3987 allows nowhere in an address, or shows nothing.
func oddInLink(r rune) bool {
	if r < utf8.RuneSelf {
		return r <= ' ' || r == 0x7f || strings.ContainsRune("\"<>\\^`{|}", r)
	}
	return !unicode.IsGraphic(r) || unicode.IsSpace(r)
}
