package httpadapter_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
)

// userRows are users in a table of the host's.
var userRows = []row{
	{"`Stores.Users`", ownUsersAreTheSame, ownUsersAreTheHosts, true},
}

// renamed are users of a host's own: their IDs are none of ours.
type renamed struct{ users profile.DeletableStore }

const prefix = "host:"

func (r renamed) out(u profile.User, err error) (profile.User, error) {
	if u.ID != "" {
		u.ID = prefix + u.ID
	}
	return u, err
}

func (r renamed) in(id string) string {
	rest, ok := strings.CutPrefix(id, prefix)
	if !ok {
		return "nobody"
	}
	return rest
}

func (r renamed) Create(ctx context.Context, u profile.User, events ...activity.Event) (profile.User, error) {
	if len(events) > 0 {
		return profile.User{}, errors.New("the host makes its users by itself")
	}
	return r.out(r.users.Create(ctx, u))
}

func (r renamed) User(ctx context.Context, id string) (profile.User, error) {
	return r.out(r.users.User(ctx, r.in(id)))
}

func (r renamed) ByUsername(ctx context.Context, name string) (profile.User, error) {
	return r.out(r.users.ByUsername(ctx, name))
}

func (r renamed) ByEmail(ctx context.Context, email string) (profile.User, error) {
	return r.out(r.users.ByEmail(ctx, email))
}

func (r renamed) Update(ctx context.Context, id string, p profile.Patch, events ...activity.Event) (profile.User, error) {
	return r.out(r.users.Update(ctx, r.in(id), p, events...))
}

func (r renamed) DueUsers(ctx context.Context, before time.Time, limit int) ([]string, error) {
	ids, err := r.users.DueUsers(ctx, before, limit)
	for i := range ids {
		ids[i] = prefix + ids[i]
	}
	return ids, err
}

func (r renamed) DeleteUser(ctx context.Context, id string, version int64) error {
	return r.users.DeleteUser(ctx, r.in(id), version)
}

// ofTheHost gives the host its own users, who can be deleted.
func ofTheHost(c *httpadapter.Config) {
	db := c.Stores.Tx.(httpadapter.Database)
	c.Stores = httpadapter.StoresWithUsers(db, renamed{db.Users().(profile.DeletableStore)})
}

func ownUsersAreTheSame(t *testing.T, open opener) {
	blobs := watched{newCDN(), make(chan struct{}, 1)}
	h := open(t, ofTheHost, func(c *httpadapter.Config) { c.Blobs = blobs })
	ada, u := h.join("ada")
	s := h.config.Stores.Auth
	if err := s.Passwords.SetPassword(t.Context(), u.ID, "", "a hash of before"); err != nil {
		t.Fatal(err)
	}
	ada.send("PATCH", "/api/profile", `{"bio":"mine"}`).want(t, 200)
	ada.send("PATCH", "/api/settings", `{"locale":"fr"}`).want(t, 200)
	ada.photo(1)
	ada.get("/api/profile/export").want(t, 200)
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	ada.get("/api/profile").want(t, 401)
	ada.send("POST", "/api/profile/restore", "").want(t, 200)
	if me := ada.get("/api/profile").want(t, 200).json(t); me["id"] != u.ID || me["bio"] != "mine" {
		t.Errorf("%v", me)
	}
	if kinds := ada.kinds(); len(kinds) != 6 {
		t.Errorf("the feed has %v", kinds)
	}
	ada.send("DELETE", "/api/profile", "").want(t, 202)
	h.clock.advance(profile.DefaultDeletionGrace + profile.Margin + time.Second)
	h.runs(t, blobs)
	h.leftNothing(t, u.ID, s)
}

func ownUsersAreTheHosts(t *testing.T, open opener) {
	h := open(t, ofTheHost)
	ada, u := h.join("ada")
	ada.get("/api/profile").want(t, 200)
	// What another table would call by this ID is nobody here.
	h.as(strings.TrimPrefix(u.ID, prefix)).get("/api/profile").want(t, 401)
}
