package profiletest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// deletionCases are for a store that is a profile.DeletableStore.
func deletionCases(t *testing.T, h Harness) {
	s, ok := storage.As[profile.DeletableStore](h.Store)
	if !ok {
		return
	}
	// Long before what other tests of a shared store use.
	base := time.Date(1999, 1, 2, 3, 4, 5, 678901000, time.UTC)
	leaves := func(t *testing.T, at time.Time) profile.User {
		t.Helper()
		u, err := s.Update(conform.Context(t), created(t, h, newUser()).ID, profile.Patch{DeletesAt: &at})
		conform.Must(t, "Update of DeletesAt", err)
		return u
	}
	t.Run("due are those whose time has come, the earliest first", func(t *testing.T) {
		third, first, second := leaves(t, base.Add(3*time.Microsecond)), leaves(t, base.Add(time.Microsecond)), leaves(t, base.Add(2*time.Microsecond))
		stays, later := created(t, h, newUser()), leaves(t, base.Add(time.Hour))
		back := leaves(t, base)
		_, err := s.Update(conform.Context(t), back.ID, profile.Patch{DeletesAt: &time.Time{}})
		conform.Must(t, "Update", err)
		dueAre(t, s, base.Add(3*time.Microsecond), 100, first.ID, second.ID, third.ID)
		dueAre(t, s, base.Add(2*time.Microsecond), 100, first.ID, second.ID)
		dueAre(t, s, base.Add(3*time.Microsecond), 2, first.ID, second.ID)
		dueAre(t, s, base, 100)
		for _, u := range []profile.User{third, first, second, later} {
			conform.Must(t, "DeleteUser", s.DeleteUser(conform.Context(t), u.ID, u.Version))
		}
		dueAre(t, s, base.Add(2*time.Hour), 100)
		userIs(t, h, stays)
	})
	t.Run("a deleted user is not found and name and address are free", func(t *testing.T) {
		ctx, u := conform.Context(t), created(t, h, fullUser())
		conform.Must(t, "DeleteUser", s.DeleteUser(ctx, u.ID, u.Version))
		got, err := s.User(ctx, u.ID)
		notFound(t, "User", u.ID, got, err)
		got, err = s.ByUsername(ctx, u.Username)
		notFound(t, "ByUsername", u.Username, got, err)
		got, err = s.ByEmail(ctx, u.Email)
		notFound(t, "ByEmail", u.Email, got, err)
		got, err = s.Update(ctx, u.ID, profile.Patch{Bio: ptr("x")})
		notFound(t, "Update", u.ID, got, err)
		if err := s.DeleteUser(ctx, u.ID, u.Version); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("DeleteUser of a user that is gone: error %v, want one matching storage.ErrNotFound", err)
		}
		again := created(t, h, profile.User{Username: u.Username, Email: u.Email})
		if again.ID == u.ID {
			t.Errorf("the ID %s was given out again", u.ID)
		}
		if again.Bio != "" || !again.DeletesAt.IsZero() || !again.Picture.IsZero() {
			t.Errorf("the new user has what the old one had: %+v", again)
		}
	})
	t.Run("another version is stale and nothing goes", func(t *testing.T) {
		ctx, u := conform.Context(t), created(t, h, newUser())
		for _, v := range []int64{u.Version + 1, u.Version - 1, -1} {
			if err := s.DeleteUser(ctx, u.ID, v); !errors.Is(err, storage.ErrStale) {
				t.Errorf("DeleteUser with version %d where %d is present: error %v, want one matching storage.ErrStale", v, u.Version, err)
			}
		}
		userIs(t, h, u)
	})
	t.Run("no such user", func(t *testing.T) {
		for _, id := range []string{"999999999999", "", "no such user", "01", "-1"} {
			if err := s.DeleteUser(conform.Context(t), id, 1); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("DeleteUser(%q): error %v, want one matching storage.ErrNotFound", id, err)
			}
		}
	})
	t.Run("R12 a deletion and a restoration at once: one of them", func(t *testing.T) {
		for range 5 {
			ctx, u := conform.Context(t), leaves(t, base)
			errs := conform.Together(2, func(i int) error {
				if i == 0 {
					return s.DeleteUser(ctx, u.ID, u.Version)
				}
				_, err := s.Update(ctx, u.ID, profile.Patch{IfVersion: u.Version, DeletesAt: &time.Time{}})
				return err
			})
			_, err := s.User(ctx, u.ID)
			deleted := errs[0] == nil && errors.Is(errs[1], storage.ErrNotFound) && errors.Is(err, storage.ErrNotFound)
			restored := errs[1] == nil && errors.Is(errs[0], storage.ErrStale) && err == nil
			if !deleted && !restored {
				t.Errorf("DeleteUser %v, Update %v, then User %v: want that one was done", errs[0], errs[1], err)
			}
		}
	})
	t.Run("in a transaction that is rolled back nothing goes", func(t *testing.T) {
		if h.Tx == nil {
			return
		}
		u := created(t, h, newUser())
		rollback := errors.New("back")
		err := h.Tx.InTx(conform.Context(t), func(ctx context.Context) error {
			conform.Must(t, "DeleteUser", s.DeleteUser(ctx, u.ID, u.Version))
			got, err := s.User(ctx, u.ID)
			notFound(t, "User", u.ID, got, err)
			return rollback
		})
		if !errors.Is(err, rollback) {
			t.Fatalf("InTx: %v", err)
		}
		userIs(t, h, u)
	})
	t.Run("ended context", func(t *testing.T) {
		u := leaves(t, base)
		conform.EndedContext(t, []conform.Call{
			{Name: "DueUsers", Do: func(ctx context.Context) error { _, err := s.DueUsers(ctx, base, 1); return err }},
			{Name: "DeleteUser", Do: func(ctx context.Context) error { return s.DeleteUser(ctx, u.ID, u.Version) }},
		})
		userIs(t, h, u)
		conform.Must(t, "DeleteUser", s.DeleteUser(conform.Context(t), u.ID, u.Version))
	})
}

func dueAre(t *testing.T, s profile.DeletableStore, before time.Time, limit int, want ...string) {
	t.Helper()
	got, err := s.DueUsers(conform.Context(t), before, limit)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("DueUsers: %v and error %v, want %v", got, err, want)
	}
}
