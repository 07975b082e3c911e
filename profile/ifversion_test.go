package profile_test

import (
	"context"
	"errors"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// between lets a change come right before the next update.
type between struct {
	profile.Store
	change func()
}

func (b *between) Update(ctx context.Context, id string, p profile.Patch, events ...activity.Event) (profile.User, error) {
	if change := b.change; change != nil {
		b.change = nil
		change()
	}
	return b.Store.Update(ctx, id, p, events...)
}

// The version is a condition of the update itself, whatever is edited.
func TestEditIfVersionIsInTheUpdate(t *testing.T) {
	w := newWorld(t)
	store := &between{Store: w.db.Users()}
	svc, err := profile.New(profile.Config{Store: store, Settings: w.settings})
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]profile.Edit{
		"bio":      {Bio: text("mine")},
		"username": {Username: text("mine")},
		"address":  {Address: &profile.AddressEdit{City: text("Mine")}},
	} {
		for how, edit := range map[string]func(u profile.User) error{
			"Edit": func(u profile.User) error {
				_, err := svc.Edit(t.Context(), u.ID, e, u.Version)
				return err
			},
			"EditUser": func(u profile.User) error {
				_, err := svc.EditUser(t.Context(), u, e, u.Version)
				return err
			},
		} {
			u, err := w.db.Users().User(t.Context(), w.ann.ID)
			if err != nil {
				t.Fatal(err)
			}
			var rival profile.User
			store.change = func() {
				if rival, err = w.db.Users().Update(t.Context(), u.ID, profile.Patch{Pronouns: text(name + how)}); err != nil {
					t.Error(err)
				}
			}
			events := len(w.events(t, u.ID))
			if err := edit(u); !errors.Is(err, storage.ErrStale) {
				t.Errorf("%s of %s: %v; want storage.ErrStale", how, name, err)
			}
			if now, err := w.db.Users().User(t.Context(), u.ID); err != nil || now.Version != rival.Version || now.Pronouns != name+how {
				t.Errorf("%s of %s: the user is %+v, %v", how, name, now, err)
			}
			if n := len(w.events(t, u.ID)); n != events {
				t.Errorf("%s of %s: %d events, before there were %d", how, name, n, events)
			}
		}
	}
}
