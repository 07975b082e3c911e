package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"math"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/overtime"
)

// Keys of the counters. An account has one key, so every way to it counts
// together. A login that is nobody's is kept as a hash: people type passwords
// into the wrong field.
func accountKey(userID string) string { return "password:user:" + userID }
func factorKey(userID string) string  { return "factor:user:" + userID }
func codeKey(ticket [32]byte) string  { return "code:" + hex.EncodeToString(ticket[:]) }
func unknownKey(canonical string) string {
	h := sha256.Sum256([]byte(canonical))
	return "password:login:" + hex.EncodeToString(h[:])
}

// take counts one try under key. Only a clear yes of the store is nil.
func (s *Service) take(ctx context.Context, key string, rule limit.Rule) error {
	return limit.Limiter{Store: s.limitStore, Now: s.now}.Take(ctx, key, rule)
}

// What is counted for networks, as the keys of the counters begin.
const (
	netPassword = "password:net:"
	netToken    = "token:net:"
	netSignUp   = "register:net:"
	netMail     = "mail:net:"
)

// takeNet counts one try of what for the networks of c, the smallest first: rule is for that
// one, and a larger one is let try as many times more as it is wider.
func (s *Service) takeNet(ctx context.Context, what string, c Client, rule limit.Rule) error {
	for _, n := range c.networks() {
		wider := rule
		wider.Limit = min(rule.Limit, math.MaxInt/n.wider) * n.wider
		if err := s.take(ctx, what+n.name, wider); err != nil {
			return err
		}
	}
	return nil
}

// refundNet gives a try of takeNet back.
func (s *Service) refundNet(ctx context.Context, what string, c Client) {
	for _, n := range c.networks() {
		s.settle(ctx, func(ctx context.Context) error { return s.limitStore.Refund(ctx, what+n.name) })
	}
}

// tries is what one attempt at a password took from the limits.
type tries struct {
	s       *Service
	account string
	client  Client
}

// triesOf is an attempt of c, whose account is not known yet.
func (s *Service) triesOf(c Client) tries { return tries{s: s, client: c} }

// take counts the attempt, for the networks and then for the account, whose rule is given. A limit that is reached is written down as kind of the user.
func (t tries) take(ctx context.Context, rule limit.Rule, kind activity.Kind, userID string) error {
	err := t.takeNet(ctx)
	if err == nil {
		err = t.s.take(ctx, t.account, rule)
	}
	if err != nil {
		t.s.refused(ctx, kind, userID, err)
	}
	return err
}

// takeNet counts the attempt for the networks alone.
func (t tries) takeNet(ctx context.Context) error {
	return t.s.takeNet(ctx, netPassword, t.client, t.s.limits.Address)
}

// unspent gives both tries back: nothing was evaluated.
func (t tries) unspent(ctx context.Context) {
	t.s.settle(ctx, func(ctx context.Context) error { return t.s.limitStore.Refund(ctx, t.account) })
	t.s.refundNet(ctx, netPassword, t.client)
}

// succeeded forgets the failures of the account and gives the address its try
// back: the password, or the code, was right.
func (t tries) succeeded(ctx context.Context) {
	t.s.settle(ctx, func(ctx context.Context) error { return t.s.limitStore.Reset(ctx, t.account) })
	t.s.refundNet(ctx, netPassword, t.client)
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
