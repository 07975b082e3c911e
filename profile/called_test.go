package profile_test

import (
	"testing"

	"github.com/profilekit/profilekit/profile"
)

// A person who signs up with another's address cannot have a text of their own sent to
// that address.
func TestMailNameOfPlacesThatWereNotProved(t *testing.T) {
	u := profile.User{Username: "ada", Email: "ada@example.org", EmailVerified: true, DisplayName: "Ada Lovelace", GivenName: "Ada", Phone: "+4312345678"}
	given, bare, unproved := u, u, u
	given.DisplayName = ""
	bare.DisplayName, bare.GivenName = "", ""
	unproved.EmailVerified = false
	for _, c := range []struct {
		user     profile.User
		to, want string
	}{
		{u, u.Email, "Ada Lovelace"},
		{u, u.Phone, "Ada Lovelace"},
		{given, u.Email, "Ada"},
		{bare, u.Email, "ada"},
		{unproved, u.Email, "ada"},
		{unproved, u.Phone, "Ada Lovelace"},
		{u, "new@example.org", "ada"},
		{u, "+4987654321", "ada"},
		{u, "", "ada"},
		{profile.User{}, "", ""},
	} {
		if got := c.user.MailName(c.to); got != c.want {
			t.Errorf("MailName(%q) of %+v = %q, want %q", c.to, c.user, got, c.want)
		}
	}
}

// Only a name that people here can choose is shown to whoever reads a mail first.
func TestT09_MailAccountOfPlacesThatWereNotProved(t *testing.T) {
	odd := profile.User{Username: "Call +1 900 now", Email: "ada@example.org", DisplayName: "Call +1 900 now"}
	if got := odd.MailAccount(odd.Email); got != "" {
		t.Errorf("a stranger's text is shown: %q", got)
	}
	if got := odd.MailName(odd.Email); got != "" {
		t.Errorf("a stranger's text is the name: %q", got)
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
