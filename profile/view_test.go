package profile_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// allFields and publicFields are those that were decided on, and of them those that
// everybody sees at first.
var allFields, publicFields = func() (all, public []string) {
	for _, f := range decided {
		all = append(all, f.name)
		if f.seen == profile.Public {
			public = append(public, f.name)
		}
	}
	return all, public
}()

// seen is the fields that v may see of name, nil when there is nobody.
func (w *world) seen(t testing.TB, v profile.Viewer, name string) []string {
	t.Helper()
	u, visible, err := w.ByUsername(t.Context(), v, name)
	var out []string
	for _, f := range append([]string{"role", "id", "emailVerified", "version", "disabled", "", "Username", "profilePicture"}, allFields...) {
		if visible.Has(f) {
			out = append(out, f)
		}
	}
	if errors.Is(err, storage.ErrNotFound) {
		if u.ID != "" || out != nil {
			t.Errorf("%s is not found, but %+v %q", name, u, out)
		}
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if u.Username == "" {
		t.Errorf("no user: %+v", u)
	}
	return out
}

func TestS43_Views(t *testing.T) {
	w := newWorld(t)
	bob := w.create(t, "Bob", "bob@example.org")
	anyone, member, owner := profile.Viewer{}, profile.Viewer{UserID: bob.ID}, profile.Viewer{UserID: w.ann.ID}
	with := func(base []string, add ...string) []string {
		return slices.DeleteFunc(slices.Clone(allFields), func(f string) bool { return !slices.Contains(base, f) && !slices.Contains(add, f) })
	}
	without := func(base []string, drop ...string) []string {
		return slices.DeleteFunc(slices.Clone(base), func(f string) bool { return slices.Contains(drop, f) })
	}
	for _, c := range []struct {
		name           string
		privacy        profile.Privacy
		anyone, member []string
	}{
		{"new", profile.PrivacySection.Default, publicFields, publicFields},
		{"no choice of fields", profile.Privacy{Visibility: profile.Public}, publicFields, publicFields},
		{"members", profile.Privacy{Visibility: profile.Members}, nil, publicFields},
		{"private", profile.Privacy{Visibility: profile.Private}, nil, nil},
		{"a public e-mail", profile.Privacy{Visibility: profile.Public, Fields: profile.FieldVisibility{"email": profile.Public}}, with(publicFields, "email"), with(publicFields, "email")},
		{"an e-mail for members", profile.Privacy{Visibility: profile.Public, Fields: profile.FieldVisibility{"email": profile.Members, "phone": profile.Members}}, publicFields, with(publicFields, "email", "phone")},
		{"public fields of a members' profile", profile.Privacy{Visibility: profile.Members, Fields: profile.FieldVisibility{"email": profile.Public}}, nil, with(publicFields, "email")},
		{"public fields of a private profile", profile.Privacy{Visibility: profile.Private, Fields: profile.FieldVisibility{"bio": profile.Public}}, nil, nil},
		{"private names", profile.Privacy{Visibility: profile.Public, Fields: profile.FieldVisibility{"givenName": profile.Private, "familyName": profile.Members}}, without(publicFields, "givenName", "familyName"), without(publicFields, "givenName")},
		{"a private picture", profile.Privacy{Visibility: profile.Public, Fields: profile.FieldVisibility{"picture": profile.Private}}, without(publicFields, "picture"), without(publicFields, "picture")},
		{"a user name for members", profile.Privacy{Visibility: profile.Public, Fields: profile.FieldVisibility{"username": profile.Members}}, nil, publicFields},
		{"a private user name", profile.Privacy{Visibility: profile.Public, Fields: profile.FieldVisibility{"username": profile.Private}}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.privacy(t, w.ann.ID, c.privacy)
			for _, spelling := range []string{"Ann", "aNN"} {
				if got := w.seen(t, anyone, spelling); !slices.Equal(got, c.anyone) {
					t.Errorf("anyone sees %q, want %q", got, c.anyone)
				}
				if got := w.seen(t, member, spelling); !slices.Equal(got, c.member) {
					t.Errorf("a member sees %q, want %q", got, c.member)
				}
				if got := w.seen(t, owner, spelling); !slices.Equal(got, allFields) {
					t.Errorf("the owner sees %q", got)
				}
			}
			for _, v := range []struct {
				viewer profile.Viewer
				fields []string
			}{{anyone, c.anyone}, {member, c.member}, {owner, allFields}} {
				visible, public, err := w.PictureVisible(t.Context(), v.viewer, w.ann.ID)
				if err != nil || visible != slices.Contains(v.fields, "picture") || public != slices.Contains(c.anyone, "picture") {
					// A hidden user name hides the lookup by name, not the picture of somebody who is known otherwise.
					if c.privacy.Fields["username"] == "" {
						t.Errorf("%+v: picture visible %v, public %v, %v", v.viewer, visible, public, err)
					}
				}
			}
		})
	}
}

