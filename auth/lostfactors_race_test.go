package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
)

// R15: of 50 at once, each with a sign-in of its own, one is done.
func TestR15_OfFiftyRecoveriesOneIsDone(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openOwners(t, db, limitsOff)
		ada := p.owner(t, "ada")
		_, token := ada.loses(t)
		p.clock.add(auth.RecoveryWait)
		var halves []auth.HalfIdentity
		for range 50 {
			halves = append(halves, ada.halfOf(t, "ada"))
		}
		exactly(t, 1, conform.Together(len(halves), func(i int) error {
			return p.RecoverFactors(t.Context(), home, halves[i], token)
		}), auth.ErrInvalidToken)
		if n := countKind(p.events(t, ada.user.ID), authevent.FactorsRecovered); n != 1 {
			t.Errorf("it is told of %d times", n)
		}
	})
}

// One recovery a user, however many ask at once: the times are those of the
// first, and one link is good.
func TestR15_OfTwentyBeginningsOneBegins(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openOwners(t, db, limitsOff)
		ada := p.owner(t, "ada")
		half := ada.halfOf(t, "ada")
		began := p.clock.now()
		for _, err := range conform.Together(20, func(int) error {
			p.clock.add(time.Second)
			return errOf(p.BeginFactorRecovery(t.Context(), home, half))
		}) {
			if err != nil {
				t.Error(err)
			}
		}
		first, _ := ada.loses(t)
		if early, late := began.Add(auth.RecoveryWait), began.Add(auth.RecoveryWait+20*time.Second); first.From.Before(early) || first.From.After(late) {
			t.Errorf("from %v, want from %v to %v", first.From, early, late)
		}
		if n := countKind(p.events(t, ada.user.ID), authevent.RecoveryRequested); n != 1 {
			t.Errorf("%d recoveries began", n)
		}
		p.clock.add(auth.RecoveryWait)
		good := 0
		half = ada.halfOf(t, "ada")
		list := p.mail.to(authmail.FactorRecovery, ada.email)
		for _, m := range list {
			switch err := p.RecoverFactors(t.Context(), home, half, tokenIn(t, m.Link)); {
			case err == nil:
				good++
			case !errors.Is(err, auth.ErrInvalidToken):
				t.Error(err)
			}
		}
		if len(list) != 21 || good != 1 {
			t.Errorf("of %d links %d are good, want 1 of 21", len(list), good)
		}
	})
}

// R18: a sign-in by the factor and the removal of it at once: one of them is
// done. Either the owner is in and all is as it was, or the factor is gone and
// opens nothing.
func TestR18_ARecoveryAgainstASignIn(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openOwners(t, db, limitsOff)
		for round := range rounds(4, 40) {
			for i, by := range []func(o *owner) auth.Answer{
				func(o *owner) auth.Answer { return byTOTP(o.app.code(0)) },
				func(o *owner) auth.Answer { return auth.Answer{Method: "recovery_code", Code: o.codes[0]} },
			} {
				o := p.owner(t, "u"+string(rune('a'+round%26))+string(rune('a'+round/26))+string(rune('a'+i)))
				_, token := o.loses(t)
				p.clock.add(auth.RecoveryWait)
				halves := []auth.HalfIdentity{o.halfOf(t, o.name), o.halfOf(t, o.name)}
				answer := by(o)
				var in auth.SignIn
				errs := conform.Together(2, func(i int) (err error) {
					if i == 0 {
						return p.RecoverFactors(t.Context(), home, halves[0], token)
					}
					in, err = p.FinishSignIn(t.Context(), home, halves[1], answer, true)
					return err
				})
				if (errs[0] == nil) == (errs[1] == nil) {
					t.Fatalf("round %d: the recovery: %v; the sign-in: %v", round, errs[0], errs[1])
				}
				factors, codes := o.left(t)
				if errs[0] == nil {
					if factors+codes != 0 {
						t.Errorf("%d factors and %d codes are left", factors, codes)
					}
					continue
				}
				is(t, errs[0], auth.ErrInvalidToken)
				p.alive(t, in.Token)
				if factors != 1 || codes != 10-i {
					t.Errorf("%d factors and %d codes are left", factors, codes)
				}
			}
		}
	})
}

