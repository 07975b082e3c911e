package auth

import (
	"context"
	"errors"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/storage"
)

// BeginAddPasskey makes the challenge for another passkey of the caller. Those that are
// there are named, so that none is added twice. The errors of May are its own.
func (s *Service) BeginAddPasskey(ctx context.Context, id Identity) (authfactor.Challenge, error) {
	if err := s.May(ctx, id, authrule.AddFactor); err != nil {
		return authfactor.Challenge{}, err
	}
	if s.passkeys == nil {
		return authfactor.Challenge{}, ErrNoFactor
	}
	known, err := s.passkeysOf(ctx, id.User.ID)
	if err != nil {
		return authfactor.Challenge{}, err
	}
	handle, err := s.handleFor(ctx, id.User.ID, known)
	if err != nil {
		return authfactor.Challenge{}, err
	}
	return s.challenge(authfactor.Ceremony{
		Kind: authfactor.Registering, SessionID: id.Session.ID, User: id.User, Handle: handle, Known: known,
	})
}

// AddPasskey adds the passkey that a browser made for a challenge of
// BeginAddPasskey in the same session, and ends all other sessions and trusted
// devices, as ConfirmFactor does. What is wrong with it is ErrInvalidCode, a
// passkey that somebody has already and one beyond 20 too. The errors of May are its own.
func (s *Service) AddPasskey(ctx context.Context, c Client, id Identity, a PasskeyAnswer, name string) (ConfirmedFactor, error) {
	fail := func(err error) (ConfirmedFactor, error) { return ConfirmedFactor{}, err }
	if err := s.May(ctx, id, authrule.AddFactor); err != nil {
		return fail(err)
	}
	if err := checkFactorName(name); err != nil {
		return fail(err)
	}
	ctx = withClient(ctx, c)
	now := s.now()
	ceremony := authfactor.Ceremony{Kind: authfactor.Registering, SessionID: id.Session.ID, User: id.User}
	if err := s.spend(ctx, ceremony, a.State, now); err != nil {
		return fail(err)
	}
	r, err := s.passkeys.Register(ceremony, a.State, a.Response)
	if err != nil {
		return fail(err)
	}
	r.UserID, r.Kind, r.Name, r.CreatedAt = id.User.ID, KindPasskey, name, now
	if r.ID, err = newID(s.random); err != nil {
		return fail(err)
	}
	shown := r
	shown.Data = nil
	out, err := s.enrolled(ctx, id, shown, now, func(ctx context.Context, event activity.Event) error {
		err := s.factors.AddFactor(ctx, r, event)
		if errors.Is(err, storage.ErrTaken) {
			return ErrInvalidCode
		}
		return err
	})
	if err != nil {
		return fail(err)
	}
	return out, nil
}
