package authtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

func disable(ctx context.Context, h Harness, user string, disabled *bool) error {
	_, err := h.Users.Update(ctx, user, profile.Patch{Disabled: disabled})
	return err
}

func listCases(t *testing.T, h Harness) {
	ss := h.Stores.Sessions
	t.Run("a user without sessions has none", func(t *testing.T) {
		list, err := ss.Sessions(conform.Context(t), h.newUser(t), authstore.LevelFull, 100)
		if err != nil || len(list) != 0 {
			t.Errorf("Sessions: %d and error %v, want none", len(list), err)
		}
	})
	t.Run("last used first, only the user's own", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		created(t, h, h.newUser(t))
		want := make([]authstore.Session, 9)
		for i := range want {
			// Written in an order that is not that of use, which is that of
			// creation turned round.
			rank := i * 4 % len(want)
			s := newSession(user)
			s.LastUsedAt = s.LastUsedAt.Add(-time.Duration(rank) * time.Microsecond)
			s.CreatedAt = s.CreatedAt.Add(time.Duration(rank) * time.Second)
			conform.Must(t, "CreateSession", ss.CreateSession(ctx, s))
			want[rank] = s
		}
		got, err := ss.Sessions(ctx, user, authstore.LevelFull, 100)
		conform.Must(t, "Sessions", err)
		if len(got) != len(want) {
			t.Fatalf("Sessions returned %d, want %d", len(got), len(want))
		}
		for i := range want {
			sameSession(t, got[i], want[i])
		}
	})
}

func endCases(t *testing.T, h Harness) {
	ss := h.Stores.Sessions
	t.Run("an ended session opens nothing", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		a, b := created(t, h, user), created(t, h, user)
		conform.Must(t, "EndSession", ss.EndSession(ctx, user, a.ID))
		opensNothing(t, ctx, h, a.TokenHash)
		sessionIs(t, ctx, h, b)
	})
	t.Run("one that is not there, or another user's, is not found", func(t *testing.T) {
		ctx, s, thief := conform.Context(t), created(t, h, h.newUser(t)), h.newUser(t)
		gone := created(t, h, thief)
		conform.Must(t, "EndSession", ss.EndSession(ctx, thief, gone.ID))
		for name, id := range map[string]string{"unknown": "no-such-session", "ended": gone.ID, "another user's": s.ID, "empty": ""} {
			e := event(thief)
			if err := ss.EndSession(ctx, thief, id, e); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("EndSession of an ID that is %s: error %v, want one matching storage.ErrNotFound", name, err)
			}
			wroteEvent(t, ctx, h, e, false)
		}
		sessionIs(t, ctx, h, s)
	})
	t.Run("of 20 that end one session at once one does", func(t *testing.T) {
		ctx, s := conform.Context(t), created(t, h, h.newUser(t))
		won := 0
		for _, err := range conform.Together(20, func(int) error {
			return ss.EndSession(ctx, s.UserID, s.ID, event(s.UserID))
		}) {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, storage.ErrNotFound):
				t.Errorf("a loser got %v, want an error matching storage.ErrNotFound", err)
			}
		}
		events := len(conform.Events(t, ctx, h.Activity, s.UserID))
		if won != 1 || h.Activity != nil && events != 1 {
			t.Errorf("%d of 20 ended the session and %d events were written, want 1 and 1", won, events)
		}
	})
	t.Run("all but one", func(t *testing.T) {
		ctx, user, other := conform.Context(t), h.newUser(t), created(t, h, h.newUser(t))
		list := []authstore.Session{created(t, h, user), created(t, h, user), created(t, h, user), created(t, h, user)}
		endAll(t, h, user, list[2].ID, 3)
		for i, s := range list {
			if i != 2 {
				opensNothing(t, ctx, h, s.TokenHash)
			}
		}
		sessionIs(t, ctx, h, list[2])
		sessionIs(t, ctx, h, other)
		endAll(t, h, user, list[2].ID, 0)
		endAll(t, h, user, "", 1)
		opensNothing(t, ctx, h, list[2].TokenHash)
		endAll(t, h, user, "", 0)
		sessionIs(t, ctx, h, other)
	})
	t.Run("of every level", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		var list []authstore.Session
		for _, level := range []authstore.Level{authstore.LevelFull, authstore.LevelHalf, authstore.LevelDevice, authstore.LevelDeletionPending} {
			s := newSession(user)
			s.Level = level
			conform.Must(t, "CreateSession", ss.CreateSession(ctx, s))
			list = append(list, s)
		}
		endAll(t, h, user, list[0].ID, 3) // trusted devices too: they would open a stolen account
		for _, s := range list[1:] {
			opensNothing(t, ctx, h, s.TokenHash)
		}
		sessionIs(t, ctx, h, list[0])
	})
	t.Run("another user's session is no exception", func(t *testing.T) {
		ctx, user, other := conform.Context(t), h.newUser(t), created(t, h, h.newUser(t))
		s := created(t, h, user)
		endAll(t, h, user, other.ID, 1)
		opensNothing(t, ctx, h, s.TokenHash)
		sessionIs(t, ctx, h, other)
	})
}

