package profile_test

import (
	"testing"

	"github.com/profilekit/profilekit/profile"
)

// Only a name that people here can choose is shown to whoever reads a mail first.
func TestT09_MailAccountOfPlacesThatWereNotProved(t *testing.T) {
	odd := profile.User{Username: "Call +1 900 now", Email: "ada@example.org", DisplayName: "Call +1 900 now"}
	if got := odd.MailAccount(odd.Email); got != "" {
		t.Errorf("a stranger's text is shown: %q", got)
	}
	odd.EmailVerified = true
	if got := odd.MailAccount(odd.Email); got != odd.Username {
		t.Errorf("the own user name is %q", got)
	}
	u := profile.User{Username: "ada", Email: "ada@example.org", DisplayName: "Call +1 900 now"}
	if got := u.MailAccount(u.Email); got != "ada" {
		t.Errorf("the user name is %q", got)
	}
	if got := u.MailAccount(""); got != "ada" {
		t.Errorf("to nobody the user name is %q", got)
	}
}
