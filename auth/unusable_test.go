package auth_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/totp"
)

// sealedBy has apps and phone numbers sealed by the first of the keys.
func sealedBy(t testing.TB, keys ...keyring.Key) func(*auth.Config) {
	t.Helper()
	ring, err := keyring.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return func(c *auth.Config) {
		c.Factors = []authfactor.Factor{totp.New(ring, totp.Options{Issuer: "Example"})}
		c.Codes = auth.Codes{Channels: []authmail.Channel{authmail.BySMS, authmail.ByEmail}, Keys: ring}
	}
}

// onClock has a second node on the clock of the first.
func onClock(p *post) func(*auth.Config) {
	return func(c *auth.Config) { c.Now = p.clock.now }
}

// Somebody whose app and phone number were sealed by a key that was dropped is told
// that these cannot be used, and gets in by a recovery code; operators are told which
// key is missing. Nothing of it is a guess, and the key's return mends all.
func TestR41_AFactorWhoseKeyIsGone(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		gone, kept := keyring.Generate(), keyring.Generate()
		before := openPost(t, db, sealedBy(t, gone))
		in := before.member(t, "ada")
		a, codes, token := before.enrol(t, in.Token)
		if err := before.BeginPhone(t.Context(), home, before.alive(t, token), phone); err != nil {
			t.Fatal(err)
		}
		out, err := before.ConfirmFactor(t.Context(), home, before.alive(t, token), bySMS(before.sent(t, authmail.Phone, phone)))
		if err != nil {
			t.Fatal(err)
		}
		token = out.Token

		for name, keys := range map[string][]keyring.Key{
			"dropped":                 {kept},
			"another of its own name": {{ID: gone.ID, Secret: kept.Secret}},
		} {
			after := openPost(t, db, sealedBy(t, keys...), onClock(before))
			half := after.halfOf(t, "ada")
			const tries = 30 // more than the limit of guesses
			for range tries {
				_, err := after.FinishSignIn(t.Context(), home, half, byTOTP(a.code(0)), false)
				is(t, err, auth.ErrFactorUnusable)
			}
			is(t, after.SendCode(t.Context(), home, half, "sms"), auth.ErrFactorUnusable)
			id := after.alive(t, token)
			_, err := after.ReauthenticateWith(t.Context(), home, id, byTOTP(a.code(0)))
			is(t, err, auth.ErrFactorUnusable)
			is(t, after.SendCode(t.Context(), home, id, "sms"), auth.ErrFactorUnusable)

			log := after.log.String()
			if n := strings.Count(log, "level=ERROR"); n != tries+3 {
				t.Errorf("%s: %d records of %d tries", name, n, tries+3)
			}
			if name == "dropped" && strings.Count(log, "missing_key="+gone.ID) != tries+3 {
				t.Errorf("the log does not name the key %s: %s", gone.ID, log)
			}
			if strings.Contains(log, phone) || strings.Contains(log, "ada@") || strings.Contains(log, "=ada ") {
				t.Errorf("%s: something personal is logged: %s", name, log)
			}
			list, err := after.Factors(t.Context(), id)
			if err != nil || len(list) != 2 {
				t.Errorf("%s: %d factors are listed, %v", name, len(list), err)
			}
			// What is no code at all is wrong as ever.
			_, err = after.FinishSignIn(t.Context(), home, half, byTOTP("no code"), false)
			is(t, err, auth.ErrInvalidCode)
		}

		// The key comes back.
		back := openPost(t, db, sealedBy(t, kept, gone), onClock(before))
		if _, err := back.FinishSignIn(t.Context(), home, back.halfOf(t, "ada"), byTOTP(a.code(0)), false); err != nil {
			t.Errorf("with the key again: %v", err)
		}
		before.clock.add(time.Minute)

		// A recovery code opens the account, and the app is replaced.
		after := openPost(t, db, sealedBy(t, kept), onClock(before))
		done, err := after.FinishSignIn(t.Context(), home, after.halfOf(t, "ada"), auth.Answer{Method: "recovery_code", Code: codes[0]}, false)
		if err != nil {
			t.Fatalf("by recovery code: %v", err)
		}
		fresh := after.beginTOTP(t, done.Token)
		fresh.w = before.world // whose clock it is
		confirmed, err := after.ConfirmFactor(t.Context(), home, after.alive(t, done.Token), byTOTP(fresh.code(0)))
		if err != nil {
			t.Fatalf("another app: %v", err)
		}
		before.clock.add(time.Minute)
		// Beside it the lost one is no harm: a code of this opens, another is a guess.
		half := after.halfOf(t, "ada")
		_, err = after.FinishSignIn(t.Context(), home, half, byTOTP(fresh.wrong()), false)
		is(t, err, auth.ErrInvalidCode)
		if _, err := after.FinishSignIn(t.Context(), home, half, byTOTP(fresh.code(0)), false); err != nil {
			t.Errorf("by the app that has a key: %v", err)
		}
		id := after.alive(t, confirmed.Token)
		list, err := after.Factors(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list[:2] { // the oldest first: those that are lost
			if err := after.RemoveFactor(t.Context(), home, id, r.ID); err != nil {
				t.Errorf("removing a lost %s: %v", r.Kind, err)
			}
		}
		if list, err = after.Factors(t.Context(), id); err != nil || len(list) != 1 {
			t.Errorf("%d factors are left, %v", len(list), err)
		}
	})
}

