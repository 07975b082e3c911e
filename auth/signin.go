package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// Credentials are what somebody signs in with.
type Credentials struct {
	// Login is a user name or, when it has an '@', an e-mail address, in any
	// of its spellings.
	Login    string
	Password string
	// Remember asks for the longer session.
	Remember bool
	// Device is the token of a trusted device, "" without one; another user's is ignored.
	// The session that it spares the second factor is not Fresh until ReauthenticateWith.
	Device string
}

// SignIn is a session that just began. Token is told once and never again.
type SignIn struct {
	User    profile.User
	Session authstore.Session
	Token   string
	// Status is Complete; or SecondFactorRequired, and Token is for FinishSignIn
	// only, with one of the Methods; or DeletionPending, and it is for Restore.
	Status  SignInStatus
	Methods []string
	// Device is the token of a device that is trusted from now on, or "", and
	// DeviceUntil the end of that.
	Device      string
	DeviceUntil time.Time
}

// maxLogin bounds a login in bytes, before anything parses it: an e-mail
// address has at most 254 (RFC 5321, section 4.5.3.1).
const maxLogin = 254

var errTooLong = errors.New("too long")

// SignIn begins a session for the account that login and password open.
//
// ErrInvalidCredentials is the one answer to an unknown login, a wrong
// password, a disabled account and one without a password, after the same
// work and the same statements. Tries are counted before anything is verified,
// under the account they lead to, and beyond the limits nothing is:
// *limit.ExceededError. A missing login or password is an *input.InvalidError. A
// full queue of the hashing gate is a *storage.UnavailableError and costs no try.
// ErrPasswordResetRequired is for the right password alone.
func (s *Service) SignIn(ctx context.Context, c Client, cr Credentials) (SignIn, error) {
	ctx = withClient(ctx, c)
	if err := joinInvalid(required("login", cr.Login), required("password", cr.Password)); err != nil {
		return SignIn{}, err
	}
	if hash.CheckPassword("password", cr.Password) != nil {
		// Nobody's password; that says nothing about the account.
		s.log(ctx, slog.LevelInfo, authevent.SignInFailed, "", slog.String("reason", reasonWrong))
		return SignIn{}, ErrInvalidCredentials
	}
	t := s.triesOf(c)
	if err := t.takeNet(ctx); err != nil {
		s.refused(ctx, authevent.SignInFailed, "", err)
		return SignIn{}, err
	}
	who, err := s.find(ctx, cr.Login)
	if err != nil {
		return SignIn{}, err
	}
	t.account = who.key
	if err := s.take(ctx, t.account, s.limits.Account); err != nil {
		s.refused(ctx, authevent.SignInFailed, who.user.ID, err)
		return SignIn{}, err
	}

	var in SignIn
	weak, err := s.withPassword(ctx, who, cr.Password, t, func(hash string) (err error) {
		in, err = s.begin(ctx, who.user, hash, cr)
		return err
	})
	if err != nil {
		if errors.Is(err, ErrInvalidCredentials) {
			s.failed(ctx, who, authevent.SignInFailed, nil)
		}
		return SignIn{}, err
	}
	if in.Status == Complete {
		s.log(ctx, slog.LevelInfo, authevent.SignIn, who.user.ID)
	}
	s.rehash(ctx, who.user.ID, weak, cr.Password)
	return in, nil
}

// account is what a login leads to.
type account struct {
	user   profile.User // the zero User when there is none
	nobody string       // an ID that no user has, for when there is none
	key    string       // of the throttle
	open   bool         // whether this spelling may sign in
}

// owner is the ID whose password hash is read and whose failure is written. A login
// that leads to no account has one too, so that it costs what another one costs.
func (a account) owner() string { return cmp.Or(a.user.ID, a.nobody) }

