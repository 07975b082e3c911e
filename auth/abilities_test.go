package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/totp"
	"github.com/profilekit/profilekit/profile"
)

// quietFactor is a Factor in a decorator, as a tracing one is.
type quietFactor struct{ authfactor.Factor }

// consenting is one that may be passed.
type consenting struct{ authfactor.Factor }

func (c consenting) Unwrap() authfactor.Factor { return c.Factor }

// A factor whose sealed data nobody can seal anew is not passed over: its old key would
// be dropped, and its owners locked out.
func TestResealSeesHiddenFactors(t *testing.T) {
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	app := totp.New(keys, totp.Options{Issuer: "example.org"})
	for name, c := range map[string]struct {
		factor authfactor.Factor
		fails  bool
	}{
		"as it is":                   {app, false},
		"in a decorator that agrees": {consenting{app}, false},
		"in one that does not":       {quietFactor{app}, true},
	} {
		w := open(t, func(cfg *auth.Config) { cfg.Factors = []authfactor.Factor{c.factor} })
		_, err := w.Reseal(t.Context())
		if failed := errors.Is(err, errors.ErrUnsupported) && strings.Contains(err.Error(), "quietFactor"); failed != c.fails || !c.fails && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type (
	// tracedUsers and tracedPasswords are decorators without Unwrap.
	tracedUsers     struct{ profile.Store }
	tracedPasswords struct{ authstore.PasswordStore }
	// passedUsers and passedPasswords have it.
	passedUsers     struct{ profile.Store }
	passedPasswords struct{ authstore.PasswordStore }
)

func (p passedUsers) Unwrap() profile.Store               { return p.Store }
func (p passedPasswords) Unwrap() authstore.PasswordStore { return p.PasswordStore }

// Passwords that are kept in the rows of users are for these users alone: by the number
// of one's row in another table, one would have another person's password.
func TestS69_PasswordsAreOfTheSameUsers(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		others := open(t).db
		for name, c := range map[string]struct {
			users   profile.Store
			stores  func() authstore.Stores
			refused string
		}{
			"as they are":                     {db.Users(), db.Auth, ""},
			"users elsewhere":                 {others.Users(), db.Auth, "AuthApart"},
			"users elsewhere, said":           {others.Users(), db.AuthApart, ""},
			"our users, said to be elsewhere": {passedUsers{db.Users()}, db.AuthApart, "AuthApart"},
			"decorated users":                 {tracedUsers{db.Users()}, db.Auth, "Unwrap"},
			"decorated users that agree":      {passedUsers{passedUsers{db.Users()}}, db.Auth, ""},
			"decorated users of elsewhere":    {passedUsers{others.Users()}, db.Auth, "AuthApart"},
			"decorated passwords": {db.Users(), func() authstore.Stores {
				s := db.Auth()
				s.Passwords = tracedPasswords{s.Passwords}
				return s
			}, "Unwrap"},
			"decorated passwords that agree": {db.Users(), func() authstore.Stores {
				s := db.Auth()
				s.Passwords = passedPasswords{s.Passwords}
				return s
			}, ""},
			"decorated passwords for users elsewhere": {others.Users(), func() authstore.Stores {
				s := db.Auth()
				s.Passwords = passedPasswords{s.Passwords}
				return s
			}, "AuthApart"},
		} {
			_, err := auth.New(auth.Config{
				Users: c.users, Stores: c.stores(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db,
				Policy: auth.Policy{Hashers: hash.New(cheap)},
			})
			if (err != nil) != (c.refused != "") || err != nil && !strings.Contains(err.Error(), c.refused) {
				t.Errorf("%s: %v; want an error with %q", name, err, c.refused)
			}
		}
	})
}

// A SessionCache is refused where nobody tells it of sessions that end: they would go on
// opening what is read until the cache forgets them.
func TestS31_ACacheKnowsOfTheEndOfSessions(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		other := open(t).db
		config := func(sessions authstore.SessionStore) auth.Config {
			s := db.Auth()
			s.Sessions = sessions
			return auth.Config{
				Users: db.Users(), Stores: s, LimitStore: db.Limits(), Activity: db.Activity(), Tx: db,
				Policy: auth.Policy{Hashers: hash.New(cheap), SessionCache: auth.SessionCache{TTL: auth.MaxSessionTTL}},
			}
		}
		if _, err := auth.New(config(elsewhere{other.Auth().Sessions})); err == nil || !strings.Contains(err.Error(), "Sessions") {
			t.Errorf("sessions that nobody watches: %v", err)
		}
		svc, err := auth.New(config(other.Auth().Sessions)) // watched, though not by Tx
		if err != nil {
			t.Fatal(err)
		}
		in, err := svc.Register(t.Context(), home, auth.Registration{Username: "ada", Email: "ada@example.org", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		id, err := svc.AuthenticateRead(t.Context(), in.Token)
		if err != nil {
			t.Fatal(err)
		}
		if err := svc.SignOut(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if _, err := svc.AuthenticateRead(t.Context(), in.Token); !errors.Is(err, auth.ErrUnauthenticated) {
			t.Errorf("after the sign-out: %v", err)
		}
	})
}

// elsewhere is a store of sessions that tells nobody of its changes.
type elsewhere struct{ authstore.SessionStore }
