package authstore

import (
	"context"
	"errors"
	"time"
)

// MaxHandle is how many bytes a handle has at most (WebAuthn Level 3, 5.4.3).
const MaxHandle = 64

// CheckHandle says why no HandleStore keeps the handle for the user: it has no bytes or
// more than MaxHandle, or the user's ID is empty or no text.
func CheckHandle(userID string, handle []byte) error {
	switch {
	case userID == "" || !isText(userID):
		return errors.New("authstore: handle: the user's ID is empty or no text")
	case len(handle) == 0 || len(handle) > MaxHandle:
		return errors.New("authstore: handle: it must have 1 to 64 bytes")
	}
	return nil
}

// HandleStore keeps the handle of each user: the bytes that authenticators know a user
// by. Like all stores it joins a transaction that ctx carries.
//
// An authenticator keeps one passkey for each relying party's ID and handle (WebAuthn
// Level 3, 5.4.3), and a new passkey takes the place of an old one of the same two. So a
// handle must tell users of all programs under one ID apart, and a user must have one
// handle only. It is no secret, and says nothing of its user (14.6.1): 64 random bytes.
//
// Before handles were kept, a user's ID was the handle. A store that takes over such users
// begins with the ID as the handle of each user who has a passkey: with a second handle the
// authenticator would keep two passkeys of one account, of which one may be gone.
//
// A handle stays as long as its user, also when the last passkey is removed: the
// authenticator may still hold that passkey, which the next one is to replace, and can be
// told by this handle alone that it is gone.
type HandleStore interface {
	// Handle returns the user's handle, else storage.ErrNotFound.
	Handle(ctx context.Context, userID string) ([]byte, error)
	// KeepHandle keeps handle for the user, as of the time at, unless the user has one
	// already, and returns the handle that the user has then. So of any number of
	// concurrent calls all return the same. A handle that another user has is a
	// *storage.TakenError of field "handle", and one that CheckHandle refuses an error.
	KeepHandle(ctx context.Context, userID string, handle []byte, at time.Time) (kept []byte, err error)
	// EraseHandle removes the user's handle; a user who has none, or does not exist, is
	// not an error.
	EraseHandle(ctx context.Context, userID string) error
}
