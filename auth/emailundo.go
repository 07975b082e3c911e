package auth

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// UndoEmailChange takes a change of the address back, by the token of the link
// to the address of before: it is the account's again, whether the change was
// only begun or came to be, all sessions end, and the password must be reset by
// a link to it. Factors stay; links that undo later changes are dead, and a deletion of
// the account is off. When another account has that address meanwhile, this one is disabled
// and the host decides: a *storage.TakenError. A token that is wrong, expired or used is
// ErrInvalidToken.
func (s *Service) UndoEmailChange(ctx context.Context, c Client, token string) error {
	ctx = withClient(ctx, c)
	t, err := s.peek(ctx, c, forEmailUndo, token)
	if err != nil {
		return err
	}
	ch, err := s.emailChange(t)
	if err != nil {
		return err
	}
	err = s.undoEmailChange(ctx, t, ch, profile.Patch{Email: &ch.From, EmailVerified: new(true)})
	if errors.Is(err, storage.ErrTaken) {
		return errors.Join(err, s.undoEmailChange(ctx, t, ch, profile.Patch{Disabled: new(true)}))
	}
	return err
}

func (s *Service) undoEmailChange(ctx context.Context, t authstore.Ticket, ch emailChange, patch profile.Patch) error {
	err := s.whole(ctx, func(ctx context.Context) error {
		user, hash, err := s.locked(ctx, t.UserID)
		if err != nil {
			return err
		}
		if err := s.takeIn(ctx, forEmailUndo, t); err != nil {
			return err
		}
		ended, err := s.cutOff(ctx, user, hash, marked(hash), "", byAddress)
		if err != nil {
			return err
		}
		if err := s.endLaterUndos(ctx, t); err != nil {
			return err
		}
		event := activity.NewEvent(ctx, authevent.EmailChangeUndone, user.ID, s.now(), map[string]string{detailEnded: strconv.Itoa(ended)})
		patch := patch
		patch.IfVersion, patch.PendingEmail = user.Version, new("")
		if user.DeletionPending() {
			patch.DeletesAt = &time.Time{}
		}
		if !ch.Proved { // whoever made the account may not be who reads this mail
			if err := s.disown(ctx, user, &patch); err != nil {
				return err
			}
		}
		return s.change(ctx, user, patch, event)
	})
	if err != nil {
		return err
	}
	s.log(ctx, slog.LevelWarn, authevent.EmailChangeUndone, t.UserID)
	return nil
}

// endLaterUndos ends the links that undo what was changed since the change that t undoes,
// which may be a thief's. An address of before keeps its own.
func (s *Service) endLaterUndos(ctx context.Context, t authstore.Ticket) error {
	list, err := s.tickets.Tickets(ctx, t.UserID, forEmailUndo, s.now())
	if err != nil {
		return err
	}
	for _, later := range list {
		if later.CreatedAt.Before(t.CreatedAt) {
			continue
		}
		_, err := s.tickets.TakeTicket(ctx, forEmailUndo, later.Hash, s.now())
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
	}
	return nil
}
