package authtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

func rotateCases(t *testing.T, h Harness) {
	ss := h.Stores.Sessions
	t.Run("the old hash opens nothing from then on", func(t *testing.T) {
		ctx, first := conform.Context(t), newSession(h.newUser(t))
		first.Level = authstore.LevelHalf
		conform.Must(t, "CreateSession", ss.CreateSession(ctx, first))
		next := first
		next.TokenHash = newHash()
		next.Level = authstore.LevelFull
		next.ProvedAt = first.ProvedAt.Add(time.Hour)
		next.IdleUntil = first.IdleUntil.Add(time.Hour)
		next.ExpiresAt = first.ExpiresAt.Add(time.Hour)
		want := next
		// Of the rest nothing is taken over.
		next.CreatedAt, next.LastUsedAt = next.ProvedAt, next.ProvedAt
		next.Remember, next.Source = false, activity.Source{IP: "192.0.2.0/24"}
		conform.Must(t, "RotateSession", ss.RotateSession(ctx, first.TokenHash, next))
		opensNothing(t, ctx, h, first.TokenHash)
		sessionIs(t, ctx, h, want)
		list, err := ss.Sessions(ctx, first.UserID, authstore.LevelFull, 100)
		conform.Must(t, "Sessions", err)
		if len(list) != 1 {
			t.Errorf("after RotateSession the user has %d sessions, want 1", len(list))
		}
	})
	t.Run("what is not that session is not found", func(t *testing.T) {
		ctx, s, other := conform.Context(t), created(t, h, h.newUser(t)), created(t, h, h.newUser(t))
		gone := created(t, h, s.UserID)
		conform.Must(t, "EndSession", ss.EndSession(ctx, gone.UserID, gone.ID))
		foreign := s
		foreign.UserID = other.UserID
		for name, c := range map[string]struct {
			old [32]byte
			s   authstore.Session
		}{
			"a hash that is not the session's": {newHash(), s},
			"another session's hash":           {other.TokenHash, s},
			"a session that has ended":         {gone.TokenHash, gone},
			"a session that never was":         {newHash(), newSession(s.UserID)},
			"another user's session":           {s.TokenHash, foreign},
		} {
			e := event(s.UserID)
			c.s.TokenHash = newHash()
			if err := ss.RotateSession(ctx, c.old, c.s, e); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("RotateSession of %s: error %v, want one matching storage.ErrNotFound", name, err)
			}
			opensNothing(t, ctx, h, c.s.TokenHash)
			wroteEvent(t, ctx, h, e, false)
		}
		sessionIs(t, ctx, h, s)
		sessionIs(t, ctx, h, other)
	})
	t.Run("of 20 concurrent rotations one wins", func(t *testing.T) {
		ctx, s := conform.Context(t), created(t, h, h.newUser(t))
		hashes := make([][32]byte, 20)
		won, winner := 0, 0
		for i, err := range conform.Together(len(hashes), func(i int) error {
			next := s
			next.TokenHash = newHash()
			hashes[i] = next.TokenHash
			return ss.RotateSession(ctx, s.TokenHash, next)
		}) {
			switch {
			case err == nil:
				won, winner = won+1, i
			case !errors.Is(err, storage.ErrNotFound):
				t.Errorf("a loser got %v, want an error matching storage.ErrNotFound", err)
			}
		}
		if won != 1 {
			t.Fatalf("%d of 20 concurrent rotations won, want 1", won)
		}
		for i, hash := range hashes {
			if i != winner {
				opensNothing(t, ctx, h, hash)
			}
		}
		s.TokenHash = hashes[winner]
		sessionIs(t, ctx, h, s)
	})
}

