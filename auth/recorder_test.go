package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
)

// S22, S68: what happens to an account is told in its transaction, so that its
// owner is, and does not happen when that fails.
func TestS22_EveryChangeOfAnAccountIsTold(t *testing.T) {
	for kind, do := range map[activity.Kind]func(t *testing.T, p *post, token string) error{
		authevent.SignIn: func(t *testing.T, p *post, _ string) error {
			_, err := p.signIn(t, "ada", password)
			return err
		},
		authevent.Reauthenticated: func(t *testing.T, p *post, token string) error {
			_, err := p.Reauthenticate(t.Context(), home, p.alive(t, token), password)
			return err
		},
		authevent.PasswordChanged: func(t *testing.T, p *post, token string) error {
			_, err := p.ChangePassword(t.Context(), home, p.alive(t, token), password, newer)
			return err
		},
		authevent.SessionsEnded: func(t *testing.T, p *post, token string) error {
			_, err := p.EndOtherSessions(t.Context(), p.alive(t, token))
			return err
		},
		authevent.PasswordReset: func(t *testing.T, p *post, _ string) error {
			return p.Reset(t.Context(), home, p.forgot(t, "ada"), newer)
		},
		authevent.EmailChangeRequested: func(t *testing.T, p *post, token string) error {
			return p.BeginEmailChange(t.Context(), home, p.alive(t, token), adaNew, 0)
		},
		authevent.FactorAdded: func(t *testing.T, p *post, token string) error {
			a := p.beginTOTP(t, token)
			_, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), byTOTP(a.code(0)))
			return err
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			factors, _ := withTOTP(t)
			p := openPost(t, memstore.New(), unlimitedMail, factors)
			p.proved(t, "ada")
			p.mustSignIn(t, "ada", password)
			token := p.mustSignIn(t, "ada", password).Token
			before := countKind(p.events(t, p.alive(t, token).User.ID), kind)
			told := p.notices.count(kind)

			p.notices.fail = errDown
			if err := do(t, p, token); !errors.Is(err, errDown) {
				t.Errorf("when nobody can be told: %v", err)
			}
			p.notices.fail = nil
			id := p.alive(t, token)
			if n := countKind(p.events(t, id.User.ID), kind); n != before {
				t.Errorf("it happened %d times without being told", n-before)
			}
			if err := do(t, p, token); err != nil {
				t.Fatal(err)
			}
			if n := p.notices.count(kind) - told; n != 1 {
				t.Errorf("it was told %d times, want once", n)
			}
		})
	}
}

// P30: neither a reset nor any other link is a way around the second factor.
func TestS20P30_NoLinkSkipsTheSecondFactor(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		factors, _ := withTOTP(t)
		p := openPost(t, db, unlimitedMail, factors)
		p.proved(t, "ada")
		a, _, _ := p.enrol(t, p.mustSignIn(t, "ada", password).Token)
		half := p.half(t)
		owes := func(what, pass string) auth.SignIn {
			t.Helper()
			in := p.mustSignIn(t, "ada", pass)
			if in.Status != auth.SecondFactorRequired || in.Session.Level != authstore.LevelHalf {
				t.Errorf("after %s a sign-in is %q", what, in.Status)
			}
			p.dead(t, in.Token)
			return in
		}
		if err := p.Reset(t.Context(), home, p.forgot(t, "ada"), newer); err != nil {
			t.Fatal(err)
		}
		if _, err := p.FinishSignIn(t.Context(), home, half, byTOTP(a.code(0)), false); !errors.Is(err, auth.ErrUnauthenticated) {
			t.Errorf("a sign-in that was begun before: %v", err)
		}
		p.clock.add(time.Minute)
		owes("a reset", newer)
		link, err := p.ReportLink(t.Context(), half.User.ID, half.User.Email)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Report(t.Context(), home, tokenIn(t, link)); err != nil {
			t.Fatal(err)
		}
		if err := p.Reset(t.Context(), home, p.forgot(t, "ada"), password); err != nil {
			t.Fatal(err)
		}
		h, err := p.AuthenticateHalf(t.Context(), owes("a report and a reset", password).Token)
		if err != nil {
			t.Fatal(err)
		}
		in, err := p.FinishSignIn(t.Context(), home, h, byTOTP(a.code(0)), false)
		if err != nil {
			t.Fatal(err)
		}
		p.alive(t, in.Token)
	})
}

// S22: the ends of sessions and of trust are told, in one transaction with the
// change: what cannot be told does not happen.
func TestS22_EndsAreTold(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		totp, _ := withTOTP(t)
		p := openPost(t, db, totp, limitsOff)
		a, _, token := p.enrol(t, p.member(t, "ada").Token)
		elsewhere, err := p.FinishSignIn(t.Context(), home, p.half(t), byTOTP(a.code(0)), true)
		is(t, err, nil)
		id := p.alive(t, token)
		devices, err := p.Devices(t.Context(), id)
		if err != nil || len(devices) != 1 {
			t.Fatalf("%d devices, %v", len(devices), err)
		}
		deaf := openPost(t, db, totp, limitsOff)
		deaf.notices.fail = errDown
		for what, end := range map[string]func(s *auth.Service) error{
			"a session":  func(s *auth.Service) error { return s.EndSession(t.Context(), id, elsewhere.Session.ID) },
			"a device":   func(s *auth.Service) error { return s.RemoveDevice(t.Context(), id, devices[0].ID) },
			"the others": func(s *auth.Service) error { _, err := s.EndOtherSessions(t.Context(), id); return err },
			"its own":    func(s *auth.Service) error { return s.SignOut(t.Context(), id) },
		} {
			if err := end(deaf.Service); !errors.Is(err, errDown) {
				t.Errorf("%s: %v, want the recorder's error", what, err)
			}
		}
		p.alive(t, token)
		p.alive(t, elsewhere.Token)
		is(t, p.EndSession(t.Context(), id, elsewhere.Session.ID), nil)
		is(t, p.RemoveDevice(t.Context(), id, devices[0].ID), nil)
		is(t, p.SignOut(t.Context(), id), nil)
		is(t, p.SignOut(t.Context(), id), nil) // gone already
		for _, kind := range []activity.Kind{authevent.SessionEnded, authevent.DeviceRemoved, authevent.SignOut} {
			if n := p.notices.count(kind); n != 1 {
				t.Errorf("%s was told %d times, want once", kind, n)
			}
		}
	})
}
