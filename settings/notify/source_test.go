package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/settings/notify"
)

// A letter to the owner of an account about what somebody asked for says when and from
// where, also one that an older release sealed; a letter to an address that may be a
// stranger's does not.
func TestLettersSayFromWhere(t *testing.T) {
	src := activity.Source{IP: "203.0.113.0/24", Device: "Firefox on Linux", Place: "Vienna"}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	render := func(kind authmail.Kind, detail map[string]string) string {
		t.Helper()
		l, err := notify.Render(authmail.Message{Kind: kind, Channel: authmail.ByEmail, Link: "https://example.org/#t", Detail: detail, At: at}, "Example")
		if err != nil {
			t.Fatal(err)
		}
		return l.Text
	}
	const when, by, network, place = "12:00 on 1 March 2026 UTC", "by Firefox on Linux", "from network 203.0.113.0/24", "near Vienna"
	for _, kind := range []authmail.Kind{authmail.Reset, authmail.EmailChanging, authmail.FactorRecovery, authmail.Notice} {
		text := render(kind, src.Detail())
		for _, part := range []string{when, by, network, place} {
			if !strings.Contains(text, part) {
				t.Errorf("%s does not say %q:\n%s", kind, part, text)
			}
		}
		old := render(kind, map[string]string{"ip": src.IP, "device": src.Device})
		if !strings.Contains(old, by) || !strings.Contains(old, network) {
			t.Errorf("%s of an older release:\n%s", kind, old)
		}
	}
	for _, kind := range []authmail.Kind{authmail.Verify, authmail.EmailChange, authmail.SignUpTaken} {
		if text := render(kind, src.Detail()); strings.Contains(text, "Firefox") || strings.Contains(text, "203.0.113") {
			t.Errorf("%s tells a stranger from where:\n%s", kind, text)
		}
	}
}
