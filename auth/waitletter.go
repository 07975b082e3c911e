package auth

import (
	"context"
	"errors"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// tellsPhone reports whether the user is told by text message too.
func (s *Service) tellsPhone(u profile.User) bool {
	return u.Phone != "" && s.sends(string(authmail.BySMS))
}

// takeMails counts the messages that tell the user of what waits, by every channel. The
// message to the phone is never left out for a limit: a thief who used the limit up would
// not be noticed.
func (s *Service) takeMails(ctx context.Context, c Client, kind activity.Kind, u profile.User) error {
	if err := s.takeMail(ctx, c, budgetChange, kind, u.Email, u.ID); err != nil || !s.tellsPhone(u) {
		return err
	}
	return s.takeMail(ctx, c, budgetChange, kind, u.Phone, "")
}

// tellBoth delivers m to the address that it names, and without its links to the phone.
func (s *Service) tellBoth(ctx context.Context, u profile.User, m authmail.Message) error {
	if err := s.courier.Deliver(ctx, m); err != nil || !s.tellsPhone(u) {
		return err
	}
	m.Channel, m.To, m.Link, m.Report = authmail.BySMS, u.Phone, "", ""
	return s.courier.Deliver(ctx, m)
}

// stillIn locks the user of a session, in the transaction of ctx. It is ErrUnauthenticated
// when the session has ended: a change of the password or the address that came first would
// have ended what is about to begin.
func (s *Service) stillIn(ctx context.Context, sess authstore.Session) (profile.User, error) {
	user, _, err := s.locked(ctx, sess.UserID)
	if errors.Is(err, ErrInvalidToken) {
		return profile.User{}, ErrUnauthenticated
	}
	if err != nil {
		return profile.User{}, err
	}
	if _, err := s.sessions.Session(ctx, sess.TokenHash); errors.Is(err, storage.ErrNotFound) {
		return profile.User{}, ErrUnauthenticated
	} else if err != nil {
		return profile.User{}, err
	}
	return user, nil
}
