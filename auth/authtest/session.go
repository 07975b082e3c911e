package authtest

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

// newSession returns a session of the user with every field filled in and no
// two times alike.
func newSession(user string) authstore.Session {
	at := conform.Time()
	s := authstore.Session{
		ID:         rand.Text(),
		UserID:     user,
		Level:      authstore.LevelFull,
		Remember:   true,
		Source:     activity.Source{IP: "2001:db8::/48", Device: "Firefox on Linux", Place: "Zürich"},
		CreatedAt:  at,
		ProvedAt:   at.Add(1 * time.Microsecond),
		LastUsedAt: at.Add(2 * time.Microsecond),
		IdleUntil:  at.Add(30 * time.Minute),
		ExpiresAt:  at.Add(12 * time.Hour),
	}
	rand.Read(s.TokenHash[:])
	return s
}

// newHash returns a fresh token hash. It is random bytes, not of a token, so
// it has every byte value in the long run, zeros too.
func newHash() (h [32]byte) {
	rand.Read(h[:])
	return h
}

// created makes a session of the user and writes it.
func created(t *testing.T, h Harness, user string) authstore.Session {
	t.Helper()
	s := newSession(user)
	conform.Must(t, "CreateSession", h.Stores.Sessions.CreateSession(conform.Context(t), s))
	return s
}

// sessionIs checks that the session's token opens exactly want.
func sessionIs(t *testing.T, ctx context.Context, h Harness, want authstore.Session) {
	t.Helper()
	got, err := h.Stores.Sessions.Session(ctx, want.TokenHash)
	if err != nil {
		t.Errorf("Session: %v", err)
	} else {
		sameSession(t, got, want)
	}
}

func sameSession(t *testing.T, got, want authstore.Session) {
	t.Helper()
	for name, at := range map[string]time.Time{
		"CreatedAt": got.CreatedAt, "ProvedAt": got.ProvedAt,
		"LastUsedAt": got.LastUsedAt, "IdleUntil": got.IdleUntil, "ExpiresAt": got.ExpiresAt,
	} {
		if !at.IsZero() && !conform.IsStoredTime(at) {
			t.Errorf("session: %s is %v, want UTC in whole microseconds", name, at)
		}
	}
	norm := func(s authstore.Session) authstore.Session {
		s.CreatedAt, s.ProvedAt, s.LastUsedAt = s.CreatedAt.UTC(), s.ProvedAt.UTC(), s.LastUsedAt.UTC()
		s.IdleUntil, s.ExpiresAt = s.IdleUntil.UTC(), s.ExpiresAt.UTC()
		return s
	}
	if norm(got) != norm(want) {
		t.Errorf("the session is\n%+v, want\n%+v", got, want)
	}
}

// opensNothing checks that a token hash is of no session.
func opensNothing(t *testing.T, ctx context.Context, h Harness, hash [32]byte) {
	t.Helper()
	if s, err := h.Stores.Sessions.Session(ctx, hash); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("Session of a hash that is of none: session %q and error %v, want one matching storage.ErrNotFound", s.ID, err)
	}
}

