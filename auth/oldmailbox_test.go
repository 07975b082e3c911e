package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/internal/memstore"
)

// T08: whoever holds the old mailbox reports nothing once the change of the address can no
// longer be undone, whichever message the link came with.
func TestT08_LinksOfTheOldMailboxDieWithTheUndo(t *testing.T) {
	for name, link := range map[string]func(t *testing.T, c *change) string{
		"of a notice": func(t *testing.T, c *change) string {
			link, err := c.ReportLink(t.Context(), c.id.User.ID, adaOld)
			is(t, err, nil)
			return tokenIn(t, link)
		},
		"of a reset": func(t *testing.T, c *change) string {
			c.forgot(t, "ada")
			return tokenIn(t, c.mail.last(t, authmail.Reset, adaOld).Report)
		},
	} {
		t.Run(name, func(t *testing.T) {
			onDatabases(t, func(t *testing.T, db database) {
				c := openChange(t, db)
				confirm, undo := c.begin(t, adaNew)
				c.clock.add(auth.EmailChangeLife - time.Minute)
				within, after := link(t, c), link(t, c)
				is(t, c.confirm(t, confirm), nil)
				c.clock.add(time.Hour)
				// The old mailbox may take the change back, and may report as long.
				is(t, c.Report(t.Context(), home, within), nil)
				c.settled(t, adaNew)
				c.clock.add(auth.EmailUndoWindow)
				is(t, c.Report(t.Context(), home, after), auth.ErrInvalidToken)
				is(t, c.undo(t, undo), auth.ErrInvalidToken)
				// The new mailbox reports.
				own, err := c.ReportLink(t.Context(), c.id.User.ID, adaNew)
				is(t, err, nil)
				is(t, c.Report(t.Context(), home, tokenIn(t, own)), nil)
			})
		})
	}
}

// T08: an undone change leaves the other mailbox nothing.
func TestT08_AnUndoneChangeLeavesTheNewMailboxNothing(t *testing.T) {
	c := openChange(t, memstore.New())
	confirm, undo := c.begin(t, adaNew)
	is(t, c.confirm(t, confirm), nil)
	link, err := c.ReportLink(t.Context(), c.id.User.ID, adaNew)
	is(t, err, nil)
	is(t, c.undo(t, undo), nil)
	is(t, c.Report(t.Context(), home, tokenIn(t, link)), auth.ErrInvalidToken)
}

// T15: the mailbox that reset the password is not the second proof too, beside an app and
// alone, until a week has passed. What was sent before the reset is dead anyway.
func TestT15_AMailedCodeFinishesNoSignInAfterAReset(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		totp, _ := withTOTP(t)
		p := openPost(t, db, withCodes(t), totp, limitsOff)
		p.proved(t, "ada")
		a, recovery, token := p.enrol(t, p.mustSignIn(t, "ada", password).Token)
		is(t, p.BeginEmailCodes(t.Context(), home, p.alive(t, token)), nil)
		byEmail := func(kind authmail.Kind) auth.Answer {
			return auth.Answer{Method: "email", Code: p.sent(t, kind, "ada@example.org")}
		}
		_, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), byEmail(authmail.Phone))
		is(t, err, nil)
		if err := p.Reset(t.Context(), home, p.forgot(t, "ada"), newer); err != nil {
			t.Fatal(err)
		}
		half := func() auth.HalfIdentity {
			t.Helper()
			in := p.mustSignIn(t, "ada", newer)
			half, err := p.AuthenticateHalf(t.Context(), in.Token)
			is(t, err, nil)
			return half
		}
		from := p.clock.now().Add(auth.MailboxWait)
		for _, passed := range []time.Duration{0, auth.MailboxWait - time.Second} {
			p.clock.add(passed)
			before := p.mail.count()
			err := p.SendCode(t.Context(), home, half(), "email")
			early, ok := errors.AsType[*authrule.TooEarlyError](err)
			if !ok || !early.From.Equal(from) || p.mail.count() != before {
				t.Errorf("after %v: %v and %d messages, want too early until %v", passed, err, p.mail.count()-before, from)
			}
			_, err = p.FinishSignIn(t.Context(), home, half(), auth.Answer{Method: "email", Code: "123456"}, false)
			if _, ok := errors.AsType[*authrule.TooEarlyError](err); !ok {
				t.Errorf("an answer after %v: %v", passed, err)
			}
		}
		// Everything else opens the account meanwhile.
		if _, err := p.FinishSignIn(t.Context(), home, half(), byTOTP(a.code(0)), false); err != nil {
			t.Errorf("by the app: %v", err)
		}
		if _, err := p.FinishSignIn(t.Context(), home, half(), auth.Answer{Method: "recovery_code", Code: recovery[0]}, false); err != nil {
			t.Errorf("by a recovery code: %v", err)
		}
		p.clock.add(time.Second)
		late := half()
		is(t, p.SendCode(t.Context(), home, late, "email"), nil)
		if _, err := p.FinishSignIn(t.Context(), home, late, byEmail(authmail.Code), false); err != nil {
			t.Errorf("after the week: %v", err)
		}
	})
}
