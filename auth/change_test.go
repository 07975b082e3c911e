package auth_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
)

func TestS32_ChangingThePasswordEndsTheOthers(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	bob := w.register(t, "bob")
	a, b := w.mustSignIn(t, "ada", password), w.mustSignIn(t, "ada", password)
	proof, err := w.ChangePassword(t.Context(), home, w.alive(t, in.Token), password, newer)
	if err != nil || proof.Session.ID != in.Session.ID {
		t.Fatalf("%+v, %v", proof, err)
	}
	w.alive(t, proof.Token)
	w.dead(t, in.Token)
	w.alive(t, bob.Token)
	w.dead(t, a.Token)
	w.dead(t, b.Token)
	if _, err := w.signIn(t, "ada", password); !errors.Is(err, auth.ErrInvalidCredentials) {
		t.Errorf("the old password: %v", err)
	}
	w.mustSignIn(t, "ada", newer)
}

// What was begun with the old password ends with it: a link to set another one,
// and a change of the address.
func TestS32_ChangingThePasswordEndsWhatWasBegun(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail)
		id := p.proved(t, "ada")
		link := p.forgot(t, "ada")
		if err := p.BeginEmailChange(t.Context(), home, id, adaNew, 0); err != nil {
			t.Fatal(err)
		}
		change := p.mail.link(t, authmail.EmailChange, adaNew)
		id = p.alive(t, p.mustSignIn(t, "ada", password).Token)
		if id.User.PendingEmail != adaNew {
			t.Fatalf("the pending address is %q", id.User.PendingEmail)
		}
		if _, err := p.ChangePassword(t.Context(), home, id, password, newer); err != nil {
			t.Fatal(err)
		}
		is(t, p.Reset(t.Context(), home, link, other), auth.ErrInvalidToken)
		is(t, p.ConfirmEmailChange(t.Context(), home, change), auth.ErrInvalidToken)
		if u, err := db.Users().User(t.Context(), id.User.ID); err != nil || u.PendingEmail != "" || u.Email != "ada@example.org" {
			t.Errorf("the user is %+v, %v", u, err)
		}
		// What is for the owner of the address, if this was not they, stays.
		if err := p.UndoEmailChange(t.Context(), home, p.mail.link(t, authmail.EmailChanging, "ada@example.org")); err != nil {
			t.Errorf("the undo: %v", err)
		}
	})
}

func TestS05_ChangeNeedsThePresentPassword(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	stays := w.mustSignIn(t, "ada", password)
	id := w.alive(t, in.Token)
	before := w.hash(t, in.User.ID)
	for _, tt := range []struct{ name, current, next, field string }{
		{"no present one", "", newer, "currentPassword"},
		{"no new one", password, "", "newPassword"},
		{"too short", password, "fourteen chars", "newPassword"},
		{"too long", password, strings.Repeat("x", 1025), "newPassword"},
		{"a NUL", password, newer + "\x00", "newPassword"},
		{"the same", password, password, "newPassword"},
	} {
		if _, err := w.ChangePassword(t.Context(), home, id, tt.current, tt.next); field(err, tt.field) == "" {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	for _, current := range []string{other, password + " ", strings.ToUpper(password), strings.Repeat("x", 1<<20), password + "\x00"} {
		if _, err := w.ChangePassword(t.Context(), home, id, current, newer); !errors.Is(err, auth.ErrInvalidCredentials) {
			t.Errorf("a wrong present one: %v", err)
		}
	}
	if w.hash(t, in.User.ID) != before {
		t.Error("the hash changed")
	}
	w.alive(t, in.Token)
	w.alive(t, stays.Token)
}

func TestS05P48_WrongPresentPasswordsCount(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db)
		in := w.register(t, "ada")
		id := w.alive(t, in.Token)
		w.hasher.reset()
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = w.ChangePassword(t.Context(), home, id, other, newer)
				} else {
					_, err = w.Reauthenticate(t.Context(), home, id, other)
				}
				if !errors.Is(err, auth.ErrInvalidCredentials) && !errors.Is(err, limit.ErrExceeded) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := w.hasher.matches.Load(); n != 10 {
			t.Errorf("%d passwords were verified, want 10", n)
		}
		_, err := w.signIn(t, "ada@example.org", password)
		limited(t, err)
	})
}

