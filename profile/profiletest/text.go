package profiletest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
)

// texts are hard to keep as they are. Stores do not judge text, so also those
// are here that a service would refuse.
var texts = map[string]string{
	"four-byte letters":       strings.Repeat("𝄞", 100),
	"families and flags":      strings.Repeat("👩‍👩‍👧‍👦🇨🇭", 11),
	"combining marks":         "Zalgo " + strings.Repeat("a\u0301\u0323\u0308", 20),
	"composed and decomposed": "\u00e9 is not e\u0301, \u1e69 is not s\u0323\u0307",
	"right to left":           "שלום עולם مرحبا 123 \u202eabc\u202c",
	"spaces":                  "  before, after, \u00a0\u3000\u200b between  ",
	"line ends":               "a\nb\r\nc\rd\u2028e",
	"controls":                "\x01\x02\x07\x1b\x7f\u0085",
	"quotes and comments":     `'; DROP TABLE users; -- "x" ` + "`y` $1 ? :name @p {{7*7}} ${x}",
	"escapes":                 `\ \\ \n \u0041 \x41 \0 %s %d %% _ %`,
	"markup":                  `<script>alert("&amp;")</script>`,
	"the word null":           "null",
	"the greatest of all":     "\U0010ffff\ufffd\uffff",
}

func textCases(t *testing.T, h Harness) {
	for name, s := range texts {
		t.Run(name+" come back byte for byte", func(t *testing.T) {
			u := newUser()
			for _, f := range profile.TextFields() {
				*f.Of(&u) = s
			}
			u.Address = profile.Address{Line1: s, Line2: s, City: s, Region: s, PostalCode: s}
			u.Links = []string{s, "", s + s}
			quoted, err := json.Marshal(map[string]any{s: []string{s}})
			conform.Must(t, "json.Marshal", err)
			u.Custom = quoted
			got := created(t, h, u)
			u.ID, u.Version, u.CreatedAt, u.UpdatedAt, u.Role = got.ID, got.Version, got.CreatedAt, got.UpdatedAt, got.Role
			sameUser(t, "Create", got, u)
			userIs(t, h, u)

			p := patchOf(u)
			p.Username, p.Email = nil, nil
			got, err = h.Store.Update(conform.Context(t), created(t, h, newUser()).ID, p)
			conform.Must(t, "Update", err)
			u.ID, u.Username, u.Email, u.Version, u.CreatedAt, u.UpdatedAt = got.ID, got.Username, got.Email, got.Version, got.CreatedAt, got.UpdatedAt
			sameUser(t, "Update", got, u)
			userIs(t, h, u)
		})
	}
	t.Run("the longest values fit", func(t *testing.T) {
		u := newUser()
		u.Username = (u.Username + strings.Repeat("x", profile.MaxUsername))[:profile.MaxUsername]
		domain := strings.Repeat("d", 59) + ".example.org" // a label has at most 63 (RFC 1035, 2.3.4)
		u.Email = conform.Name("m") + strings.Repeat("x", profile.MaxEmail)
		u.Email = u.Email[:profile.MaxEmail-1-len(domain)] + "@" + domain
		u.PendingEmail = u.Email
		long := strings.Repeat("😀", 200)
		for _, f := range profile.TextFields() {
			*f.Of(&u) = strings.Repeat("😀", f.Limit)
		}
		u.Address = profile.Address{Line1: long, Line2: long, City: long, Region: long, PostalCode: long, Country: "CH"}
		for range 10 {
			u.Links = append(u.Links, "https://example.org/"+strings.Repeat("x", 2000))
		}
		u.Custom = json.RawMessage(`{"long":"` + strings.Repeat("ü", 2000) + `"}`)
		u.Role = strings.Repeat("r", 20)
		u.Phone = "+123456789012345"
		got := created(t, h, u)
		u.ID, u.Version, u.CreatedAt, u.UpdatedAt = got.ID, got.Version, got.CreatedAt, got.UpdatedAt
		userIs(t, h, u)
	})
}
