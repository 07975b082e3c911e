package auth_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// beside returns a Service over w's data with something broken in between.
func (w *world) beside(t *testing.T, change func(*auth.Config, *authstore.Stores)) *world {
	t.Helper()
	return open(t, func(c *auth.Config) {
		s := w.db.Auth()
		c.Users, c.LimitStore, c.Activity, c.Tx, c.Now = w.db.Users(), w.db.Limits(), w.db.Activity(), w.db, w.clock.now
		change(c, &s)
		c.Stores = s
	})
}

func TestS69_ADeadLimiterLetsNobodyThrough(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	n := w.beside(t, func(c *auth.Config, _ *authstore.Stores) { c.LimitStore = downThrottle{} })
	id := n.alive(t, in.Token)
	for name, try := range map[string]func() error{
		"sign in": func() error { _, err := n.signIn(t, "ada", password); return err },
		"register": func() error {
			_, err := n.Register(t.Context(), home, auth.Registration{Username: "bob", Email: "bob@example.org", Password: password})
			return err
		},
		"reauthenticate": func() error {
			_, err := n.Reauthenticate(t.Context(), home, id, password)
			return err
		},
		"change": func() error {
			_, err := n.ChangePassword(t.Context(), home, id, password, newer)
			return err
		},
		"deletion": func() error { _, err := n.RequestDeletion(t.Context(), home, id); return err },
	} {
		if err := try(); !errors.Is(err, errDown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s := n.hashers.Stats(); s.Hashes != 0 {
		t.Errorf("%d passwords were verified", s.Hashes)
	}
	w.alive(t, in.Token)
}

func TestS69_ADeadSessionStoreLetsNobodyIn(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	down := &downSessions{SessionStore: w.db.Auth().Sessions}
	n := w.beside(t, func(_ *auth.Config, s *authstore.Stores) { s.Sessions = down })
	n.alive(t, in.Token)

	down.read = true
	if _, err := n.Authenticate(t.Context(), in.Token); !errors.Is(err, errDown) || errors.Is(err, auth.ErrUnauthenticated) {
		t.Errorf("Authenticate = %v", err)
	}
	down.create = true
	if s, err := n.signIn(t, "ada", password); !errors.Is(err, errDown) || s.Token != "" {
		t.Errorf("sign in = %v", err)
	}
	// The failing store is no failed try: the counter is as it was.
	for range 30 {
		if _, err := n.signIn(t, "ada", password); !errors.Is(err, errDown) {
			t.Fatal(err)
		}
	}
	down.read, down.create = false, false
	n.mustSignIn(t, "ada", password)
}

func TestS69_AFailedNoteOfUseDoesNotFailTheRead(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	n := w.beside(t, func(_ *auth.Config, s *authstore.Stores) {
		s.Sessions = &downSessions{SessionStore: w.db.Auth().Sessions, touch: true}
	})
	w.clock.add(time.Hour)
	if id := n.alive(t, in.Token); !id.Session.LastUsedAt.Equal(in.Session.LastUsedAt) {
		t.Error("a use is told that was not noted")
	}
	w.clock.add(24 * time.Hour)
	n.dead(t, in.Token) // the idle limit did not move
}

type downPasswords struct{ authstore.PasswordStore }

func (d downPasswords) Unwrap() authstore.PasswordStore { return d.PasswordStore }

func (downPasswords) PasswordHash(context.Context, string) (string, error) { return "", errDown }

func TestS69_ADeadPasswordStoreLetsNobodyIn(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	n := w.beside(t, func(_ *auth.Config, s *authstore.Stores) { s.Passwords = downPasswords{w.db.Auth().Passwords} })
	for _, login := range []string{"ada", "nobody"} { // alike: the answer tells nothing of who is there
		if _, err := n.signIn(t, login, password); !errors.Is(err, errDown) {
			t.Errorf("sign in as %s: %v", login, err)
		}
	}
	if _, err := n.Reauthenticate(t.Context(), home, n.alive(t, in.Token), password); !errors.Is(err, errDown) {
		t.Errorf("reauthenticate: %v", err)
	}
}

type downUsers struct{ profile.Store }

func (d downUsers) Unwrap() profile.Store { return d.Store }

func (downUsers) ByUsername(context.Context, string) (profile.User, error) {
	return profile.User{}, &storage.UnavailableError{Err: errDown}
}

func TestS69_ADeadUserStoreIsNoUnknownUser(t *testing.T) {
	w := open(t)
	w.register(t, "ada")
	n := w.beside(t, func(c *auth.Config, _ *authstore.Stores) { c.Users = downUsers{w.db.Users()} })
	_, err := n.signIn(t, "ada", password)
	is(t, err, storage.ErrUnavailable)
}

type downActivity struct{ activity.Store }

func (downActivity) Append(context.Context, ...activity.Event) error { return errDown }

// The answer to a wrong password does not tell that the account exists.
func TestS69_AFailureThatCannotBeRecordedAnswersAlike(t *testing.T) {
	w := open(t)
	w.register(t, "ada")
	n := w.beside(t, func(c *auth.Config, _ *authstore.Stores) { c.Activity = downActivity{w.db.Activity()} })
	for _, login := range []string{"ada", "nobody"} {
		if _, err := n.signIn(t, login, other); err != auth.ErrInvalidCredentials { //nolint:errorlint // the very same value
			t.Errorf("%s: %v", login, err)
		}
	}
}

// A limiter that counts but cannot be set back leaves a sign-in standing.
func TestS69_AResetThatFailsIsNotTheUsersProblem(t *testing.T) {
	w := open(t)
	w.register(t, "ada")
	n := w.beside(t, func(c *auth.Config, _ *authstore.Stores) { c.LimitStore = stuckThrottle{w.db.Limits()} })
	w.alive(t, n.mustSignIn(t, "ada", password).Token)
}

type stuckThrottle struct{ limit.Store }

func (stuckThrottle) Refund(context.Context, string) error { return errDown }
func (stuckThrottle) Reset(context.Context, string) error  { return errDown }

// A caller that went away after its password was right still has the limits
// set back.
func TestASuccessIsSettledForACallerThatLeft(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	ctx, cancel := context.WithCancel(t.Context())
	n := w.beside(t, func(c *auth.Config, _ *authstore.Stores) { c.Tx = leaving{w.db, cancel} })
	for range 9 {
		_, err := w.signIn(t, "ada", other)
		is(t, err, auth.ErrInvalidCredentials)
	}
	if _, err := n.SignIn(ctx, home, auth.Credentials{Login: "ada", Password: password}); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		_, err := w.signIn(t, "ada", other)
		is(t, err, auth.ErrInvalidCredentials)
	}
	w.alive(t, in.Token)
}

// leaving is a store whose caller hangs up when the session is written.
type leaving struct {
	storage.Transactor
	cancel context.CancelFunc
}

func (l leaving) InTx(ctx context.Context, fn func(context.Context) error) error {
	defer l.cancel()
	return l.Transactor.InTx(ctx, fn)
}
