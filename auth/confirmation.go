package auth

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/settings/input"
)

// ConfirmationAnswer is what a Confirmation has instead of a password.
type ConfirmationAnswer string

const (
	Forgotten ConfirmationAnswer = "forgotten" // "I signed up, and forgot the password."
	NotMine   ConfirmationAnswer = "not_mine"  // "I did not sign up."
)

// Confirmation is what Verify takes from somebody without a session of the account: the
// Password of the sign-up, or the present one if that was changed; or an Answer.
type Confirmation struct {
	Password string
	Answer   ConfirmationAnswer
}

// ConfirmationError says that Verify needs a Confirmation. As an *input.InvalidError it
// says that the field "password" is required.
type ConfirmationError struct {
	Username string // of the account, "" when it is no fit text for the reader
	Invited  bool   // the account is still to be made (VerifyFirst)
	Adopted  bool   // what is in the account stays: see profile.User
}

func (e *ConfirmationError) Error() string { return e.Unwrap().Error() }

func (e *ConfirmationError) Unwrap() error { return required("password", "") }

func (c Confirmation) check() error {
	switch {
	case c.Answer != "" && c.Answer != Forgotten && c.Answer != NotMine:
		return input.Invalid(input.OneOf("answer", string(Forgotten), string(NotMine)))
	case c.Answer != "" && c.Password != "":
		return input.Invalid(input.New("answer", input.ReadOnly, nil)) // it may remove what the password would keep
	}
	return nil
}

// confirmationTries is how many wrong passwords a link to confirm an address takes in its
// life. Whoever reads the mail and did not sign up must not find out the password.
const confirmationTries = 10

func confirmationKey(ticket [32]byte) string { return "verify:" + hex.EncodeToString(ticket[:]) }

// withConfirmation takes a try of a confirmation and has verify say whether the password is
// right, see withPassword.
func (s *Service) withConfirmation(ctx context.Context, c Client, t authstore.Ticket, password string, verify func(tries) (weak string, err error)) (weak string, err error) {
	if hash.CheckPassword("password", password) != nil {
		return "", ErrInvalidCredentials // nobody's password: no work, no try
	}
	tries := s.triesOf(c)
	tries.account = confirmationKey(t.Hash)
	if err := tries.take(ctx, limit.Rule{Limit: confirmationTries, Window: verifyLife}, authevent.EmailVerified, t.UserID); err != nil {
		return "", err
	}
	weak, err = verify(tries)
	if errors.Is(err, ErrPasswordResetRequired) {
		err = ErrInvalidCredentials // right, but worth nothing until it is reset
	}
	if errors.Is(err, ErrInvalidCredentials) {
		s.log(ctx, slog.LevelInfo, authevent.EmailVerified, t.UserID, slog.String("reason", reasonWrong))
	}
	return weak, err
}

// withInvitation is withPassword for an account that is not there yet: encoded is the hash
// of its invitation, which nobody changes.
func (s *Service) withInvitation(ctx context.Context, encoded, password string, t tries, use func() error) (weak string, err error) {
	ok, rehash, err := s.hashers.Verify(ctx, encoded, password)
	switch {
	case err != nil:
		t.unspent(ctx)
		return "", err
	case !ok:
		return "", ErrInvalidCredentials
	}
	if err := use(); err != nil {
		t.unspent(ctx)
		return "", err
	}
	t.succeeded(ctx)
	if rehash {
		return encoded, nil
	}
	return "", nil
}
