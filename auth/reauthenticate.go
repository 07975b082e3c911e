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
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// Purposes of a proof, in the detail of its failure.
const (
	forReauthenticate = "reauthenticate"
	forPassword       = "password"
)

// errFactorRequired: the account has a second factor, and only that proves who it is.
var errFactorRequired = input.Invalid(input.New("method", input.SecondFactorRequired, nil))

// Proof is the session in use after its user proved again who it is. Of proofs at once in
// one session one is done, and the others are ErrUnauthenticated.
type Proof struct {
	// Session is Fresh, unless the method says otherwise. Its ends stay as they were.
	Session authstore.Session
	// Token takes the place of the token in use, which is dead at once: whoever stole that
	// one gains nothing. It is told once.
	Token string
}

// Reauthenticate proves again who the signed-in caller is, so that the session is Fresh.
// For a user with a second factor it is an *input.InvalidError of field "method": see
// ReauthenticateWith. A wrong password is ErrInvalidCredentials and counts with those of sign-in;
// *limit.ExceededError, *storage.UnavailableError as there. A session that ended
// meanwhile is ErrUnauthenticated.
func (s *Service) Reauthenticate(ctx context.Context, c Client, id Identity, password string) (Proof, error) {
	if err := id.check(); err != nil {
		return Proof{}, err
	}
	ctx = withClient(ctx, c)
	if err := required("password", password); err != nil {
		return Proof{}, err
	}
	if records, err := s.confirmed(ctx, id.User.ID); err != nil {
		return Proof{}, err
	} else if len(records) > 0 {
		return Proof{}, errFactorRequired
	}
	var out Proof
	weak, err := s.prove(ctx, c, id, password, forReauthenticate, func(hash string) (err error) {
		now := s.now()
		if out, err = s.renewed(id.Session, now); err != nil {
			return err
		}
		event := activity.NewEvent(ctx, authevent.Reauthenticated, id.User.ID, now, map[string]string{detailMethod: methodPassword})
		return s.tx.InTx(ctx, func(ctx context.Context) error {
			present, err := s.passwords.LockPassword(ctx, id.User.ID)
			if err != nil {
				return err
			}
			if present != hash {
				return errPasswordMoved
			}
			return s.rotate(ctx, id.Session.TokenHash, out.Session, event)
		})
	})
	if err != nil {
		return Proof{}, err
	}
	s.log(ctx, slog.LevelInfo, authevent.Reauthenticated, id.User.ID)
	s.rehash(ctx, id.User.ID, weak, password)
	return out, nil
}

// ChangePassword sets a new password for the signed-in caller, who gives the
// present one, and ends all other sessions and what was begun, all or nothing. The
// session in use goes on under a new token, and is Fresh if the user has no second factor.
// A new password that is refused, or that is the present one, is an
// *input.InvalidError of field "newPassword". A wrong present one is
// ErrInvalidCredentials and counts with those of sign-in.
func (s *Service) ChangePassword(ctx context.Context, c Client, id Identity, current, new string) (Proof, error) {
	if err := id.check(); err != nil {
		return Proof{}, err
	}
	ctx = withClient(ctx, c)
	if err := joinInvalid(required("currentPassword", current), s.checkNamed("newPassword", new, namesOf(id.User)...)); err != nil {
		return Proof{}, err
	}
	if new == current {
		return Proof{}, input.Invalid(input.New("newPassword", input.SamePassword, nil))
	}
	var out Proof
	var newHash string
	_, err := s.prove(ctx, c, id, current, forPassword, func(hash string) (err error) {
		if newHash == "" {
			// Only here, so that nobody without the present password asks it.
			if err := s.unbreached(ctx, "newPassword", new); err != nil {
				return err
			}
			if newHash, err = s.hashers.Hash(ctx, new); err != nil {
				return err
			}
		}
		now := s.now()
		if out, err = s.renewed(id.Session, now); err != nil {
			return err
		}
		return s.tx.InTx(ctx, func(ctx context.Context) error {
			records, err := s.confirmed(ctx, id.User.ID)
			if err != nil {
				return err
			}
			if len(records) > 0 {
				out.Session.ProvedAt = id.Session.ProvedAt // the second factor was not asked for
			}
			err = s.passwords.SetPassword(ctx, id.User.ID, hash, newHash)
			if errors.Is(err, storage.ErrStale) {
				return errPasswordMoved
			}
			if err != nil {
				return err
			}
			ended, err := s.sessions.EndSessions(ctx, id.User.ID, id.Session.ID)
			if err != nil {
				return err
			}
			if err := s.removeBegun(ctx, id.User.ID, byPassword); err != nil {
				return err
			}
			if id.User.PendingEmail != "" {
				none := ""
				if _, err := s.users.Update(ctx, id.User.ID, profile.Patch{PendingEmail: &none}); err != nil {
					return err
				}
			}
			return s.rotate(ctx, id.Session.TokenHash, out.Session, activity.NewEvent(ctx, authevent.PasswordChanged, id.User.ID, now,
				map[string]string{detailMethod: methodPassword, detailEnded: strconv.Itoa(ended)}))
		})
	})
	if err != nil {
		return Proof{}, err
	}
	s.log(ctx, slog.LevelInfo, authevent.PasswordChanged, id.User.ID)
	return out, nil
}

// renewed is sess as it is after a proof at now. The token is always a new one: a thief may
// have the token in use, and the proof must not make the thief fresh. The absolute limit
// stays that of the sign-in.
func (s *Service) renewed(sess authstore.Session, now time.Time) (Proof, error) {
	sess.ProvedAt = now
	sess.IdleUntil = s.lifetime.idleUntil(sess, now)
	token, hash, err := newToken(s.random)
	sess.TokenHash = hash
	return Proof{Session: sess, Token: token}, err
}

// rotate writes next over the session that has the token hash old. One that
// is gone, or whose token was replaced meanwhile, no longer speaks for the user.
func (s *Service) rotate(ctx context.Context, old [32]byte, next authstore.Session, events ...activity.Event) error {
	err := s.sessions.RotateSession(ctx, old, next, events...)
	if errors.Is(err, storage.ErrNotFound) {
		return ErrUnauthenticated
	}
	if err != nil {
		return err
	}
	return s.tell(ctx, events...)
}
