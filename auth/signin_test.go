package auth_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/profile"
)

func TestS06_SignInReplacesOldHashes(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	weak, err := hash.Argon2id{Memory: 32, Time: 1}.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	old, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for name, hash := range map[string]string{"argon2id of old": weak, "bcrypt": string(old)} {
		t.Run(name, func(t *testing.T) {
			w.setHash(t, in.User.ID, hash)
			if _, err := w.signIn(t, "ada", other); !errors.Is(err, auth.ErrInvalidCredentials) {
				t.Fatal(err)
			}
			if w.hash(t, in.User.ID) != hash {
				t.Fatal("a wrong password replaced the hash")
			}
			first := w.mustSignIn(t, "ada", password)
			now := w.hash(t, in.User.ID)
			if !strings.HasPrefix(now, "$argon2id$v=19$m=64,t=1,p=1$") {
				t.Errorf("stored: %s", now)
			}
			w.alive(t, first.Token)
			w.mustSignIn(t, "ada", password)
			if w.hash(t, in.User.ID) != now {
				t.Error("a good hash was replaced")
			}
		})
	}
}

// A hash that cannot be replaced now does not keep its user out.
func TestS06_ReplacingIsACourtesy(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	weak, err := hash.Argon2id{Memory: 32, Time: 1}.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	w.setHash(t, in.User.ID, weak)
	svc := open(t, func(c *auth.Config) {
		c.Users, c.Activity, c.Tx = w.db.Users(), w.db.Activity(), w.db
		c.Stores = w.db.Auth()
		c.Stores.Passwords = readOnlyPasswords{c.Stores.Passwords}
	})
	svc.mustSignIn(t, "ada", password)
	if w.hash(t, in.User.ID) != weak {
		t.Error("the hash changed")
	}
}

type readOnlyPasswords struct{ authstore.PasswordStore }

func (r readOnlyPasswords) Unwrap() authstore.PasswordStore { return r.PasswordStore }

func (readOnlyPasswords) SetPassword(context.Context, string, string, string, ...activity.Event) error {
	return errDown
}

// Parallel sign-ins of one user with an old hash all succeed, though one of
// them replaces the hash under the others.
func TestS06_ParallelSignInsWithAnOldHash(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db, limitsOff)
		in := w.register(t, "ada")
		for range 10 {
			weak, err := hash.Argon2id{Memory: 32, Time: 1}.Hash(password)
			if err != nil {
				t.Fatal(err)
			}
			w.setHash(t, in.User.ID, weak)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if _, err := w.signIn(t, "ada", password); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
	})
}

func TestSignInOneAnswerForEveryCause(t *testing.T) {
	w := open(t)
	w.register(t, "ada")
	gone := w.register(t, "bob")
	w.disable(t, gone.User.ID, true)
	empty := w.register(t, "cyd")
	w.setHash(t, empty.User.ID, "")
	broken := w.register(t, "dan")
	w.setHash(t, broken.User.ID, "$argon2id$v=19$m=4294967295,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR")
	w.hasher.reset()

	for _, tt := range []struct{ name, login, password string }{
		{"wrong password", "ada", other},
		{"unknown name", "nobody", password},
		{"unknown e-mail", "nobody@example.org", password},
		{"no name at all", "\x01\x02", password},
		{"no e-mail at all", "@@@", password},
		{"too long", strings.Repeat("a", 5000), password},
		{"disabled, right password", "bob", password},
		{"disabled, wrong password", "bob", other},
		{"no password set", "cyd", password},
		{"unreadable hash", "dan", password},
		{"spaces around, right password", " ada ", password},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := w.hasher.matches.Load()
			in, err := w.signIn(t, tt.login, tt.password)
			if err != auth.ErrInvalidCredentials { //nolint:errorlint // the very same value for every cause
				t.Errorf("error = %v", err)
			}
			if in.Token != "" || in.User.ID != "" || in.Session.ID != "" {
				t.Errorf("something was given away: %+v", in)
			}
			if n := w.hasher.matches.Load() - before; n != 1 {
				t.Errorf("%d hashes, want 1 (S11, R20)", n)
			}
		})
	}
}

func TestS08_SignInWithWhatNoAccountHas(t *testing.T) {
	w := open(t)
	w.register(t, "ada")
	before := w.hashers.Stats().Hashes
	for name, p := range map[string]string{
		"1 MiB": strings.Repeat("x", 1<<20), "1025 bytes": strings.Repeat("x", 1025),
		"NUL": password + "\x00", "not UTF-8": password + "\xff",
	} {
		for range 20 {
			if _, err := w.signIn(t, "ada", p); !errors.Is(err, auth.ErrInvalidCredentials) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := w.Register(t.Context(), home, auth.Registration{Username: "bob", Email: "bob@example.org", Password: p})
		if field(err, "password") == "" {
			t.Errorf("%s: register: %v", name, err)
		}
	}
	for _, c := range []auth.Credentials{{Login: "ada"}, {Password: password}} {
		if _, err := w.SignIn(t.Context(), home, c); field(err, "login")+field(err, "password") == "" {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if n := w.hashers.Stats().Hashes; n != before {
		t.Errorf("%d hash slots were used", n-before)
	}
	w.mustSignIn(t, "ada", password) // and nothing was counted
}

// Names of an adopted table may have what today's policy refuses.
func TestAdoptedNamesSignIn(t *testing.T) {
	w := open(t)
	for i, name := range []string{"Ada Lovelace", " ada", "Zoë"} {
		u, err := w.db.Users().Create(t.Context(), profile.User{Username: name, Email: strconv.Itoa(i) + "@example.org"})
		if err != nil {
			t.Fatal(err)
		}
		hash, err := cheap.Hash(password)
		if err != nil {
			t.Fatal(err)
		}
		w.setHash(t, u.ID, hash)
		if in := w.mustSignIn(t, name, password); in.User.ID != u.ID {
			t.Errorf("%q signed in as %q", name, in.User.Username)
		}
		if _, err := w.signIn(t, name+" ", password); !errors.Is(err, auth.ErrInvalidCredentials) {
			t.Errorf("%q and a space: %v", name, err)
		}
	}
}
