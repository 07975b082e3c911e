package profiletest

import (
	"context"
	"errors"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

func txCases(t *testing.T, h Harness) {
	there := created(t, h, newUser())
	conform.Refusals(t, h.Tx, []conform.Refusal{
		{Name: "a taken name", Is: storage.ErrTaken, Do: func(ctx context.Context) error {
			u := newUser()
			u.Username = there.Username
			_, err := h.Store.Create(ctx, u)
			isTaken(t, "Create", err, "username")
			return err
		}},
		{Name: "a taken address", Is: storage.ErrTaken, Do: func(ctx context.Context) error {
			u := newUser()
			u.Email = there.Email
			_, err := h.Store.Create(ctx, u)
			isTaken(t, "Create", err, "email")
			return err
		}},
		{Name: "a stale version", Is: storage.ErrStale, Do: func(ctx context.Context) error {
			_, err := h.Store.Update(ctx, there.ID, profile.Patch{IfVersion: there.Version + 9, Bio: ptr("x")})
			return err
		}},
		{Name: "an unknown user to update", Is: storage.ErrNotFound, Do: func(ctx context.Context) error {
			_, err := h.Store.Update(ctx, "999999999999", profile.Patch{Bio: ptr("x")})
			return err
		}},
		{Name: "an unknown user to read", Is: storage.ErrNotFound, Do: func(ctx context.Context) error {
			_, err := h.Store.User(ctx, "999999999999")
			return err
		}},
	})
	type do = func(context.Context) error
	type made = func(context.Context) bool
	conform.Transactions(t, h.Tx, []conform.Change{
		{Name: "Create", Prepare: func(t *testing.T) (do, made) {
			owner, u := created(t, h, newUser()), newUser()
			e := event(owner.ID)
			do := func(ctx context.Context) error {
				_, err := h.Store.Create(ctx, u, e)
				return err
			}
			return do, func(ctx context.Context) bool {
				byName, err := h.Store.ByUsername(ctx, u.Username)
				there := found(t, "ByUsername", err)
				byMail, err := h.Store.ByEmail(ctx, u.Email)
				if found(t, "ByEmail", err) != there || byName.ID != byMail.ID {
					t.Errorf("ByUsername finds the user: %v; ByEmail does not agree", there)
				}
				if there {
					_, err := h.Store.User(ctx, byName.ID)
					conform.Must(t, "User", err)
				}
				eventIs(t, ctx, h, e, there)
				return there
			}
		}},
		{Name: "Update", Prepare: func(t *testing.T) (do, made) {
			u, next := created(t, h, newUser()), newUser()
			e := event(u.ID)
			do := func(ctx context.Context) error {
				_, err := h.Store.Update(ctx, u.ID, profile.Patch{Bio: ptr("new"), Username: &next.Username}, e)
				return err
			}
			return do, func(ctx context.Context) bool {
				got, err := h.Store.User(ctx, u.ID)
				conform.Must(t, "User", err)
				there := got.Bio == "new"
				_, err = h.Store.ByUsername(ctx, next.Username)
				if found(t, "ByUsername", err) != there {
					t.Errorf("the change being there is %v, and the new name does not agree", there)
				}
				eventIs(t, ctx, h, e, there)
				return there
			}
		}},
	})
}

// found turns the error of a look-up into whether it found something.
func found(t *testing.T, what string, err error) bool {
	t.Helper()
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("%s: error %v, want nil or one matching storage.ErrNotFound", what, err)
	}
	return err == nil
}

// eventIs checks that the event is in the history exactly if the change is.
func eventIs(t *testing.T, ctx context.Context, h Harness, e activity.Event, want bool) {
	t.Helper()
	if h.Activity == nil {
		return
	}
	if got := conform.HasEvent(t, ctx, h.Activity, e.UserID, e.ID); got != want {
		t.Errorf("the change being there is %v, and its event being there is %v", want, got)
	}
}
