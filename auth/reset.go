package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// Forgot sends a link that sets a new password to the stored address of the
// account that email belongs to. For an address of no account, or of a disabled
// one, it does the same work and sends nothing, so the caller cannot tell. Links
// that were sent before are dead, unless the address had too many: then nothing is sent, and
// the newest link stays good. An address that is none is an *input.InvalidError, too many
// requests from one network are a *limit.ExceededError.
func (s *Service) Forgot(ctx context.Context, c Client, email string) error {
	if s.courier == nil {
		return ErrNoCourier
	}
	ctx = withClient(ctx, c)
	if err := profile.CheckEmail(email); err != nil {
		return err
	}
	if err := s.takeNet(ctx, netMail, c, s.limits.MailAddress); err != nil {
		s.refused(ctx, authevent.ResetRequested, "", err)
		return err
	}
	user, err := s.users.ByEmail(ctx, email)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("auth: looking an account up: %w", err)
	}
	known := err == nil && !shut(user, s.now())
	if !known {
		user = profile.User{}
	}
	if may, err := s.maySend(ctx, budgetReset, authevent.ResetRequested, email, !known); err != nil || !may {
		return err
	}
	if err := s.sendReset(ctx, user, s.now()); err != nil {
		return err
	}
	s.log(ctx, slog.LevelInfo, authevent.ResetRequested, user.ID)
	return nil
}

// sendReset writes the link and the message that brings it, in one transaction.
// For the zero User it writes a link that nobody gets, to nobody, and an event of long
// ago, so that a flood of addresses leaves nothing.
func (s *Service) sendReset(ctx context.Context, user profile.User, now time.Time) error {
	owner, life, reportLife := user.ID, resetLife, reportLife
	if owner == "" {
		var err error
		if owner, err = s.stranger(); err != nil {
			return err
		}
		life, reportLife = 0, 0
	}
	reset, err := s.newSecret(forReset, owner, []byte(user.Email), now, life)
	if err != nil {
		return err
	}
	report, err := s.newSecret(forReport, owner, []byte(user.Email), now, reportLife)
	if err != nil {
		return err
	}
	return s.tx.InTx(ctx, func(ctx context.Context) error {
		event := activity.NewEvent(ctx, authevent.ResetRequested, owner, s.eventTime(user), nil)
		if err := s.tickets.AddTickets(ctx, owner, forReset, []authstore.Ticket{reset.Ticket, report.Ticket}, event); err != nil {
			return err
		}
		return s.courier.Deliver(ctx, authmail.Message{
			Kind: authmail.Reset, Channel: authmail.ByEmail, To: user.Email, UserID: user.ID,
			Name: user.MailAccount(user.Email), Account: user.MailAccount(user.Email),
			Link: authmail.LinkTo(s.links.Reset, reset.token), Report: authmail.LinkTo(s.links.Report, report.token),
			Detail: sourceFor(ctx, user, user.Email), At: now, ExpiresAt: reset.ExpiresAt,
		})
	})
}

// Reset sets a new password by the token of a link that Forgot sent, and ends all sessions
// and what was begun, all or nothing. It makes no session and leaves the second factor; an
// address that was never proved is proved by it, see Verify. A token that is wrong, expired or
// used is ErrInvalidToken. A password that is refused is an *input.InvalidError of field
// "password" and leaves the token; nothing after that does.
func (s *Service) Reset(ctx context.Context, c Client, token, password string) error {
	ctx = withClient(ctx, c)
	if err := s.checkNew("password", password); err != nil {
		return err
	}
	t, err := s.peek(ctx, c, forReset, token)
	if err != nil {
		return err
	}
	user, err := s.users.User(ctx, t.UserID)
	if errors.Is(err, storage.ErrNotFound) {
		return ErrInvalidToken
	}
	if err != nil {
		return err
	}
	if err := s.checkNamed("password", password, namesOf(user)...); err != nil {
		return err
	}
	if err := s.unbreached(ctx, "password", password); err != nil {
		return err
	}
	hash, err := s.hashers.Hash(ctx, password)
	if err != nil {
		return err
	}
	if t, err = s.tickets.TakeTicket(ctx, forReset, t.Hash, s.now()); err != nil {
		if errors.Is(err, storage.ErrNotFound) {
			return ErrInvalidToken
		}
		return err
	}
	err = s.whole(ctx, func(ctx context.Context) error {
		user, old, err := s.locked(ctx, t.UserID)
		if err != nil {
			return err
		}
		if user.Email != string(t.Data) { // another inbox than the one that read it
			return ErrInvalidToken
		}
		return s.resetTo(ctx, user, old, hash)
	})
	if err != nil {
		return err
	}
	s.settle(ctx, func(ctx context.Context) error { return s.limitStore.Reset(ctx, accountKey(t.UserID)) })
	s.log(ctx, slog.LevelInfo, authevent.PasswordReset, t.UserID)
	return nil
}

// resetTo replaces the hash old of the user and ends what was begun with it.
func (s *Service) resetTo(ctx context.Context, user profile.User, old, hash string) error {
	ended, err := s.cutOff(ctx, user, old, hash, "", byPassword)
	if err != nil {
		return err
	}
	patch := profile.Patch{IfVersion: user.Version}
	if !user.EmailVerified {
		if err := s.disown(ctx, user, &patch); err != nil {
			return err
		}
	}
	if user.PendingEmail != "" {
		patch.PendingEmail = new("")
	}
	if err := s.noteReset(ctx, user.ID); err != nil {
		return err
	}
	event := activity.NewEvent(ctx, authevent.PasswordReset, user.ID, s.now(), map[string]string{detailEnded: strconv.Itoa(ended)})
	if patch == (profile.Patch{IfVersion: user.Version}) {
		return s.record(ctx, event)
	}
	return s.change(ctx, user, patch, event)
}

// cutOff replaces the hash old of the user by hash and ends every session but
// the one with the ID except, and what is pending. It says how many sessions
// it ended. because is what this is, for the event of a recovery that it ends.
func (s *Service) cutOff(ctx context.Context, user profile.User, old, hash, except, because string) (ended int, err error) {
	if hash != old {
		if err := s.passwords.SetPassword(ctx, user.ID, old, hash); err != nil {
			return 0, err
		}
	}
	if ended, err = s.sessions.EndSessions(ctx, user.ID, except); err != nil {
		return 0, err
	}
	return ended, s.removeBegun(ctx, user.ID, because)
}
