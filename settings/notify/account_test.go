package notify_test

import (
	"html"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/notify"
)

// A letter that asks for a change of an account, or tells of one, says which account that is:
// its reader may have another one, or none.
func TestT09_LettersNameTheAccount(t *testing.T) {
	var all []authmail.Message
	for _, k := range []authmail.Kind{
		authmail.Verify, authmail.SignUpTaken, authmail.Reset, authmail.TakenOver, authmail.EmailChange, authmail.EmailChanging, authmail.FactorRecovery, authmail.FactorRemoval,
		authmail.Handover, authmail.HandoverBegun,
	} {
		all = append(all, authmail.Message{Kind: k})
	}
	for _, event := range []string{string(authevent.PasswordChanged), string(authevent.EmailVerified), string(authevent.Reported), string(profile.KindDeleted), "shop.ordered"} {
		all = append(all, authmail.Message{Kind: authmail.Notice, Event: event})
	}
	for _, m := range all {
		m.Channel, m.Account, m.Link = authmail.ByEmail, "jane", "https://example.org/#t"
		l, err := notify.Render(m, "Example")
		if err != nil || !strings.Contains(l.Text, `the account "jane" at Example`) || !strings.Contains(html.UnescapeString(l.HTML), `the account "jane" at Example`) {
			t.Errorf("%s %s: %v, %s", m.Kind, m.Event, err, l.Text)
		}
		m.Account = "" // nobody's, a name that may not be told, or a letter that a release of before wrote down
		if l, err = notify.Render(m, ""); err != nil || strings.Contains(l.Text, `"`) || strings.Contains(l.Text, "{") {
			t.Errorf("%s %s without a name: %v, %s", m.Kind, m.Event, err, l.Text)
		}
	}
}

// A name cannot end its quotes.
func TestT09_ANameStaysWithinItsQuotes(t *testing.T) {
	l, err := notify.Render(authmail.Message{Kind: authmail.Verify, Channel: authmail.ByEmail, Account: `x" was closed. Call "+1 900`}, "Example")
	if err != nil || !strings.Contains(l.Text, `the account "x' was closed. Call '+1 900" at Example`) {
		t.Errorf("%v, %s", err, l.Text)
	}
}

// The new owner of an account is told what became of it, and not that somebody asked for a
// new password.
func TestT10_TheLetterOfATakeOverIsTrue(t *testing.T) {
	for emptied, want := range map[string]bool{"true": true, "false": false} {
		l, err := notify.Render(authmail.Message{
			Kind: authmail.TakenOver, Channel: authmail.ByEmail, Account: "jane", Link: "https://example.org/#t", Detail: map[string]string{"emptied": emptied},
		}, "Example")
		if err != nil || strings.Contains(l.Text, "What was in it was removed.") != want || strings.Contains(l.Text, "asked") || !strings.Contains(l.Text, "You confirmed this address") {
			t.Errorf("emptied %s: %v, %s", emptied, err, l.Text)
		}
	}
}
