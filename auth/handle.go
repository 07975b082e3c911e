package auth

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

// handle is what authenticators know the user by, nil for a user who never began to add a
// passkey since handles are kept.
func (s *Service) handle(ctx context.Context, userID string) ([]byte, error) {
	handle, err := s.handles.Handle(ctx, userID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("auth: reading a handle: %w", err)
	}
	return handle, nil
}

// handleFor is the handle that a new passkey of the user gets beside those in known, which
// are confirmed. The first call for a user makes it of 64 random bytes.
//
// A user who has passkeys and no handle added them when the user's ID was the handle: on a
// node of a release before, since the stores begin with those that there were. The user
// keeps the ID. With two handles an authenticator would keep two passkeys of one account,
// and the new one would not take the place of the old one. Passkeys of that user stay as
// exposed to another program under the same relying party's ID as they were.
func (s *Service) handleFor(ctx context.Context, userID string, known []authstore.FactorRecord) ([]byte, error) {
	handle, err := s.handle(ctx, userID)
	if err != nil || handle != nil {
		return handle, err
	}
	// An ID that is longer than a handle may be was never one.
	if len(known) > 0 && len(userID) <= authstore.MaxHandle {
		handle = []byte(userID)
	} else {
		handle = make([]byte, authstore.MaxHandle)
		if _, err := io.ReadFull(s.random, handle); err != nil {
			return nil, fmt.Errorf("auth: making a handle: %w", err)
		}
	}
	// Of beginnings at the same time all get what the first of them keeps.
	if handle, err = s.handles.KeepHandle(ctx, userID, handle, s.now()); err != nil {
		return nil, fmt.Errorf("auth: keeping a handle: %w", err)
	}
	return handle, nil
}
