package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// KindPasskey is that of the records of passkeys, and the method in an Answer.
const KindPasskey = "passkey"

// BeginPasskey makes the challenge for a sign-in by a passkey alone; it writes nothing.
func (s *Service) BeginPasskey(_ context.Context) (authfactor.Challenge, error) {
	return s.challenge(authfactor.Ceremony{Kind: authfactor.SigningIn})
}

// BeginPasskeyProof makes the challenge for FinishSignIn or ReauthenticateWith of who.
func (s *Service) BeginPasskeyProof(ctx context.Context, who Prover) (authfactor.Challenge, error) {
	c, err := ceremonyOf(who)
	if err != nil {
		return authfactor.Challenge{}, err
	}
	if c.Known, err = s.passkeysOf(ctx, c.User.ID); err != nil {
		return authfactor.Challenge{}, err
	}
	if len(c.Known) == 0 {
		return authfactor.Challenge{}, ErrNoFactor
	}
	return s.challenge(c)
}

func (s *Service) challenge(c authfactor.Ceremony) (authfactor.Challenge, error) {
	if s.passkeys == nil {
		return authfactor.Challenge{}, ErrNoFactor
	}
	ch, err := s.passkeys.Begin(c, s.now())
	if err != nil {
		return authfactor.Challenge{}, fmt.Errorf("auth: passkey: %w", err)
	}
	return ch, nil
}

// passkeysOf are the user's passkeys, the oldest first.
func (s *Service) passkeysOf(ctx context.Context, userID string) ([]authstore.FactorRecord, error) {
	records, err := s.confirmed(ctx, userID)
	if err != nil {
		return nil, err
	}
	var list []authstore.FactorRecord
	for _, r := range records {
		if r.Kind == KindPasskey {
			list = append(list, r)
		}
	}
	return list, nil
}

// spend uses a challenge up, whatever comes of it (WebAuthn Level 3, 13.4.3): of
// any number of calls with it, on any node, one goes on. A challenge is written
// down only now, so that beginning costs nothing.
func (s *Service) spend(ctx context.Context, c authfactor.Ceremony, state string, now time.Time) error {
	if s.passkeys == nil {
		return ErrInvalidCode
	}
	id, until, err := s.passkeys.Challenge(c, state)
	if err != nil {
		return err
	}
	err = s.tickets.AddTickets(ctx, "", "", []authstore.Ticket{{Hash: id, Purpose: forChallenge, CreatedAt: now, ExpiresAt: until}})
	// One that is over is used up too: a clock set back brings it not back.
	if errors.Is(err, storage.ErrTaken) || err == nil && !now.Before(until) {
		return ErrInvalidCode
	}
	return err
}

// PasskeyAnswer is what a browser answered to an authfactor.Challenge.
type PasskeyAnswer struct {
	State string
	// Response is the PublicKeyCredential as JSON (its toJSON).
	Response []byte
}

// SignInWithPasskey begins a session by a passkey alone, which is both factors. Whatever is
// wrong is ErrInvalidCredentials; limits are those of codes. ErrPasswordResetRequired is as
// for SignIn.
func (s *Service) SignInWithPasskey(ctx context.Context, c Client, a PasskeyAnswer, remember bool) (SignIn, error) {
	ctx = withClient(ctx, c)
	now := s.now()
	t := s.triesOf(c)
	if err := t.takeNet(ctx); err != nil {
		s.refused(ctx, authevent.SignInFailed, "", err)
		return SignIn{}, err
	}
	in, err := s.signInWithPasskey(ctx, a, remember, now, &t)
	switch {
	case err == nil:
		t.succeeded(ctx)
		s.log(ctx, slog.LevelInfo, authevent.SignIn, in.User.ID)
	case errors.Is(err, ErrInvalidCode), errors.Is(err, ErrInvalidCredentials):
		s.failedBy(ctx, account{user: in.User}, authevent.SignInFailed, KindPasskey, refusedFor(err))
		err = ErrInvalidCredentials
	case errors.Is(err, limit.ErrExceeded):
	default:
		t.unspent(ctx)
	}
	if err != nil {
		return SignIn{}, err
	}
	return in, nil
}

