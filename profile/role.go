package profile

import (
	"context"
	"errors"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// KindRoleChanged is the event of another role. Its detail is role, and actor: the person who
// gave it.
const KindRoleChanged activity.Kind = "profile.role_changed"

// maxRole bounds a role and the name of the person who gives it, in characters.
const maxRole = 64

// SetRole gives a user a role, for a host's own pages: one line of 1 to 64 characters. The
// feed names the actor, such as the ID of a member of staff, as long. A role that the user has
// is no event. Requests that ask for a role see the new one at once, on every node.
// Nobody there is storage.ErrNotFound, and bad input an *input.InvalidError.
func (s *Service) SetRole(ctx context.Context, actor, userID, role string) error {
	if err := input.Invalid(append(checkLine("actor", actor), checkLine("role", role)...)...); err != nil {
		return err
	}
	for range maxTries {
		u, err := s.store.User(ctx, userID)
		if err != nil || u.Role == role {
			return err
		}
		// The version makes the event true: it names the change from what was read.
		event := activity.NewEvent(ctx, KindRoleChanged, u.ID, s.now(), map[string]string{"role": role, "actor": actor})
		if _, err = s.write(ctx, u, Patch{IfVersion: u.Version, Role: &role}, event); !errors.Is(err, storage.ErrStale) {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return &storage.UnavailableError{Err: errors.New("profile: too many writers at once")}
}

// checkLine looks at a text of one line that must be there.
func checkLine(field, text string) []input.FieldError {
	if text == "" {
		return []input.FieldError{input.New(field, input.Required, nil)}
	}
	return checkText(field, text, maxRole, false)
}
