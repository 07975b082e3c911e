package auth_test

import (
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
)

// signIn signs in by a password and a device that the actor has.
func (f *flow) signIn(a *actor) error {
	if len(a.passwords) == 0 {
		return errNothing
	}
	pass := a.passwords[len(a.passwords)-1]
	if f.rnd.IntN(8) == 0 {
		pass = a.passwords[f.rnd.IntN(len(a.passwords))]
	}
	device := ""
	if n := len(a.devices); n > 0 && f.rnd.IntN(3) > 0 {
		device = a.devices[f.rnd.IntN(n)]
	}
	_, err := f.signInBy(a, pass, device)
	return err
}

func (f *flow) signInBy(a *actor, pass, device string) (auth.SignIn, error) {
	factors := len(f.records())
	in, err := f.SignIn(f.ctx, home, auth.Credentials{Login: f.name, Password: pass, Remember: f.rnd.IntN(2) == 0, Device: device})
	if err != nil {
		return in, err
	}
	if pass != f.password {
		f.fault("the %s signed in by a password that is not the account's", a.name)
	}
	if in.Status == auth.SecondFactorRequired {
		a.halves = append(a.halves, in.Token)
		f.proofs(in.Session.ID).password = f.clock.now()
		return in, nil
	}
	f.keeps(a, in)
	if factors > 0 { // a device spares the factor and proves nothing
		f.note(a, "signed in by a device")
		return in, nil
	}
	f.note(a, "signed in")
	f.proofs(in.Session.ID).password = f.clock.now()
	return in, nil
}

// answer is one of those that the actor can give for who, nil for none of the methods.
func (f *flow) answer(a *actor, who auth.Prover) (auth.Answer, error) {
	u := f.user()
	var can []string
	if len(a.apps) > 0 {
		can = append(can, "totp")
	}
	if len(a.recovery) > 0 {
		can = append(can, "recovery_code")
	}
	if len(f.keysOn(a)) > 0 {
		can = append(can, auth.KindPasskey)
	}
	if u.Phone != "" && a.reads[u.Phone] {
		can = append(can, "sms")
	}
	if a.reads[u.Email] {
		can = append(can, "email")
	}
	if len(can) == 0 {
		return auth.Answer{}, errNothing
	}
	return f.answerBy(a, who, can[f.rnd.IntN(len(can))])
}

func (f *flow) answerBy(a *actor, who auth.Prover, method string) (auth.Answer, error) {
	u, answer := f.user(), auth.Answer{Method: method}
	var err error
	switch method {
	case "totp":
		f.clock.add(31 * time.Second) // a code is good once
		answer.Code = a.apps[f.rnd.IntN(len(a.apps))].code(0)
	case "recovery_code":
		i := f.rnd.IntN(len(a.recovery))
		answer.Code = a.recovery[i]
	case auth.KindPasskey:
		on := f.keysOn(a)
		return f.proofBy(who, on[f.rnd.IntN(len(on))])
	case "sms", "email":
		to := map[string]string{"sms": u.Phone, "email": u.Email}[method]
		if err = f.SendCode(f.ctx, home, who, method); err == nil {
			answer.Code, err = f.codeTo(a, authmail.Code, to)
		}
	}
	return answer, err
}

// finish finishes a sign-in by what the actor has.
func (f *flow) finish(a *actor) error {
	half, err := f.half(a)
	if err != nil {
		return err
	}
	answer, err := f.answer(a, half)
	if err != nil {
		return err
	}
	_, err = f.finishBy(a, half, answer)
	return err
}

func (f *flow) finishBy(a *actor, half auth.HalfIdentity, answer auth.Answer) (auth.SignIn, error) {
	in, err := f.FinishSignIn(f.ctx, home, half, answer, f.rnd.IntN(2) == 0)
	if err != nil {
		return in, err
	}
	now := f.clock.now()
	if answer.Method == "email" {
		f.provesMailbox(a, in.Session.ID)
		f.note(a, "finished by e-mail")
		if !f.lastReset.IsZero() && now.Sub(f.lastReset) < auth.MailboxWait {
			f.fault("the mailbox that reset the password was the second proof too, %v later", now.Sub(f.lastReset))
		}
	} else {
		f.provesFactor(a, in.Session.ID)
		f.note(a, "finished by "+answer.Method)
		f.recoveryBy = nil
	}
	f.keeps(a, in)
	if in.Device != "" {
		a.devices = append(a.devices, in.Device)
		f.note(a, "trusted a device")
	}
	f.counts(a, in.Session.ID)
	return in, nil
}

// reauthenticate proves again who the actor is: by the password, and where there is a factor
// by that.
func (f *flow) reauthenticate(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	if len(f.records()) > 0 {
		answer, err := f.answer(a, id)
		if err != nil {
			return err
		}
		proof, err := f.ReauthenticateWith(f.ctx, home, id, answer)
		if err != nil {
			return err
		}
		a.renewed(proof)
		if answer.Method == "email" {
			f.provesMailbox(a, id.Session.ID)
			f.proofs(id.Session.ID).password = f.clock.now() // it is what there is instead
		} else {
			f.provesFactor(a, id.Session.ID)
		}
		f.recoveryBy = nil
		return nil
	}
	if len(a.passwords) == 0 {
		return errNothing
	}
	proof, err := f.Reauthenticate(f.ctx, home, id, a.passwords[len(a.passwords)-1])
	if err != nil {
		return err
	}
	a.renewed(proof)
	f.proofs(id.Session.ID).password = f.clock.now()
	return nil
}

