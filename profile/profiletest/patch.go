package profiletest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
)

func ptr[T any](v T) *T { return &v }

// change is a value to set in a patch, made anew each time for the unique ones, and
// whether the zero value may clear it.
type change struct {
	set     func() any
	cleared bool
}

// patches has a change for every field of profile.Patch that is no text of the table.
var patches = map[string]change{
	"Username":      {func() any { return ptr(conform.Name("new")) }, false},
	"Email":         {func() any { return ptr(conform.Name("New.") + "@Example.ORG") }, false},
	"EmailVerified": {func() any { return ptr(true) }, true},
	"PendingEmail":  {func() any { return ptr("pending@example.net") }, true},
	"Phone":         {func() any { return ptr("+4915112345678") }, true},
	"Address":       {func() any { return ptr(profile.Address{City: "Genève", Country: "CH"}) }, true},
	"Birthday":      {func() any { return ptr(profile.Date("2000-02-29")) }, true},
	"Links": {func() any {
		return ptr([]string{"https://example.org", "https://example.org", "https://example.com/ü"})
	}, true},
	"Custom":    {func() any { return ptr(json.RawMessage(`{"a":{"b":["c",1]}}`)) }, true},
	"Picture":   {func() any { return ptr(profile.Picture{Base: "abc", Ext: "png", Sizes: []int{64}}) }, true},
	"Role":      {func() any { return ptr("moderator") }, false},
	"Disabled":  {func() any { return ptr(true) }, true},
	"DeletesAt": {func() any { return ptr(time.Date(2031, 12, 24, 18, 0, 0, 123456000, time.UTC)) }, true},
}

// changeOf is the change of a field of profile.Patch, by its name in Go.
func changeOf(field string) (c change, ok bool) {
	for _, f := range profile.TextFields() {
		if strings.EqualFold(f.Name, field) {
			return change{func() any { return ptr(sampleText(f, "Augusta's 日本語")) }, true}, true
		}
	}
	c, ok = patches[field]
	return c, ok
}

func patchCases(t *testing.T, h Harness) {
	kind := reflect.TypeFor[profile.Patch]()
	for i := range kind.NumField() {
		field := kind.Field(i).Name
		if field == "IfVersion" {
			continue
		}
		c, ok := changeOf(field)
		if !ok {
			t.Errorf("the suite has no case for Patch.%s", field)
			continue
		}
		t.Run(field+" is set, left and cleared", func(t *testing.T) {
			// Of a user without it, and of one with everything.
			for _, u := range []profile.User{newUser(), fullUser()} {
				before := created(t, h, u)
				after := patched(t, h, before, field, reflect.ValueOf(c.set()))
				// Another patch leaves what it does not name.
				after = patched(t, h, after, "Bio", reflect.ValueOf(ptr("another")))
				if c.cleared {
					zero := reflect.New(kind.Field(i).Type.Elem())
					after = patched(t, h, after, field, zero)
					after = patched(t, h, after, field, zero)
				}
				patched(t, h, after, field, reflect.ValueOf(c.set()))
			}
		})
	}
	t.Run("an empty list of links is none", func(t *testing.T) {
		got := patched(t, h, created(t, h, fullUser()), "Links", reflect.ValueOf(&[]string{}))
		if len(got.Links) != 0 {
			t.Errorf("links %v, want none", got.Links)
		}
	})
	t.Run("all fields at once", func(t *testing.T) {
		before := created(t, h, newUser())
		want := fullUser()
		got, err := h.Store.Update(conform.Context(t), before.ID, patchOf(want))
		conform.Must(t, "Update", err)
		want.ID, want.Version, want.CreatedAt, want.UpdatedAt = before.ID, got.Version, before.CreatedAt, got.UpdatedAt
		sameUser(t, "Update", got, want)
		userIs(t, h, want)
	})
	t.Run("an unknown user is not found", func(t *testing.T) {
		ctx, other := conform.Context(t), created(t, h, newUser())
		for _, id := range []string{"", "0", "no such user", "999999999999", "99999999999999999999", "\x00", other.ID + " "} {
			e := event("999999999999")
			got, err := h.Store.Update(ctx, id, profile.Patch{Bio: ptr("x")}, e)
			notFound(t, "Update", id, got, err)
			if conform.HasEvent(t, ctx, h.Activity, e.UserID, e.ID) {
				t.Errorf("Update of an unknown user (%q) wrote its event", id)
			}
		}
		userIs(t, h, other)
	})
}

// patched updates one field and checks that it and nothing else changed.
func patched(t *testing.T, h Harness, before profile.User, field string, value reflect.Value) profile.User {
	t.Helper()
	var p profile.Patch
	reflect.ValueOf(&p).Elem().FieldByName(field).Set(value)
	got, err := h.Store.Update(conform.Context(t), before.ID, p)
	conform.Must(t, "Update of "+field, err)
	if got.Version <= before.Version {
		t.Errorf("Update of %s: version %d after %d, want it raised", field, got.Version, before.Version)
	}
	if got.UpdatedAt.Before(before.UpdatedAt) {
		t.Errorf("Update of %s: UpdatedAt went back from %v to %v", field, before.UpdatedAt, got.UpdatedAt)
	}
	storedTimes(t, got)
	want := before
	reflect.ValueOf(&want).Elem().FieldByName(field).Set(value.Elem())
	want.Version, want.UpdatedAt = got.Version, got.UpdatedAt
	sameUser(t, "Update of "+field, got, want)
	userIs(t, h, want)
	return got
}

// patchOf returns the patch that sets every field to that of u.
func patchOf(u profile.User) profile.Patch {
	var p profile.Patch
	from, to := reflect.ValueOf(u), reflect.ValueOf(&p).Elem()
	for i := range to.NumField() {
		if f := to.Field(i); f.Kind() == reflect.Pointer {
			v := reflect.New(f.Type().Elem())
			v.Elem().Set(from.FieldByName(to.Type().Field(i).Name))
			f.Set(v)
		}
	}
	return p
}
