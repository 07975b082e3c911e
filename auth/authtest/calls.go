package authtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage"
)

func endedCases(t *testing.T, h Harness) {
	p, ss, th := h.Stores.Passwords(), h.Stores.Sessions(), h.Stores.Throttle()
	user, at := h.newUser(t), conform.Time()
	s, e, key := created(t, h, user), event(user), conform.Name("k")
	full := conform.Name("k")
	for range hard.Limit {
		allowed(t, h, full, hard, at)
	}
	fresh, next := newSession(user), s
	next.TokenHash = newHash()
	conform.EndedContext(t, []conform.Call{
		{Name: "PasswordHash", Do: func(ctx context.Context) error { _, err := p.PasswordHash(ctx, user); return err }},
		{Name: "LockPassword", Do: func(ctx context.Context) error { _, err := p.LockPassword(ctx, user); return err }},
		{Name: "SetPassword", Do: func(ctx context.Context) error { return p.SetPassword(ctx, user, "", hashOf("a"), e) }},
		{Name: "CreateSession", Do: func(ctx context.Context) error { return ss.CreateSession(ctx, fresh, e) }},
		{Name: "Session", Do: func(ctx context.Context) error { _, err := ss.Session(ctx, s.TokenHash); return err }},
		{Name: "RotateSession", Do: func(ctx context.Context) error { return ss.RotateSession(ctx, s.TokenHash, next, e) }},
		{Name: "TouchSession", Do: func(ctx context.Context) error {
			return ss.TouchSession(ctx, s.ID, at.Add(time.Hour), at.Add(2*time.Hour), activity.Source{})
		}},
		{Name: "Sessions", Do: func(ctx context.Context) error { _, err := ss.Sessions(ctx, user); return err }},
		{Name: "EndSession", Do: func(ctx context.Context) error { return ss.EndSession(ctx, user, s.ID, e) }},
		{Name: "EndSessions", Do: func(ctx context.Context) error { _, err := ss.EndSessions(ctx, user, "", e); return err }},
		{Name: "PurgeSessions", Do: func(ctx context.Context) error {
			_, err := ss.PurgeSessions(ctx, at.Add(1000*time.Hour), 10)
			return err
		}},
		{Name: "Take", Do: func(ctx context.Context) error {
			ok, _, err := th.Take(ctx, key, hard, at)
			if ok {
				t.Error("Take with an ended context let the try through")
			}
			return err
		}},
		{Name: "Refund", Do: func(ctx context.Context) error { return th.Refund(ctx, full) }},
		{Name: "Reset", Do: func(ctx context.Context) error { return th.Reset(ctx, full) }},
		{Name: "PurgeThrottle", Do: func(ctx context.Context) error {
			_, err := th.PurgeThrottle(ctx, at.Add(1000*time.Hour), 10)
			return err
		}},
	})
	ctx := conform.Context(t)
	passwordIs(t, ctx, h, user, "")
	sessionIs(t, ctx, h, s)
	opensNothing(t, ctx, h, fresh.TokenHash)
	opensNothing(t, ctx, h, next.TokenHash)
	refused(t, h, full, hard, at, hard.Window)
	wroteEvent(t, ctx, h, e, false)
	parallel(t, h, key, hard, at, hard.Limit)
}

// change is a conform.Change whose Prepare is given the user to work on.
func change(name string, h Harness, prepare func(t *testing.T, user string) (do func(context.Context) error, made func(context.Context) bool)) conform.Change {
	return conform.Change{Name: name, Prepare: func(t *testing.T) (func(context.Context) error, func(context.Context) bool) {
		return prepare(t, h.newUser(t))
	}}
}

func txCases(t *testing.T, h Harness) {
	type do = func(context.Context) error
	type made = func(context.Context) bool
	p, ss := h.Stores.Passwords(), h.Stores.Sessions()
	opens := func(t *testing.T, ctx context.Context, hash [32]byte) bool {
		t.Helper()
		_, err := ss.Session(ctx, hash)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("Session: error %v, want nil or one matching storage.ErrNotFound", err)
		}
		return err == nil
	}
	conform.Transactions(t, h.Tx, []conform.Change{
		change("SetPassword", h, func(t *testing.T, user string) (do, made) {
			e := event(user)
			return func(ctx context.Context) error { return p.SetPassword(ctx, user, "", hashOf("a"), e) },
				func(ctx context.Context) bool {
					hash, err := p.PasswordHash(ctx, user)
					conform.Must(t, "PasswordHash", err)
					wroteEvent(t, ctx, h, e, hash != "")
					return hash != ""
				}
		}),
		change("CreateSession", h, func(t *testing.T, user string) (do, made) {
			s := newSession(user)
			return func(ctx context.Context) error { return ss.CreateSession(ctx, s) },
				func(ctx context.Context) bool { return opens(t, ctx, s.TokenHash) }
		}),
		change("RotateSession", h, func(t *testing.T, user string) (do, made) {
			s := created(t, h, user)
			next := s
			next.TokenHash = newHash()
			return func(ctx context.Context) error { return ss.RotateSession(ctx, s.TokenHash, next) },
				func(ctx context.Context) bool {
					rotated := opens(t, ctx, next.TokenHash)
					if opens(t, ctx, s.TokenHash) == rotated {
						t.Errorf("the new hash opening the session is %v, and so is the old one", rotated)
					}
					return rotated
				}
		}),
		change("TouchSession", h, func(t *testing.T, user string) (do, made) {
			s := created(t, h, user)
			later := s.LastUsedAt.Add(time.Minute)
			return func(ctx context.Context) error {
					return ss.TouchSession(ctx, s.ID, later, later.Add(time.Hour), s.Source)
				}, func(ctx context.Context) bool {
					got, err := ss.Session(ctx, s.TokenHash)
					conform.Must(t, "Session", err)
					return got.LastUsedAt.Equal(later)
				}
		}),
		change("EndSession", h, func(t *testing.T, user string) (do, made) {
			s := created(t, h, user)
			return func(ctx context.Context) error { return ss.EndSession(ctx, user, s.ID) },
				func(ctx context.Context) bool { return !opens(t, ctx, s.TokenHash) }
		}),
		change("EndSessions", h, func(t *testing.T, user string) (do, made) {
			s := created(t, h, user)
			return func(ctx context.Context) error { _, err := ss.EndSessions(ctx, user, ""); return err },
				func(ctx context.Context) bool { return !opens(t, ctx, s.TokenHash) }
		}),
		{Name: "Take", Prepare: func(t *testing.T) (func(context.Context) error, func(context.Context) bool) {
			return throttleTx(t, h)
		}},
	})
}

// throttleTx takes the last try of a key in a transaction. Whether it was
// counted is seen by taking and giving back one more.
func throttleTx(t *testing.T, h Harness) (do func(context.Context) error, made func(context.Context) bool) {
	th, key, at := h.Stores.Throttle(), conform.Name("k"), conform.Time()
	one := auth.Rule{Limit: 1, Window: time.Minute}
	do = func(ctx context.Context) error {
		ok, _, err := th.Take(ctx, key, one, at)
		if err == nil && !ok {
			err = errors.New("the first try was refused")
		}
		return err
	}
	return do, func(ctx context.Context) bool {
		ok, _, err := th.Take(ctx, key, one, at)
		conform.Must(t, "Take", err)
		if ok {
			conform.Must(t, "Reset", th.Reset(ctx, key))
		}
		return !ok
	}
}