// signInWithPasskey returns the user also with an error, as soon as it is known.
func (s *Service) signInWithPasskey(ctx context.Context, a PasskeyAnswer, remember bool, now time.Time, t *tries) (in SignIn, err error) {
	c := authfactor.Ceremony{Kind: authfactor.SigningIn}
	if err := s.spend(ctx, c, a.State, now); err != nil {
		return in, err
	}
	lookup, err := s.passkeys.Credential(a.Response)
	if err != nil {
		return in, err
	}
	record, err := s.factors.FactorByLookup(ctx, KindPasskey, lookup)
	if errors.Is(err, storage.ErrNotFound) || err == nil && record.Pending {
		return in, ErrInvalidCredentials
	}
	if err != nil {
		return in, fmt.Errorf("auth: reading a passkey: %w", err)
	}
	t.account = factorKey(record.UserID)
	if err := s.take(ctx, t.account, s.limits.SecondFactor); err != nil {
		s.refused(ctx, authevent.SignInFailed, record.UserID, err)
		return in, err
	}
	if in.User, err = s.users.User(ctx, record.UserID); errors.Is(err, storage.ErrNotFound) {
		return SignIn{}, ErrInvalidCredentials
	} else if err != nil {
		return SignIn{}, fmt.Errorf("auth: looking an account up: %w", err)
	}
	if shut(in.User, now) {
		return in, ErrInvalidCredentials
	}
	c.User = in.User
	if c.Handle, err = s.handle(ctx, in.User.ID); err != nil {
		return in, err
	}
	used, rises, err := s.passkeys.Assert(c, a.State, a.Response, record)
	if err != nil {
		return in, err
	}
	if in.Session, in.Token, err = s.newSession(ctx, remember, now); err != nil {
		return in, err
	}
	in.Status = grant(in.User, &in.Session, now)
	in.Session.UserID = in.User.ID
	used.LastUsedAt = now
	event := activity.NewEvent(ctx, authevent.SignIn, in.User.ID, now, map[string]string{detailMethod: KindPasskey})
	return in, s.tx.InTx(ctx, func(ctx context.Context) error {
		// In turn with what ends sessions: a reset that came first is seen.
		hash, err := s.passwords.LockPassword(ctx, in.User.ID)
		if err != nil {
			return err
		}
		if isMarked(hash) {
			return ErrPasswordResetRequired
		}
		if err := s.useFactor(ctx, used, rises); err != nil {
			return err
		}
		if err := s.endRecovery(ctx, in.User.ID, byFactor); err != nil {
			return err
		}
		if err := s.createSession(ctx, in.Session, event); err != nil {
			return err
		}
		return s.tell(ctx, event)
	})
}

// useFactor notes one use of a confirmed factor, which cannot happen twice.
func (s *Service) useFactor(ctx context.Context, used authstore.FactorRecord, rises bool) error {
	err := s.factors.UseFactor(ctx, used, authstore.Confirmed, rises)
	if errors.Is(err, storage.ErrStale) {
		return ErrInvalidCode // it was used meanwhile, or the factor is gone
	}
	return err
}

// refusedFor is the detail of the event of a failure by a passkey that signed rightly and
// cannot be trusted any more: there may be a copy of it, or it is kept in another way than
// when it was added. Its owner is the one to remove it. It is nil for another error.
func refusedFor(err error) map[string]string {
	switch {
	case errors.Is(err, authfactor.ErrCopiedPasskey):
		return map[string]string{detailReason: reasonCopied}
	case errors.Is(err, authfactor.ErrChangedPasskey):
		return map[string]string{detailReason: reasonChanged}
	}
	return nil
}

// usePasskey takes the answer to a challenge of the session in a.
func (s *Service) usePasskey(ctx context.Context, u profile.User, a Answer, now time.Time, then func(context.Context) error) error {
	c := a.ceremony
	c.User = u
	if err := s.spend(ctx, c, a.Passkey.State, now); err != nil {
		return err
	}
	lookup, err := s.passkeys.Credential(a.Passkey.Response)
	if err != nil {
		return err
	}
	known, err := s.passkeysOf(ctx, u.ID)
	if err != nil {
		return err
	}
	for _, r := range known {
		if r.Lookup != lookup {
			continue
		}
		if c.Handle, err = s.handle(ctx, u.ID); err != nil {
			return err
		}
		used, rises, err := s.passkeys.Assert(c, a.Passkey.State, a.Passkey.Response, r)
		if err != nil {
			return err
		}
		used.LastUsedAt = now
		return s.tx.InTx(ctx, func(ctx context.Context) error {
			if err := s.useFactor(ctx, used, rises); err != nil {
				return err
			}
			return then(ctx)
		})
	}
	return ErrInvalidCode
}
