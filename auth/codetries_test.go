package auth_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
)

// compared counts the tries at codes that a throttle lets through, which are
// those that are compared.
type compared struct {
	limit.Store
	n *atomic.Int64
}

func (c compared) Take(ctx context.Context, key string, rule limit.Rule, now time.Time) (bool, time.Duration, error) {
	ok, wait, err := c.Store.Take(ctx, key, rule, now)
	if ok && strings.HasPrefix(key, "code:") {
		c.n.Add(1)
	}
	return ok, wait, err
}

// patient has no other limit in the way.
func patient(c *auth.Config) {
	many := limit.Rule{Limit: 10_000, Window: time.Hour}
	c.Limits.SecondFactor, c.Limits.Address, c.Limits.Mail = many, many, many
}

// unlike is a code that is not that one.
func unlike(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// After five wrong answers the right one is wrong too; another code works, and
// neither another session nor what is no code uses up a try.
func TestS16_ACodeDiesOfFiveWrongAnswers(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, withCodes(t), patient)
		token, _ := p.withPhone(t, "ada")
		half, second := p.halfOf(t, "ada"), p.halfOf(t, "ada")
		finish := func(half auth.HalfIdentity, code string) error {
			_, err := p.FinishSignIn(t.Context(), home, half, bySMS(code), false)
			return err
		}
		send := func() string {
			t.Helper()
			is(t, p.SendCode(t.Context(), home, half, "sms"), nil)
			return p.sent(t, authmail.Code, phone)
		}
		code := send()
		for range auth.CodeTries {
			is(t, finish(half, unlike(code)), auth.ErrInvalidCode)
		}
		is(t, finish(half, code), auth.ErrInvalidCode)
		left, err := db.Auth().Tickets.Tickets(t.Context(), half.User.ID, auth.ForSecondFactor, p.clock.now())
		if err != nil || len(left) != 0 {
			t.Errorf("%d codes are left, %v", len(left), err)
		}
		code = send()
		for range auth.CodeTries - 1 {
			is(t, finish(half, unlike(code)), auth.ErrInvalidCode)
			is(t, finish(second, code), auth.ErrInvalidCode)
			is(t, finish(half, "12345"), auth.ErrInvalidCode)
		}
		is(t, finish(half, code), nil)

		const number = "+14155550123"
		begin := func() string {
			t.Helper()
			is(t, p.BeginPhone(t.Context(), home, p.alive(t, token), number), nil)
			return p.sent(t, authmail.Phone, number)
		}
		confirm := func(code string) error {
			_, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), bySMS(code))
			return err
		}
		code = begin()
		for range auth.CodeTries {
			is(t, confirm(unlike(code)), auth.ErrInvalidCode)
		}
		is(t, confirm(code), auth.ErrInvalidCode)
		is(t, confirm(begin()), nil)
	})
}

// R13: of a hundred wrong codes at once, on two nodes, five are compared, and the
// right one is refused then, by a third node too. With the limit of the account
// in force the other nodes keep to that as well.
func TestR13_GuessesAtACodeAreCounted(t *testing.T) {
	for name, c := range map[string]struct {
		limits func(*auth.Config)
		looked int
		after  error
	}{
		"of the code":    {patient, 100, auth.ErrInvalidCode},
		"of the account": {func(*auth.Config) {}, 10, limit.ErrExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			onDatabases(t, func(t *testing.T, db database) {
				codes := withCodes(t)
				p := openPost(t, db, codes, c.limits)
				p.withPhone(t, "ada")
				half := p.halfOf(t, "ada")
				is(t, p.SendCode(t.Context(), home, half, "sms"), nil)
				code := p.sent(t, authmail.Code, phone)
				var n atomic.Int64
				counted := func(c *auth.Config) {
					c.LimitStore = compared{db.Limits(), &n}
				}
				nodes := []*post{openPost(t, db, codes, c.limits, counted), openPost(t, db, codes, c.limits, counted)}
				var all sync.WaitGroup
				errs := make(chan error, 100)
				for i := range 100 {
					all.Go(func() {
						_, err := nodes[i%2].FinishSignIn(t.Context(), home, half, bySMS(unlike(code)), false)
						errs <- err
					})
				}
				all.Wait()
				close(errs)
				looked := 0
				for err := range errs {
					switch {
					case errors.Is(err, auth.ErrInvalidCode):
						looked++
					case !errors.Is(err, limit.ErrExceeded):
						t.Errorf("a guess got %v", err)
					}
				}
				if looked != c.looked || n.Load() != auth.CodeTries {
					t.Errorf("%d guesses were let to the code, %d compared, want %d and %d", looked, n.Load(), c.looked, auth.CodeTries)
				}
				_, err := openPost(t, db, codes, c.limits).FinishSignIn(t.Context(), home, half, bySMS(code), false)
				is(t, err, c.after)
			})
		})
	}
}
