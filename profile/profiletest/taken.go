package profiletest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

func takenCases(t *testing.T, h Harness) {
	t.Run("create with a taken name or address names the field", func(t *testing.T) {
		ctx := conform.Context(t)
		names, emails := spellings(t)
		want := created(t, h, profile.User{Username: names[0], Email: emails[0]})
		for _, s := range names {
			u := newUser()
			u.Username = s
			_, err := h.Store.Create(ctx, u)
			isTaken(t, "Create with user name "+s, err, "username")
			got, err := h.Store.ByEmail(ctx, u.Email)
			notFound(t, "ByEmail of a refused user", u.Email, got, err)
		}
		for _, s := range emails {
			u := newUser()
			u.Email = s
			_, err := h.Store.Create(ctx, u)
			isTaken(t, "Create with e-mail "+s, err, "email")
			got, err := h.Store.ByUsername(ctx, u.Username)
			notFound(t, "ByUsername of a refused user", u.Username, got, err)
		}
		_, err := h.Store.Create(ctx, profile.User{Username: names[1], Email: emails[1]})
		isTaken(t, "Create with both taken", err, "username", "email")
		userIs(t, h, want)
	})
	t.Run("update to a taken name or address names the field", func(t *testing.T) {
		ctx := conform.Context(t)
		names, emails := spellings(t)
		created(t, h, profile.User{Username: names[0], Email: emails[0]})
		want := created(t, h, newUser())
		bio := "not to be seen"
		for i := range names {
			for field, p := range map[string]profile.Patch{"username": {Username: &names[i], Bio: &bio}, "email": {Email: &emails[i], Bio: &bio}} {
				e := event(want.ID)
				_, err := h.Store.Update(ctx, want.ID, p, e)
				isTaken(t, "Update", err, field)
				if conform.HasEvent(t, ctx, h.Activity, want.ID, e.ID) {
					t.Errorf("Update to a taken %s wrote its event", field)
				}
			}
		}
		userIs(t, h, want)
	})
	t.Run("an unknown user and a stale version are told before a taken name", func(t *testing.T) {
		ctx := conform.Context(t)
		names, emails := spellings(t)
		created(t, h, profile.User{Username: names[0], Email: emails[0]})
		first := created(t, h, newUser())
		want, err := h.Store.Update(ctx, first.ID, profile.Patch{Bio: ptr("second")})
		conform.Must(t, "Update", err)
		for _, p := range []profile.Patch{{Username: &names[1]}, {Email: &emails[1]}, {Username: &names[1], Email: &emails[1]}} {
			got, err := h.Store.Update(ctx, "999999999999", p)
			notFound(t, "Update to a taken name", "999999999999", got, err)
			p.IfVersion = first.Version
			got, err = h.Store.Update(ctx, "999999999999", p)
			notFound(t, "Update of a version to a taken name", "999999999999", got, err)
			if _, err = h.Store.Update(ctx, want.ID, p); !errors.Is(err, storage.ErrStale) || errors.Is(err, storage.ErrTaken) {
				t.Errorf("Update of a stale version to a taken name: error %v, want one matching storage.ErrStale", err)
			}
			p.IfVersion = want.Version
			_, err = h.Store.Update(ctx, want.ID, p)
			isTaken(t, "Update of the present version", err, "username", "email")
		}
		userIs(t, h, want)
	})
	t.Run("one's own in another spelling is free", func(t *testing.T) {
		ctx := conform.Context(t)
		names, emails := spellings(t)
		u := created(t, h, profile.User{Username: names[0], Email: emails[0]})
		for i := range names {
			got, err := h.Store.Update(ctx, u.ID, profile.Patch{Username: &names[i], Email: &emails[i]})
			conform.Must(t, "Update to another spelling", err)
			if got.Username != names[i] || got.Email != emails[i] {
				t.Errorf("Update to %q, %q stored %q, %q; want them as typed", names[i], emails[i], got.Username, got.Email)
			}
			userIs(t, h, got)
		}
	})
	t.Run("a name given up is free", func(t *testing.T) {
		ctx := conform.Context(t)
		names, emails := spellings(t)
		u, next := created(t, h, profile.User{Username: names[0], Email: emails[0]}), newUser()
		_, err := h.Store.Update(ctx, u.ID, profile.Patch{Username: &next.Username, Email: &next.Email})
		conform.Must(t, "Update", err)
		heir := created(t, h, profile.User{Username: names[1], Email: emails[1]})
		got, err := h.Store.ByUsername(ctx, names[0])
		conform.Must(t, "ByUsername", err)
		sameUser(t, "ByUsername of a name that changed hands", got, heir)
		got, err = h.Store.ByEmail(ctx, emails[0])
		conform.Must(t, "ByEmail", err)
		sameUser(t, "ByEmail of an address that changed hands", got, heir)
	})
	t.Run("R10 of 100 concurrent creates of one address one wins", func(t *testing.T) {
		for range 3 {
			_, emails := spellings(t)
			ctx := conform.Context(t)
			oneWins(t, conform.Together(100, func(i int) error {
				u := newUser()
				u.Email = emails[i%len(emails)]
				_, err := h.Store.Create(ctx, u)
				return err
			}), "email")
			_, err := h.Store.ByEmail(ctx, emails[0])
			conform.Must(t, "ByEmail of the winner", err)
		}
	})
	t.Run("R10 of 100 concurrent creates of one name one wins", func(t *testing.T) {
		names, _ := spellings(t)
		ctx := conform.Context(t)
		oneWins(t, conform.Together(100, func(i int) error {
			u := newUser()
			u.Username = names[i%len(names)]
			_, err := h.Store.Create(ctx, u)
			return err
		}), "username")
	})
	t.Run("of concurrent updates to one name one wins", func(t *testing.T) {
		names, _ := spellings(t)
		ctx := conform.Context(t)
		users := make([]profile.User, 20)
		for i := range users {
			users[i] = created(t, h, newUser())
		}
		errs := conform.Together(len(users), func(i int) error {
			_, err := h.Store.Update(ctx, users[i].ID, profile.Patch{Username: &names[i%len(names)]})
			return err
		})
		oneWins(t, errs, "username")
		for i, err := range errs {
			if err != nil {
				userIs(t, h, users[i])
			}
		}
	})
	t.Run("two that swap names end with one name each", func(t *testing.T) { swap(t, h) })
}

