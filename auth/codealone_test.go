package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
)

// besideApp is Codes as they are when nothing is said.
func besideApp(t testing.TB) func(*auth.Config) {
	t.Helper()
	codes := withCodes(t)
	return func(c *auth.Config) {
		codes(c)
		c.Codes.Alone = false
	}
}

// hasFactors fails the test unless the account has that many.
func (w *world) hasFactors(t testing.TB, id auth.Identity, want int) []authstore.FactorRecord {
	t.Helper()
	list, err := w.Factors(t.Context(), id)
	if err != nil || len(list) != want {
		t.Fatalf("%d factors, %v; want %d", len(list), err, want)
	}
	return list
}

// S23: codes are only for who has an app too, from the first to the last day.
func TestS23_CodesOnlyBesideAnApp(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		totp, _ := withTOTP(t)
		p := openPost(t, db, besideApp(t), totp, limitsOff)
		id := p.proved(t, "ada")
		is(t, p.BeginPhone(t.Context(), home, id, phone), auth.ErrCodeAlone)
		is(t, p.BeginEmailCodes(t.Context(), home, id), auth.ErrCodeAlone)
		if n := len(p.mail.to(authmail.Phone, phone)); n != 0 {
			t.Errorf("%d messages went to the phone", n)
		}
		a, _, token := p.enrol(t, p.mustSignIn(t, "ada", password).Token)
		is(t, p.BeginPhone(t.Context(), home, p.alive(t, token), phone), nil)
		out, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), bySMS(p.sent(t, authmail.Phone, phone)))
		is(t, err, nil)
		id = p.alive(t, out.Token)
		list := p.hasFactors(t, id, 2)
		// The app stays while the phone is there, and nothing has gone with the refusal.
		is(t, p.RemoveFactor(t.Context(), home, id, list[0].ID), auth.ErrCodeAlone)
		p.hasFactors(t, id, 2)
		if got := p.alive(t, out.Token).User.Phone; got != phone {
			t.Errorf("the phone is %q", got)
		}
		p.clock.add(time.Minute)
		half := p.halfOf(t, "ada")
		is(t, p.SendCode(t.Context(), home, half, "sms"), nil)
		in, err := p.FinishSignIn(t.Context(), home, half, bySMS(p.sent(t, authmail.Code, phone)), false)
		is(t, err, nil)
		if in, err := p.FinishSignIn(t.Context(), home, p.halfOf(t, "ada"), byTOTP(a.code(0)), false); err != nil || in.Token == "" {
			t.Errorf("by the app: %v", err)
		}
		id = p.alive(t, in.Token)
		is(t, p.RemoveFactor(t.Context(), home, id, list[1].ID), nil)
		is(t, p.RemoveFactor(t.Context(), home, id, list[0].ID), nil)
		p.hasFactors(t, id, 0)
	})
}

// S23: who has codes alone from a time when that was allowed still signs in by
// them and may end them; a service that does not know the app counts it as none.
func TestS23_CodesAloneOfBefore(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		codes := withCodes(t)
		p := openPost(t, db, codes, limitsOff)
		token, _ := p.withPhone(t, "ada")
		now := openPost(t, db, codes, func(c *auth.Config) { c.Codes.Alone = false }, limitsOff)
		half := now.halfOf(t, "ada")
		is(t, now.SendCode(t.Context(), home, half, "sms"), nil)
		in, err := now.FinishSignIn(t.Context(), home, half, bySMS(now.sent(t, authmail.Code, phone)), false)
		is(t, err, nil)
		is(t, now.BeginPhone(t.Context(), home, now.alive(t, token), "+14155550123"), auth.ErrCodeAlone)
		id := now.alive(t, in.Token)
		is(t, now.RemoveFactor(t.Context(), home, id, now.hasFactors(t, id, 1)[0].ID), nil)

		bob := db.Auth().Factors
		id = p.proved(t, "bob")
		is(t, bob.AddFactor(t.Context(), authstore.FactorRecord{ID: "app-of-bob", UserID: id.User.ID, Kind: "totp", CreatedAt: p.clock.now()}), nil)
		is(t, now.BeginPhone(t.Context(), home, id, phone), auth.ErrCodeAlone)
	})
}

// S23: of the removal of the app and the proof of a phone at once, on two nodes,
// one is done: codes are never left alone.
func TestS23_RemovalAgainstAProof(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		totp, _ := withTOTP(t)
		codes := besideApp(t)
		p := openPost(t, db, codes, totp, limitsOff)
		other := openPost(t, db, codes, totp, limitsOff, func(c *auth.Config) { c.Now = p.clock.now })
		for range rounds(5, 200) {
			name := conform.Name("u")
			_, _, token := p.enrol(t, p.member(t, name).Token)
			id := p.alive(t, token)
			is(t, p.BeginPhone(t.Context(), home, id, phone), nil)
			code, app := p.sent(t, authmail.Phone, phone), p.hasFactors(t, id, 1)[0].ID
			errs := conform.Together(2, func(i int) error {
				if i == 0 {
					return p.RemoveFactor(t.Context(), home, id, app)
				}
				_, err := other.ConfirmFactor(t.Context(), home, id, bySMS(code))
				return err
			})
			removed, proved := errs[0] == nil, errs[1] == nil
			if removed == proved || !removed && !errors.Is(errs[0], auth.ErrCodeAlone) || !proved && !errors.Is(errs[1], auth.ErrCodeAlone) {
				t.Fatalf("the removal: %v, the proof: %v; want one done, the other ErrCodeAlone", errs[0], errs[1])
			}
		}
	})
}
