package auth

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authmail"
)

// budget is what a message is counted as. Each has counters of its own, so that messages
// which a stranger can cause never use up those which the owner waits for.
type budget string

const (
	budgetReset   budget = "reset"   // links that set a password
	budgetVerify  budget = "verify"  // links that prove the address of an account
	budgetSignUp  budget = "signup"  // what a sign-up sends before there is an account
	budgetAddress budget = "address" // links to an address that is to become an account's
	budgetChange  budget = "change"  // waits and recoveries, of which an owner is told
	budgetCode    budget = "code"    // codes by e-mail
	budgetSMS     budget = "sms"     // codes by text message
)

// budgets are all of them.
var budgets = [...]budget{budgetReset, budgetVerify, budgetSignUp, budgetAddress, budgetChange, budgetCode, budgetSMS}

// life is how long the secret in such a message lives. The window of a budget is never longer:
// whoever is over it has a letter that is still good, or may ask for another one. Text
// messages are the exception, since they cost money.
func (b budget) life() time.Duration {
	switch b {
	case budgetReset:
		return resetLife
	case budgetVerify, budgetSignUp:
		return verifyLife
	case budgetAddress, budgetChange:
		return emailChangeLife
	case budgetCode:
		return codeLife
	}
	return 0
}

// rule is r with the window of the budget.
func (b budget) rule(r limit.Rule) limit.Rule {
	if life := b.life(); life > 0 {
		r.Window = min(r.Window, life)
	}
	return r
}

// ofCode is the budget of codes by a channel.
func ofCode(ch authmail.Channel) budget {
	if ch == authmail.BySMS {
		return budgetSMS
	}
	return budgetCode
}

// Keys of the counters for what is sent. A target has one key a budget, so that all that
// goes to it counts together.
func mailUserKey(b budget, userID string) string { return "mail:" + string(b) + ":user:" + userID }

func mailToKey(b budget, to string) string {
	sum := addressSum(to)
	return "mail:" + string(b) + ":to:" + hex.EncodeToString(sum[:])
}

// mailAllKey is that of all letters of a budget; nobody counts apart what is sent to nobody,
// by the same statements.
func mailAllKey(b budget, nobody bool) string {
	if nobody {
		return "mail:" + string(b) + ":nobody"
	}
	return "mail:" + string(b) + ":all"
}

// counted is one counter that a message is counted by.
type counted struct {
	key  string
	rule limit.Rule
}

// takeMail counts one message to the address, under what the client is, whom it
// is for, and all together, in this order, whoever the address belongs to. of,
// when it is not "", is one more key: the account that asks.
func (s *Service) takeMail(ctx context.Context, c Client, b budget, kind activity.Kind, to, of string) error {
	if err := s.takeNet(ctx, netMail, c, s.limits.MailAddress); err != nil {
		s.refused(ctx, kind, of, err)
		return err
	}
	rule := b.rule(s.limits.Mail)
	all := []counted{{mailToKey(b, to), rule}}
	if of != "" {
		all = append(all, counted{mailUserKey(b, of), rule})
	}
	return s.takeAll(ctx, kind, of, append(all, counted{mailAllKey(b, false), s.limits.MailTotal})...)
}

// takeAll counts by each of the counters, up to the first that is over.
func (s *Service) takeAll(ctx context.Context, kind activity.Kind, userID string, all ...counted) error {
	for _, n := range all {
		if err := s.take(ctx, n.key, n.rule); err != nil {
			s.refused(ctx, kind, userID, err)
			return err
		}
	}
	return nil
}

// maySend is takeMail for a caller who proved nothing and must not hear of the address: only
// the network's limit is an error. false is over budget, and the newest letter stays good.
// Nobody's letter is counted apart, in the same statements.
func (s *Service) maySend(ctx context.Context, b budget, kind activity.Kind, to string, nobody bool) (bool, error) {
	err := s.takeAll(ctx, kind, "", counted{mailToKey(b, to), b.rule(s.limits.Mail)}, counted{mailAllKey(b, nobody), s.limits.MailTotal})
	if errors.Is(err, limit.ErrExceeded) {
		return false, nil
	}
	return err == nil, err
}

// refundMail gives back what takeMail counted for the address and for all: no message was
// made. What was counted for the network stays, since it asked.
func (s *Service) refundMail(ctx context.Context, b budget, to string) {
	for _, key := range []string{mailToKey(b, to), mailAllKey(b, false)} {
		s.settle(ctx, func(ctx context.Context) error { return s.limitStore.Refund(ctx, key) })
	}
}

// mayMail is takeMail for a message that may also be left out: false is no
// courier, or too many.
func (s *Service) mayMail(ctx context.Context, c Client, b budget, kind activity.Kind, to string) (bool, error) {
	if s.courier == nil {
		return false, nil
	}
	err := s.takeMail(ctx, c, b, kind, to, "")
	if errors.Is(err, limit.ErrExceeded) {
		return false, nil
	}
	return err == nil, err
}
