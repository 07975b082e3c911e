package profile_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
)

// decided is what somebody decided of each field. It is written by hand and apart from
// the table, so that a row with another default or another limit fails. The tests of
// views (S43) and of edits (S42) go by it too.
var decided = []struct {
	name  string
	seen  profile.Visibility
	limit int
	lines bool
	// edited says that an Edit may set it.
	edited bool
}{
	{name: "username", seen: profile.Public, edited: true},
	{name: "email", seen: profile.Private, edited: true},
	{name: "displayName", seen: profile.Public, limit: 100, edited: true},
	{name: "givenName", seen: profile.Public, limit: 100, edited: true},
	{name: "familyName", seen: profile.Public, limit: 100, edited: true},
	{name: "bio", seen: profile.Public, limit: 1000, lines: true, edited: true},
	{name: "phone", seen: profile.Private},
	{name: "address", seen: profile.Private, edited: true},
	{name: "birthday", seen: profile.Private, edited: true},
	{name: "links", seen: profile.Public, edited: true},
	{name: "pronouns", seen: profile.Public, limit: 100, edited: true},
	{name: "custom", seen: profile.Private, edited: true},
	{name: "picture", seen: profile.Public},
}

func TestTheTableOfFieldsIsWhatWasDecided(t *testing.T) {
	table := profile.Fields()
	if len(table) != len(decided) {
		t.Errorf("the table has %d rows, and %d fields were decided on", len(table), len(decided))
	}
	for i, want := range decided[:min(len(decided), len(table))] {
		f := table[i]
		if f.Name != want.name || f.Default != want.seen || f.Limit != want.limit || f.Lines != want.lines || f.IsText() != (want.limit > 0) {
			t.Errorf("row %d is %s, %s, %d, %v; decided was %+v", i, f.Name, f.Default, f.Limit, f.Lines, want)
		}
	}
	// A caller who changes the slice changes no table.
	table[0].Name = "spoilt"
	if profile.Fields()[0].Name != "username" {
		t.Error("Fields hands out the table itself")
	}
}

