package auth_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
)

// timed is something that works for a while: life is how long, try whether it
// still does.
type timed struct {
	life time.Duration
	try  func() error
}

const newPassword = "a new password, long enough"

// timeds begin each kind of it for the account name, which is new.
var timeds = map[string]func(t *testing.T, p *post, name string) timed{
	"session": func(t *testing.T, p *post, name string) timed {
		token := p.register(t, name).Token
		return timed{24 * time.Hour, func() error {
			_, err := p.Authenticate(t.Context(), token)
			return err
		}}
	},
	"remembered session": func(t *testing.T, p *post, name string) timed {
		p.register(t, name)
		in, err := p.SignIn(t.Context(), home, auth.Credentials{Login: name, Password: password, Remember: true})
		if err != nil {
			t.Fatal(err)
		}
		return timed{30 * 24 * time.Hour, func() error {
			_, err := p.AuthenticateRead(t.Context(), in.Token)
			return err
		}}
	},
	"unfinished sign-in": func(t *testing.T, p *post, name string) timed {
		p.enrol(t, p.member(t, name).Token)
		half := p.mustSignIn(t, name, password).Token
		return timed{10 * time.Minute, func() error {
			_, err := p.AuthenticateHalf(t.Context(), half)
			return err
		}}
	},
	"trusted device": func(t *testing.T, p *post, name string) timed {
		device := p.owner(t, name).device
		p.clock.add(-time.Minute) // which owner lets pass
		return timed{30 * 24 * time.Hour, func() error {
			in, err := p.SignIn(t.Context(), home, auth.Credentials{Login: name, Password: password, Device: device})
			if err == nil && in.Status == auth.SecondFactorRequired {
				err = errors.New("a second factor is asked for")
			}
			return err
		}}
	},
	"reset": func(t *testing.T, p *post, name string) timed {
		p.proved(t, name)
		token := p.forgot(t, name)
		return timed{auth.ResetLife, func() error { return p.Reset(t.Context(), home, token, newPassword) }}
	},
	"verification": func(t *testing.T, p *post, name string) timed {
		id := p.alive(t, p.register(t, name).Token)
		token := p.mail.link(t, authmail.Verify, name+"@example.org")
		return timed{auth.VerifyLife, func() error { return errOf(p.Verify(t.Context(), home, id, token, auth.Confirmation{})) }}
	},
	"change of address": func(t *testing.T, p *post, name string) timed {
		is(t, p.BeginEmailChange(t.Context(), home, p.proved(t, name), "new-"+name+"@example.org", 0), nil)
		token := p.mail.link(t, authmail.EmailChange, "new-"+name+"@example.org")
		return timed{auth.EmailChangeLife, func() error { return p.ConfirmEmailChange(t.Context(), home, token) }}
	},
	"handover": func(t *testing.T, p *post, name string) timed {
		is(t, errOf(p.BeginHandover(t.Context(), "desk-7", p.proved(t, name).User.ID, "new-"+name+"@example.org")), nil)
		token := p.mail.link(t, authmail.Handover, "new-"+name+"@example.org")
		return timed{2 * week, func() error { return p.ConfirmEmailChange(t.Context(), home, token) }}
	},
	"undo of an address": func(t *testing.T, p *post, name string) timed {
		is(t, p.BeginEmailChange(t.Context(), home, p.proved(t, name), "new-"+name+"@example.org", 0), nil)
		token := p.mail.link(t, authmail.EmailChanging, name+"@example.org")
		return timed{auth.EmailChangeLife + auth.EmailUndoWindow, func() error { return p.UndoEmailChange(t.Context(), home, token) }}
	},
	"report": func(t *testing.T, p *post, name string) timed {
		u := p.proved(t, name).User
		link, err := p.ReportLink(t.Context(), u.ID, u.Email)
		if err != nil {
			t.Fatal(err)
		}
		return timed{auth.ReportLife, func() error { return p.Report(t.Context(), home, tokenIn(t, link)) }}
	},
	"code to a phone": func(t *testing.T, p *post, name string) timed {
		id := p.proved(t, name)
		is(t, p.BeginPhone(t.Context(), home, id, phone), nil)
		code := p.sent(t, authmail.Phone, phone)
		return timed{auth.CodeLife, func() error {
			_, err := p.ConfirmFactor(t.Context(), home, id, bySMS(code))
			return err
		}}
	},
	"code that proves": func(t *testing.T, p *post, name string) timed {
		token, _ := p.withPhone(t, name)
		id := p.alive(t, token)
		is(t, p.SendCode(t.Context(), home, id, "sms"), nil)
		code := p.sent(t, authmail.Code, phone)
		return timed{auth.CodeLife, func() error {
			_, err := p.ReauthenticateWith(t.Context(), home, id, bySMS(code))
			return err
		}}
	},
	"pending app": func(t *testing.T, p *post, name string) timed {
		token := p.member(t, name).Token
		a := p.beginTOTP(t, token)
		return timed{10 * time.Minute, func() error {
			_, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), byTOTP(a.code(0)))
			return err
		}}
	},
	"recovery of lost factors": func(t *testing.T, p *post, name string) timed {
		_, token := p.owner(t, name).loses(t)
		return timed{auth.RecoveryWait + auth.RecoveryWindow, func() error {
			return p.RecoverFactors(t.Context(), home, p.halfOf(t, name), token)
		}}
	},
}

