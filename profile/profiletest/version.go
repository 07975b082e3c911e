package profiletest

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

func versionCases(t *testing.T, h Harness) {
	t.Run("the present version is let through", func(t *testing.T) {
		u := created(t, h, newUser())
		for i := range 5 {
			got, err := h.Store.Update(conform.Context(t), u.ID, profile.Patch{IfVersion: u.Version, Bio: ptr(fmt.Sprint(i))})
			conform.Must(t, "Update with the present version", err)
			if got.Version <= u.Version || got.Bio != fmt.Sprint(i) {
				t.Errorf("Update of version %d: version %d, bio %q", u.Version, got.Version, got.Bio)
			}
			u = got
		}
	})
	t.Run("a stale version changes nothing", func(t *testing.T) {
		ctx, first := conform.Context(t), created(t, h, fullUser())
		want, err := h.Store.Update(ctx, first.ID, profile.Patch{Bio: ptr("second")})
		conform.Must(t, "Update", err)
		for _, v := range []int64{first.Version, want.Version + 1, -want.Version, math.MaxInt64, math.MinInt64} {
			e := event(want.ID)
			_, err := h.Store.Update(ctx, want.ID, profile.Patch{IfVersion: v, Bio: ptr("third"), Username: ptr(conform.Name("x"))}, e)
			if !errors.Is(err, storage.ErrStale) {
				t.Errorf("Update with version %d where %d is present: error %v, want one matching storage.ErrStale", v, want.Version, err)
			}
			if conform.HasEvent(t, ctx, h.Activity, want.ID, e.ID) {
				t.Errorf("Update with stale version %d wrote its event", v)
			}
		}
		userIs(t, h, want)
	})
	t.Run("an unknown user is not found rather than stale", func(t *testing.T) {
		got, err := h.Store.Update(conform.Context(t), "999999999999", profile.Patch{IfVersion: 1, Bio: ptr("x")})
		notFound(t, "Update", "999999999999", got, err)
	})
	t.Run("R12 of 50 concurrent updates of one version one wins", func(t *testing.T) {
		ctx, u := conform.Context(t), created(t, h, newUser())
		for range 3 {
			var winner atomic.Value
			won := 0
			for i, err := range conform.Together(50, func(i int) error {
				got, err := h.Store.Update(ctx, u.ID, profile.Patch{IfVersion: u.Version, Bio: ptr(fmt.Sprint("writer ", i))}, event(u.ID))
				if err == nil {
					winner.Store(got)
				}
				return err
			}) {
				switch {
				case err == nil:
					won++
				case !errors.Is(err, storage.ErrStale):
					t.Errorf("loser %d: error %v, want one matching storage.ErrStale", i, err)
				}
			}
			if won != 1 {
				t.Fatalf("%d of 50 concurrent updates of version %d won, want exactly 1", won, u.Version)
			}
			u = winner.Load().(profile.User)
			userIs(t, h, u)
		}
		if n := len(conform.Events(t, ctx, h.Activity, u.ID)); h.Activity != nil && n != 3 {
			t.Errorf("3 of 150 updates won and %d events were written", n)
		}
	})
}

func concurrentCases(t *testing.T, h Harness) {
	t.Run("R12 50 concurrent updates of different fields are all kept", func(t *testing.T) {
		full := fullUser()
		all := reflect.ValueOf(patchOf(full))
		var fields []string
		for i := range all.NumField() {
			if all.Field(i).Kind() == reflect.Pointer {
				fields = append(fields, all.Type().Field(i).Name)
			}
		}
		// Each field once a user: a lost one is not made up for by a later
		// update. Three users at once make it about fifty.
		n := len(fields)
		users := make([]profile.User, 3)
		filled := make([]profile.User, len(users))
		ctx := conform.Context(t)
		for i := range users {
			users[i], filled[i] = created(t, h, newUser()), fullUser()
		}
		for i, err := range conform.Together(n*len(users), func(i int) error {
			var p profile.Patch
			u, name := i/n, fields[i%n]
			reflect.ValueOf(&p).Elem().FieldByName(name).Set(reflect.ValueOf(patchOf(filled[u])).FieldByName(name))
			_, err := h.Store.Update(ctx, users[u].ID, p, event(users[u].ID))
			return err
		}) {
			conform.Must(t, "Update of "+fields[i%n], err)
		}
		for i, u := range users {
			got, err := h.Store.User(ctx, u.ID)
			conform.Must(t, "User", err)
			want := filled[i]
			want.ID, want.Version, want.CreatedAt, want.UpdatedAt = u.ID, got.Version, u.CreatedAt, got.UpdatedAt
			sameUser(t, "after concurrent updates of every field, User", got, want)
			if got.Version < u.Version+int64(n) {
				t.Errorf("%d updates raised the version from %d to %d; want each to raise it", n, u.Version, got.Version)
			}
			if events := len(conform.Events(t, ctx, h.Activity, u.ID)); h.Activity != nil && events != n {
				t.Errorf("%d updates wrote %d events", n, events)
			}
		}
	})
	t.Run("versions that are returned are all different", func(t *testing.T) {
		ctx, u := conform.Context(t), created(t, h, newUser())
		versions := make([]int64, 30)
		for _, err := range conform.Together(len(versions), func(i int) error {
			got, err := h.Store.Update(ctx, u.ID, profile.Patch{Bio: ptr(fmt.Sprint(i))})
			versions[i] = got.Version
			return err
		}) {
			conform.Must(t, "Update", err)
		}
		seen := map[int64]bool{u.Version: true}
		for _, v := range versions {
			if seen[v] {
				t.Errorf("two updates returned version %d: an ETag would stand for two contents", v)
			}
			seen[v] = true
		}
	})
	t.Run("a reader sees whole updates only", func(t *testing.T) {
		ctx, u := conform.Context(t), created(t, h, newUser())
		for _, err := range conform.Together(8, func(i int) error {
			for round := range 20 {
				s := fmt.Sprint("writer ", i, " round ", round)
				if i < 4 {
					if _, err := h.Store.Update(ctx, u.ID, profile.Patch{GivenName: &s, FamilyName: &s, Bio: &s}); err != nil {
						return err
					}
					continue
				}
				got, err := h.Store.User(ctx, u.ID)
				if err != nil {
					return err
				}
				if got.GivenName != got.FamilyName || got.GivenName != got.Bio {
					return fmt.Errorf("half an update was seen: %q, %q, %q", got.GivenName, got.FamilyName, got.Bio)
				}
			}
			return nil
		}) {
			if err != nil {
				t.Error(err)
			}
		}
	})
}