// besideCases have sessions change while they are ended: what was ended stays
// ended (R17, I8).
func besideCases(t *testing.T, h Harness) {
	ss := h.Stores.Sessions
	for name, change := range map[string]func(ctx context.Context, s, next authstore.Session) error{
		"rotate": func(ctx context.Context, s, next authstore.Session) error {
			return ss.RotateSession(ctx, s.TokenHash, next)
		},
		"touch": func(ctx context.Context, s, _ authstore.Session) error {
			return ss.TouchSession(ctx, s.ID, s.LastUsedAt.Add(time.Hour), s.IdleUntil.Add(time.Hour), s.Source)
		},
	} {
		t.Run("R17 a session ended beside a "+name+" is dead", func(t *testing.T) {
			for round := range 20 {
				ctx, s := conform.Context(t), created(t, h, h.newUser(t))
				next := s
				next.TokenHash = newHash()
				errs := conform.Together(2, func(i int) error {
					if i == 0 {
						return change(ctx, s, next)
					}
					if round%2 == 0 {
						return ss.EndSession(ctx, s.UserID, s.ID)
					}
					_, err := ss.EndSessions(ctx, s.UserID, "")
					return err
				})
				if errs[0] != nil && !errors.Is(errs[0], storage.ErrNotFound) {
					t.Fatalf("%s: error %v, want nil or one matching storage.ErrNotFound", name, errs[0])
				}
				conform.Must(t, "end", errs[1])
				opensNothing(t, ctx, h, s.TokenHash)
				opensNothing(t, ctx, h, next.TokenHash)
				list, err := ss.Sessions(ctx, s.UserID, authstore.LevelFull, 100)
				if err != nil || len(list) != 0 {
					t.Fatalf("the user has %d sessions (error %v), want none", len(list), err)
				}
			}
		})
	}
	t.Run("concurrent purges remove each session once", func(t *testing.T) {
		ctx, user, at := conform.Context(t), h.newUser(t), conform.Time().Add(1000*time.Hour)
		for range 30 {
			created(t, h, user)
		}
		counts := make([]int, 8)
		for _, err := range conform.Together(len(counts), func(i int) (err error) {
			counts[i], err = ss.PurgeSessions(ctx, at, 5)
			return err
		}) {
			conform.Must(t, "PurgeSessions", err)
		}
		list, err := ss.Sessions(ctx, user, authstore.LevelFull, 100)
		conform.Must(t, "Sessions", err)
		sum := len(list)
		for _, n := range counts {
			sum += n
		}
		if sum != 30 {
			t.Errorf("concurrent purges say they removed %v and %d are left, of 30", counts, len(list))
		}
	})
}

func endAll(t *testing.T, h Harness, user, except string, want int) {
	t.Helper()
	n, err := h.Stores.Sessions.EndSessions(conform.Context(t), user, except)
	if err != nil || n != want {
		t.Errorf("EndSessions: %d and error %v, want %d", n, err, want)
	}
}

func purgeSessionCases(t *testing.T, h Harness) {
	ss := h.Stores.Sessions
	ctx, user, at := conform.Context(t), h.newUser(t), conform.Time().Add(time.Hour)
	session := func(idle, expires time.Duration) authstore.Session {
		s := newSession(user)
		s.IdleUntil, s.ExpiresAt = at.Add(idle), at.Add(expires)
		conform.Must(t, "CreateSession", ss.CreateSession(ctx, s))
		return s
	}
	const before, after = -time.Microsecond, time.Microsecond
	dead := []authstore.Session{session(before, after), session(before, before), session(after, before), session(before, after), session(after, before)}
	alive := []authstore.Session{session(after, after), session(time.Hour, 2*time.Hour)}
	purge := func(t *testing.T, before time.Time, limit, want int) {
		t.Helper()
		n, err := ss.PurgeSessions(ctx, before, limit)
		if err != nil || n != want {
			t.Errorf("PurgeSessions with limit %d: %d and error %v, want %d", limit, n, err, want)
		}
	}
	// The cases go on from one another.
	t.Run("nothing has reached a limit", func(t *testing.T) { purge(t, at.Add(-time.Minute), 100, 0) })
	t.Run("no more than the limit", func(t *testing.T) { purge(t, at, 3, 3) })
	t.Run("the rest", func(t *testing.T) { purge(t, at, 3, 2) })
	t.Run("none is left", func(t *testing.T) { purge(t, at, 3, 0) })
	t.Run("idle and expired ones went, the others stayed", func(t *testing.T) {
		for _, s := range dead {
			opensNothing(t, ctx, h, s.TokenHash)
		}
		for _, s := range alive {
			sessionIs(t, ctx, h, s)
		}
	})
}