// Private means at once, and nothing tells it from absent: neither the error,
// nor its text, nor what is asked of the stores.
func TestS45_PrivateLooksLikeAbsent(t *testing.T) {
	w := newWorld(t)
	bob := w.create(t, "Bob", "bob@example.org")
	viewers := []profile.Viewer{{}, {UserID: bob.ID}, {UserID: "999"}}
	for _, v := range viewers {
		if w.seen(t, v, "ann") == nil {
			t.Errorf("%+v does not see a public profile", v)
		}
	}
	w.privacy(t, w.ann.ID, profile.Privacy{Visibility: profile.Private})
	for _, v := range viewers {
		_, _, hidden := w.ByUsername(t.Context(), v, "ann")
		for _, name := range []string{"nobody", "", "ann\x00", "not a name", string(make([]byte, 1<<16))} {
			_, _, absent := w.ByUsername(t.Context(), v, name)
			if hidden == nil || absent != hidden {
				t.Errorf("%+v: hidden %v, absent %v", v, hidden, absent)
			}
		}
		if visible, public, err := w.PictureVisible(t.Context(), v, w.ann.ID); visible || public || err != nil {
			t.Errorf("%+v: picture %v %v %v", v, visible, public, err)
		}
		if visible, public, err := w.PictureVisible(t.Context(), v, "nobody"); visible || public || err != nil {
			t.Errorf("%+v: nobody's picture %v %v %v", v, visible, public, err)
		}
	}
	w.privacy(t, w.ann.ID, profile.Privacy{Visibility: profile.Public})
	for _, v := range viewers {
		if w.seen(t, v, "ann") == nil {
			t.Errorf("%+v does not see a profile that is public again", v)
		}
	}

	// A settings store that is down must not tell them apart either.
	down := &countingSettings{Store: w.db.Settings()}
	sections, err := settings.New(settings.Config{Store: down, Sections: []settings.Declaration{profile.PrivacySection.Declare()}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := profile.New(profile.Config{Store: w.db.Users(), Settings: sections})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ann", "nobody"} {
		down.asked, down.err = 0, nil
		_, _, _ = s.ByUsername(t.Context(), profile.Viewer{}, name)
		if down.asked != 1 {
			t.Errorf("%s: %d questions", name, down.asked)
		}
		down.err = storage.ErrUnavailable
		if _, _, err := s.ByUsername(t.Context(), profile.Viewer{}, name); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type countingSettings struct {
	settings.Store
	asked int
	err   error
}

func (c *countingSettings) Get(ctx context.Context, userID string) (settings.Record, error) {
	c.asked++
	if c.err != nil {
		return settings.Record{}, c.err
	}
	return c.Store.Get(ctx, userID)
}

func TestS45_DisabledAccountsAreHidden(t *testing.T) {
	w := newWorld(t)
	disabled := true
	if _, err := w.db.Users().Update(t.Context(), w.ann.ID, profile.Patch{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	for _, v := range []profile.Viewer{{}, {UserID: "999"}} {
		if got := w.seen(t, v, "ann"); got != nil {
			t.Errorf("%+v sees %q", v, got)
		}
		if visible, public, err := w.PictureVisible(t.Context(), v, w.ann.ID); visible || public || err != nil {
			t.Errorf("picture %v %v %v", visible, public, err)
		}
	}
}

// Privacy that this program cannot read is private.
func TestS45_UnreadablePrivacyIsPrivate(t *testing.T) {
	for _, data := range []string{
		`{"privacy":{"visibility":"friends"}}`, `{"privacy":{"visibility":""}}`, `{"privacy":{"visibility":null}}`, `{"privacy":{"visibility":["public"]}}`,
		`{"privacy":"public"}`, `{"privacy":{"fields":{"email":"friends"}}}`, `{"privacy":{"fields":{"future":"public"}}}`, `{"privacy":[]}`, `{"privacy":1}`,
	} {
		w := newWorld(t)
		if _, err := w.db.Settings().Put(t.Context(), w.ann.ID, settings.Record{Data: []byte(data)}); err != nil {
			t.Fatal(err)
		}
		if got := w.seen(t, profile.Viewer{UserID: "999"}, "ann"); got != nil {
			t.Errorf("%s: a member sees %q", data, got)
		}
		if got := w.seen(t, profile.Viewer{UserID: w.ann.ID}, "ann"); !slices.Equal(got, allFields) {
			t.Errorf("%s: the owner sees %q", data, got)
		}
	}
}

func TestPrivacySection(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		patch string
		want  []string
	}{
		{`{"privacy":{"visibility":"friends"}}`, []string{"privacy.visibility not_allowed"}},
		{`{"privacy":{"visibility":""}}`, []string{"privacy.visibility not_allowed"}},
		{`{"privacy":{"visibility":true}}`, []string{"privacy.visibility type"}},
		{`{"privacy":{"fields":{"bio":"all","email":"private"}}}`, []string{"privacy.fields.bio not_allowed"}},
		{
			`{"privacy":{"fields":{"role":"public","Email":"public","id":null}}}`,
			[]string{"privacy.fields.role unknown_field", "privacy.fields.Email unknown_field", "privacy.fields.id unknown_field"},
		},
		{`{"privacy":{"visibility":"members","fields":{"bio":"private","email":null}}}`, nil},
	} {
		_, err := w.settings.Patch(t.Context(), w.ann.ID, []byte(c.patch), 0)
		if got := problems(err); !slices.Equal(got, c.want) || (c.want == nil) != (err == nil) {
			t.Errorf("%s: %v, want %q", c.patch, err, c.want)
		}
	}
	p, err := settings.Get(t.Context(), w.settings, profile.PrivacySection, w.ann.ID)
	if err != nil || p.Visibility != profile.Members || p.Fields["bio"] != profile.Private || p.Fields["email"] != profile.Private || len(p.Fields) != len(allFields) {
		t.Errorf("%+v, %v", p, err)
	}
	if names := slices.Sorted(maps.Keys(p.Fields)); !slices.Equal(names, slices.Sorted(slices.Values(allFields))) {
		t.Errorf("fields %q", names)
	}
}
