package profile_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

func TestEdit(t *testing.T) {
	for name, c := range map[string]struct {
		edit   profile.Edit
		fields string // of the event; "" for no change
		check  func(profile.User) bool
	}{
		"nothing": {profile.Edit{}, "", nil},
		"names": {profile.Edit{DisplayName: text("Ann"), GivenName: text("Ann"), FamilyName: text("O’Lée 🌻"), Pronouns: text("she/her")}, "displayName,givenName,familyName,pronouns", func(u profile.User) bool {
			return u.FamilyName == "O’Lée 🌻" && u.GivenName == "Ann" && u.Pronouns == "she/her"
		}},
		"as it is sent": {profile.Edit{DisplayName: text("  Ann  ")}, "displayName", func(u profile.User) bool { return u.DisplayName == "  Ann  " }},
		"clear": {profile.Edit{DisplayName: text(""), Bio: text(""), Birthday: day(""), Links: list()}, "displayName,bio,birthday,links", func(u profile.User) bool {
			return u.DisplayName == "" && u.Bio == "" && u.Birthday == "" && len(u.Links) == 0
		}},
		"the same": {profile.Edit{
			Username: text("Ann"), Email: text("ann@example.org"), DisplayName: text("Ann Lee"), Bio: text("hello"), Birthday: day("1990-05-17"),
			Links: list("https://example.org/"), Address: &profile.AddressEdit{City: text("Paris")}, Custom: custom("team", `"r\u0065d"`),
		}, "", nil},
		"lines of a bio":        {profile.Edit{Bio: text("one\n\ttwo\r\nthree")}, "bio", func(u profile.User) bool { return u.Bio == "one\n\ttwo\r\nthree" }},
		"right-to-left":         {profile.Edit{DisplayName: text("שלום\u200f")}, "displayName", nil},
		"user name":             {profile.Edit{Username: text("ann.lee")}, "username", func(u profile.User) bool { return u.Username == "ann.lee" }},
		"user name, other case": {profile.Edit{Username: text("ANN")}, "username", func(u profile.User) bool { return u.Username == "ANN" }},
		"part of the address": {profile.Edit{Address: &profile.AddressEdit{Line1: text("1 rue X"), Country: text("DE")}}, "address", func(u profile.User) bool {
			return u.Address == (profile.Address{Line1: "1 rue X", City: "Paris", Country: "DE"})
		}},
		"no address":         {profile.Edit{Address: profile.ClearAddress()}, "address", func(u profile.User) bool { return u.Address == (profile.Address{}) }},
		"no country":         {profile.Edit{Address: &profile.AddressEdit{Country: text("")}}, "address", func(u profile.User) bool { return u.Address.Country == "" && u.Address.City == "Paris" }},
		"links":              {profile.Edit{Links: list("http://a.example", "https://b.example/x?y#z")}, "links", func(u profile.User) bool { return len(u.Links) == 2 }},
		"born today":         {profile.Edit{Birthday: day("2026-03-01")}, "birthday", nil},
		"born on a leap day": {profile.Edit{Birthday: day("2000-02-29")}, "birthday", nil},
		"custom": {profile.Edit{Custom: custom("anything", ` {"a": [1, null] } `)}, "custom", func(u profile.User) bool {
			return string(u.Custom) == `{"anything":{"a":[1, null]},"team":"red"}` || sameJSON(u.Custom, `{"anything":{"a":[1,null]},"team":"red"}`)
		}},
		"custom removed":  {profile.Edit{Custom: custom("team", `null`)}, "custom", func(u profile.User) bool { return len(u.Custom) == 0 }},
		"custom cleared":  {profile.Edit{ClearCustom: true}, "custom", func(u profile.User) bool { return len(u.Custom) == 0 }},
		"custom replaced": {profile.Edit{ClearCustom: true, Custom: custom("anything", `1`)}, "custom", func(u profile.User) bool { return sameJSON(u.Custom, `{"anything":1}`) }},
		"nothing removed": {profile.Edit{Custom: custom("anything", `null`)}, "", nil},
		"100 characters":  {profile.Edit{DisplayName: text(strings.Repeat("🌻", 100))}, "displayName", nil},
		"1000 characters": {profile.Edit{Bio: text(strings.Repeat("ü", 1000))}, "bio", nil},
		"10 links":        {profile.Edit{Links: list(slices.Repeat([]string{"https://example.org/"}, 10)...)}, "links", nil},
		"200 characters":  {profile.Edit{Address: &profile.AddressEdit{Region: text(strings.Repeat("ü", 200))}}, "address", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			u, err := w.Edit(t.Context(), w.ann.ID, c.edit, 0)
			if err != nil {
				t.Fatal(err)
			}
			stored, err := w.User(t.Context(), w.ann.ID)
			if err != nil || !reflect.DeepEqual(stored, u) {
				t.Errorf("returned %+v, stored %+v, %v", u, stored, err)
			}
			want := []string{c.fields}
			if c.fields == "" {
				want = []string{}
				if !reflect.DeepEqual(u, w.ann) {
					t.Errorf("changed: %+v", u)
				}
			} else if u.Version <= w.ann.Version {
				t.Errorf("version %d after %d", u.Version, w.ann.Version)
			}
			if got := w.events(t, u.ID); !slices.Equal(got, want) {
				t.Errorf("events %q, want %q", got, want)
			}
			if c.check != nil && !c.check(u) {
				t.Errorf("%+v", u)
			}
		})
	}
}

