package auth

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// DefaultDeletionGrace is how long a deletion can be taken back.
const DefaultDeletionGrace = 14 * 24 * time.Hour

// detailAt is when an account will be erased, in an event's Detail.
const detailAt = "at"

func deletionKey(userID string) string { return "deletion:user:" + userID }

// CanDelete reports whether accounts can be deleted: Config.Users is a
// profile.DeletableStore.
func (s *Service) CanDelete() bool {
	_, ok := s.users.(profile.DeletableStore)
	return ok
}

// RequestDeletion begins the end of the caller's account, and returns when it
// will be erased: Config.DeletionGrace from now. From now on nobody sees the
// account, all its sessions and trusted devices are over and what was begun is
// off. Who signs in until then, with every factor, may Restore it; a link "this
// wasn't me", or one that undoes a change of the address, takes the deletion
// back too. An Eraser of package profile does the rest.
//
// The caller must be Fresh, else ErrNotFresh; more than the Limits.Deletion are
// a *RateLimitedError.
func (s *Service) RequestDeletion(ctx context.Context, c Client, id Identity) (time.Time, error) {
	if err := id.check(); err != nil {
		return time.Time{}, err
	}
	if !s.CanDelete() {
		return time.Time{}, ErrNoDeletion
	}
	if !s.Fresh(id) {
		return time.Time{}, ErrNotFresh
	}
	ctx = withClient(ctx, c)
	if err := s.take(ctx, deletionKey(id.User.ID), s.limits.Deletion); err != nil {
		s.refused(ctx, profile.KindDeletionRequested, id.User.ID, err)
		return time.Time{}, err
	}
	now := s.now()
	at := now.Add(max(s.grace, 0))
	err := s.whole(ctx, func(ctx context.Context) error {
		user, hash, err := s.locked(ctx, id.User.ID)
		if errors.Is(err, ErrInvalidToken) || err == nil && user.Leaving() {
			return ErrUnauthenticated // another session was first, and has ended this one
		}
		if err != nil {
			return err
		}
		ended, err := s.cutOff(ctx, user, hash, hash, "", byDeletion)
		if err != nil {
			return err
		}
		event := activity.NewEvent(ctx, profile.KindDeletionRequested, user.ID, now,
			map[string]string{detailAt: at.Format(time.RFC3339), detailEnded: strconv.Itoa(ended)})
		patch := profile.Patch{IfVersion: user.Version, DeletesAt: &at}
		if user.PendingEmail != "" {
			patch.PendingEmail = new("")
		}
		if _, err := s.users.Update(ctx, user.ID, patch, event); err != nil {
			return err
		}
		return s.tell(ctx, event)
	})
	if err != nil {
		return time.Time{}, err
	}
	s.log(ctx, slog.LevelWarn, profile.KindDeletionRequested, id.User.ID)
	return at, nil
}

// Restore takes a deletion back for who has just signed in with every factor,
// whose SignIn had the Status DeletionPending, and opens the session, which has a
// new token; all others are over. When the time is up, or somebody was faster,
// it is ErrUnauthenticated.
func (s *Service) Restore(ctx context.Context, c Client, half HalfIdentity) (SignIn, error) {
	if half.sound() != nil || half.Session.Level != LevelLeaving {
		return SignIn{}, ErrUnauthenticated
	}
	ctx = withClient(ctx, c)
	now := s.now()
	next := half.Session
	next.Level, next.ProvedAt, next.LastUsedAt = LevelFull, now, now
	next.Source = activity.SourceFrom(ctx)
	next.ExpiresAt = s.lifetime.expiresAt(next.Remember, now)
	next.IdleUntil = s.lifetime.idleUntil(next, now)
	token, hash, err := newToken(s.random)
	if err != nil {
		return SignIn{}, err
	}
	next.TokenHash = hash
	in := SignIn{Session: next, Token: token, Status: Complete}
	err = s.whole(ctx, func(ctx context.Context) error {
		user, _, err := s.locked(ctx, half.User.ID)
		if errors.Is(err, ErrInvalidToken) || err == nil && !user.Restorable(s.now()) {
			return ErrUnauthenticated
		}
		if err != nil {
			return err
		}
		if _, err := s.sessions.EndSessions(ctx, user.ID, next.ID); err != nil {
			return err
		}
		event := activity.NewEvent(ctx, profile.KindRestored, user.ID, now, nil)
		if in.User, err = s.users.Update(ctx, user.ID, profile.Patch{IfVersion: user.Version, DeletesAt: &time.Time{}}, event); err != nil {
			return err
		}
		err = s.sessions.RotateSession(ctx, half.Session.TokenHash, next)
		if errors.Is(err, storage.ErrNotFound) {
			return ErrUnauthenticated
		}
		if err != nil {
			return err
		}
		return s.tell(ctx, event)
	})
	if err != nil {
		return SignIn{}, err
	}
	s.log(ctx, slog.LevelInfo, profile.KindRestored, in.User.ID)
	return in, nil
}

// EraseUser removes all that is kept of the user here, as a
// profile.Contributor: sessions, trusted devices, tickets, factors, the
// password and the counters of its limits.
func (s *Service) EraseUser(ctx context.Context, userID string) error {
	if _, err := s.sessions.EndSessions(ctx, userID, ""); err != nil {
		return err
	}
	if _, err := s.tickets.DropTickets(ctx, userID); err != nil {
		return err
	}
	if _, err := s.factors.RemoveFactors(ctx, userID); err != nil {
		return err
	}
	for _, key := range []string{accountKey(userID), factorKey(userID), uploadKey(userID), mailUserKey(userID), deletionKey(userID), exportKey(userID)} {
		if err := s.throttle.Reset(ctx, key); err != nil {
			return err
		}
	}
	return s.passwords.Erase(ctx, userID)
}

var _ profile.Contributor = (*Service)(nil)

// shut reports whether nobody may sign in to the account at now.
func shut(u profile.User, now time.Time) bool {
	return u.Disabled || u.Leaving() && !u.Restorable(now)
}

// admit makes sess what somebody gets who has proved everything at now, and
// says which: of an account that will be erased, only the way back.
func admit(u profile.User, sess *Session, now time.Time) SignInStatus {
	if !u.Leaving() {
		return Complete
	}
	sess.Level = LevelLeaving
	sess.ExpiresAt = now.Add(halfFor)
	sess.IdleUntil = sess.ExpiresAt
	return DeletionPending
}
