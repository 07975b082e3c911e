package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/storage"
)

// maxPasskeys is how many passkeys an account has at most.
const maxPasskeys = 20

// BeginAddPasskey makes the challenge for another passkey of the caller, who
// must be Fresh. Those that are there are named, so that none is added twice.
func (s *Service) BeginAddPasskey(ctx context.Context, id Identity) (Challenge, error) {
	if err := s.fresh(id); err != nil {
		return Challenge{}, err
	}
	return s.challengeOf(ctx, Ceremony{Kind: Registering, SessionID: id.Session.ID, User: id.User})
}

// AddPasskey adds the passkey that a browser made for a challenge of
// BeginAddPasskey in the same session, and ends all other sessions and trusted
// devices, as ConfirmFactor does. What is wrong with it is ErrInvalidCode, a
// passkey that somebody has already too. The caller must be Fresh.
func (s *Service) AddPasskey(ctx context.Context, c Client, id Identity, a PasskeyAnswer, name string, rotate bool) (FactorRecord, ConfirmedFactor, error) {
	fail := func(err error) (FactorRecord, ConfirmedFactor, error) { return FactorRecord{}, ConfirmedFactor{}, err }
	if err := s.fresh(id); err != nil {
		return fail(err)
	}
	if err := checkFactorName(name); err != nil {
		return fail(err)
	}
	ctx = withClient(ctx, c)
	now := s.now()
	ceremony := Ceremony{Kind: Registering, SessionID: id.Session.ID, User: id.User}
	if err := s.spend(ctx, ceremony, a.State, now); err != nil {
		return fail(err)
	}
	known, err := s.passkeysOf(ctx, id.User.ID)
	if err != nil {
		return fail(err)
	}
	if len(known) >= maxPasskeys {
		return fail(fmt.Errorf("%w: an account has at most %d passkeys", ErrInvalidCode, maxPasskeys))
	}
	r, err := s.passkeys.Register(ceremony, a.State, a.Response)
	if err != nil {
		return fail(err)
	}
	r.UserID, r.Kind, r.Name, r.CreatedAt = id.User.ID, KindPasskey, name, now
	if r.ID, err = newID(s.random); err != nil {
		return fail(err)
	}
	out, err := s.enrolled(ctx, id, KindPasskey, rotate, now, func(ctx context.Context, event activity.Event) error {
		err := s.factors.AddFactor(ctx, r, event)
		if errors.Is(err, storage.ErrTaken) {
			return ErrInvalidCode
		}
		return err
	})
	if err != nil {
		return fail(err)
	}
	r.Data = nil
	return r, out, nil
}

// RenamePasskey and RemovePasskey are RenameFactor and RemoveFactor for what is
// one of the caller's passkeys.
func (s *Service) RenamePasskey(ctx context.Context, id Identity, passkeyID, name string) error {
	if err := s.ownPasskey(ctx, id, passkeyID); err != nil {
		return err
	}
	return s.RenameFactor(ctx, id, passkeyID, name)
}

// RemovePasskey is described at RenamePasskey.
func (s *Service) RemovePasskey(ctx context.Context, c Client, id Identity, passkeyID string) error {
	if err := s.ownPasskey(ctx, id, passkeyID); err != nil {
		return err
	}
	return s.RemoveFactor(ctx, c, id, passkeyID)
}

func (s *Service) ownPasskey(ctx context.Context, id Identity, passkeyID string) error {
	if err := s.fresh(id); err != nil {
		return err
	}
	known, err := s.passkeysOf(ctx, id.User.ID)
	if err != nil {
		return err
	}
	for _, r := range known {
		if r.ID == passkeyID {
			return nil
		}
	}
	return storage.ErrNotFound
}
