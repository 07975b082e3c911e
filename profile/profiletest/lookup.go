package profiletest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// spellings returns 8 ways to write one user name and one e-mail address, each
// with the same key.
func spellings(t *testing.T) (usernames, emails []string) {
	t.Helper()
	name := conform.Name("k")
	upper := strings.ToUpper(name)
	half := upper[:8] + name[8:]
	usernames = []string{name, upper, half, name[:8] + upper[8:], upper[:1] + name[1:], name[:1] + upper[1:], half[:9] + upper[9:], upper[:2] + name[2:]}
	emails = []string{
		name + "@bücher.example", upper + "@bücher.example", half + "@BÜCHER.EXAMPLE", name + "@Bücher.Example",
		name + "@xn--bcher-kva.example", upper + "@XN--BCHER-KVA.EXAMPLE", half + "@xn--BCHER-kva.Example", name + "@bu\u0308cher.example",
	}
	for what, c := range map[string]struct {
		key  func(string) (string, error)
		list []string
	}{"UsernameKey": {profile.UsernameKey, usernames}, "EmailKey": {profile.EmailKey, emails}} {
		want, err := c.key(c.list[0])
		conform.Must(t, what, err)
		for _, s := range c.list {
			if got, err := c.key(s); err != nil || got != want {
				t.Fatalf("%s of %q: %q and error %v; the suite takes it for %q", what, s, got, err, want)
			}
		}
	}
	return usernames, emails
}

func lookupCases(t *testing.T, h Harness) {
	t.Run("by every spelling of name and address", func(t *testing.T) {
		ctx := conform.Context(t)
		names, emails := spellings(t)
		want := created(t, h, profile.User{Username: names[3], Email: emails[2]})
		if want.Username != names[3] || want.Email != emails[2] {
			t.Errorf("Create of %q, %q stored %q, %q; want them as typed", names[3], emails[2], want.Username, want.Email)
		}
		for _, s := range names {
			got, err := h.Store.ByUsername(ctx, s)
			conform.Must(t, "ByUsername of "+s, err)
			sameUser(t, "ByUsername", got, want)
		}
		for _, s := range emails {
			got, err := h.Store.ByEmail(ctx, s)
			conform.Must(t, "ByEmail of "+s, err)
			sameUser(t, "ByEmail", got, want)
		}
	})
	t.Run("an unknown user is not found", func(t *testing.T) {
		ctx := conform.Context(t)
		u := created(t, h, newUser())
		odd := []string{
			"", " ", "0", "-1", "1 OR 1=1", "no such user", u.ID + " ", " " + u.ID, "+" + u.ID, u.ID + ".0", u.ID + "e0", "0x1",
			"9223372036854775807", "9223372036854775808", "99999999999999999999999999", "\x00", u.ID + "\x00", "\xff\xfe", "é", strings.Repeat("9", 5000),
		}
		for _, id := range odd {
			got, err := h.Store.User(ctx, id)
			notFound(t, "User", id, got, err)
		}
		name := u.Username
		for _, s := range []string{
			"", " ", name + " ", " " + name, name[:len(name)-1], name + "x", name + "\x00", "%", "_", strings.Repeat("_", len(name)),
			name[:3] + "%", "\xff\xfe\xff", strings.Repeat("x", 5000), u.Email, u.ID, conform.Name("nobody"),
		} {
			got, err := h.Store.ByUsername(ctx, s)
			notFound(t, "ByUsername", s, got, err)
		}
		for _, s := range []string{
			"", "@", name, "Ada <" + u.Email + ">", "<" + u.Email + ">", " " + u.Email, u.Email + " ", u.Email + "\x00", u.Email + ".",
			name + "@example.org.", name + "@example.com", "%@example.org", strings.Repeat("x", 5000) + "@example.org", "\xff@example.org", conform.Name("nobody") + "@example.org",
		} {
			got, err := h.Store.ByEmail(ctx, s)
			notFound(t, "ByEmail", s, got, err)
		}
	})
	t.Run("S41 look-alikes beyond ASCII are others", func(t *testing.T) {
		// U+212A folds to k and U+017F to s in Unicode, and must not here.
		ctx, name := conform.Context(t), conform.Name("kiosk")
		created(t, h, profile.User{Username: name, Email: name + "@kiosk.example.org"})
		for _, swap := range [][2]string{{"k", "\u212a"}, {"s", "\u017f"}, {"i", "\u0131"}, {"i", "\u0130"}} {
			other := strings.Replace(name, swap[0], swap[1], 1)
			got, err := h.Store.ByUsername(ctx, other)
			notFound(t, "ByUsername", other, got, err)
			got, err = h.Store.ByEmail(ctx, other+"@kiosk.example.org")
			notFound(t, "ByEmail", other, got, err)
		}
	})
}

func notFound(t *testing.T, method, arg string, got profile.User, err error) {
	t.Helper()
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("%s(%.60q): user %q and error %v, want one matching storage.ErrNotFound", method, arg, got.ID, err)
	}
}

func endedCases(t *testing.T, h Harness) {
	want, fresh := created(t, h, newUser()), newUser()
	e := event(want.ID)
	bio := "changed"
	conform.EndedContext(t, []conform.Call{
		{Name: "Create", Do: func(ctx context.Context) error { _, err := h.Store.Create(ctx, fresh); return err }},
		{Name: "User", Do: func(ctx context.Context) error { _, err := h.Store.User(ctx, want.ID); return err }},
		{Name: "ByUsername", Do: func(ctx context.Context) error { _, err := h.Store.ByUsername(ctx, want.Username); return err }},
		{Name: "ByEmail", Do: func(ctx context.Context) error { _, err := h.Store.ByEmail(ctx, want.Email); return err }},
		{Name: "Update", Do: func(ctx context.Context) error {
			_, err := h.Store.Update(ctx, want.ID, profile.Patch{Bio: &bio}, e)
			return err
		}},
	})
	userIs(t, h, want)
	got, err := h.Store.ByUsername(conform.Context(t), fresh.Username)
	notFound(t, "ByUsername", fresh.Username, got, err)
	if conform.HasEvent(t, conform.Context(t), h.Activity, want.ID, e.ID) {
		t.Error("Update with an ended context wrote its event")
	}
}