func sameJSON(a json.RawMessage, b string) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal([]byte(b), &y) == nil && reflect.DeepEqual(x, y)
}

func TestS42_RefusedEdits(t *testing.T) {
	w := newWorld(t)
	w.create(t, "Bob", "bob@example.org")
	for name, c := range map[string]struct {
		edit profile.Edit
		want []string
	}{
		"every field at once": {
			profile.Edit{
				Username: text("a b"), Email: text("nobody"), DisplayName: text("a\nb"), GivenName: text("a\u202eb"), FamilyName: text("\x00"),
				Bio: text(strings.Repeat("b", 1001)), Pronouns: text("\x1b[31m"), Birthday: day("2025-02-29"),
				Address: &profile.AddressEdit{Line1: text("a\rb"), City: text(strings.Repeat("x", 201)), Country: text("XX")},
				Links:   list("https://example.org", "javascript:alert(1)"),
				Custom:  custom("team", `7`, "nothing", `1`, "badge", `{"points":11}`),
			},
			[]string{
				"username invalid_characters", "email invalid_email", "displayName not_one_line", "givenName invalid_characters", "familyName invalid_characters", "bio too_long",
				"address.line1 not_one_line", "address.city too_long", "address.country invalid_country", "birthday invalid_date", "links[1] invalid_link", "pronouns invalid_characters",
				"custom.badge.points out_of_range", "custom.nothing unknown_field", "custom.team format",
			},
		},
		"reserved":            {profile.Edit{Username: text("Admin")}, []string{"username reserved"}},
		"no user name":        {profile.Edit{Username: text("")}, []string{"username required"}},
		"no e-mail":           {profile.Edit{Email: text("")}, []string{"email required"}},
		"101 characters":      {profile.Edit{DisplayName: text(strings.Repeat("🌻", 101))}, []string{"displayName too_long"}},
		"megabyte":            {profile.Edit{Bio: text(strings.Repeat("x", 1<<20))}, []string{"bio too_long"}},
		"bad UTF-8":           {profile.Edit{Bio: text("\xff")}, []string{"bio invalid_characters"}},
		"line separator":      {profile.Edit{DisplayName: text("a\u2028b")}, []string{"displayName not_one_line"}},
		"C1 control":          {profile.Edit{DisplayName: text("a\u0085b")}, []string{"displayName invalid_characters"}},
		"isolate":             {profile.Edit{Bio: text("a\u2066b")}, []string{"bio invalid_characters"}},
		"bell in a bio":       {profile.Edit{Bio: text("\a")}, []string{"bio invalid_characters"}},
		"tomorrow":            {profile.Edit{Birthday: day("2026-03-02")}, []string{"birthday out_of_range"}},
		"1899":                {profile.Edit{Birthday: day("1899-12-31")}, []string{"birthday out_of_range"}},
		"year 0":              {profile.Edit{Birthday: day("0000-01-01")}, []string{"birthday out_of_range"}},
		"a time":              {profile.Edit{Birthday: day("1990-05-17T00:00:00Z")}, []string{"birthday invalid_date"}},
		"no zeros":            {profile.Edit{Birthday: day("1990-5-17")}, []string{"birthday invalid_date"}},
		"30 February":         {profile.Edit{Birthday: day("2000-02-30")}, []string{"birthday invalid_date"}},
		"other digits":        {profile.Edit{Birthday: day("１９９０-05-17")}, []string{"birthday invalid_date"}},
		"lower-case country":  {profile.Edit{Address: &profile.AddressEdit{Country: text("de")}}, []string{"address.country invalid_country"}},
		"three letters":       {profile.Edit{Address: &profile.AddressEdit{Country: text("DEU")}}, []string{"address.country invalid_country"}},
		"between two codes":   {profile.Edit{Address: &profile.AddressEdit{Country: text("D ")}}, []string{"address.country invalid_country"}},
		"11 links":            {profile.Edit{Links: list(slices.Repeat([]string{"https://example.org/"}, 11)...)}, []string{"links too_many"}},
		"custom over 4 KiB":   {profile.Edit{Custom: custom("anything", `"`+strings.Repeat("x", 4096)+`"`)}, []string{"custom too_large"}},
		"custom not JSON":     {profile.Edit{Custom: custom("anything", `{"a":1,"a":2}`)}, []string{"custom.anything invalid_json"}},
		"custom with a NUL":   {profile.Edit{Custom: custom("anything", `"\u0000"`)}, []string{"custom.anything invalid_json"}},
		"custom in capitals":  {profile.Edit{Custom: custom("Team", `"x"`)}, []string{"custom.Team unknown_field"}},
		"custom null unknown": {profile.Edit{Custom: custom("role", `null`)}, []string{"custom.role unknown_field"}},
	} {
		_, err := w.Edit(t.Context(), w.ann.ID, c.edit, 0)
		if got := problems(err); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v\n%q, want\n%q", name, err, got, c.want)
		}
	}
	if _, err := w.Edit(t.Context(), w.ann.ID, profile.Edit{Email: text("new@example.org"), Bio: text("x")}, 0); !errors.Is(err, profile.ErrEmailChangeUnavailable) {
		t.Errorf("another e-mail: %v", err)
	}
	if _, err := w.Edit(t.Context(), w.ann.ID, profile.Edit{Email: text("new@example.org"), Bio: text("\x00")}, 0); len(problems(err)) != 1 {
		t.Errorf("another e-mail and a bad bio: %v", err)
	}
	var taken *storage.TakenError
	if _, err := w.Edit(t.Context(), w.ann.ID, profile.Edit{Username: text("BOB"), Bio: text("x")}, 0); !errors.As(err, &taken) || taken.Field != "username" {
		t.Errorf("a taken name: %v", err)
	}
	if _, err := w.Edit(t.Context(), "nobody", profile.Edit{Bio: text("x")}, 0); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("nobody: %v", err)
	}
	if u, err := w.User(t.Context(), w.ann.ID); err != nil || !reflect.DeepEqual(u, w.ann) {
		t.Errorf("the user changed: %+v, %v", u, err)
	}
	if got := w.events(t, w.ann.ID); len(got) != 0 {
		t.Errorf("events %q", got)
	}
}