// find looks the login up. Spaces around it, unless the name itself has them,
// do not open an account, but tries with them count for it. The number of looks
// depends on what was typed and not on what there is. An error is the store's, or
// that of the source of random numbers.
func (s *Service) find(ctx context.Context, login string) (account, error) {
	nobody, err := s.stranger()
	if err != nil {
		return account{}, err
	}
	lookup, key, kind := s.users.ByUsername, profile.UsernameKey, "username"
	if strings.Contains(login, "@") {
		lookup, key, kind = s.users.ByEmail, profile.EmailKey, "email"
	}
	trimmed := strings.TrimSpace(login)
	spellings := []string{login, trimmed}
	if trimmed == login {
		spellings = spellings[:1]
	}
	who := account{nobody: nobody}
	for _, name := range spellings {
		var canonical string
		err := errTooLong
		if len(name) <= maxLogin {
			canonical, err = key(name)
		}
		if err != nil {
			if who.user.ID == "" {
				who.key = unknownKey("invalid\x00" + strings.ToLower(trimmed))
			}
			continue
		}
		user, err := lookup(ctx, name)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return account{}, fmt.Errorf("auth: looking an account up: %w", err)
		}
		switch {
		case who.user.ID != "": // the first spelling has an account
		case err == nil:
			who.user, who.key, who.open = user, accountKey(user.ID), name == login && !shut(user, s.now())
		default:
			who.key = unknownKey(kind + "\x00" + canonical)
		}
	}
	return who, nil
}

// begin makes a session, if hash, which was verified, is still the user's: a
// password change that came first wins, and one that comes later ends this
// session with the others. A user with a second factor gets half a session. With a
// device that the user trusts it is a full one in which nothing is proved yet.
func (s *Service) begin(ctx context.Context, user profile.User, hash string, cr Credentials) (SignIn, error) {
	now := s.now()
	full, token, err := s.newSession(ctx, cr.Remember, now)
	if err != nil {
		return SignIn{}, err
	}
	full.UserID = user.ID
	event := activity.NewEvent(ctx, authevent.SignIn, user.ID, now, map[string]string{detailMethod: methodPassword})
	var in SignIn
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		present, err := s.passwords.LockPassword(ctx, user.ID)
		if err != nil {
			return err
		}
		if present != hash {
			return errPasswordMoved
		}
		in = SignIn{User: user, Session: full, Token: token, Status: Complete}
		owes, methods, err := s.owes(ctx, user.ID, now)
		if err != nil {
			return err
		}
		if owes && cr.Device != "" {
			trusted, err := s.trusts(ctx, user.ID, cr.Device, now)
			if err != nil {
				return err
			}
			if trusted {
				owes = false
				in.Session.ProvedAt = time.Time{} // the factor was not asked for
			}
		}
		if !owes {
			in.Status = grant(user, &in.Session, now)
			if err := s.createSession(ctx, in.Session, event); err != nil {
				return err
			}
			return s.tell(ctx, event)
		}
		in.Status, in.Methods = SecondFactorRequired, methods
		in.Session.Level = authstore.LevelHalf
		in.Session.ExpiresAt = now.Add(halfFor)
		in.Session.IdleUntil = in.Session.ExpiresAt
		return s.sessions.CreateSession(ctx, in.Session)
	})
	if err != nil {
		return SignIn{}, err
	}
	return in, nil
}

// newSession returns a session that begins at now, and its token. The caller
// sets the user.
func (s *Service) newSession(ctx context.Context, remember bool, now time.Time) (authstore.Session, string, error) {
	token, hash, err := newToken(s.random)
	if err != nil {
		return authstore.Session{}, "", err
	}
	id, err := newID(s.random)
	if err != nil {
		return authstore.Session{}, "", err
	}
	sess := authstore.Session{
		ID: id, TokenHash: hash, Level: authstore.LevelFull, Remember: remember, Source: activity.SourceFrom(ctx),
		CreatedAt: now, ProvedAt: now, LastUsedAt: now,
		ExpiresAt: s.lifetime.expiresAt(remember, now),
	}
	sess.IdleUntil = s.lifetime.idleUntil(sess, now)
	return sess, token, nil
}

func required(field, value string) error {
	if value != "" {
		return nil
	}
	return input.Invalid(input.New(field, input.Required, nil))
}
