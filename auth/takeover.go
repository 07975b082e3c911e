package auth

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
)

// takeOver gives the account of a ticket to whoever reads the mail to its address email and
// did not make it, or lost the password: what was in it goes, and a link that sets a
// password is sent. Of an adopted account what is in it stays, and only for who forgot the
// password: who says that it is somebody else's gets nothing of it.
func (s *Service) takeOver(ctx context.Context, t authstore.Ticket, email string, answer ConfirmationAnswer) error {
	kept := false
	err := s.whole(ctx, func(ctx context.Context) error {
		user, old, err := s.locked(ctx, t.UserID)
		if err != nil {
			return err
		}
		if user.Email != email {
			return ErrInvalidToken
		}
		kept = user.Adopted && answer == NotMine
		if err := s.takeVerify(ctx, t); err != nil || user.EmailVerified || kept {
			return err
		}
		ended, err := s.cutOff(ctx, user, old, "", "", byAddress)
		if err != nil {
			return err
		}
		patch := profile.Patch{IfVersion: user.Version}
		if err := s.disown(ctx, user, &patch); err != nil {
			return err
		}
		detail := map[string]string{detailEnded: strconv.Itoa(ended)}
		if !user.Adopted {
			detail[detailEmptied] = strconv.FormatBool(true)
		}
		event := activity.NewEvent(ctx, authevent.EmailVerified, user.ID, s.now(), detail)
		if err := s.change(ctx, user, patch, event); err != nil || s.courier == nil {
			return err
		}
		return s.sendTakenOver(ctx, patch.Apply(user), !user.Adopted)
	})
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelWarn, authevent.EmailVerified, t.UserID, slog.String("answer", string(answer)), slog.Bool("kept", kept))
	return nil
}

// disown notes in patch that the address of user was proved for the first time by somebody
// who may be another than the one who made the account, and removes what that one may have
// left in it: ways in, tickets, and all that was written. It is called in the transaction of
// the change. An adopted account was not made by a sign-up here, so that it is most likely its
// owner who writes in it before the address is proved: of it only what was begun goes.
func (s *Service) disown(ctx context.Context, user profile.User, patch *profile.Patch) error {
	patch.EmailVerified, patch.PendingEmail = new(true), new("")
	if user.DeletionPending() {
		patch.DeletesAt = &time.Time{}
	}
	if user.Adopted {
		return nil
	}
	if _, err := s.factors.RemoveFactors(ctx, user.ID); err != nil {
		return err
	}
	if _, err := s.tickets.RemoveTickets(ctx, user.ID); err != nil {
		return err
	}
	patch.Empty(user)
	for _, e := range s.emptiers {
		if err := e.EmptyUser(ctx, user.ID); err != nil {
			return fmt.Errorf("auth: emptying an account: %w", err)
		}
	}
	return nil
}

// sendTakenOver writes the message that the account is the reader's, with a link that sets
// its password. emptied says that something was in it before.
func (s *Service) sendTakenOver(ctx context.Context, user profile.User, emptied bool) error {
	now := s.now()
	user.EmailVerified = false // for the names: the reader chose none of them
	reset, err := s.newSecret(forReset, user.ID, []byte(user.Email), now, resetLife)
	if err != nil {
		return err
	}
	if err := s.tickets.AddTickets(ctx, user.ID, forReset, []authstore.Ticket{reset.Ticket}); err != nil {
		return err
	}
	return s.courier.Deliver(ctx, authmail.Message{
		Kind: authmail.TakenOver, Channel: authmail.ByEmail, To: user.Email, UserID: user.ID,
		Name: user.MailAccount(user.Email), Account: user.MailAccount(user.Email),
		Link: authmail.LinkTo(s.links.Reset, reset.token), Detail: map[string]string{detailEmptied: strconv.FormatBool(emptied)},
		At: now, ExpiresAt: reset.ExpiresAt,
	})
}
