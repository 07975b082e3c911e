package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/settings/notify"
)

func newService(t testing.TB) *settings.Service {
	t.Helper()
	s, err := settings.New(settings.Config{
		Store: memstore.New().Settings(), Sections: []settings.Declaration{notify.PreferencesSection.Declare()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPreferences(t *testing.T) {
	s := newService(t)
	for _, c := range []struct {
		patch, want string // want is a part of the document, or "path code"
	}{
		{`{}`, `{"account":{"email":true,"sms":false},"product":{"email":false,"sms":false},"security":{"email":true,"sms":false}}`},
		{`{"notifications":{"security":{"sms":true}}}`, `"security":{"email":true,"sms":true}`},
		{`{"notifications":{"security":{"email":true}}}`, `"security":{"email":true,"sms":true}`},
		{`{"notifications":{"product":{"email":true},"account":{"email":false}}}`, `"account":{"email":false,"sms":false},"product":{"email":true`},
		{`{"notifications":{"security":{"email":null}}}`, `"security":{"email":true,"sms":true}`},
		{`{"notifications":{"security":null,"account":null}}`, `{"account":{"email":true,"sms":false},"product":{"email":true,"sms":false},"security":{"email":true,"sms":false}}`},
		{`{"notifications":{"security":{"email":false}}}`, "notifications.security.email always_on"},
		{`{"notifications":{"Security":{"email":true}}}`, "notifications.Security unknown_field"},
		{`{"notifications":{"news":null}}`, "notifications.news unknown_field"},
		{`{"notifications":{"account":{"push":true}}}`, "notifications.account.push unknown_field"},
		{`{"notifications":{"account":{"email":"yes"}}}`, "notifications.account.email type"},
		{`{"notifications":{"account":true}}`, "notifications.account type"},
	} {
		d, err := s.Patch(t.Context(), "ann", []byte(c.patch), 0)
		got := string(d.JSON)
		var invalid *input.InvalidError
		if errors.As(err, &invalid) {
			got = invalid.Fields[0].Field + " " + string(invalid.Fields[0].Code)
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s (%v), want %s", c.patch, got, err, c.want)
		}
	}
}

func TestPreferencesSetByPrograms(t *testing.T) {
	s := newService(t)
	err := settings.Set(t.Context(), s, notify.PreferencesSection, "ann", notify.Preferences{
		notify.Security: {SMS: true}, "zeta": {}, "news": {},
	})
	var invalid *input.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range invalid.Fields {
		paths = append(paths, f.Field)
	}
	if want := []string{"notifications.news", "notifications.zeta", "notifications.security.email"}; !slices.Equal(paths, want) {
		t.Errorf("%q, want %q", paths, want)
	}
}

func Example() {
	ctx := context.Background()
	service, err := settings.New(settings.Config{
		Store:    memstore.New().Settings(), // in a server: that of storage/sqlite or storage/postgres
		Sections: []settings.Declaration{notify.PreferencesSection.Declare()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	prefs, err := settings.Get(ctx, service, notify.PreferencesSection, "7")
	fmt.Println(prefs[notify.Security].Email, prefs[notify.Product].Email, err)

	_, err = service.Patch(ctx, "7", []byte(`{"notifications":{"security":{"email":false}}}`), 0)
	fmt.Println(err)
	// Output:
	// true false <nil>
	// invalid notifications.security.email: cannot be switched off
}
