package authstore

import (
	"context"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
)

// Level is how far a session got.
type Level string

const (
	// LevelHalf: the password was right and a second factor is still owed. It
	// opens the routes that finish a sign-in and nothing else.
	LevelHalf Level = "half"
	// LevelFull: signed in.
	LevelFull Level = "full"
	// LevelDevice: a device that its user trusts, where the second factor is not
	// asked for. It opens nothing by itself.
	LevelDevice Level = "device"
	// LevelDeletionPending: signed in with every factor to an account that will be
	// erased, at User.DeletesAt. It opens auth.Service.Restore and nothing else. The
	// stored text is that of the first release.
	LevelDeletionPending Level = "leaving"
)

// Session is one signed-in device. The token itself is never stored.
type Session struct {
	// ID names the session to its owner; it opens nothing.
	ID     string
	UserID string
	// TokenHash is the SHA-256 of the token.
	TokenHash [32]byte
	Level     Level
	// Remember is whether the user asked to stay signed in.
	Remember bool
	// Source is where it was last used from, masked.
	Source activity.Source
	// CreatedAt is the sign-in; ProvedAt the last proof of identity (sign-in
	// or reauthentication); LastUsedAt is exact to about a minute. ProvedAt is the
	// zero time after a sign-in whose second factor a trusted device replaced.
	CreatedAt  time.Time
	ProvedAt   time.Time
	LastUsedAt time.Time
	// IdleUntil and ExpiresAt end the session, whichever comes first.
	// IdleUntil moves with use; ExpiresAt never does.
	IdleUntil time.Time
	ExpiresAt time.Time
}

// Alive reports whether s has not reached a limit at now.
func (s Session) Alive(now time.Time) bool {
	return now.Before(s.IdleUntil) && now.Before(s.ExpiresAt)
}

// TrimBatch is the most that one TrimSessions removes: an account with very many sessions
// gets rid of them over several sign-ins.
const TrimBatch = 1000

// SessionStore keeps sessions. A session whose limits have passed may still be
// returned: the service looks at Alive.
//
// The zero ProvedAt is kept and given back as the zero time.
type SessionStore interface {
	// CreateSession writes s and the events, both or neither.
	CreateSession(ctx context.Context, s Session, events ...activity.Event) error
	// Session returns the session with that token hash, else storage.ErrNotFound.
	Session(ctx context.Context, tokenHash [32]byte) (Session, error)
	// RotateSession gives the user's session a new token hash, level, proof
	// time and limits, taken from s, and writes the events, both or neither;
	// the old hash old opens nothing from then on. A session that is gone, or
	// whose hash is not old, is storage.ErrNotFound.
	RotateSession(ctx context.Context, old [32]byte, s Session, events ...activity.Event) error
	// TouchSession sets LastUsedAt, IdleUntil and Source of the session, if it
	// is still there and was last used before lastUsed; else it does nothing.
	TouchSession(ctx context.Context, id string, lastUsed, idleUntil time.Time, source activity.Source) error
	// Sessions returns the user's sessions of that level, last used first, and at most limit
	// of them.
	Sessions(ctx context.Context, userID string, level Level, limit int) ([]Session, error)
	// TrimSessions removes sessions of the user and the level of newest, those used the
	// longest ago first, so that keep are left, newest among them. It removes at most
	// TrimBatch and says how many.
	TrimSessions(ctx context.Context, newest Session, keep int) (int, error)
	// EndSession removes that session of that user and writes the events, both
	// or neither; a session that is not there, or another user's, is
	// storage.ErrNotFound and no event.
	EndSession(ctx context.Context, userID, id string, events ...activity.Event) error
	// EndSessions removes all sessions of the user but the one with the ID
	// except ("" keeps none), writes the events, both or neither, and says how
	// many it ended.
	EndSessions(ctx context.Context, userID, except string, events ...activity.Event) (int, error)
	// PurgeSessions removes up to limit sessions of any user that reached a
	// limit before the given time, and says how many.
	PurgeSessions(ctx context.Context, before time.Time, limit int) (int, error)
}

// SessionUserStore is an ability of a SessionStore, found by storage.As, that has users
// beside sessions, so that a signed-in read is one query. It is used when these users
// are those of auth.Config.Users; otherwise sessions and users are read apart.
type SessionUserStore interface {
	UsersBeside
	// SessionWithUser returns the session with that token hash and its user;
	// storage.ErrNotFound when either is missing.
	SessionWithUser(ctx context.Context, tokenHash [32]byte) (Session, profile.User, error)
}
