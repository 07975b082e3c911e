package auth

import (
	"context"
	"log/slog"
	"strconv"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/profile"
)

// Disable shuts the account until Enable, for a host's own pages: sessions, unfinished
// sign-ins, trusted devices and what was begun end for good, in the same transaction.
// Factors stay. Nobody there is storage.ErrNotFound. Call picture.Service.Settle next.
func (s *Service) Disable(ctx context.Context, userID string) error {
	return s.setDisabled(ctx, userID, true, authevent.Disabled)
}

// Enable opens the account again. Everybody signs in anew: what is left of before ends.
func (s *Service) Enable(ctx context.Context, userID string) error {
	return s.setDisabled(ctx, userID, false, authevent.Enabled)
}

// setDisabled sets Disabled and ends what there is. A user who has it already is no error
// and no event. It asks nobody for a proof and sends no message: the host did it.
func (s *Service) setDisabled(ctx context.Context, userID string, disabled bool, kind activity.Kind) error {
	did := false
	err := s.whole(ctx, func(ctx context.Context) error {
		did = false
		// In the order of every other flow: the password's row, then the user's.
		hash, err := s.passwords.LockPassword(ctx, userID)
		if err != nil {
			return err
		}
		user, err := s.users.User(ctx, userID)
		if err != nil || user.Disabled == disabled {
			return err
		}
		ended, err := s.cutOff(ctx, user, hash, hash, "", byDisabled)
		if err != nil {
			return err
		}
		patch := profile.Patch{IfVersion: user.Version, Disabled: &disabled}
		if user.PendingEmail != "" {
			patch.PendingEmail = new("") // its link was among what was begun
		}
		did = true
		return s.change(ctx, user, patch, activity.NewEvent(ctx, kind, user.ID, s.now(), map[string]string{detailEnded: strconv.Itoa(ended)}))
	})
	if err == nil && did {
		s.log(ctx, slog.LevelWarn, kind, userID)
	}
	return err
}

// endDisabled reports whether u is disabled, and then ends all sessions of u, unfinished
// sign-ins and trusted devices too: enabling u later brings none of them back. It costs
// one statement, once, because no session is met afterwards. When the store fails the
// refusal stands.
func (s *Service) endDisabled(ctx context.Context, u profile.User) bool {
	if !u.Disabled {
		return false
	}
	if _, err := s.sessions.EndSessions(ctx, u.ID, ""); err != nil {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "auth: the sessions of a disabled account were not removed",
			slog.String("user", u.ID), slog.Any("error", err))
	}
	return true
}
