package auth

import (
	"context"
	"errors"
	"log/slog"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// Registration is what somebody gives to get an account.
type Registration struct {
	Username string
	Email    string
	Password string
	// Remember asks for the longer session.
	Remember bool
}

// defaultRole is what a new user has. Only the host gives another.
const defaultRole = "user"

// Register makes an account and its first session, both or neither, and with a
// Courier sends the link that proves its address. Input that is refused is an
// *input.InvalidError with every such field; a user name or e-mail of another account, or held
// for one (Config.Holds), is a *storage.TakenError; closed sign-up is ErrSignUpClosed. In the
// mode VerifyFirst it makes neither, and returns the zero SignIn whether they are free or not:
// Verify makes the account, and a person who has one is told by a message.
func (s *Service) Register(ctx context.Context, c Client, r Registration) (SignIn, error) {
	if s.signUp == Closed {
		return SignIn{}, ErrSignUpClosed
	}
	ctx = withClient(ctx, c)
	if err := s.checkRegistration(r); err != nil {
		return SignIn{}, err
	}
	// Refused names count: each is an answer to "does this account exist?".
	if err := s.takeNet(ctx, netSignUp, c, s.limits.SignUp); err != nil {
		s.refused(ctx, authevent.Registered, "", err)
		return SignIn{}, err
	}
	if err := s.unbreached(ctx, "password", r.Password); err != nil {
		return SignIn{}, err
	}
	if s.signUp == VerifyFirst {
		if err := s.takeNet(ctx, netMail, c, s.limits.MailAddress); err != nil {
			s.refused(ctx, authevent.Registered, "", err)
			return SignIn{}, err
		}
	}
	hash, err := s.hashers.Hash(ctx, r.Password)
	if err != nil {
		return SignIn{}, err
	}
	if s.signUp == VerifyFirst {
		if may, err := s.maySend(ctx, budgetSignUp, authevent.Registered, r.Email, false); err != nil || !may {
			return SignIn{}, err
		}
		return SignIn{}, s.invite(ctx, r, hash)
	}
	mail, err := s.mayMail(ctx, c, budgetVerify, authevent.Registered, r.Email)
	if err != nil {
		return SignIn{}, err
	}
	now := s.now()
	sess, token, err := s.newSession(ctx, r.Remember, now)
	if err != nil {
		return SignIn{}, err
	}
	event := activity.NewEvent(ctx, authevent.Registered, "", now, nil)

	var user profile.User
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		var err error
		user, err = s.users.Create(ctx, profile.User{Username: r.Username, Email: r.Email, Role: defaultRole}, event)
		if err != nil {
			return err
		}
		if err := s.unheld(ctx, user.ID, r.Username, r.Email); err != nil {
			return err
		}
		if err := s.passwords.SetPassword(ctx, user.ID, "", hash); err != nil {
			return err
		}
		sess.UserID = user.ID
		if err := s.sessions.CreateSession(ctx, sess); err != nil {
			return err
		}
		event.UserID = user.ID
		if err := s.tell(ctx, event); err != nil || !mail {
			return err
		}
		return s.sendVerify(ctx, user, now)
	})
	if err != nil {
		if mail { // a sign-up that is refused uses up nobody's letters
			s.refundMail(ctx, budgetVerify, r.Email)
		}
		if errors.Is(err, storage.ErrTaken) {
			s.log(ctx, slog.LevelInfo, authevent.Registered, "", slog.String("refused", "taken"))
		}
		return SignIn{}, err
	}
	s.log(ctx, slog.LevelInfo, authevent.Registered, user.ID)
	return SignIn{User: user, Session: sess, Token: token, Status: Complete}, nil
}

// checkRegistration finds everything that is wrong with r at once.
func (s *Service) checkRegistration(r Registration) error {
	return joinInvalid(
		s.checkUsername(r.Username),
		profile.CheckEmail(r.Email),
		s.checkNamed("password", r.Password, r.Username, r.Email),
	)
}

// joinInvalid makes one *input.InvalidError of several; any other error comes first.
func joinInvalid(errs ...error) error {
	var fields []input.FieldError
	for _, err := range errs {
		if err == nil {
			continue
		}
		invalid, ok := errors.AsType[*input.InvalidError](err)
		if !ok {
			return err
		}
		fields = append(fields, invalid.Fields...)
	}
	return input.Invalid(fields...)
}

// defaultUsernames is the check of user names of a host that has none of its own.
func defaultUsernames() func(string) error {
	reserved := make(map[string]bool, len(profile.DefaultReserved))
	for _, name := range profile.DefaultReserved {
		reserved[name] = true
	}
	return func(name string) error {
		return profile.CheckUsername(name, func(key string) bool { return reserved[key] })
	}
}