// The password changes while a sign-in with the old one is being verified.
func TestR18_SignInOvertakenByAChange(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db)
		in := w.register(t, "ada")
		id := w.alive(t, in.Token)
		var once sync.Once
		var changed auth.Proof
		change := func() {
			once.Do(func() {
				w.hasher.before.Store(nil)
				var err error
				if changed, err = w.ChangePassword(t.Context(), home, id, password, newer); err != nil {
					t.Error(err)
				}
			})
		}
		w.hasher.before.Store(&change)
		if s, err := w.signIn(t, "ada", password); !errors.Is(err, auth.ErrInvalidCredentials) || s.Token != "" {
			t.Errorf("sign in: %v", err)
		}
		list, err := w.Sessions(t.Context(), w.alive(t, changed.Token))
		if err != nil || len(list) != 1 {
			t.Errorf("sessions = %+v, %v", list, err)
		}
	})
}

// The same of a reauthentication, and of another change.
func TestR18_ProofsOvertakenByAChange(t *testing.T) {
	for name, prove := range map[string]func(*world, auth.Identity) error{
		"reauthenticate": func(w *world, id auth.Identity) error {
			_, err := w.Reauthenticate(t.Context(), home, id, password)
			return err
		},
		"change": func(w *world, id auth.Identity) error {
			_, err := w.ChangePassword(t.Context(), home, id, password, "a fourth one, different again")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := open(t)
			in := w.register(t, "ada")
			id := w.alive(t, in.Token)
			var once sync.Once
			change := func() {
				once.Do(func() {
					hash, err := cheap.Hash(newer)
					if err != nil {
						t.Error(err)
					}
					w.setHash(t, in.User.ID, hash)
				})
			}
			w.hasher.before.Store(&change)
			is(t, prove(w, id), auth.ErrInvalidCredentials)
			w.hasher.before.Store(nil)
			w.mustSignIn(t, "ada", newer)
		})
	}
}

func TestR18_ChangeAgainstSignIns(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db, limitsOff)
		in := w.register(t, "ada")
		token, present, next := in.Token, password, newer
		for range 200 {
			id := w.alive(t, token)
			old := make([]auth.SignIn, 3)
			var wg sync.WaitGroup
			wg.Go(func() {
				proof, err := w.ChangePassword(t.Context(), home, id, present, next)
				if err != nil {
					t.Error(err)
				}
				token = proof.Token
			})
			for i := range old {
				wg.Go(func() {
					var err error
					if old[i], err = w.signIn(t, "ada", present); err != nil && !errors.Is(err, auth.ErrInvalidCredentials) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for _, s := range old {
				if s.Token != "" {
					w.dead(t, s.Token)
				}
			}
			if t.Failed() {
				return
			}
			present, next = next, present
		}
	})
}

// Two changes at once: one of them wins, and its password is the one.
func TestR18_ParallelChanges(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db, limitsOff)
		in := w.register(t, "ada")
		id := w.alive(t, in.Token)
		nexts := []string{"the first of two new passwords", "the second of two new passwords"}
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i := range nexts {
			wg.Go(func() { _, errs[i] = w.ChangePassword(t.Context(), home, id, password, nexts[i]) })
		}
		wg.Wait()
		won := 0
		for i, err := range errs {
			_, in := w.signIn(t, "ada", nexts[i])
			if (err == nil) != (in == nil) {
				t.Errorf("change %d: %v, then sign-in: %v", i, err, in)
			}
			if err == nil {
				won++
			}
		}
		if won != 1 {
			t.Errorf("%d changes won, want 1: %v", won, errs)
		}
	})
}

func TestRotationFailsWhole(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	stays := w.mustSignIn(t, "ada", password)
	n := open(t, func(c *auth.Config) {
		c.Users, c.Activity, c.Tx = w.db.Users(), w.db.Activity(), w.db
		c.Stores = withSessions(w.db.Auth(), &downSessions{SessionStore: w.db.Auth().Sessions, rotate: true})
	})
	id := n.alive(t, in.Token)
	before := len(w.events(t, in.User.ID))
	if _, err := n.ChangePassword(t.Context(), home, id, password, newer); !errors.Is(err, errDown) {
		t.Errorf("change: %v", err)
	}
	if _, err := n.Reauthenticate(t.Context(), home, id, password); !errors.Is(err, errDown) {
		t.Errorf("reauthenticate: %v", err)
	}
	w.alive(t, in.Token)
	w.alive(t, stays.Token)
	if n := len(w.events(t, in.User.ID)); n != before {
		t.Errorf("%d events of nothing (I6)", n-before)
	}
	w.mustSignIn(t, "ada", password)
}
