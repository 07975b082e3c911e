package auth

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// RecoverFactors removes the second factors of an account, by the token of the link that
// BeginFactorRecovery or BeginFactorRemoval sent and by an unfinished sign-in of the same
// account. Recovery codes and trusted devices go with them and all sessions end, the
// unfinished one too, all or nothing. The next sign-in is by the password alone.
// Before the wait is over it is an *authrule.TooEarlyError and the link stays good. A token
// that is wrong, expired, used or another account's, and one of a recovery that is over, is
// ErrInvalidToken. Of parallel calls one succeeds; a failure of the stores leaves the token.
func (s *Service) RecoverFactors(ctx context.Context, c Client, half HalfIdentity, token string) error {
	if err := half.check(); err != nil {
		return err
	}
	if !s.recovers() {
		return ErrNoFactor
	}
	ctx = withClient(ctx, c)
	t, err := s.peek(ctx, c, forLostFactors, token)
	if err != nil {
		return err
	}
	if t.UserID != half.User.ID {
		return ErrInvalidToken
	}
	lost, err := lostFactorsOf(t)
	if err != nil {
		return err
	}
	if s.recovery.Wait == 0 && !lost.Host { // begun before the host left it out, or by such a node
		return ErrNoFactor
	}
	if s.now().Before(lost.From) {
		return &authrule.TooEarlyError{From: lost.From}
	}
	err = s.whole(ctx, func(ctx context.Context) error {
		user, _, err := s.locked(ctx, t.UserID)
		if err != nil {
			return err
		}
		if user.Email != lost.Email || !user.EmailVerified {
			return ErrInvalidToken
		}
		return s.recoverFactors(ctx, user, t, half.Session)
	})
	if err != nil {
		return err
	}
	s.settle(ctx, func(ctx context.Context) error { return s.limitStore.Reset(ctx, factorKey(t.UserID)) })
	s.log(ctx, slog.LevelWarn, authevent.FactorsRecovered, t.UserID)
	return nil
}

// recoverFactors is the transaction of RecoverFactors. It goes the way of a
// sign-in that finishes, factors before tickets before sessions: of the two
// at once, the later one sees that it is over.
func (s *Service) recoverFactors(ctx context.Context, user profile.User, t authstore.Ticket, half authstore.Session) error {
	now := s.now()
	factors, err := s.confirmed(ctx, user.ID)
	if err != nil {
		return err
	}
	if usedSince(factors, t) {
		return ErrInvalidToken
	}
	patch := profile.Patch{IfVersion: user.Version}
	if user.Phone != "" && slices.ContainsFunc(factors, func(f authstore.FactorRecord) bool { return f.Kind == string(authmail.BySMS) }) {
		patch.Phone = new("") // with the proof goes what it proved, as in RemoveFactor
	}
	if _, err := s.factors.RemoveFactors(ctx, user.ID); err != nil {
		return err
	}
	if _, err := s.tickets.RemoveTickets(ctx, user.ID, forRecoveryCode); err != nil {
		return err
	}
	if _, err := s.tickets.TakeTicket(ctx, forLostFactors, t.Hash, now); errors.Is(err, storage.ErrNotFound) {
		return ErrInvalidToken
	} else if err != nil {
		return err
	}
	if _, err := s.tickets.RemoveTickets(ctx, user.ID, begunPurposes...); err != nil {
		return err
	}
	if err := s.sessions.EndSession(ctx, user.ID, half.ID); errors.Is(err, storage.ErrNotFound) {
		return ErrUnauthenticated // finished or ended meanwhile
	} else if err != nil {
		return err
	}
	ended, err := s.sessions.EndSessions(ctx, user.ID, "")
	if err != nil {
		return err
	}
	if user.PendingEmail != "" {
		patch.PendingEmail = new("") // its link is among what was pending
	}
	event := activity.NewEvent(ctx, authevent.FactorsRecovered, user.ID, now, map[string]string{detailEnded: strconv.Itoa(ended)})
	if patch == (profile.Patch{IfVersion: user.Version}) {
		return s.record(ctx, event)
	}
	if _, err := s.users.Update(ctx, user.ID, patch, event); err != nil {
		return err
	}
	return s.tell(ctx, event)
}
