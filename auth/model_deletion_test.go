package auth_test

import (
	"errors"
	"slices"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
)

// keeps keeps the token of a sign-in that everything was proved for.
func (f *flow) keeps(a *actor, in auth.SignIn) {
	if in.Status == auth.DeletionPending {
		a.leaving = append(a.leaving, in.Token)
		f.note(a, "signed in to what will be erased")
		return
	}
	a.tokens = append(a.tokens, in.Token)
}

// askDeletion asks for the end of the account, which not everybody who could does.
func (f *flow) askDeletion(a *actor) error {
	if f.rnd.IntN(2) > 0 {
		return errNothing
	}
	id, err := f.session(a)
	if err != nil {
		return err
	}
	if _, err := f.deletions.Request(f.ctx, id.Caller()); err != nil {
		return err
	}
	if a == f.thief && f.hasFactor() && !a.two {
		f.fault("the adversary asked for the end of an account by less than its factor")
	}
	f.endedBy = a
	f.ended()
	f.sessionsNothing(f.owner, "after the end was asked for")
	f.sessionsNothing(f.thief, "after the end was asked for")
	f.note(a, "asked for deletion")
	return nil
}

// waitForEnd asks for the end of the account and lies low until it comes.
func (f *flow) waitForEnd(a *actor) error {
	if err := f.askDeletion(a); err != nil {
		return err
	}
	f.pass(f.opt.grace + time.Hour)
	return nil
}

// restore takes the deletion back, by a sign-in to what will be erased.
func (f *flow) restore(a *actor) error {
	for _, token := range slices.Backward(a.leaving) {
		half, err := f.AuthenticateHalf(f.ctx, token)
		if err != nil {
			continue
		}
		in, err := f.Restore(f.ctx, home, half)
		if err != nil {
			return err
		}
		f.kept("a restoration")
		f.keeps(a, in)
		f.note(a, "restored")
		return nil
	}
	return errNothing
}

// comeBack signs in to what will be erased and takes that back, as far as each of these goes.
func (f *flow) comeBack(a *actor) error {
	if !f.user().DeletionPending() {
		return errNothing
	}
	err := f.signInByKey(a)
	if err != nil {
		err = f.signIn(a)
	}
	if err != nil {
		return err
	}
	_ = f.finish(a)
	return asFar(f.restore(a))
}

// kept is what takes a deletion back.
func (f *flow) kept(by string) {
	if f.user().DeletionPending() {
		f.fault("%s left the deletion as it was", by)
	}
	f.endedBy = nil
}

// gone reports whether the account is being erased.
func (f *flow) gone() bool {
	u := f.user()
	return u.DeletionPending() && !u.Restorable(f.clock.now())
}

// erased is the end of a flow whose account is gone: nobody gets in, and it was its owner who
// wished that, or did not read the mail.
func (f *flow) erased() {
	f.steps = append(f.steps, "the account is being erased")
	switch {
	case f.endedBy == f.owner:
		f.reached["end: erased, as its owner wished"]++
	case f.endedBy == nil:
		f.fault("the account is being erased and nobody asked for that")
	case f.opt.reading:
		f.fault("the adversary has the account erased although its owner reads the mail")
	case (f.kind == stranger || f.kind == withPhone) && !f.handed:
		f.fault("the adversary has the account erased with %s alone", f.kind)
	default:
		f.reached["end: erased"]++
	}
	const when = "while the account is being erased"
	for _, a := range []*actor{f.owner, f.thief} {
		f.inbox(a)
		f.shut(a, when)
		for _, l := range a.letters {
			for what, err := range f.tries(l) {
				if !errors.Is(err, auth.ErrInvalidToken) {
					f.fault("%s: a link to %s works: %s (%v)", when, l.To, what, err)
				}
			}
		}
	}
	to := f.user().Email
	sent := len(f.mail.to(authmail.Reset, to))
	f.must("a link for nobody", f.Forgot(f.ctx, home, to))
	if len(f.mail.to(authmail.Reset, to)) > sent {
		f.fault("%s: a link was sent", when)
	}
}

// shut says what opens an account for the actor that nobody may sign in to: nothing.
func (f *flow) shut(a *actor, when string) {
	f.sessionsNothing(a, when)
	for _, pass := range a.passwords {
		_, err := f.SignIn(f.ctx, home, auth.Credentials{Login: f.name, Password: pass})
		if !errors.Is(err, auth.ErrInvalidCredentials) {
			f.fault("%s: a password of the %s is more than wrong (%v)", when, a.name, err)
		}
	}
	for _, k := range a.keys {
		if _, err := f.opens(k); !errors.Is(err, auth.ErrInvalidCredentials) {
			f.fault("%s: a passkey of the %s is more than wrong (%v)", when, a.name, err)
		}
	}
}
