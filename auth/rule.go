package auth

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
)

// May is nil when the caller may make the change at once, by the rule of package authrule.
// The methods of Service ask for themselves; May is for a host's own changes, and for
// profile.Caller.AtOnce. A proof that is too old is profile.ErrNotFresh, an address that has
// to be proved first an *input.InvalidError of field "email", and what else is missing an
// *authrule.NeededError.
func (s *Service) May(ctx context.Context, id Identity, change authrule.Change) error {
	if err := s.fresh(id); err != nil {
		return err
	}
	p, err := s.Proofs(ctx, id)
	if err != nil {
		return err
	}
	cell := authrule.Of(p.State, change)
	switch {
	case cell.Verdict(p.Have) == authrule.AtOnce:
		return nil
	case cell.Refused == authrule.AddressFirst:
		return errUnprovedEmail
	}
	needed := &authrule.NeededError{Change: change, State: p.State, Have: p.Have}
	if p.Wait != nil {
		needed.WaitUntil = p.Wait.From
	}
	return needed
}

// Proofs returns what the caller has to prove with, and has proved.
func (s *Service) Proofs(ctx context.Context, id Identity) (authrule.Proved, error) {
	if err := id.check(); err != nil {
		return authrule.Proved{}, err
	}
	now := s.now()
	records, err := s.confirmed(ctx, id.User.ID)
	if err != nil {
		return authrule.Proved{}, err
	}
	fresh := profile.Fresh(id.Session.ProvedAt, now)
	if hasFactor(records) {
		// Only a factor makes the session of such an account fresh.
		p := authrule.Proved{State: authrule.Factor}
		if fresh {
			p.Have = authrule.ByFactor
		}
		return p, nil
	}
	p := authrule.Proved{}
	hash, err := s.passwords.PasswordHash(ctx, id.User.ID)
	if err != nil {
		return authrule.Proved{}, fmt.Errorf("auth: reading a password hash: %w", err)
	}
	p.State = s.stateWithoutFactor(id.User, hash, now)
	if fresh && hash != "" {
		p.Have |= authrule.ByPassword
	}
	if s.courier == nil {
		return p, nil
	}
	proved, err := s.tickets.Tickets(ctx, id.User.ID, forMailProof, now)
	if err != nil {
		return authrule.Proved{}, fmt.Errorf("auth: reading proofs: %w", err)
	}
	if slices.ContainsFunc(proved, func(t authstore.Ticket) bool { return string(t.Data) == id.Session.ID }) {
		p.Have |= authrule.ByMailbox
	}
	if p.Wait, _, err = s.wait(ctx, id.User.ID, now); err != nil {
		return authrule.Proved{}, err
	}
	if p.Wait != nil && !now.Before(p.Wait.From) {
		p.Have |= authrule.ByWait
	}
	return p, nil
}

// hasFactor reports whether one of the confirmed factors is more than the mailbox.
func hasFactor(confirmed []authstore.FactorRecord) bool {
	return slices.ContainsFunc(confirmed, func(r authstore.FactorRecord) bool { return r.Kind != string(authmail.ByEmail) })
}

// stateWithoutFactor is the state of an account that has no factor.
func (s *Service) stateWithoutFactor(u profile.User, hash string, now time.Time) authrule.State {
	switch {
	case s.courier == nil || s.policy.UnknownAddresses:
		return s.policy.WithoutMail
	case !u.EmailVerified && !u.CreatedAt.IsZero() && now.Sub(u.CreatedAt) < authrule.NewcomerFor:
		return authrule.Newcomer
	case !u.EmailVerified:
		return authrule.Unproved
	case hash == "":
		return authrule.MailboxAlone
	}
	return authrule.Mailbox
}

// ruleBy sets what the rule needs, or says what is wrong with it.
func (s *Service) ruleBy() error {
	switch s.policy.WithoutMail {
	case "":
		s.policy.WithoutMail = authrule.NoMailPassword
	case authrule.NoMailPassword, authrule.NoMailFactor, authrule.NoMailRefuse:
	default:
		return fmt.Errorf("auth: Config.WithoutMail %q is neither %q, %q nor %q", s.policy.WithoutMail,
			authrule.NoMailPassword, authrule.NoMailFactor, authrule.NoMailRefuse)
	}
	if s.policy.Wait == 0 {
		s.policy.Wait = defaultWait
	}
	if s.policy.Wait < LeastRecoveryWait {
		return fmt.Errorf("auth: Config.Wait must be at least %v", LeastRecoveryWait)
	}
	return nil
}

// spendProof ends, in the transaction of ctx, the proofs of a session that made a change,
// where each change needs a proof of its own.
func (s *Service) spendProof(ctx context.Context, id Identity) error {
	if !s.policy.ProofForEach {
		return nil
	}
	spent := id.Session
	spent.ProvedAt = time.Time{}
	if _, err := s.tickets.RemoveTickets(ctx, id.User.ID, forMailProof); err != nil {
		return err
	}
	return s.rotate(ctx, id.Session.TokenHash, spent)
}
