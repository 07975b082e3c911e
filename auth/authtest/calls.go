package authtest

import (
	"context"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
)

func endedCases(t *testing.T, h Harness) {
	p, ss := h.Stores.Passwords, h.Stores.Sessions
	user, at := h.newUser(t), conform.Time()
	s, e := created(t, h, user), event(user)
	fresh, next := newSession(user), s
	next.TokenHash = newHash()
	conform.EndedContext(t, []conform.Call{
		{Name: "PasswordHash", Do: func(ctx context.Context) error { _, err := p.PasswordHash(ctx, user); return err }},
		{Name: "LockPassword", Do: func(ctx context.Context) error { _, err := p.LockPassword(ctx, user); return err }},
		{Name: "Passwords.Erase", Do: func(ctx context.Context) error { return p.Erase(ctx, user) }},
		{Name: "SetPassword", Do: func(ctx context.Context) error { return p.SetPassword(ctx, user, "", hashOf("a"), e) }},
		{Name: "CreateSession", Do: func(ctx context.Context) error { return ss.CreateSession(ctx, fresh, e) }},
		{Name: "Session", Do: func(ctx context.Context) error { _, err := ss.Session(ctx, s.TokenHash); return err }},
		{Name: "RotateSession", Do: func(ctx context.Context) error { return ss.RotateSession(ctx, s.TokenHash, next, e) }},
		{Name: "TouchSession", Do: func(ctx context.Context) error {
			return ss.TouchSession(ctx, s.ID, at.Add(time.Hour), at.Add(2*time.Hour), activity.Source{})
		}},
		{Name: "Sessions", Do: func(ctx context.Context) error {
			_, err := ss.Sessions(ctx, user, authstore.LevelFull, 100)
			return err
		}},
		{Name: "TrimSessions", Do: func(ctx context.Context) error { _, err := ss.TrimSessions(ctx, fresh, 0); return err }},
		{Name: "EndSession", Do: func(ctx context.Context) error { return ss.EndSession(ctx, user, s.ID, e) }},
		{Name: "EndSessions", Do: func(ctx context.Context) error { _, err := ss.EndSessions(ctx, user, "", e); return err }},
		{Name: "PurgeSessions", Do: func(ctx context.Context) error {
			_, err := ss.PurgeSessions(ctx, at.Add(1000*time.Hour), 10)
			return err
		}},
	})
	ctx := conform.Context(t)
	passwordIs(t, ctx, h, user, "")
	sessionIs(t, ctx, h, s)
	opensNothing(t, ctx, h, fresh.TokenHash)
	opensNothing(t, ctx, h, next.TokenHash)
	wroteEvent(t, ctx, h, e, false)
}
