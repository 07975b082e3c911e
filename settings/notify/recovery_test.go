package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/settings/notify"
)

// S22: the mail about lost factors says from when to when its link works and has
// the one that stops it; the text message has neither and fits into one.
func TestS22_WordsOfARecovery(t *testing.T) {
	from := time.Date(2026, 11, 26, 8, 30, 0, 0, time.FixedZone("", 3600))
	m := authmail.Message{
		Kind: authmail.FactorRecovery, Channel: authmail.ByEmail, To: "ada@example.org", Name: "Ada",
		Link: "https://example.org/account/recover#token=link", Report: "https://example.org/account/not-me#token=stop",
		WorksFrom: from, ExpiresAt: from.Add(7 * 24 * time.Hour),
	}
	mail, err := notify.Render(m, "Example")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{mail.Text, mail.HTML} {
		for _, want := range []string{m.Link, m.Report, "07:30 on 26 November 2026 UTC", "07:30 on 3 December 2026 UTC"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in\n%s", want, text)
			}
		}
	}
	m.Channel, m.To, m.Link, m.Report = authmail.BySMS, "+41791234567", "", ""
	sms, err := notify.Render(m, "Example")
	if err != nil || len(sms.Text) > 160 || strings.Contains(sms.Text, "http") || !strings.Contains(sms.Text, "Example") {
		t.Errorf("the text message is %q of %d bytes, %v", sms.Text, len(sms.Text), err)
	}
	for _, kind := range []string{string(authevent.RecoveryCancelled), string(authevent.FactorsRecovered)} {
		l, err := notify.Render(authmail.Message{Kind: authmail.Notice, Channel: authmail.ByEmail, Event: kind, At: from}, "")
		if err != nil || strings.Contains(l.Text, "Something changed") || !strings.Contains(l.Text, "two-step verification") {
			t.Errorf("the notice of %s is %q, %v", kind, l.Text, err)
		}
	}
}
