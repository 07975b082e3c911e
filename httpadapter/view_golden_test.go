package httpadapter

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
)

var update = flag.Bool("update", false, "write testdata/views.json anew")

// viewUsers are people whose views the file testdata/views.json has.
var viewUsers = []profile.User{
	{Username: "bare", Email: "bare@example.org"},
	{
		Username: "full", Email: "full@example.org", EmailVerified: true, PendingEmail: "next@example.org",
		DisplayName: "Ada 👩‍💻 <b>&amp;</b>", GivenName: "Ada \"the first\" \\", FamilyName: "O'K\u2028i\u2029ng", Pronouns: "she/\x7fher",
		Bio: "Line one\nLine two\twith a tab\r\x01\b\f\ufffd", Phone: "+442071838750",
		Address:  profile.Address{Line1: "12 St James's Sq", Line2: "Flat \"2\"", City: "Zürich", Country: "GB"},
		Birthday: "1815-12-10", Links: []string{"https://example.org/a?b=c&d=é", "https://example.net/<>"},
		Custom:  json.RawMessage("{ \"team\" : \"<Ünïcode>\u2028\", \"n\": 9007199254740993 }"),
		Picture: profile.Picture{Base: "k3v9random", Ext: "jpg", Sizes: []int{512, 256, 128, 64}, Placeholder: "LEHV6nWB2yk8"}, Role: "editor & more",
	},
	{
		Username: "broken", Email: "broken@example.org", DisplayName: "a\xffb\xc3", Bio: "plain", Links: []string{},
		Custom: json.RawMessage(`{}`), Picture: profile.Picture{URL: "https://cdn.example.org/p?x=1&y=2"}, Address: profile.Address{City: "<>"},
	},
}

// TestViewsFile: the answers of today are, byte for byte, those of the file, which was
// written before the table of fields was there.
func TestViewsFile(t *testing.T) {
	m := memstore.New()
	sections, err := settings.New(settings.Config{Store: m.Settings(), Sections: []settings.Declaration{profile.PrivacySection.Declare()}})
	if err != nil {
		t.Fatal(err)
	}
	profiles, err := profile.New(profile.Config{Store: m.Users(), Settings: sections})
	if err != nil {
		t.Fatal(err)
	}
	a := &App{cfg: settled{Config: Config{HTTP: HTTP{Base: "/api"}}}}
	var got bytes.Buffer
	line := func(b []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		got.Write(append(b, '\n'))
	}
	for _, u := range viewUsers {
		created, err := m.Users().Create(t.Context(), u)
		if err != nil {
			t.Fatal(err)
		}
		for _, viewer := range []profile.Viewer{{UserID: created.ID}, {}} {
			u, visible, err := profiles.ByUsername(t.Context(), viewer, u.Username)
			if err != nil {
				t.Fatal(err)
			}
			u.CreatedAt = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
			u.UpdatedAt = time.Date(2026, 11, 22, 9, 31, 7, 250000000, time.FixedZone("", 3600))
			if viewer.UserID != "" {
				line(a.own(&u))
				line(json.Marshal(signedIn{Status: "complete", User: ownView{a, &u}}))
			}
			line(a.others(&u, visible))
		}
	}
	const file = "testdata/views.json"
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Errorf("the views are\n%s\nwant those of %s (%v): go test ./httpadapter -run TestViewsFile -update", got.Bytes(), file, err)
	}
}
