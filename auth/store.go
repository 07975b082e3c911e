package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// Stores are what a Service needs to keep, one field a role. All are required. Each
// store is safe for concurrent use and joins a transaction that ctx carries.
type Stores struct {
	Passwords PasswordStore
	Sessions  SessionStore
	Tickets   TicketStore
	Factors   FactorStore
}

// Check says what is wrong with s for a host whose users are users: a role that is
// missing, or passwords that are kept beside other users. New asks it, and whoever makes
// a Personal without a Service should.
func (s Stores) Check(users profile.Store) error {
	if s.Passwords == nil || s.Sessions == nil || s.Tickets == nil || s.Factors == nil {
		return errors.New("auth: Stores lacks a store")
	}
	if why, hidden := storage.Missing[UsersBeside](s.Passwords); hidden {
		return fmt.Errorf("auth: Stores.Passwords: nobody can tell whose passwords are kept: %s", why)
	}
	if p, ok := storage.As[UsersBeside](s.Passwords); ok && !beside(p, users) {
		return fmt.Errorf("auth: Stores.Passwords keeps passwords for other users than %T. If that decorates the right ones it needs Unwrap() profile.Store. "+
			"For users in a table of the host's own there are stores apart, such as sqlstore's AuthApart", users)
	}
	return nil
}

// Joined returns the sessions as a SessionUserStore that reads them together with
// users; nil is that they are read apart. why says so in words for a person who wires
// stores together, and hidden that a decorator without Unwrap is the cause: see
// storage.Missing.
func (s Stores) Joined(users profile.Store) (joined SessionUserStore, why string, hidden bool) {
	if why, hidden = storage.Missing[SessionUserStore](s.Sessions); why != "" {
		return nil, why, hidden
	}
	joined, _ = storage.As[SessionUserStore](s.Sessions)
	if !beside(joined, users) {
		return nil, fmt.Sprintf("%T are not the users beside the sessions", users), false
	}
	return joined, "", false
}

// UsersBeside is an ability of a PasswordStore or a SessionStore, found by storage.As,
// that knows whose passwords or sessions it keeps: those of the users in one table, say.
// Stores.Check refuses a PasswordStore for other users, because the passwords would be
// other people's, and one of which a decorator hides it. A PasswordStore without the
// ability is taken for any users.
type UsersBeside interface {
	// Beside reports whether the store is for users. It is asked about the innermost
	// store that decorators of users lead to by Unwrap.
	Beside(users profile.Store) bool
}

// beside asks s about users.
func beside(s UsersBeside, users profile.Store) bool {
	innermost := users
	for u := range storage.Unwrapped(users) {
		innermost = u
	}
	return s.Beside(innermost)
}

// PasswordStore keeps one encoded hash a user, apart from profile.User.
type PasswordStore interface {
	// PasswordHash returns the user's encoded hash, or "" when the user has
	// none or does not exist.
	PasswordHash(ctx context.Context, userID string) (string, error)
	// LockPassword is PasswordHash that, inside a transaction, also keeps
	// others from changing the hash until it ends.
	LockPassword(ctx context.Context, userID string) (string, error)
	// SetPassword replaces the hash old by hash and writes the events, both or
	// neither. When the present hash is not old, it is storage.ErrStale. A user
	// that does not exist is storage.ErrNotFound where the store knows users.
	SetPassword(ctx context.Context, userID, old, hash string, events ...activity.Event) error
	// Erase removes the user's hash; a user who has none, or does not exist, is
	// not an error.
	Erase(ctx context.Context, userID string) error
}

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
	// LevelLeaving: signed in with every factor to an account that will be
	// erased. It opens Restore and nothing else.
	LevelLeaving Level = "leaving"
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
	// or reauthentication); LastUsedAt is exact to about a minute.
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

// SessionStore keeps sessions. A session whose limits have passed may still be
// returned; Service checks Alive.
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
	// Sessions returns the user's sessions, last used first.
	Sessions(ctx context.Context, userID string) ([]Session, error)
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
// are those of Config.Users; otherwise sessions and users are read apart.
type SessionUserStore interface {
	UsersBeside
	// SessionWithUser returns the session with that token hash and its user;
	// storage.ErrNotFound when either is missing.
	SessionWithUser(ctx context.Context, tokenHash [32]byte) (Session, profile.User, error)
}

// Hasher is one way of storing passwords. Implementations are safe for
// concurrent use and check lengths themselves; they never cut a password.
type Hasher interface {
	// Hash returns a new encoded hash with a fresh salt.
	Hash(password string) (string, error)
	// Match reports whether encoded is of password. known is whether encoded
	// is of this hasher's form at all (well formed and within its bounds); a
	// hash that is not known never matches and costs nothing. weak is whether
	// it was made with parameters below those Hash uses.
	Match(encoded, password string) (r MatchResult)
}

// MatchResult is the answer of Hasher.Match.
type MatchResult struct{ Known, Match, Weak bool }
