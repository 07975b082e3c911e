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
