package auth_test

import (
	"encoding/base32"
	"slices"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
)

// beginApp begins an authenticator of the actor's own.
func (f *flow) beginApp(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	show, err := f.BeginFactor(f.ctx, home, id, "totp", "App")
	if err != nil {
		return err
	}
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(show.Secret)
	f.must("the seed", err)
	a.pending = &app{f.world, seed}
	return nil
}

// confirmApp confirms the authenticator that the actor began.
func (f *flow) confirmApp(a *actor) error {
	if a.pending == nil {
		return errNothing
	}
	id, err := f.session(a)
	if err != nil {
		return err
	}
	f.clock.add(31 * time.Second)
	if err := f.confirm(a, id, byTOTP(a.pending.code(0))); err != nil {
		return err
	}
	a.apps = append(a.apps, a.pending)
	a.pending = nil
	return nil
}

func (f *flow) confirm(a *actor, id auth.Identity, answer auth.Answer) error {
	out, err := f.ConfirmFactor(f.ctx, home, id, answer)
	if err != nil {
		return err
	}
	f.added(a, id, out, answer.Method != "email")
	f.note(a, "added a factor")
	return nil
}

// added is what a new factor brings, which proves itself unless it is the mailbox.
func (f *flow) added(a *actor, id auth.Identity, out auth.ConfirmedFactor, proves bool) {
	a.factors[out.Factor.ID] = true
	a.renewed(out.Proof)
	a.recovery = append(a.recovery, out.RecoveryCodes...)
	if proves {
		f.provesFactor(a, id.Session.ID)
	}
	f.ended()
}

// addApp is both, one after the other.
func (f *flow) addApp(a *actor) error {
	if err := f.beginApp(a); err != nil {
		return err
	}
	return f.confirmApp(a)
}

// addPhone gives the account the actor's number.
func (f *flow) addPhone(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	if f.kind == withPhone && a == f.thief {
		return errNothing
	}
	if err := f.BeginPhone(f.ctx, home, id, a.phone); err != nil {
		return err
	}
	code, err := f.codeTo(a, authmail.Phone, a.phone)
	if err != nil {
		return err
	}
	return f.replaces(a, id, auth.Answer{Method: "sms", Code: code})
}

// addEmailCodes has codes go to the address of the account.
func (f *flow) addEmailCodes(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	if !a.reads[id.User.Email] {
		return errNothing
	}
	if err := f.BeginEmailCodes(f.ctx, home, id); err != nil {
		return err
	}
	code, err := f.codeTo(a, authmail.Phone, id.User.Email)
	if err != nil {
		return err
	}
	return f.replaces(a, id, auth.Answer{Method: "email", Code: code})
}

// replaces is confirm of a kind of which an account has one.
func (f *flow) replaces(a *actor, id auth.Identity, answer auth.Answer) error {
	err := f.confirm(a, id, answer)
	if err == nil && a != f.owner {
		f.excused = a.two
	}
	return err
}

// removeFactor removes one of the factors, of the adversary rather the owner's.
func (f *flow) removeFactor(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	list := f.records()
	if len(list) == 0 {
		return errNothing
	}
	i := slices.IndexFunc(list, func(r authstore.FactorRecord) bool { return !a.factors[r.ID] })
	if i < 0 || f.rnd.IntN(3) == 0 {
		i = f.rnd.IntN(len(list))
	}
	if err := f.RemoveFactor(f.ctx, home, id, list[i].ID); err != nil {
		return err
	}
	f.recoveryBy = nil
	f.note(a, "removed a factor")
	return nil
}

// renewCodes makes new recovery codes.
func (f *flow) renewCodes(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	codes, err := f.RenewRecoveryCodes(f.ctx, home, id)
	if err != nil {
		return err
	}
	a.recovery = append(a.recovery, codes...)
	f.recoveryBy = nil
	f.note(a, "renewed codes")
	return nil
}
