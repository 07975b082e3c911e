package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// Identity is who is calling, as Authenticate found it.
type Identity struct {
	User    profile.User
	Session authstore.Session

	memo *memo // of an identity that is kept in memory
}

// check refuses an Identity that Authenticate did not make.
func (id Identity) check() error {
	if id.User.ID == "" || id.Session.ID == "" || id.Session.UserID != id.User.ID || id.Session.Level != authstore.LevelFull {
		return ErrUnauthenticated
	}
	return nil
}

// Authenticate returns who the token belongs to, and remembers nothing between calls.
// ErrUnauthenticated is the one answer to text that is no token, to a token of no session, and
// to a session that reached a limit, is not authstore.LevelFull, or whose user is gone, disabled
// or to be erased; any other error is the store's and means the same for the caller. It notes
// the use at most once a minute, with the activity.Source of ctx; when that fails, the answer
// stands.
func (s *Service) Authenticate(ctx context.Context, token string) (Identity, error) {
	hash, ok := hashToken(token)
	if !ok {
		return Identity{}, ErrUnauthenticated
	}
	return s.authenticate(ctx, hash)
}

func (s *Service) authenticate(ctx context.Context, hash [32]byte) (Identity, error) {
	id, err := s.identity(ctx, hash)
	if errors.Is(err, storage.ErrNotFound) {
		return Identity{}, ErrUnauthenticated
	}
	if err != nil {
		return Identity{}, fmt.Errorf("auth: reading a session: %w", err)
	}
	now := s.now()
	if s.over(ctx, hash, id.Session, now) || s.endDisabled(ctx, id.User) || id.check() != nil || id.User.DeletionPending() {
		return Identity{}, ErrUnauthenticated
	}
	if now.Sub(id.Session.LastUsedAt) >= touchEvery {
		s.touch(ctx, &id.Session, now)
	}
	return id, nil
}

// over reports whether a session that was read for hash is not of it or has
// reached a limit. One that has is ended: a clock that is set back later brings
// back nothing that was refused once.
func (s *Service) over(ctx context.Context, hash [32]byte, sess authstore.Session, now time.Time) bool {
	if sess.TokenHash != hash {
		return true
	}
	if sess.Alive(now) {
		return false
	}
	if err := s.sessions.EndSession(ctx, sess.UserID, sess.ID); err != nil && !errors.Is(err, storage.ErrNotFound) {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "auth: a session that reached a limit was not removed",
			slog.String("user", sess.UserID), slog.Any("error", err))
	}
	return true
}

// identity reads the session and its user, in one query where the store can.
func (s *Service) identity(ctx context.Context, hash [32]byte) (id Identity, err error) {
	if s.joined != nil {
		id.Session, id.User, err = s.joined.SessionWithUser(ctx, hash)
		return id, err
	}
	if id.Session, err = s.sessions.Session(ctx, hash); err != nil {
		return Identity{}, err
	}
	id.User, err = s.users.User(ctx, id.Session.UserID)
	return id, err
}

// touch moves the idle limit.
func (s *Service) touch(ctx context.Context, sess *authstore.Session, now time.Time) {
	src := activity.SourceFrom(ctx)
	if src == (activity.Source{}) {
		src = sess.Source
	}
	until := s.lifetime.idleUntil(*sess, now)
	if err := s.sessions.TouchSession(ctx, sess.ID, now, until, src); err != nil {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "auth: the use of a session was not noted",
			slog.String("user", sess.UserID), slog.Any("error", err))
		return
	}
	sess.LastUsedAt, sess.IdleUntil, sess.Source = now, until, src
}

// Caller is the identity for services of other packages; an Identity that
// Authenticate did not make is a Caller who is nobody.
func (id Identity) Caller() profile.Caller {
	if id.check() != nil {
		return profile.Caller{}
	}
	return profile.Caller{User: id.User, ProvedAt: id.Session.ProvedAt}
}

// Fresh reports whether the caller proved who it is within profile.FreshFor. What
// says "the caller must be Fresh" is profile.ErrNotFresh for everybody else.
func (s *Service) Fresh(id Identity) bool { return s.fresh(id) == nil }

// fresh is profile.ErrNotFresh for a caller whose proof is too old, and
// ErrUnauthenticated for one who is nobody. Every method that needs a fresh proof
// begins with it.
func (s *Service) fresh(id Identity) error {
	if err := id.check(); err != nil {
		return err
	}
	if !profile.Fresh(id.Session.ProvedAt, s.now()) {
		return profile.ErrNotFresh
	}
	return nil
}
