package auth

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// endForDeletion ends all sessions and trusted devices of an account that will be
// erased, and what was begun: in the transaction in which its end begins. Of one that
// is taken back it locks the password, so that no flow of this package runs beside.
func (s *Service) endForDeletion(ctx context.Context, c profile.DeletionChange) error {
	if c.At.IsZero() {
		// In the order of every other flow: the password's row, then the user's.
		_, err := s.passwords.LockPassword(ctx, c.User.ID)
		return err
	}
	user, hash, err := s.locked(ctx, c.User.ID)
	if errors.Is(err, ErrInvalidToken) {
		return profile.ErrNoAccount
	}
	if err != nil {
		return err
	}
	ended, err := s.cutOff(ctx, user, hash, hash, "", byDeletion)
	if err != nil {
		return err
	}
	c.Detail[detailEnded] = strconv.Itoa(ended)
	return nil
}

// Restore takes a deletion back for somebody who has just signed in with every
// factor, whose SignIn had the Status DeletionPending. It opens the session, which
// has a new token; all others are over. When the time is up, or somebody was
// faster, it is ErrUnauthenticated.
func (s *Service) Restore(ctx context.Context, c Client, half HalfIdentity) (SignIn, error) {
	if half.sound() != nil || half.Session.Level != authstore.LevelDeletionPending || s.deletions == nil {
		return SignIn{}, ErrUnauthenticated
	}
	ctx = withClient(ctx, c)
	now := s.now()
	proved := half.Session.ProvedAt
	next, token, err := s.raised(ctx, half.Session, now)
	if err != nil {
		return SignIn{}, err
	}
	next.ProvedAt = proved // nothing was proved since
	user, err := s.deletions.Restore(ctx, profile.Caller{User: half.User, ProvedAt: proved}, func(ctx context.Context) error {
		if _, err := s.sessions.EndSessions(ctx, half.User.ID, next.ID); err != nil {
			return err
		}
		err := s.sessions.RotateSession(ctx, half.Session.TokenHash, next)
		if errors.Is(err, storage.ErrNotFound) {
			return ErrUnauthenticated
		}
		return err
	})
	switch {
	case errors.Is(err, profile.ErrNotRestorable), errors.Is(err, profile.ErrNoAccount), errors.Is(err, profile.ErrNotFresh):
		// The half session is over before its proof is.
		return SignIn{}, ErrUnauthenticated
	case err != nil:
		return SignIn{}, err
	}
	return SignIn{User: user, Session: next, Token: token, Status: Complete}, nil
}

// shut reports whether nobody may sign in to the account at now.
func shut(u profile.User, now time.Time) bool {
	return u.Disabled || u.DeletionPending() && !u.Restorable(now)
}

// grant makes sess what somebody gets who has proved everything at now, and
// says which: of an account that will be erased, only the way back.
func grant(u profile.User, sess *authstore.Session, now time.Time) SignInStatus {
	if !u.DeletionPending() {
		return Complete
	}
	sess.Level = authstore.LevelDeletionPending
	sess.ExpiresAt = now.Add(halfFor)
	sess.IdleUntil = sess.ExpiresAt
	return DeletionPending
}