// A field that no user may set has no place in an Edit, so no spelling of it can be
// let through by mistake.
func TestS42_EditHasNoPrivilegedField(t *testing.T) {
	allowed := []string{"ClearCustom"}
	for _, f := range decided {
		if f.edited {
			allowed = append(allowed, goName(f.name))
		}
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[profile.Edit]()) {
		if !slices.Contains(allowed, f.Name) {
			t.Errorf("Edit has %s: may a user set it?", f.Name)
		}
	}
}

// A form may send back what an adopted row holds, also what would be refused
// today.
func TestAdoptedValuesPass(t *testing.T) {
	w := newWorld(t)
	u, err := w.db.Users().Create(t.Context(), profile.User{
		Username: "an old name", Email: "old@example.org", Bio: "a\x07b",
		Links: []string{"example.org"}, Address: profile.Address{Country: "Germany"}, Custom: json.RawMessage(`{"undeclared":1}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	same := profile.Edit{Username: &u.Username, Email: &u.Email, Bio: &u.Bio, Links: &u.Links, Address: &profile.AddressEdit{Country: &u.Address.Country}}
	if _, err := w.Edit(t.Context(), u.ID, same, 0); err != nil {
		t.Error(err)
	}
	got, err := w.Edit(t.Context(), u.ID, profile.Edit{Address: &profile.AddressEdit{City: text("Bonn")}, Custom: custom("team", `"x"`)}, 0)
	if err != nil || got.Address != (profile.Address{City: "Bonn", Country: "Germany"}) || !sameJSON(got.Custom, `{"team":"x","undeclared":1}`) {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestEditVersions(t *testing.T) {
	w := newWorld(t)
	bio := func(s string) profile.Edit { return profile.Edit{Bio: &s} }
	if _, err := w.Edit(t.Context(), w.ann.ID, bio("x"), w.ann.Version+1); !errors.Is(err, storage.ErrStale) {
		t.Errorf("a version to come: %v", err)
	}
	u, err := w.Edit(t.Context(), w.ann.ID, bio("x"), w.ann.Version)
	if err != nil || u.Bio != "x" {
		t.Errorf("the right version: %v", err)
	}
	for _, e := range []profile.Edit{bio("y"), bio("x"), {Address: profile.ClearAddress()}} {
		if _, err := w.Edit(t.Context(), w.ann.ID, e, w.ann.Version); !errors.Is(err, storage.ErrStale) {
			t.Errorf("an old version: %v", err)
		}
	}
	// With a user that was read before somebody else's change.
	got, err := w.EditUser(t.Context(), w.ann, profile.Edit{Address: &profile.AddressEdit{Line1: text("1")}}, 0)
	if err != nil || got.Bio != "x" || got.Address.Line1 != "1" || got.Address.City != "Paris" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := w.EditUser(t.Context(), w.ann, bio("z"), w.ann.Version); !errors.Is(err, storage.ErrStale) {
		t.Errorf("an old version and an old user: %v", err)
	}
}

// Of 50 concurrent edits of different fields, parts and custom fields none is
// lost; of 50 that name one version exactly one wins.
func TestR12_ConcurrentEdits(t *testing.T) {
	w := newWorld(t)
	edits := []profile.Edit{
		{DisplayName: text("1")},
		{GivenName: text("1")},
		{FamilyName: text("1")},
		{Pronouns: text("1")},
		{Bio: text("1")},
		{Username: text("ann1")},
		{Address: &profile.AddressEdit{Line1: text("1")}},
		{Address: &profile.AddressEdit{Line2: text("1")}},
		{Address: &profile.AddressEdit{City: text("1")}},
		{Address: &profile.AddressEdit{Region: text("1")}},
		{Address: &profile.AddressEdit{PostalCode: text("1")}},
		{Birthday: day("2001-01-01")},
		{Links: list()},
	}
	for i := len(edits); i < 50; i++ {
		edits = append(edits, profile.Edit{Custom: custom("anything", fmt.Sprintf(`{"k%d":1}`, i))})
	}
	run := func(edits []profile.Edit, version int64) []error {
		errs := make([]error, len(edits))
		var wg sync.WaitGroup
		for i, e := range edits {
			wg.Go(func() { _, errs[i] = w.EditUser(t.Context(), w.ann, e, version) })
		}
		wg.Wait()
		return errs
	}
	if err := errors.Join(run(edits, 0)...); err != nil {
		t.Fatal(err)
	}
	u, err := w.User(t.Context(), w.ann.ID)
	if err != nil {
		t.Fatal(err)
	}
	var stored struct{ Anything map[string]int }
	if err := json.Unmarshal(u.Custom, &stored); err != nil || len(stored.Anything) != 50-13 {
		t.Errorf("custom %s, %v", u.Custom, err)
	}
	if u.Address != (profile.Address{Line1: "1", Line2: "1", City: "1", Region: "1", PostalCode: "1", Country: "FR"}) {
		t.Errorf("address %+v", u.Address)
	}
	for _, s := range []string{u.DisplayName, u.GivenName, u.FamilyName, u.Pronouns, u.Bio} {
		if s != "1" {
			t.Errorf("a field was lost: %+v", u)
		}
	}
	if got := w.events(t, u.ID); len(got) != 50 || u.Version != w.ann.Version+50 {
		t.Errorf("%d events, version %d", len(got), u.Version)
	}

	w.ann = u
	won := 0
	for i := range edits {
		edits[i] = profile.Edit{Bio: text(fmt.Sprint("v", i))}
	}
	for _, err := range run(edits, u.Version) {
		if err == nil {
			won++
		} else if !errors.Is(err, storage.ErrStale) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

// broken is a profile.Store that fails on Update.
type broken struct {
	profile.Store
	err error
}

func (b broken) Update(context.Context, string, profile.Patch, ...activity.Event) (profile.User, error) {
	return profile.User{}, b.err
}

func TestEditStoreFailures(t *testing.T) {
	w := newWorld(t)
	boom := errors.New("boom")
	for _, c := range []struct{ store, want error }{
		{storage.ErrFull, storage.ErrFull}, {storage.ErrStale, storage.ErrUnavailable}, {boom, boom},
	} {
		s, err := profile.New(profile.Config{Store: broken{w.db.Users(), c.store}, Settings: w.settings})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Edit(t.Context(), w.ann.ID, profile.Edit{Address: profile.ClearAddress()}, 0); !errors.Is(err, c.want) {
			t.Errorf("%v: %v", c.store, err)
		}
	}
	s, err := profile.New(profile.Config{
		Store: w.db.Users(), Settings: w.settings, Policy: profile.Policy{Custom: []profile.CustomField{
			{Name: "team", Check: func(json.RawMessage) error { return boom }},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Edit(t.Context(), w.ann.ID, profile.Edit{Custom: custom("team", "1")}, 0); !errors.Is(err, boom) || problems(err) != nil {
		t.Errorf("a check that fails: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Edit(ctx, w.ann.ID, profile.Edit{Bio: text("x")}, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestNewRefusesFaultyConfigs(t *testing.T) {
	w := newWorld(t)
	bare, err := settings.New(settings.Config{Store: w.db.Settings()})
	if err != nil {
		t.Fatal(err)
	}
	field := func(names ...string) (out []profile.CustomField) {
		for _, n := range names {
			out = append(out, profile.CustomField{Name: n})
		}
		return out
	}
	for name, c := range map[string]profile.Config{
		"no store":        {Settings: w.settings},
		"no settings":     {Store: w.db.Users()},
		"no privacy":      {Store: w.db.Users(), Settings: bare},
		"empty name":      {Store: w.db.Users(), Settings: w.settings, Policy: profile.Policy{Custom: field("")}},
		"name with a dot": {Store: w.db.Users(), Settings: w.settings, Policy: profile.Policy{Custom: field("a.b")}},
		"name twice":      {Store: w.db.Users(), Settings: w.settings, Policy: profile.Policy{Custom: field("a", "a")}},
	} {
		if _, err := profile.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	s, err := profile.New(profile.Config{Store: w.db.Users(), Settings: w.settings, Policy: profile.Policy{Reserved: []string{"Zoe"}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Edit(t.Context(), w.ann.ID, profile.Edit{Username: text("zOE")}, 0); len(problems(err)) != 1 {
		t.Errorf("a reserved name: %v", err)
	}
	if _, err := s.Edit(t.Context(), w.ann.ID, profile.Edit{Username: text("admin")}, 0); err != nil {
		t.Errorf("the list replaces the default one: %v", err)
	}
}