// goName is the name of a field in Go: displayName is DisplayName.
func goName(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

// TestEveryFieldHasARow: a field of User, Patch or Edit has a row of the table, or a
// reason here to have none. The rows of text reach the fields of their own names.
func TestEveryFieldHasARow(t *testing.T) {
	without := map[string]string{
		"ID":            "the store gives it",
		"EmailVerified": "is shown with email, and is proved, not edited",
		"PendingEmail":  "is shown to its owner with email",
		"Role":          "is the host's to give",
		"Disabled":      "is the host's to say",
		"DeletesAt":     "is decided by Deletions",
		"Adopted":       "is said once, by the host that takes the account over",
		"Version":       "is the store's; the ETag of the own view",
		"CreatedAt":     "is the store's",
		"UpdatedAt":     "is the store's",
		"IfVersion":     "is a condition, no change",
		"ClearCustom":   "belongs to custom",
	}
	rows := map[string]profile.Field{}
	for _, f := range profile.Fields() {
		rows[goName(f.Name)] = f
	}
	used := map[string]bool{}
	var u profile.User
	var p profile.Patch
	var e profile.Edit
	for _, v := range []any{&u, &p, &e} {
		s := reflect.ValueOf(v).Elem()
		for i := range s.NumField() {
			name := s.Type().Field(i).Name
			row, ok := rows[name]
			if _, excepted := without[name]; excepted {
				used[name] = true
			} else if !ok {
				t.Errorf("%s.%s has no row in the table of fields", s.Type().Name(), name)
			}
			if !row.IsText() {
				continue
			}
			reached := any(row.Of(&u))
			switch v.(type) {
			case *profile.Patch:
				reached = row.InPatch(&p)
			case *profile.Edit:
				reached = row.InEdit(&e)
			}
			if reached != s.Field(i).Addr().Interface() {
				t.Errorf("the row %s reaches another field than %s.%s", row.Name, s.Type().Name(), name)
			}
		}
	}
	for name, f := range rows {
		if _, ok := reflect.TypeFor[profile.User]().FieldByName(name); !ok {
			t.Errorf("the row %s has no field of User", f.Name)
		}
		for _, s := range []reflect.Type{reflect.TypeFor[profile.Patch](), reflect.TypeFor[profile.Edit]()} {
			if _, ok := s.FieldByName(name); !ok && f.IsText() {
				t.Errorf("the row %s has no field of %s", f.Name, s.Name())
			}
		}
		if !f.IsText() && (f.Of(&u) != nil || f.InPatch(&p) != nil || f.InEdit(&e) != nil) {
			t.Errorf("the row %s is no text and is reached as one", f.Name)
		}
	}
	for name := range without {
		if !used[name] {
			t.Errorf("the exception %s is no field", name)
		}
	}
}

// fill sets every field of the struct that v points to, so that each is different.
func fill(t *testing.T, v any) {
	t.Helper()
	s := reflect.ValueOf(v).Elem()
	for i := range s.NumField() {
		f, name := s.Field(i), s.Type().Field(i).Name
		if f.Kind() == reflect.Pointer {
			f.Set(reflect.New(f.Type().Elem()))
			f = f.Elem()
		}
		switch p := f.Addr().Interface().(type) {
		case *string:
			*p = "the " + name
		case *profile.Date:
			*p = "2001-02-03"
		case *bool:
			*p = true
		case *int64:
			*p = int64(i + 1)
		case *time.Time:
			*p = time.Date(2030, 1, i+1, 12, 0, 0, 1999, time.FixedZone("", 3600))
		case *[]string:
			*p = []string{"https://example.org/" + name}
		case *json.RawMessage:
			*p = json.RawMessage(`{"of":"` + name + `"}`)
		case *profile.Address:
			p.City = "the " + name
		case *profile.Picture:
			*p = profile.Picture{Base: "base", Sizes: []int{64}, Placeholder: "a placeholder", URL: "https://example.org/" + name}
		default:
			t.Fatalf("%s.%s is a %s, which the test cannot fill", s.Type().Name(), name, f.Type())
		}
	}
}

func TestApplyAppliesEveryField(t *testing.T) {
	kind := reflect.TypeFor[profile.Patch]()
	var all profile.Patch
	fill(t, &all)
	if got := (profile.Patch{IfVersion: 9}).Apply(profile.User{Bio: "kept"}); !reflect.DeepEqual(got, profile.User{Bio: "kept"}) {
		t.Errorf("a patch of nothing makes %+v", got)
	}
	for i := range kind.NumField() {
		name := kind.Field(i).Name
		if name == "IfVersion" {
			continue
		}
		var p profile.Patch
		reflect.ValueOf(&p).Elem().Field(i).Set(reflect.ValueOf(all).Field(i))
		want := profile.User{Version: 7}
		value := reflect.ValueOf(all).Field(i).Elem()
		if at, ok := value.Interface().(time.Time); ok {
			value = reflect.ValueOf(at.UTC().Truncate(time.Microsecond))
		}
		reflect.ValueOf(&want).Elem().FieldByName(name).Set(value)
		got := p.Apply(profile.User{Version: 7})
		if !reflect.DeepEqual(got, want) {
			t.Errorf("a patch of %s makes\n%+v, want\n%+v", name, got, want)
		}
		// The zero value clears.
		reflect.ValueOf(&p).Elem().Field(i).Set(reflect.New(kind.Field(i).Type.Elem()))
		if got := p.Apply(got); !reflect.DeepEqual(got, profile.User{Version: 7}) {
			t.Errorf("a patch that clears %s leaves %+v", name, got)
		}
	}
}

func TestApplySharesNoMemory(t *testing.T) {
	var p profile.Patch
	fill(t, &p)
	got := p.Apply(profile.User{})
	(*p.Links)[0], (*p.Custom)[0], p.Picture.Sizes[0], *p.Bio = "spoilt", '!', 1, "spoilt"
	if got.Links[0] == "spoilt" || got.Custom[0] == '!' || got.Picture.Sizes[0] == 1 || got.Bio == "spoilt" {
		t.Errorf("what was applied changed with the patch: %+v", got)
	}
}

// TestTextFields: what each row of text says is kept, one by one.
func TestTextFields(t *testing.T) {
	for _, f := range profile.TextFields() {
		t.Run(f.Name, func(t *testing.T) {
			w := newWorld(t)
			edit := func(value string) (profile.User, error) {
				var e profile.Edit
				*f.InEdit(&e) = &value
				return w.Edit(t.Context(), w.ann.ID, e, 0)
			}
			want := w.ann
			for _, value := range []string{strings.Repeat("𝄞", f.Limit), "x", ""} {
				before := *f.Of(&want)
				u, err := edit(value)
				*f.Of(&want) = value
				want.Version, want.UpdatedAt = u.Version, u.UpdatedAt
				if err != nil || !reflect.DeepEqual(u, want) {
					t.Fatalf("%.9q after %.9q: %+v, %v", value, before, u, err)
				}
			}
			for value, codes := range map[string][]string{
				strings.Repeat("x", f.Limit+1): {f.Name + " too_long"},
				"a\x07":                        {f.Name + " invalid_characters"},
				"a\xff":                        {f.Name + " invalid_characters"},
				"a\u202eb":                     {f.Name + " invalid_characters"},
			} {
				if _, err := edit(value); !slices.Equal(problems(err), codes) {
					t.Errorf("%.9q: %v, want %q", value, err, codes)
				}
			}
			_, err := edit("a\nb")
			if want := !f.Lines; slices.Equal(problems(err), []string{f.Name + " " + string(input.Lines)}) != want || (err != nil) != want {
				t.Errorf("two lines: %v; the row says %v", err, f.Lines)
			}
		})
	}
}
