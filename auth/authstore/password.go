package authstore

import (
	"context"

	"github.com/profilekit/profilekit/activity"
)

// PasswordStore keeps one encoded hash a user, apart from profile.User.
type PasswordStore interface {
	// PasswordHash returns the user's encoded hash, or "" when the user has
	// none or does not exist. Text that can be nobody's ID is looked up like any
	// other: sign-in asks for the hash of nobody when a login is unknown, so that
	// its time does not tell that.
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