func sessionCases(t *testing.T, h Harness) {
	ss := h.Stores.Sessions
	t.Run("it comes back as it was", func(t *testing.T) {
		ctx, user := conform.Context(t), h.newUser(t)
		full := created(t, h, user)
		half := newSession(user)
		half.Level, half.Remember, half.Source = authstore.LevelHalf, false, activity.Source{}
		half.TokenHash[0], half.TokenHash[31] = 0, 0
		half.CreatedAt = half.CreatedAt.In(time.FixedZone("ahead", 3*60*60))
		conform.Must(t, "CreateSession", ss.CreateSession(ctx, half))
		sessionIs(t, ctx, h, full)
		sessionIs(t, ctx, h, half)
	})
	t.Run("one that was never proved has the zero time of it", func(t *testing.T) {
		ctx, s := conform.Context(t), newSession(h.newUser(t))
		s.ProvedAt = time.Time{}
		conform.Must(t, "CreateSession", ss.CreateSession(ctx, s))
		sessionIs(t, ctx, h, s)
		next := s
		next.TokenHash = newHash()
		conform.Must(t, "RotateSession", ss.RotateSession(ctx, s.TokenHash, next))
		sessionIs(t, ctx, h, next)
		if got, err := ss.Session(ctx, next.TokenHash); err != nil || !got.ProvedAt.IsZero() {
			t.Errorf("ProvedAt is %v, want the zero time; %v", got.ProvedAt, err)
		}
	})
	t.Run("an unknown hash is not found", func(t *testing.T) {
		ctx, s := conform.Context(t), created(t, h, h.newUser(t))
		opensNothing(t, ctx, h, newHash())
		opensNothing(t, ctx, h, [32]byte{})
		near := s.TokenHash
		near[31] ^= 1
		opensNothing(t, ctx, h, near)
	})
	t.Run("an ID or hash that is there is refused and stays", func(t *testing.T) {
		ctx, first, thief := conform.Context(t), created(t, h, h.newUser(t)), h.newUser(t)
		sameID, sameHash := newSession(thief), newSession(thief)
		sameID.ID, sameHash.TokenHash = first.ID, first.TokenHash
		for name, s := range map[string]authstore.Session{"ID": sameID, "token hash": sameHash} {
			e := event(thief)
			if err := ss.CreateSession(ctx, s, e); err == nil {
				t.Errorf("CreateSession with another session's %s: nil, want an error", name)
			}
			wroteEvent(t, ctx, h, e, false)
		}
		sessionIs(t, ctx, h, first)
		opensNothing(t, ctx, h, sameID.TokenHash)
	})
	t.Run("one past its limits is not alive, if it comes back", func(t *testing.T) {
		ctx, s := conform.Context(t), newSession(h.newUser(t))
		s.IdleUntil = s.CreatedAt
		conform.Must(t, "CreateSession", ss.CreateSession(ctx, s))
		got, err := ss.Session(ctx, s.TokenHash)
		if err == nil && got.Alive(s.CreatedAt) {
			t.Error("a session at its idle limit is alive")
		} else if err != nil && !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("Session: error %v, want nil or one matching storage.ErrNotFound", err)
		}
	})
}

func sessionEventCases(t *testing.T, h Harness) {
	ss := h.Stores.Sessions
	user := h.newUser(t)
	rotated := created(t, h, user)
	next := rotated
	next.TokenHash = newHash()
	ended := created(t, h, user)
	fresh := newSession(user)
	// The cases go on from one another.
	for _, c := range []struct {
		name string
		do   func(ctx context.Context, events ...activity.Event) error
		// stays is the session as it must be when do was undone.
		stays *authstore.Session
	}{
		{"create", func(ctx context.Context, ev ...activity.Event) error { return ss.CreateSession(ctx, fresh, ev...) }, nil},
		{"rotate", func(ctx context.Context, ev ...activity.Event) error {
			return ss.RotateSession(ctx, rotated.TokenHash, next, ev...)
		}, &rotated},
		{"end one", func(ctx context.Context, ev ...activity.Event) error {
			return ss.EndSession(ctx, user, ended.ID, ev...)
		}, &ended},
		{"end all", func(ctx context.Context, ev ...activity.Event) error {
			_, err := ss.EndSessions(ctx, user, "", ev...)
			return err
		}, &fresh},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx := conform.Context(t)
			if bad, ok := h.unwritable(t, user); ok {
				e := event(user)
				if err := c.do(ctx, e, bad); err == nil {
					t.Error("an event whose ID exists: nil, want an error")
				}
				wroteEvent(t, ctx, h, e, false)
				if c.stays != nil {
					sessionIs(t, ctx, h, *c.stays)
				} else {
					opensNothing(t, ctx, h, fresh.TokenHash)
				}
			}
			a, b := event(user), event(user)
			conform.Must(t, "with writable events", c.do(ctx, a, b))
			wroteEvent(t, ctx, h, a, true)
			wroteEvent(t, ctx, h, b, true)
		})
	}
}