// R29: the clock jumps beyond the end of something, which is refused, and back:
// by as much as nodes may differ, and by a day. It stays refused. Just before its
// end it would have worked.
func TestR29_WhatWasRefusedStaysRefused(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, limitsOff, unlimitedMail, withRecovery, withCodes(t), func(c *auth.Config) {
			change, _ := withTOTP(t)
			change(c)
		})
		n := 0
		for what, begin := range timeds {
			t.Run(what, func(t *testing.T) {
				for _, back := range []time.Duration{2 * time.Minute, 24 * time.Hour} {
					n++
					l := begin(t, p, fmt.Sprintf("ada%d", n))
					p.clock.add(l.life)
					if err := l.try(); err == nil {
						t.Fatal("after its end it works")
					}
					p.clock.add(-back)
					if err := l.try(); err == nil {
						t.Errorf("it was over, and works when the clock is set back by %v", back)
					}
					p.clock.add(back)
				}
				n++
				l := begin(t, p, fmt.Sprintf("ada%d", n))
				p.clock.add(l.life - time.Second)
				if err := l.try(); err != nil {
					t.Errorf("just before its end: %v", err)
				}
			})
		}
	})
}

// R29: a step of an app that was used is not used again when the clock jumps, and
// neither is any before it.
func TestR29_NoStepIsUsedAgain(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		change, _ := withTOTP(t)
		w := openOn(t, db, change, limitsOff)
		a, _, _ := w.enrol(t, w.register(t, "ada").Token)
		try := func(code string) error {
			_, err := w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(code), false)
			return err
		}
		earlier := a.code(-1)
		used := a.code(0)
		is(t, try(used), nil)
		for _, jump := range []time.Duration{2 * time.Minute, -2 * time.Minute, 24 * time.Hour, -24 * time.Hour} {
			w.clock.add(jump)
			for what, code := range map[string]string{"the used code": used, "the one before": earlier} {
				is(t, try(code), auth.ErrInvalidCode)
				w.clock.add(-jump)
				if err := try(code); !errors.Is(err, auth.ErrInvalidCode) {
					t.Errorf("%s, after the clock jumped by %v and back: %v", what, jump, err)
				}
				w.clock.add(jump)
			}
			if jump < 0 { // the code of a time before the used one
				is(t, try(a.code(0)), auth.ErrInvalidCode)
			}
			w.clock.add(-jump)
		}
		w.clock.add(30 * time.Second)
		is(t, try(a.code(0)), nil)
	})
}

// R29: two nodes whose clocks differ by two minutes take each other's sessions,
// links and codes, once, and each other's proofs for fresh; neither clock is the
// database's.
func TestR29_NodesTwoMinutesApart(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		codes := withCodes(t)
		early := openPost(t, db, unlimitedMail, codes)
		late := openPost(t, db, unlimitedMail, codes)
		late.clock.add(2 * time.Minute)
		nodes := [2]*post{early, late}
		for i, a := range nodes {
			b := nodes[1-i]
			name := fmt.Sprintf("ada%d", i)
			in := a.register(t, name)
			id := b.alive(t, in.Token)
			if !a.Fresh(id) || !b.Fresh(id) {
				t.Errorf("a sign-in at node %d is fresh at it %v, at the other %v", i, a.Fresh(id), b.Fresh(id))
			}
			verify := a.mail.link(t, authmail.Verify, name+"@example.org")
			proof, err := b.Verify(t.Context(), home, id, verify, auth.Confirmation{})
			is(t, err, nil)
			in.Token = proof.Token
			is(t, errOf(a.Verify(t.Context(), home, id, verify, auth.Confirmation{})), auth.ErrInvalidToken)

			is(t, a.BeginPhone(t.Context(), home, a.alive(t, in.Token), phone), nil)
			code := a.sent(t, authmail.Phone, phone)
			out, err := b.ConfirmFactor(t.Context(), home, b.alive(t, in.Token), bySMS(code))
			if err != nil {
				t.Fatal(err)
			}
			a.dead(t, in.Token)
			a.alive(t, out.Token)

			reset := a.forgot(t, name)
			is(t, b.Reset(t.Context(), home, reset, newPassword), nil)
			is(t, a.Reset(t.Context(), home, reset, newPassword), auth.ErrInvalidToken)
			a.dead(t, out.Token)
			b.dead(t, out.Token)
		}
	})
}

// R29: guesses that were counted stay counted when the clock is set back.
func TestR29_GuessesStayCounted(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db)
		w.register(t, "ada")
		guess := func() error {
			_, err := w.signIn(t, "ada", "not the password")
			return err
		}
		tries := 0
		for !errors.Is(guess(), limit.ErrExceeded) {
			if tries++; tries > 1000 {
				t.Fatal("there is no limit")
			}
		}
		for _, jump := range []time.Duration{-2 * time.Minute, -24 * time.Hour} {
			w.clock.add(jump)
			is(t, guess(), limit.ErrExceeded)
			w.clock.add(-jump)
			is(t, guess(), limit.ErrExceeded)
		}
	})
}
