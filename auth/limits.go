package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/overtime"
)

// Limits are how often something may be tried on all nodes; a zero Rule takes its default.
type Limits struct {
	// Account limits wrong passwords of one account, under whatever login, at sign-in,
	// reauthentication and password change together: 10 in 15 minutes, then one after 1
	// minute, 2, 4, 8, and every 15. A success forgets them, and 15 quiet minutes do.
	Account limit.Rule
	// Address limits wrong passwords, and wrong tokens of links by themselves,
	// from one IPv4 address or IPv6 /64: 100 in 15 minutes.
	Address limit.Rule
	// SecondFactor limits wrong codes of one account, of all its factors and recovery
	// codes, at sign-in and at reauthentication together: 10 in 15 minutes, then as
	// Account. A right password does not forget them. A code that was sent takes 5.
	SecondFactor limit.Rule
	// SignUp limits registrations from one IPv4 address or IPv6 /64,
	// successful or not: 20 an hour.
	SignUp limit.Rule
	// Mail limits messages to one address or number, and those that one account asks
	// for: 5 an hour. MailAddress limits those that one IPv4 address or IPv6 /64 asks
	// for: 20 an hour. MailTotal limits all that are asked for: 10000 an hour.
	Mail, MailAddress, MailTotal limit.Rule
}

func (l Limits) withDefaults() Limits {
	set := func(r *limit.Rule, d limit.Rule) { *r = r.Or(d) }
	set(&l.Account, limit.Rule{Limit: 10, Window: 15 * time.Minute, Wait: time.Minute, MaxWait: 15 * time.Minute})
	set(&l.Address, limit.Rule{Limit: 100, Window: 15 * time.Minute})
	set(&l.SecondFactor, limit.Rule{Limit: 10, Window: 15 * time.Minute, Wait: time.Minute, MaxWait: 15 * time.Minute})
	set(&l.SignUp, limit.Rule{Limit: 20, Window: time.Hour})
	set(&l.Mail, limit.Rule{Limit: 5, Window: time.Hour})
	set(&l.MailAddress, limit.Rule{Limit: 20, Window: time.Hour})
	set(&l.MailTotal, limit.Rule{Limit: 10_000, Window: time.Hour})
	return l
}

func (l Limits) check() error {
	for name, r := range map[string]limit.Rule{
		"Account": l.Account, "Address": l.Address, "SecondFactor": l.SecondFactor, "SignUp": l.SignUp,
		"Mail": l.Mail, "MailAddress": l.MailAddress, "MailTotal": l.MailTotal,
	} {
		if err := r.Check(); err != nil {
			return fmt.Errorf("auth: Config.Limits.%s: %w", name, err)
		}
	}
	return nil
}

// Keys of the counters. An account has one key, so every way to it counts
// together. A login that is nobody's is kept as a hash: people type passwords
// into the wrong field.
func accountKey(userID string) string { return "password:user:" + userID }
func addressKey(c Client) string      { return "password:net:" + c.network() }
func factorKey(userID string) string  { return "factor:user:" + userID }
func codeKey(ticket [32]byte) string  { return "code:" + hex.EncodeToString(ticket[:]) }
func signUpKey(c Client) string       { return "register:net:" + c.network() }
func unknownKey(canonical string) string {
	h := sha256.Sum256([]byte(canonical))
	return "password:login:" + hex.EncodeToString(h[:])
}

// take counts one try under key. Only a clear yes of the store is nil.
func (s *Service) take(ctx context.Context, key string, rule limit.Rule) error {
	return limit.Limiter{Store: s.limitStore, Now: s.now}.Take(ctx, key, rule)
}

// tries is what one attempt at a password took from the limits.
type tries struct {
	s       *Service
	account string
	address string
}

// triesOf is an attempt of c, whose account is not known yet.
func (s *Service) triesOf(c Client) tries { return tries{s: s, address: addressKey(c)} }

// take counts the attempt, under the address and then under the account, whose rule is
// given. A limit that is reached is written down as kind of the user.
func (t tries) take(ctx context.Context, rule limit.Rule, kind activity.Kind, userID string) error {
	err := t.s.take(ctx, t.address, t.s.limits.Address)
	if err == nil {
		err = t.s.take(ctx, t.account, rule)
	}
	if err != nil {
		t.s.refused(ctx, kind, userID, err)
	}
	return err
}

// unspent gives both tries back: nothing was evaluated.
func (t tries) unspent(ctx context.Context) {
	t.s.settle(ctx, func(ctx context.Context) error { return t.s.limitStore.Refund(ctx, t.account) })
	t.s.settle(ctx, func(ctx context.Context) error { return t.s.limitStore.Refund(ctx, t.address) })
}

// succeeded forgets the failures of the account and gives the address its try
// back: the password, or the code, was right.
func (t tries) succeeded(ctx context.Context) {
	t.s.settle(ctx, func(ctx context.Context) error { return t.s.limitStore.Reset(ctx, t.account) })
	t.s.settle(ctx, func(ctx context.Context) error { return t.s.limitStore.Refund(ctx, t.address) })
}

// settleTimeout bounds what is still done after the answer is known.
const settleTimeout = 5 * time.Second

// settle runs f, which gives back a limit, also when the caller has gone. A failure leaves
// the limits stricter than they need be and is only logged.
func (s *Service) settle(ctx context.Context, f func(context.Context) error) {
	ctx, cancel := overtime.Context(ctx, settleTimeout)
	defer cancel()
	if err := f(ctx); err != nil {
		s.logger.LogAttrs(ctx, slog.LevelWarn, "auth: a limit was not given back", slog.Any("error", err))
	}
}