// What was begun under a key that went before it was confirmed is begun anew.
func TestR41_AFactorThatWasBegunUnderAKeyThatIsGone(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		before, after := openPost(t, db, sealedBy(t, keyring.Generate())), openPost(t, db, sealedBy(t, keyring.Generate()))
		token := before.member(t, "ada").Token
		a := before.beginTOTP(t, token)
		_, err := after.ConfirmFactor(t.Context(), home, after.alive(t, token), byTOTP(a.code(0)))
		is(t, err, auth.ErrNoFactor)
		a = after.beginTOTP(t, token)
		done, err := after.ConfirmFactor(t.Context(), home, after.alive(t, token), byTOTP(a.code(0)))
		if err != nil {
			t.Fatal(err)
		}
		// A code that was sent under a key that is gone is wrong, and another one is right.
		token = done.Token
		if err := before.BeginPhone(t.Context(), home, before.alive(t, token), phone); err != nil {
			t.Fatal(err)
		}
		_, err = after.ConfirmFactor(t.Context(), home, after.alive(t, token), bySMS(before.sent(t, authmail.Phone, phone)))
		is(t, err, auth.ErrInvalidCode)
		if err := after.BeginPhone(t.Context(), home, after.alive(t, token), phone); err != nil {
			t.Fatal(err)
		}
		if _, err = after.ConfirmFactor(t.Context(), home, after.alive(t, token), bySMS(after.sent(t, authmail.Phone, phone))); err != nil {
			t.Errorf("another code: %v", err)
		}
	})
}

// Sessions, trusted devices and links are no business of the keys.
func TestR41_WhatIsHashedNeedsNoKey(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		before := openPost(t, db, sealedBy(t, keyring.Generate()))
		in := before.member(t, "ada")
		a, _, token := before.enrol(t, in.Token)
		trusted, err := before.FinishSignIn(t.Context(), home, before.halfOf(t, "ada"), byTOTP(a.code(0)), true)
		if err != nil {
			t.Fatal(err)
		}
		link := before.forgot(t, "ada")

		after := openPost(t, db, sealedBy(t, keyring.Generate()), onClock(before))
		after.alive(t, token)
		again, err := after.SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password, Device: trusted.Device})
		if err != nil || again.Status != auth.Complete {
			t.Errorf("from a trusted device: %s, %v", again.Status, err)
		}
		half := after.halfOf(t, "ada")
		if methods := after.mustSignIn(t, "ada", password).Methods; !slices.Contains(methods, "totp") {
			t.Errorf("methods %v", methods)
		}
		if _, err := after.FinishSignIn(t.Context(), home, half, byTOTP(a.code(0)), false); !errors.Is(err, auth.ErrFactorUnusable) {
			t.Errorf("the app: %v", err)
		}
		if err := after.Reset(t.Context(), home, link, newer); err != nil {
			t.Errorf("the link: %v", err)
		}
	})
}
