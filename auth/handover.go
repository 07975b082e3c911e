package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// BeginHandover has the host give an account the address email, for an owner who lost
// mailbox and password and whose identity the host checked otherwise. After Policy.Wait and
// for 7 days a link to email confirms it: sessions end, the password must be reset, factors
// stay. The present address, with a link that takes it back, and the phone are told at once.
// The feed names the actor, such as the ID of a member of staff: 1 to 64 characters.
//
// No user, or one who is disabled, is storage.ErrNotFound; an address that is taken or held
// is a *storage.TakenError, and bad input an *input.InvalidError.
func (s *Service) BeginHandover(ctx context.Context, actor, userID, email string) (authrule.PendingWait, error) {
	if s.courier == nil {
		return authrule.PendingWait{}, ErrNoCourier
	}
	if err := joinInvalid(checkActor(actor), profile.CheckEmail(email)); err != nil {
		return authrule.PendingWait{}, err
	}
	var out authrule.PendingWait
	err := s.whole(ctx, func(ctx context.Context) (err error) {
		user, err := s.lockedForHost(ctx, userID)
		if err != nil {
			return err
		}
		out, err = s.beginHandover(ctx, user, email, actor)
		return err
	})
	if err != nil {
		return authrule.PendingWait{}, err
	}
	// The actor is a person, and stays out of the log.
	s.log(ctx, slog.LevelWarn, authevent.EmailChangeRequested, userID, slog.Bool("handover", true))
	return out, nil
}

// beginHandover writes the change and its messages.
func (s *Service) beginHandover(ctx context.Context, user profile.User, email, actor string) (authrule.PendingWait, error) {
	if email == user.Email {
		return authrule.PendingWait{}, input.Invalid(input.New("email", input.NotAllowed, nil))
	}
	holder, err := s.users.ByEmail(ctx, email)
	switch {
	case err == nil && holder.ID != user.ID: // the host may know it
		return authrule.PendingWait{}, &storage.TakenError{Field: "email"}
	case err != nil && !errors.Is(err, storage.ErrNotFound):
		return authrule.PendingWait{}, fmt.Errorf("auth: looking an account up: %w", err)
	}
	if err := s.unheld(ctx, user.ID, "", email); err != nil {
		return authrule.PendingWait{}, err
	}
	now := s.now()
	out := authrule.PendingWait{From: now.Add(s.policy.Wait), Until: now.Add(s.policy.Wait + waitWindow)}
	event := activity.NewEvent(ctx, authevent.EmailChangeRequested, user.ID, now, map[string]string{detailActor: actor})
	confirm, undo, err := s.writeEmailChange(ctx, user, emailChange{To: email, Works: out.From}, out.Until.Sub(now), event)
	if err != nil {
		return authrule.PendingWait{}, err
	}
	toNew := authmail.Message{
		Kind: authmail.Handover, Channel: authmail.ByEmail, To: email, UserID: user.ID, Name: user.MailAccount(email), Account: user.MailAccount(email),
		Link: authmail.LinkTo(s.links.EmailChange, confirm.token), At: now, WorksFrom: out.From, ExpiresAt: confirm.ExpiresAt,
	}
	if err := s.courier.Deliver(ctx, toNew); err != nil {
		return authrule.PendingWait{}, err
	}
	toOld := authmail.Message{
		Kind: authmail.HandoverBegun, Channel: authmail.ByEmail, To: user.Email, UserID: user.ID, Name: user.MailAccount(user.Email),
		Account: user.MailAccount(user.Email), Link: authmail.LinkTo(s.links.EmailUndo, undo.token), At: now, WorksFrom: out.From, ExpiresAt: undo.ExpiresAt,
	}
	if err := s.tellBoth(ctx, user, toOld); err != nil {
		return authrule.PendingWait{}, err
	}
	return out, s.tell(ctx, event)
}