// isTaken checks that err says that one of the fields is taken.
func isTaken(t *testing.T, what string, err error, fields ...string) {
	t.Helper()
	var taken *storage.TakenError
	if !errors.As(err, &taken) || !errors.Is(err, storage.ErrTaken) {
		t.Errorf("%s: error %v, want a *storage.TakenError", what, err)
		return
	}
	for _, f := range fields {
		if taken.Field == f {
			return
		}
	}
	t.Errorf("%s: the field taken is %q, want one of %q", what, taken.Field, fields)
}

// oneWins checks that one error is nil and all others name the field.
func oneWins(t *testing.T, errs []error, field string) {
	t.Helper()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
			continue
		}
		isTaken(t, fmt.Sprintf("loser %d", i), err, field)
	}
	if won != 1 {
		t.Errorf("%d of %d concurrent writers of one key won, want exactly 1", won, len(errs))
	}
}

// swap has two users take each other's name at once. Both may be refused, or,
// over a third name, it may work; no name is ever lost or given twice.
func swap(t *testing.T, h Harness) {
	ctx := conform.Context(t)
	a, b := created(t, h, newUser()), created(t, h, newUser())
	for _, err := range conform.Together(2, func(i int) error {
		id, name := a.ID, b.Username
		if i == 1 {
			id, name = b.ID, a.Username
		}
		_, err := h.Store.Update(ctx, id, profile.Patch{Username: &name})
		return err
	}) {
		isTaken(t, "Update to the name of another", err, "username")
	}
	userIs(t, h, a)
	userIs(t, h, b)
}
