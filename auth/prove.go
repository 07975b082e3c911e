package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// errPasswordMoved: the hash that was verified is no longer the present one.
var errPasswordMoved = errors.New("the password changed meanwhile")

// verifyRounds is how often one password is verified because its hash was
// replaced in between: by another sign-in that stored it anew, or by a change.
const verifyRounds = 3

// withPassword verifies password for the account and, when it is right, calls
// use with the hash it matched. use returns errPasswordMoved when that hash is
// no longer the present one; the password is then verified against the new one.
// It is ErrInvalidCredentials when the password is not right, after the work
// of verifying one whether there is an account or not; any other error gives
// the tries back, a success clears them. weak is the hash that use saw, when
// it should be made anew, else "".
func (s *Service) withPassword(ctx context.Context, who account, password string, t tries, use func(hash string) error) (weak string, err error) {
	hash, rehash, err := s.verify(ctx, who, password, use)
	switch {
	case err == nil:
		t.succeeded(ctx)
	case !errors.Is(err, ErrInvalidCredentials):
		t.unspent(ctx)
	}
	if err != nil || !rehash {
		return "", err
	}
	return hash, nil
}

func (s *Service) verify(ctx context.Context, who account, password string, use func(hash string) error) (hash string, rehash bool, err error) {
	for range verifyRounds {
		if hash, err = s.passwords.PasswordHash(ctx, who.owner()); err != nil {
			return "", false, fmt.Errorf("auth: reading a password hash: %w", err)
		}
		plain, mustReset := strings.CutPrefix(hash, resetMark)
		ok, rehash, err := s.hashers.Verify(ctx, plain, password)
		if err != nil {
			return "", false, err
		}
		if !ok || !who.open {
			return "", false, ErrInvalidCredentials
		}
		if mustReset {
			return "", false, ErrPasswordResetRequired
		}
		if err = use(hash); !errors.Is(err, errPasswordMoved) {
			return hash, rehash, err
		}
	}
	return "", false, &storage.UnavailableError{Err: errPasswordMoved}
}

// rehash stores the password, which matched weak, with the primary hasher. It
// is a courtesy: when the gate is full, the store fails or somebody was
// faster, the next sign-in tries again.
func (s *Service) rehash(ctx context.Context, userID, weak, password string) {
	if weak == "" {
		return
	}
	hash, err := s.hashers.Hash(ctx, password)
	if err == nil {
		err = s.passwords.SetPassword(ctx, userID, weak, hash)
	}
	if err != nil && !errors.Is(err, storage.ErrStale) {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "auth: a weak password hash was kept",
			slog.String("user", userID), slog.Any("error", err))
	}
}

// failed records a wrong password, in the log and as an event.
func (s *Service) failed(ctx context.Context, who account, kind activity.Kind, detail map[string]string) {
	s.failedBy(ctx, who, kind, methodPassword, detail)
}

// failedBy is failed for a proof by method. The record in the log has the reason that the
// event has: a reason in detail, else why the account is shut, else that it was wrong. The
// event is written for nobody's login too: what is written for accounts only would tell by
// its time which names have one. When the store does not take it, the answer stays the
// same: an error instead would make a failure of the store a way to tell them apart.
func (s *Service) failedBy(ctx context.Context, who account, kind activity.Kind, method string, detail map[string]string) {
	d := map[string]string{detailMethod: method, detailReason: reasonWrong}
	if who.user.Disabled {
		d[detailReason] = reasonDisabled
	}
	maps.Copy(d, detail)
	s.log(ctx, slog.LevelInfo, kind, who.user.ID, slog.String("reason", d[detailReason]))
	if err := s.activity.Append(ctx, activity.NewEvent(ctx, kind, who.owner(), s.eventTime(who.user), d)); err != nil {
		s.logger.LogAttrs(ctx, slog.LevelError, "auth: a failure was not recorded",
			slog.String("kind", string(kind)), slog.String("user", who.user.ID), slog.Any("error", err))
	}
}

// eventTime is when an event of the user happened: now or, for the zero User, long ago,
// so that a flood of logins or addresses that are nobody's leaves nothing in the table
// of the feed.
func (s *Service) eventTime(user profile.User) time.Time {
	if user.ID == "" {
		return activity.LongAgo()
	}
	return s.now()
}

// prove verifies the password of somebody who is signed in, for what purpose
// names, under the same limits as a sign-in, and calls use as withPassword does.
func (s *Service) prove(ctx context.Context, c Client, id Identity, password, purpose string, use func(hash string) error) (weak string, err error) {
	if hash.CheckPassword("password", password) != nil {
		return "", ErrInvalidCredentials // nobody's password: no work, no try
	}
	who := account{user: id.User, key: accountKey(id.User.ID), open: !id.User.Disabled}
	t := s.triesOf(c)
	t.account = who.key
	if err := t.take(ctx, s.limits.Account, authevent.ReauthenticationFailed, who.user.ID); err != nil {
		return "", err
	}
	weak, err = s.withPassword(ctx, who, password, t, use)
	if errors.Is(err, ErrInvalidCredentials) {
		s.failed(ctx, who, authevent.ReauthenticationFailed, map[string]string{detailFor: purpose})
	}
	return weak, err
}