// mailCode proves the mailbox by a code.
func (f *flow) mailCode(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	if !a.reads[id.User.Email] {
		return errNothing
	}
	if err := f.SendMailCode(f.ctx, home, id); err != nil {
		return err
	}
	code, err := f.codeTo(a, authmail.Proof, id.User.Email)
	if err != nil {
		return err
	}
	proof, err := f.ProveMailbox(f.ctx, home, id, code)
	if err != nil {
		return err
	}
	a.renewed(proof)
	f.provesMailbox(a, id.Session.ID)
	f.note(a, "proved the mailbox")
	return nil
}

// oldCode tries a code of somebody else's, or an old one, for what the actor has.
func (f *flow) oldCode(a *actor) error {
	l, err := f.any(a, func(l letter) bool { return l.Code != "" })
	if err != nil {
		return err
	}
	id, err := f.session(a)
	if err != nil {
		return err
	}
	if l.Kind == authmail.Proof {
		_, err = f.ProveMailbox(f.ctx, home, id, l.Code)
	} else {
		_, err = f.ReauthenticateWith(f.ctx, home, id, auth.Answer{Method: string(l.Channel), Code: l.Code})
	}
	if err == nil {
		f.fault("the code of a %s worked again, or for another session", l.Kind)
	}
	return err
}

// changePassword sets a new password by the present one.
func (f *flow) changePassword(a *actor) error {
	id, err := f.session(a)
	if err != nil || len(a.passwords) == 0 {
		return errNothing
	}
	pass := f.newPassword(a)
	proof, err := f.ChangePassword(f.ctx, home, id, a.passwords[len(a.passwords)-1], pass)
	if err != nil {
		return err
	}
	a.learn(pass)
	a.renewed(proof)
	f.password = pass
	f.ended()
	if len(f.records()) == 0 {
		f.proofs(id.Session.ID).password = f.clock.now()
	}
	f.note(a, "changed the password")
	return nil
}

func (f *flow) signOut(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	return f.SignOut(f.ctx, id)
}

// endOthers ends the other sessions, or one of them, or a device.
func (f *flow) endOthers(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	f.note(a, "ended sessions")
	switch f.rnd.IntN(3) {
	case 0:
		list, err := f.Sessions(f.ctx, id)
		if err != nil {
			return err
		}
		return f.EndSession(f.ctx, id, list[f.rnd.IntN(len(list))].ID)
	case 1:
		list, err := f.Devices(f.ctx, id)
		if err != nil || len(list) == 0 {
			return err
		}
		return f.RemoveDevice(f.ctx, id, list[0].ID)
	}
	_, err = f.EndOtherSessions(f.ctx, id)
	return err
}

// beginWait begins the wait of somebody who does not prove the mailbox. An owner who reads
// the mail has no use for that.
func (f *flow) beginWait(a *actor) error {
	id, err := f.session(a)
	if err != nil || a == f.owner && f.opt.reading {
		return errNothing
	}
	wait, err := f.BeginWait(f.ctx, home, id)
	if err != nil {
		return err
	}
	if !f.opt.reading {
		f.waitFrom = wait.From // read by nobody, it counts
	}
	f.note(a, "began a wait")
	return nil
}

func (f *flow) cancelWait(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	p, err := f.Proofs(f.ctx, id)
	if err != nil || p.Wait == nil {
		return errNothing
	}
	if err := f.CancelWait(f.ctx, home, id); err != nil {
		return err
	}
	f.ended()
	f.note(a, "cancelled a wait")
	return nil
}

// beginRecovery begins the recovery of somebody who lost every factor.
func (f *flow) beginRecovery(a *actor) error {
	half, err := f.half(a)
	if err != nil {
		return err
	}
	begun := f.recoveryBy != nil
	if _, err := f.BeginFactorRecovery(f.ctx, home, half); err != nil {
		return err
	}
	if !begun {
		f.recoveryBy = a
	}
	f.note(a, "began a recovery")
	return nil
}

// recover removes the factors at the end of a recovery.
func (f *flow) recover(a *actor) error {
	l, err := f.newest(a, authmail.FactorRecovery)
	if err != nil {
		return err
	}
	half, err := f.half(a)
	if err != nil {
		return err
	}
	token, _ := tokenOf(l.Link)
	if err := f.RecoverFactors(f.ctx, home, half, token); err != nil {
		return err
	}
	if a == f.thief && f.opt.reading && l.by != f.owner {
		f.fault("the adversary recovered from lost factors although the owner reads the mail")
	}
	f.excused = true
	f.ended()
	f.note(a, "recovered from lost factors")
	return nil
}