func touchCases(t *testing.T, h Harness) {
	ss := h.Stores.Sessions
	source := activity.Source{IP: "198.51.100.0/24", Device: "Safari on iPhone", Place: "Łódź"}
	touch := func(t *testing.T, s authstore.Session, lastUsed time.Time) {
		t.Helper()
		conform.Must(t, "TouchSession", ss.TouchSession(conform.Context(t), s.ID, lastUsed, lastUsed.Add(time.Hour), source))
	}
	t.Run("use moves it forward and nothing else", func(t *testing.T) {
		s, other := created(t, h, h.newUser(t)), created(t, h, h.newUser(t))
		later := s.LastUsedAt.Add(time.Microsecond)
		touch(t, s, later)
		s.LastUsedAt, s.IdleUntil, s.Source = later, later.Add(time.Hour), source
		sessionIs(t, conform.Context(t), h, s)
		sessionIs(t, conform.Context(t), h, other)
	})
	t.Run("never back, nor at the same time", func(t *testing.T) {
		s := created(t, h, h.newUser(t))
		touch(t, s, s.LastUsedAt)
		touch(t, s, s.LastUsedAt.Add(-time.Microsecond))
		touch(t, s, s.LastUsedAt.Add(-time.Hour))
		sessionIs(t, conform.Context(t), h, s)
	})
	t.Run("a session that is gone stays gone", func(t *testing.T) {
		ctx, s := conform.Context(t), created(t, h, h.newUser(t))
		conform.Must(t, "EndSession", ss.EndSession(ctx, s.UserID, s.ID))
		touch(t, s, s.LastUsedAt.Add(time.Minute))
		touch(t, newSession(s.UserID), s.LastUsedAt.Add(time.Minute))
		opensNothing(t, ctx, h, s.TokenHash)
	})
	t.Run("of concurrent uses the last counts", func(t *testing.T) {
		ctx, s := conform.Context(t), created(t, h, h.newUser(t))
		for _, err := range conform.Together(20, func(i int) error {
			at := s.LastUsedAt.Add(time.Duration(1+(i*7)%20) * time.Second)
			return ss.TouchSession(ctx, s.ID, at, at.Add(time.Hour), source)
		}) {
			conform.Must(t, "TouchSession", err)
		}
		s.LastUsedAt = s.LastUsedAt.Add(20 * time.Second)
		s.IdleUntil, s.Source = s.LastUsedAt.Add(time.Hour), source
		sessionIs(t, ctx, h, s)
	})
}

func withUserCases(t *testing.T, h Harness) {
	both, ok := storage.As[authstore.SessionUserStore](h.Stores.Sessions)
	if !ok || h.Users == nil {
		return
	}
	t.Run("it is what two reads give", func(t *testing.T) {
		ctx, s := conform.Context(t), created(t, h, h.newUser(t))
		want, err := h.Users.User(ctx, s.UserID)
		conform.Must(t, "Users.User", err)
		got, u, err := both.SessionWithUser(ctx, s.TokenHash)
		conform.Must(t, "SessionWithUser", err)
		sameSession(t, got, s)
		if u.ID != want.ID || u.Username != want.Username || u.Email != want.Email || u.Role != want.Role ||
			u.Disabled != want.Disabled || u.Version != want.Version || !u.CreatedAt.Equal(want.CreatedAt) {
			t.Errorf("SessionWithUser gives the user\n%+v, and Users gives\n%+v", u, want)
		}
	})
	t.Run("it sees a change of the user at once", func(t *testing.T) {
		ctx, s := conform.Context(t), created(t, h, h.newUser(t))
		disabled := true
		if err := disable(ctx, h, s.UserID, &disabled); err != nil {
			t.Fatalf("Users.Update: %v", err)
		}
		_, u, err := both.SessionWithUser(ctx, s.TokenHash)
		if err != nil || !u.Disabled {
			t.Errorf("SessionWithUser of a disabled user: Disabled %v and error %v, want true and nil", u.Disabled, err)
		}
	})
	t.Run("an unknown or ended session is not found", func(t *testing.T) {
		ctx, s := conform.Context(t), created(t, h, h.newUser(t))
		conform.Must(t, "EndSession", h.Stores.Sessions.EndSession(ctx, s.UserID, s.ID))
		for _, hash := range [][32]byte{newHash(), {}, s.TokenHash} {
			if _, _, err := both.SessionWithUser(ctx, hash); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("SessionWithUser: error %v, want one matching storage.ErrNotFound", err)
			}
		}
	})
	t.Run("a session without its user is not found", func(t *testing.T) {
		ctx := conform.Context(t)
		for _, id := range []string{"999999999997", "no such user"} {
			s := newSession(id)
			if h.Stores.Sessions.CreateSession(ctx, s) != nil {
				continue // the store refuses such a session, as it may
			}
			if _, u, err := both.SessionWithUser(ctx, s.TokenHash); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("SessionWithUser of a session whose user is not there: user %q and error %v, want one matching storage.ErrNotFound", u.ID, err)
			}
		}
	})
	conform.EndedContext(t, []conform.Call{{Name: "SessionWithUser", Do: func(ctx context.Context) error {
		_, _, err := both.SessionWithUser(ctx, newHash())
		return err
	}}})
}
