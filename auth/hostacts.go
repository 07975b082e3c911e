package auth

import (
	"context"
	"errors"
	"log/slog"
	"strconv"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// maxActor is the longest name of a person who acts for the host, in code points.
const maxActor = 64

// checkActor says what is wrong with the name of a person who acts for the host.
func checkActor(actor string) error {
	return joinInvalid(required("actor", actor), checkLine("actor", actor, maxActor))
}

// lockedForHost is locked for a user whom the host names: nobody there, and somebody who is
// disabled, is storage.ErrNotFound.
func (s *Service) lockedForHost(ctx context.Context, userID string) (profile.User, error) {
	user, _, err := s.locked(ctx, userID)
	if errors.Is(err, ErrInvalidToken) {
		return profile.User{}, storage.ErrNotFound
	}
	return user, err
}

// EndUserSessions has the host end all sessions of one user, unfinished sign-ins and
// trusted devices too. For the actor and the errors see BeginHandover.
func (s *Service) EndUserSessions(ctx context.Context, actor, userID string) (ended int, err error) {
	if err := checkActor(actor); err != nil {
		return 0, err
	}
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		// The password's row first: a sign-in that holds it comes before this.
		if _, err := s.passwords.LockPassword(ctx, userID); err != nil {
			return err
		}
		if _, err := s.users.User(ctx, userID); err != nil {
			return err
		}
		if ended, err = s.sessions.EndSessions(ctx, userID, ""); err != nil || ended == 0 {
			return err
		}
		event := activity.NewEvent(ctx, authevent.SessionsEnded, userID, s.now(), map[string]string{detailEnded: strconv.Itoa(ended), detailActor: actor})
		return s.record(ctx, event)
	})
	if err != nil {
		return 0, err
	}
	if ended > 0 {
		s.log(ctx, slog.LevelWarn, authevent.SessionsEnded, userID)
	}
	return ended, nil
}

// BeginFactorRemoval is BeginFactorRecovery by the host, after Policy.Wait and also without
// Policy.FactorRecovery, for an owner whose identity the host checked otherwise. It asks for
// the password and the mailbox all the same. For the actor and the errors see BeginHandover.
func (s *Service) BeginFactorRemoval(ctx context.Context, actor, userID string) (authrule.PendingWait, error) {
	if !s.recovers() {
		return authrule.PendingWait{}, ErrNoCourier
	}
	if err := checkActor(actor); err != nil {
		return authrule.PendingWait{}, err
	}
	var out authrule.PendingWait
	var again bool
	err := s.whole(ctx, func(ctx context.Context) error {
		user, err := s.lockedForHost(ctx, userID)
		if err != nil {
			return err
		}
		if !user.EmailVerified {
			return errUnprovedEmail
		}
		by := recoveryBegins{wait: s.policy.Wait, kind: authmail.FactorRemoval, detail: map[string]string{detailActor: actor}}
		out, again, err = s.beginRecovery(ctx, user, by)
		return err
	})
	if err != nil {
		return authrule.PendingWait{}, err
	}
	// The actor is a person, and stays out of the log.
	s.log(ctx, slog.LevelWarn, authevent.RecoveryRequested, userID, slog.Bool("again", again), slog.Bool("host", true))
	return out, nil
}
