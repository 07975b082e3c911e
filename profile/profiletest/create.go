package profiletest

import (
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
)

func createCases(t *testing.T, h Harness) {
	t.Run("ID, version and times are set", func(t *testing.T) {
		u := created(t, h, newUser())
		if u.ID == "" || u.Version < 1 {
			t.Errorf("Create returned ID %q and version %d, want an ID and a version of 1 or more", u.ID, u.Version)
		}
		storedTimes(t, u)
		userIs(t, h, u)
	})
	t.Run("what the caller says of them is ignored", func(t *testing.T) {
		first := created(t, h, newUser())
		u := newUser()
		u.ID, u.Version = first.ID, 99
		u.CreatedAt, u.UpdatedAt = time.Unix(1, 0), time.Unix(2, 0)
		got := created(t, h, u)
		if got.ID == first.ID || got.Version == 99 || got.CreatedAt.Unix() == 1 || got.UpdatedAt.Unix() == 2 {
			t.Errorf("Create took ID, version or times from its argument: %q, %d, %v, %v", got.ID, got.Version, got.CreatedAt, got.UpdatedAt)
		}
		userIs(t, h, first)
		userIs(t, h, got)
	})
	t.Run("every other field is kept", func(t *testing.T) {
		want := fullUser()
		got := created(t, h, want)
		want.ID, want.Version, want.CreatedAt, want.UpdatedAt = got.ID, got.Version, got.CreatedAt, got.UpdatedAt
		sameUser(t, "Create", got, want)
		userIs(t, h, want)
	})
	t.Run("a bare user has nothing but the default role", func(t *testing.T) {
		want := newUser()
		got := created(t, h, want)
		want.ID, want.Version, want.CreatedAt, want.UpdatedAt = got.ID, got.Version, got.CreatedAt, got.UpdatedAt
		want.Role = "user"
		sameUser(t, "Create", got, want)
		userIs(t, h, want)
		if got.Custom != nil || len(got.Links) != 0 || !got.Picture.IsZero() {
			t.Errorf("a bare user has custom %q, links %v, picture %v; want none", got.Custom, got.Links, got.Picture)
		}
	})
	t.Run("no ID is given twice", func(t *testing.T) {
		seen := map[string]bool{}
		for range 20 {
			u := created(t, h, newUser())
			// A create that fails in between must not upset the counting.
			if _, err := h.Store.Create(conform.Context(t), profile.User{Username: u.Username, Email: "x" + u.Email}); err == nil {
				t.Error("Create of a user name that is taken: nil, want an error")
			}
			if seen[u.ID] {
				t.Fatalf("ID %q was given to two users", u.ID)
			}
			seen[u.ID] = true
		}
		ids := make([]string, 50)
		ctx := conform.Context(t)
		for _, err := range conform.Together(len(ids), func(i int) error {
			u, err := h.Store.Create(ctx, newUser())
			ids[i] = u.ID
			return err
		}) {
			conform.Must(t, "Create", err)
		}
		for _, id := range ids {
			if seen[id] {
				t.Fatalf("ID %q was given to two users by concurrent creates", id)
			}
			seen[id] = true
		}
	})
	t.Run("the caller's memory is not kept", func(t *testing.T) {
		u := fullUser()
		want := created(t, h, u)
		spoil := func(u profile.User) {
			u.Links[0], u.Picture.Sizes[0] = "spoilt", 1
			clear(u.Custom)
		}
		spoil(u)
		fresh, err := h.Store.User(conform.Context(t), want.ID)
		conform.Must(t, "User", err)
		want.Links, want.Custom, want.Picture.Sizes = fullUser().Links, fullUser().Custom, fullUser().Picture.Sizes
		sameUser(t, "after a change of Create's argument, User", fresh, want)
		spoil(fresh)
		userIs(t, h, want)
		links, custom := []string{"https://example.org"}, fullUser().Custom
		got, err := h.Store.Update(conform.Context(t), want.ID, profile.Patch{Links: &links, Custom: &custom})
		conform.Must(t, "Update", err)
		links[0] = "spoilt"
		clear(custom)
		want.Links, want.Version, want.UpdatedAt = []string{"https://example.org"}, got.Version, got.UpdatedAt
		got.Links[0] = "spoilt"
		clear(got.Custom)
		userIs(t, h, want)
	})
}

// storedTimes checks the form and order of a user's times.
func storedTimes(t *testing.T, u profile.User) {
	t.Helper()
	if !conform.IsStoredTime(u.CreatedAt) || !conform.IsStoredTime(u.UpdatedAt) {
		t.Errorf("times %v and %v, want UTC in whole microseconds", u.CreatedAt, u.UpdatedAt)
	}
	if u.UpdatedAt.Before(u.CreatedAt) {
		t.Errorf("updated at %v, before it was created at %v", u.UpdatedAt, u.CreatedAt)
	}
}
