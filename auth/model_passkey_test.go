package auth_test

import (
	"slices"
	"sync"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/internal/softkey"
)

// modelPasskeys are the passkeys of every flow: what they seal is bound to an account.
var modelPasskeys = sync.OnceValues(func() (*passkey.Passkeys, error) {
	ring, err := keyring.New(keyring.Generate())
	if err != nil {
		return nil, err
	}
	return passkey.New(ring, passkey.Options{Origin: passkeyOrigin})
})

// held is a passkey that an actor added to the account.
type held struct {
	*softkey.Key
	// id is of its record. earned says that who added it may keep it: the owner, or an
	// adversary who held two proofs.
	id     string
	earned bool
}

// begunKey is a passkey whose challenge an actor has.
type begunKey struct {
	key    *softkey.Key
	answer auth.PasskeyAnswer
}

// beginKey begins a passkey of the actor's own.
func (f *flow) beginKey(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	ch, err := f.BeginAddPasskey(f.ctx, id)
	if err != nil {
		return err
	}
	key := softkey.New(passkeyOrigin)
	a.begun = &begunKey{key, auth.PasskeyAnswer{State: ch.State, Response: key.Create(ch.Options)}}
	return nil
}

// confirmKey adds the passkey that the actor began.
func (f *flow) confirmKey(a *actor) error {
	if a.begun == nil {
		return errNothing
	}
	id, err := f.session(a)
	if err != nil {
		return err
	}
	out, err := f.AddPasskey(f.ctx, home, id, a.begun.answer, "Key")
	if err != nil {
		return err
	}
	a.keys = append(a.keys, held{a.begun.key, out.Factor.ID, a == f.owner || a.two})
	a.begun = nil
	f.added(a, id, out, true)
	f.note(a, "added a passkey")
	return nil
}

// addKey is both, one after the other.
func (f *flow) addKey(a *actor) error {
	if err := f.beginKey(a); err != nil {
		return err
	}
	return f.confirmKey(a)
}

// keysOn are the actor's passkeys that are on the account.
func (f *flow) keysOn(a *actor) (on []held) {
	if len(a.keys) == 0 {
		return nil
	}
	list := f.records()
	for _, k := range a.keys {
		if slices.ContainsFunc(list, func(r authstore.FactorRecord) bool { return r.ID == k.id }) {
			on = append(on, k)
		}
	}
	return on
}

// proofBy answers for who by a passkey.
func (f *flow) proofBy(who auth.Prover, k held) (auth.Answer, error) {
	ch, err := f.BeginPasskeyProof(f.ctx, who)
	if err != nil {
		return auth.Answer{}, err
	}
	return auth.Answer{Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: ch.State, Response: k.Get(ch.Options)}}, nil
}

// opens signs in by a passkey alone.
func (f *flow) opens(k held) (auth.SignIn, error) {
	ch, err := f.BeginPasskey(f.ctx)
	f.must("the challenge of a sign-in", err)
	return f.SignInWithPasskey(f.ctx, home, auth.PasskeyAnswer{State: ch.State, Response: k.Get(ch.Options)}, false)
}

// signInByKey signs in by one of the actor's passkeys, which may be gone.
func (f *flow) signInByKey(a *actor) error {
	if len(a.keys) == 0 {
		return errNothing
	}
	k := a.keys[f.rnd.IntN(len(a.keys))]
	in, err := f.opens(k)
	if err != nil {
		return err
	}
	if f.password == "" {
		f.fault("the %s signed in by a passkey although the password must be reset", a.name)
	}
	if !slices.ContainsFunc(f.keysOn(a), func(on held) bool { return on.id == k.id }) {
		f.fault("the %s signed in by a passkey that is gone", a.name)
	}
	f.provesFactor(a, in.Session.ID)
	f.recoveryBy = nil
	f.keeps(a, in)
	f.note(a, "signed in by a passkey")
	f.counts(a, in.Session.ID)
	return nil
}

// keysNothing says which passkeys of the adversary open an account that is its owner's again:
// those alone that it added with two proofs, and that are still there.
func (f *flow) keysNothing(when string) {
	on := f.keysOn(f.thief)
	for _, k := range f.thief.keys {
		if k.earned && slices.ContainsFunc(on, func(o held) bool { return o.id == k.id }) {
			continue
		}
		if _, err := f.opens(k); err == nil {
			f.fault("%s: a passkey of the adversary opens the account", when)
		}
	}
}
