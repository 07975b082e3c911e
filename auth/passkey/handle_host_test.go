package passkey_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/softkey"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// longIDs are users of a host's own, whose IDs have more bytes than a handle may have.
type longIDs struct{ profile.Store }

var hostSuffix = strings.Repeat("-of-the-host", 10)

func long(u profile.User, err error) (profile.User, error) {
	if err == nil {
		u.ID += hostSuffix
	}
	return u, err
}

func (s longIDs) Create(ctx context.Context, u profile.User, events ...activity.Event) (profile.User, error) {
	return long(s.Store.Create(ctx, u, events...))
}

func (s longIDs) Update(ctx context.Context, id string, p profile.Patch, events ...activity.Event) (profile.User, error) {
	return long(s.Store.Update(ctx, strings.TrimSuffix(id, hostSuffix), p, events...))
}

func (s longIDs) User(ctx context.Context, id string) (profile.User, error) {
	return long(s.Store.User(ctx, strings.TrimSuffix(id, hostSuffix)))
}

func (s longIDs) ByUsername(ctx context.Context, name string) (profile.User, error) {
	return long(s.Store.ByUsername(ctx, name))
}

func (s longIDs) ByEmail(ctx context.Context, email string) (profile.User, error) {
	return long(s.Store.ByEmail(ctx, email))
}

// Users of a host's own have handles too, whatever their IDs are: one that is longer than
// a handle may be had no passkeys.
func TestT14e_UsersOfTheHost(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) {
			c.Users, c.Stores, c.LimitStore = longIDs{db.Users()}, db.AuthApart(), limit.Off{}
		})
		p := w.register("ada")
		id := p.id().User.ID
		if len(id) <= authstore.MaxHandle {
			t.Fatalf("the ID %s is too short to prove anything", id)
		}
		device := softkey.NewAuthenticator(origin)
		p.addTo(device)
		if handle := device.Held()[0].Handle; len(handle) != authstore.MaxHandle || !bytes.Equal(handle, p.kept()) {
			t.Errorf("the passkey has the handle %x, and %x is kept", handle, p.kept())
		}
		p.signsIn("a passkey", device.Held()[0].Key)
		if err := (auth.Personal{Stores: db.AuthApart(), LimitStore: db.Limits()}).EraseUser(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if got, err := db.AuthApart().Handles.Handle(t.Context(), id); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the handle of an erased user: %x, %v", got, err)
		}
	})
}
