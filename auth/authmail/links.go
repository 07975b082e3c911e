package authmail

import (
	"fmt"
	"net/url"
	"strings"
)

// Links are where links in messages lead: absolute addresses with "{token}"
// once, best behind "#", where it reaches no server's log:
//
//	https://example.org/account/reset#token={token}
//
// They are the host's own, whatever a request says about its host. The page there
// sends the token with a POST when its reader clicks.
type Links struct {
	Reset       string
	Verify      string
	EmailChange string
	EmailUndo   string
	Report      string
	// Recover is required with Config.FactorRecovery only. Its page needs an
	// unfinished sign-in.
	Recover string
}

// DefaultLinks are the pages that package httpadapter has under base, an origin
// such as https://example.org.
func DefaultLinks(base string) Links {
	page := func(name string) string {
		return strings.TrimSuffix(base, "/") + "/account/" + name + "#token=" + tokenPlace
	}
	return Links{
		Reset: page("reset"), Verify: page("verify"), EmailChange: page("email"), EmailUndo: page("undo"), Report: page("not-me"),
		Recover: page("recover"),
	}
}

const tokenPlace = "{token}"

// Check says which of the links is none. Recover may be missing.
func (l Links) Check() error {
	for name, link := range map[string]string{
		"Reset": l.Reset, "Verify": l.Verify, "EmailChange": l.EmailChange, "EmailUndo": l.EmailUndo, "Report": l.Report,
	} {
		if err := checkLink(name, link); err != nil {
			return err
		}
	}
	if l.Recover == "" {
		return nil
	}
	return checkLink("Recover", l.Recover)
}

func checkLink(name, link string) error {
	u, err := url.Parse(strings.Replace(link, tokenPlace, "t", 1))
	if err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "" && u.Path == "" || strings.Count(link, tokenPlace) != 1 ||
		strings.ContainsAny(link, " \r\n\t\"<>") {
		return fmt.Errorf("authmail: Links.%s must be an absolute address with %s once", name, tokenPlace)
	}
	return nil
}

// LinkTo puts the token, which needs no escaping, into a link.
func LinkTo(link, token string) string { return strings.Replace(link, tokenPlace, token, 1) }
