package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/internal/conform"
)

// nodes are two Services on one database, with the same clock.
func nodes(t *testing.T, db database, change ...func(*auth.Config)) [2]*world {
	t.Helper()
	a := openOn(t, db, change...)
	b := openOn(t, db, append(change, func(c *auth.Config) { c.Now = a.clock.now })...)
	b.clock = a.clock
	return [2]*world{a, b}
}

// together runs f n times at once, on both nodes in turn, and counts how each
// ended.
func together(t *testing.T, n int, f func(i int) error) (well, invalid, limited int) {
	t.Helper()
	for _, err := range conform.Together(n, f) {
		switch {
		case err == nil:
			well++
		case errors.Is(err, auth.ErrInvalidCode), errors.Is(err, auth.ErrUnauthenticated):
			invalid++
		case errors.Is(err, limit.ErrExceeded):
			limited++
		default:
			t.Errorf("neither let in nor refused: %v", err)
		}
	}
	return well, invalid, limited
}

// R14: of 100 posts of one right code, each with a half session of its own, one
// makes a session.
func TestR14P25P33_OneRightCodeInParallel(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		change, _ := withTOTP(t)
		w := nodes(t, db, change, limitsOff)
		a, _, _ := w[0].enrol(t, w[0].register(t, "ada").Token)
		for range 3 {
			var halves []auth.HalfIdentity
			for range 20 {
				halves = append(halves, w[0].half(t))
			}
			code := a.code(0)
			well, invalid, _ := together(t, 100, func(i int) error {
				_, err := w[i%2].FinishSignIn(t.Context(), home, halves[i%len(halves)], byTOTP(code), false)
				return err
			})
			if well != 1 || invalid != 99 {
				t.Errorf("%d let in and %d refused; want 1 and 99", well, invalid)
			}
			w[0].clock.add(time.Minute)
		}
	})
}

// R13: of 100 wrong codes the limit is evaluated, on both nodes together; then
// the right one is refused too, until the window has passed.
func TestR13P44P48_WrongCodesInParallel(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		change, f := withTOTP(t)
		w := nodes(t, db, change)
		a, _, token := w[0].enrol(t, w[0].register(t, "ada").Token)
		id := w[0].alive(t, token)
		f.verified.Store(0)
		well, invalid, limited := together(t, 100, func(i int) error {
			_, err := w[i%2].ReauthenticateWith(t.Context(), home, id, byTOTP(a.wrong()))
			return err
		})
		if well != 0 || invalid != 10 || limited != 90 || f.verified.Load() != 10 {
			t.Errorf("%d let in, %d wrong, %d limited, %d evaluated; want 0, 10, 90 and 10", well, invalid, limited, f.verified.Load())
		}
		restarted := openOn(t, db, change, func(c *auth.Config) { c.Now = w[0].clock.now })
		for _, s := range []*world{w[1], restarted} {
			if _, err := s.ReauthenticateWith(t.Context(), home, id, byTOTP(a.code(0))); !errors.Is(err, limit.ErrExceeded) {
				t.Errorf("the right code: %v", err)
			}
		}
		w[0].clock.add(15 * time.Minute)
		if _, err := w[1].ReauthenticateWith(t.Context(), home, id, byTOTP(a.code(0))); err != nil {
			t.Errorf("after the window: %v", err)
		}
	})
}

// R15: a recovery code is redeemed once, also when the half sessions are many,
// and a half session once, also when the codes are many.
func TestR15_RecoveryCodesAndHalfSessionsOnce(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		change, _ := withTOTP(t)
		w := nodes(t, db, change, limitsOff)
		_, codes, token := w[0].enrol(t, w[0].register(t, "ada").Token)
		var halves []auth.HalfIdentity
		for range 20 {
			halves = append(halves, w[0].half(t))
		}
		by := func(code string) auth.Answer { return auth.Answer{Method: "recovery_code", Code: code} }
		well, invalid, _ := together(t, 100, func(i int) error {
			_, err := w[i%2].FinishSignIn(t.Context(), home, halves[i%len(halves)], by(codes[0]), false)
			return err
		})
		if well != 1 || invalid != 99 {
			t.Errorf("one code: %d let in and %d refused; want 1 and 99", well, invalid)
		}
		h := w[0].half(t)
		well, invalid, _ = together(t, 9, func(i int) error {
			_, err := w[i%2].FinishSignIn(t.Context(), home, h, by(codes[1+i]), false)
			return err
		})
		if well != 1 || invalid != 8 {
			t.Errorf("one half session: %d let in and %d refused; want 1 and 8", well, invalid)
		}
		// What lost the race for the half session is not spent.
		if n, err := w[0].RecoveryCodesLeft(t.Context(), w[0].alive(t, token)); n != 8 || err != nil {
			t.Errorf("%d codes left, %v; want 8", n, err)
		}
	})
}

// R18: a sign-in that saw no second factor has no session after the enrolment.
func TestR18_EnrolmentAgainstSignIns(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		change, _ := withTOTP(t)
		w := nodes(t, db, change, limitsOff)
		token := w[0].register(t, "ada").Token
		for round := range 5 {
			a := w[0].beginTOTP(t, token)
			id, code := w[0].alive(t, token), a.code(0)
			ins := make([]auth.SignIn, 8)
			errs := conform.Together(len(ins)+1, func(i int) error {
				if i == len(ins) {
					done, err := w[0].ConfirmFactor(t.Context(), home, id, byTOTP(code))
					token = done.Token
					return err
				}
				var err error
				ins[i], err = w[i%2].SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password})
				return err
			})
			for _, err := range errs {
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, in := range ins {
				if in.Status == auth.Complete {
					w[0].dead(t, in.Token)
				}
			}
			list, err := w[0].Factors(t.Context(), w[0].alive(t, token))
			if err != nil || len(list) != 1 {
				t.Fatalf("round %d: %v, %v", round, list, err)
			}
			if err := w[0].RemoveFactor(t.Context(), home, w[0].alive(t, token), list[0].ID); err != nil {
				t.Fatal(err)
			}
			w[0].clock.add(time.Minute)
		}
	})
}
