package profiletest

import (
	"errors"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

const kind activity.Kind = "conform.profile"

// event returns a fresh event of the user.
func event(user string) activity.Event {
	return conform.Event(user, kind, conform.Time())
}

func eventCases(t *testing.T, h Harness) {
	if h.Activity == nil {
		return
	}
	t.Run("create writes them and fills in the new ID", func(t *testing.T) {
		ctx, other := conform.Context(t), created(t, h, newUser())
		a, b, foreign := event(""), event(""), event(other.ID)
		events := []activity.Event{a, b, foreign}
		u, err := h.Store.Create(ctx, newUser(), events...)
		conform.Must(t, "Create", err)
		a.UserID, b.UserID = u.ID, u.ID
		sameEvents(t, h, u.ID, a, b)
		sameEvents(t, h, other.ID, foreign)
		if events[0].UserID != "" {
			t.Error("Create wrote into the caller's events")
		}
	})
	t.Run("update writes them", func(t *testing.T) {
		ctx, u := conform.Context(t), created(t, h, newUser())
		a, b := event(u.ID), event(u.ID)
		_, err := h.Store.Update(ctx, u.ID, profile.Patch{Bio: ptr("x")}, a, b)
		conform.Must(t, "Update", err)
		sameEvents(t, h, u.ID, a, b)
	})
	t.Run("one that cannot be written undoes the create", func(t *testing.T) {
		ctx, other := conform.Context(t), created(t, h, newUser())
		there, fresh, u := event(other.ID), event(other.ID), newUser()
		conform.Must(t, "Activity.Append", h.Activity.Append(ctx, there))
		_, err := h.Store.Create(ctx, u, fresh, there)
		refusedEvent(t, "Create", err)
		got, err := h.Store.ByUsername(ctx, u.Username)
		notFound(t, "ByUsername", u.Username, got, err)
		got, err = h.Store.ByEmail(ctx, u.Email)
		notFound(t, "ByEmail", u.Email, got, err)
		sameEvents(t, h, other.ID, there)
		created(t, h, u)
	})
	t.Run("one that cannot be written undoes the update", func(t *testing.T) {
		ctx, u := conform.Context(t), created(t, h, fullUser())
		there, fresh := event(u.ID), event(u.ID)
		conform.Must(t, "Activity.Append", h.Activity.Append(ctx, there))
		_, err := h.Store.Update(ctx, u.ID, profile.Patch{Bio: ptr("x"), Username: ptr(conform.Name("x"))}, fresh, there)
		refusedEvent(t, "Update", err)
		twice := event(u.ID)
		_, err = h.Store.Update(ctx, u.ID, profile.Patch{Bio: ptr("x")}, twice, twice)
		refusedEvent(t, "Update with one event twice", err)
		userIs(t, h, u)
		sameEvents(t, h, u.ID, there)
	})
}

// refusedEvent checks the error of a change whose event's ID exists. It must
// not look like a user name or e-mail that is taken.
func refusedEvent(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s with an event whose ID exists: nil, want an error", what)
	}
	if taken, ok := errors.AsType[*storage.TakenError](err); ok {
		t.Errorf("%s with an event whose ID exists: the field %q is said to be taken", what, taken.Field)
	}
}

// sameEvents checks that the user's history is those events, in any order.
func sameEvents(t *testing.T, h Harness, user string, want ...activity.Event) {
	t.Helper()
	got := conform.Events(t, conform.Context(t), h.Activity, user)
	if len(got) != len(want) {
		t.Errorf("the history of user %q has %d events, want %d", user, len(got), len(want))
	}
	for _, w := range want {
		found := false
		for _, g := range got {
			found = found || conform.SameEvent(g, w)
		}
		if !found {
			t.Errorf("the history has no event %+v; it has\n%+v", w, got)
		}
	}
}
