package auth

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

// SignOut ends the caller's session, on every node. One that is gone already
// is no error.
func (s *Service) SignOut(ctx context.Context, id Identity) error {
	if err := id.check(); err != nil {
		return err
	}
	ctx = withSession(ctx, id.Session)
	event := activity.NewEvent(ctx, authevent.SignOut, id.User.ID, s.now(), nil)
	err := s.endSession(ctx, id.User.ID, id.Session.ID, event)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err == nil {
		s.log(ctx, slog.LevelInfo, authevent.SignOut, id.User.ID)
	}
	return err
}

// Sessions returns the caller's live sessions, last used first, without TokenHash.
func (s *Service) Sessions(ctx context.Context, id Identity) ([]authstore.Session, error) {
	return s.alive(ctx, id, authstore.LevelFull)
}

// alive returns the caller's sessions of one level that have not ended, last used first.
// Their TokenHash is left out, because whoever asks is only shown them.
func (s *Service) alive(ctx context.Context, id Identity, level authstore.Level) ([]authstore.Session, error) {
	if err := id.check(); err != nil {
		return nil, err
	}
	list, err := s.sessions.Sessions(ctx, id.User.ID)
	if err != nil {
		return nil, err
	}
	now := s.now()
	list = slices.DeleteFunc(list, func(sess authstore.Session) bool {
		return sess.UserID != id.User.ID || sess.Level != level || !sess.Alive(now)
	})
	for i := range list {
		list[i].TokenHash = [32]byte{}
	}
	return list, nil
}

// EndSession ends one of the caller's sessions, or is storage.ErrNotFound.
func (s *Service) EndSession(ctx context.Context, id Identity, sessionID string) error {
	if err := id.check(); err != nil {
		return err
	}
	ctx = withSession(ctx, id.Session)
	event := activity.NewEvent(ctx, authevent.SessionEnded, id.User.ID, s.now(), nil)
	if err := s.endSession(ctx, id.User.ID, sessionID, event); err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, authevent.SessionEnded, id.User.ID)
	return nil
}

// endSession ends a session and tells of it: with a Recorder in one transaction,
// without one by one statement.
func (s *Service) endSession(ctx context.Context, userID, sessionID string, event activity.Event) error {
	if s.recorder == nil {
		return s.sessions.EndSession(ctx, userID, sessionID, event)
	}
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		if err := s.sessions.EndSession(ctx, userID, sessionID, event); err != nil {
			return err
		}
		return s.tell(ctx, event)
	})
}

// EndOtherSessions ends all of the caller's sessions but the one in use.
func (s *Service) EndOtherSessions(ctx context.Context, id Identity) (int, error) {
	if err := id.check(); err != nil {
		return 0, err
	}
	ctx = withSession(ctx, id.Session)
	now := s.now()
	var ended int
	err := s.tx.InTx(ctx, func(ctx context.Context) (err error) {
		if ended, err = s.sessions.EndSessions(ctx, id.User.ID, id.Session.ID); err != nil || ended == 0 {
			return err
		}
		return s.record(ctx, activity.NewEvent(ctx, authevent.SessionsEnded, id.User.ID, now,
			map[string]string{detailEnded: strconv.Itoa(ended)}))
	})
	if err != nil {
		return 0, err
	}
	if ended > 0 {
		s.log(ctx, slog.LevelInfo, authevent.SessionsEnded, id.User.ID)
	}
	return ended, nil
}

// PurgeExpired is that of Personal, at the time of Config.Now.
func (s *Service) PurgeExpired(ctx context.Context) error { return s.kept.PurgeExpired(ctx, s.now()) }