// All or nothing, and a failure of the stores does not cost the wait.
func TestS22_ARecoveryThatFailsLeavesAllAsItWas(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openOwners(t, db, limitsOff)
		ada := p.owner(t, "ada")
		half := ada.halfOf(t, "ada")
		p.mail.fail = errDown
		is(t, errOf(p.BeginFactorRecovery(t.Context(), home, half)), errDown)
		p.mail.fail, p.notices.fail = nil, errDown
		is(t, errOf(p.BeginFactorRecovery(t.Context(), home, half)), errDown)
		p.notices.fail = nil
		if tickets, err := db.Auth().Tickets.Tickets(t.Context(), ada.user.ID, auth.ForLostFactors, p.clock.now()); err != nil || len(tickets) != 0 {
			t.Errorf("one is begun all the same: %d, %v", len(tickets), err)
		}
		_, token := ada.loses(t)
		p.clock.add(auth.RecoveryWait)
		signedIn := ada.in(t).Token
		half = ada.halfOf(t, "ada")
		whole := func(what string) {
			t.Helper()
			if f, c := ada.left(t); f != 1 || c != 10 {
				t.Errorf("%s: %d factors and %d codes are left", what, f, c)
			}
			p.alive(t, signedIn)
			events := p.events(t, ada.user.ID)
			for _, kind := range []activity.Kind{authevent.FactorsRecovered, authevent.RecoveryCancelled} {
				if countKind(events, kind) != 0 {
					t.Errorf("%s: there is an event %s", what, kind)
				}
			}
		}
		p.notices.fail = errDown
		is(t, p.RecoverFactors(t.Context(), home, half, token), errDown)
		whole("nobody could be told")
		if _, err := p.FinishSignIn(t.Context(), home, half, byTOTP(ada.app.code(0)), false); !errors.Is(err, errDown) {
			t.Errorf("a sign-in whose cancelling cannot be told: %v", err)
		}
		whole("a sign-in failed")
		p.notices.fail = nil

		broken := openPost(t, db, withRecovery, limitsOff, func(c *auth.Config) {
			c.Now = p.clock.now
			c.Stores = withSessions(db.Auth(), noEnd{db.Auth().Sessions})
		})
		is(t, broken.RecoverFactors(t.Context(), home, half, token), errDown)
		whole("no session could be ended")

		// Finished or ended meanwhile, an unfinished sign-in is worth nothing.
		ended := ada.halfOf(t, "ada")
		if err := db.Auth().Sessions.EndSession(t.Context(), ada.user.ID, ended.Session.ID); err != nil {
			t.Fatal(err)
		}
		is(t, p.RecoverFactors(t.Context(), home, ended, token), auth.ErrUnauthenticated)
		whole("the unfinished sign-in had ended")
		if err := p.RecoverFactors(t.Context(), home, half, token); err != nil {
			t.Errorf("then: %v", err)
		}
	})
}

// Messages of a recovery count with all others: to the address, the phone, and
// by the one who asks; and no answer is given before they are counted.
func TestS57_MessagesOfARecoveryAreLimited(t *testing.T) {
	p := openOwners(t, memstore.New(), func(c *auth.Config) { c.Limits.Mail = limit.Rule{Limit: 5, Window: time.Hour} })
	ada := p.owner(t, "ada")
	p.clock.add(time.Hour)
	half := ada.halfOf(t, "ada")
	for range 5 {
		if _, err := p.BeginFactorRecovery(t.Context(), home, half); err != nil {
			t.Fatal(err)
		}
	}
	limited(t, errOf(p.BeginFactorRecovery(t.Context(), home, half)))
	if n := len(p.mail.to(authmail.FactorRecovery, ada.email)); n != 5 {
		t.Errorf("%d went, want 5", n)
	}
}

// A thief who used up the codes that may go to the phone does not get around telling it, and
// does not stop the owner: what an owner is told has a budget of its own. Once that is used up
// nothing goes on without the message.
func TestS57_WithoutATextMessageNoRecovery(t *testing.T) {
	p := openOwners(t, memstore.New(), withCodes(t, authmail.BySMS), func(c *auth.Config) { c.Limits.Mail = limit.Rule{Limit: 5, Window: time.Hour} })
	ada := p.owner(t, "ada")
	number := phone
	if _, err := p.db.Users().Update(t.Context(), ada.user.ID, profile.Patch{Phone: &number}); err != nil {
		t.Fatal(err)
	}
	p.withPhone(t, "thief")
	half := p.halfOf(t, "thief")
	for range 4 {
		if err := p.SendCode(t.Context(), home, half, "sms"); err != nil {
			t.Fatal(err)
		}
	}
	limited(t, p.SendCode(t.Context(), home, half, "sms"))
	for range 5 {
		ada.loses(t)
	}
	limited(t, errOf(p.BeginFactorRecovery(t.Context(), home, ada.halfOf(t, "ada"))))
	if mails, texts := len(p.mail.to(authmail.FactorRecovery, ada.email)), len(p.mail.to(authmail.FactorRecovery, phone)); mails != 5 || texts != 5 {
		t.Errorf("%d went to the address, and %d to the phone", mails, texts)
	}
	p.clock.add(time.Hour)
	ada.loses(t)
}
