package auth_test

import (
	"errors"
	"slices"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
)

// owners and thiefs are the steps of the two, the frequent ones more than once. What an actor
// has nothing for it does not do.
var (
	both = []step{
		{"sign in", (*flow).signIn},
		{"sign in", (*flow).signIn},
		{"sign in", (*flow).signIn},
		{"finish", (*flow).finish},
		{"finish", (*flow).finish},
		{"prove again", (*flow).reauthenticate},
		{"prove again", (*flow).reauthenticate},
		{"prove the mailbox", (*flow).mailCode},
		{"prove the mailbox", (*flow).mailCode},
		{"begin a wait", (*flow).beginWait},
		{"cancel the wait", (*flow).cancelWait},
		{"begin an app", (*flow).beginApp},
		{"confirm an app", (*flow).confirmApp},
		{"add an app", (*flow).addApp},
		{"add an app", (*flow).addApp},
		{"add a phone", (*flow).addPhone},
		{"add codes by e-mail", (*flow).addEmailCodes},
		{"begin a passkey", (*flow).beginKey},
		{"add the passkey", (*flow).confirmKey},
		{"add a passkey", (*flow).addKey},
		{"sign in by a passkey", (*flow).signInByKey},
		{"sign in by a passkey", (*flow).signInByKey},
		{"remove a factor", (*flow).removeFactor},
		{"renew the recovery codes", (*flow).renewCodes},
		{"begin a change of the address", (*flow).beginChange},
		{"confirm a change of the address", (*flow).confirmChange},
		{"change the address", (*flow).change},
		{"undo a change", (*flow).undo},
		{"change the password", (*flow).changePassword},
		{"ask for a link", (*flow).forgot},
		{"reset", (*flow).reset},
		{"recover from lost factors", (*flow).recover},
		{"begin a recovery", (*flow).beginRecovery},
		{"prove the address", (*flow).verifyIn},
		{"ask for the proof of the address", (*flow).resendVerify},
		{"sign out", (*flow).signOut},
		{"end other sessions", (*flow).endOthers},
		{"try an old code", (*flow).oldCode},
		{"report", (*flow).report},
		{"ask for deletion", (*flow).askDeletion},
		{"restore", (*flow).restore},
		{"restore", (*flow).restore},
		{"come back", (*flow).comeBack},
		{"ask the desk", (*flow).askDesk},
		{"take what the desk gave", (*flow).takeHandover},
	}
	owners = append([]step{{"prove the address alone", (*flow).verifyAlone}}, both...)
	thiefs = append([]step{
		{"steal", (*flow).steal},
		{"steal", (*flow).steal},
		{"break in", (*flow).breakIn},
		{"break in", (*flow).breakIn},
		{"break in by e-mail", (*flow).breakInLate},
		{"take over", (*flow).takeOver},
		{"take over", (*flow).takeOver},
		{"report", (*flow).report},
		{"undo a change", (*flow).undo},
		{"ask for deletion", (*flow).askDeletion},
		{"ask for deletion, and wait", (*flow).waitForEnd},
		{"take over by the desk", (*flow).talkOver},
		{"recover from lost factors, and wait", (*flow).recoverLate},
	}, both...)
)

// breakIn resets the password, signs in and finishes, as far as each of these goes.
func (f *flow) breakIn(a *actor) error {
	if a.reads[f.user().Email] {
		if err := f.forgot(a); err != nil {
			return err
		}
		if err := f.reset(a); err != nil {
			return err
		}
	}
	if err := f.signIn(a); err != nil {
		return err
	}
	return asFar(f.finish(a))
}

// asFar is nil when what comes next in a row of steps had nothing to do: those before it
// were done.
func asFar(err error) error {
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// breakInLate is breakIn by a code by e-mail, after the week in which that opens nothing, and
// what an adversary does who has come so far.
func (f *flow) breakInLate(a *actor) error {
	if !a.reads[f.user().Email] || !slices.ContainsFunc(f.records(), byMail) {
		return errNothing
	}
	if err := f.forgot(a); err != nil {
		return err
	}
	if err := f.reset(a); err != nil {
		return err
	}
	f.pass(auth.MailboxWait)
	if err := f.signIn(a); err != nil {
		return err
	}
	half, err := f.half(a)
	if err != nil {
		return asFar(err)
	}
	answer, err := f.answerBy(a, half, "email")
	if err != nil {
		return asFar(err)
	}
	if _, err = f.finishBy(a, half, answer); err != nil || f.rnd.IntN(2) == 0 {
		return err
	}
	return asFar(f.takeOver(a))
}

// recoverLate begins a recovery and ends it after the wait, as far as each of these goes.
func (f *flow) recoverLate(a *actor) error {
	if err := f.beginRecovery(a); err != nil {
		return err
	}
	f.pass(auth.RecoveryWait)
	if err := f.signIn(a); err != nil {
		return err
	}
	return asFar(f.recover(a))
}

// byMail reports whether a factor is codes by e-mail.
func byMail(r authstore.FactorRecord) bool { return r.Kind == string(authmail.ByEmail) }

// takeOver makes the account the actor's by what it can prove: an app or a passkey in place of
// the owner's factors, and another address. Where no address was proved, that comes first.
func (f *flow) takeOver(a *actor) error {
	if _, err := f.session(a); err != nil {
		return err
	}
	_ = f.mailCode(a)
	add := (*flow).addApp
	if f.rnd.IntN(2) == 0 {
		add = (*flow).addKey
	}
	err := add(f, a)
	if err != nil {
		_ = f.beginWait(a)
	} else if len(f.owned()) > 0 && f.rnd.IntN(2) == 0 {
		_ = f.removeFactor(a)
	}
	if moved := f.change(a); moved != nil || err == nil {
		return asFar(moved)
	}
	_ = f.mailCode(a)
	return asFar(add(f, a))
}

// begin makes the account, its state, and what the adversary holds.
func (f *flow) begin() {
	by := f.owner
	if f.kind == squatter {
		by = f.thief
	}
	f.do(by, step{"sign up", func(f *flow, a *actor) error {
		pass := f.newPassword(a)
		in, err := f.Register(f.ctx, home, auth.Registration{Username: f.name, Email: f.owner.mine[0], Password: pass})
		if err != nil {
			return err
		}
		a.learn(pass)
		a.tokens = append(a.tokens, in.Token)
		f.userID, f.password = in.User.ID, pass
		f.proofs(in.Session.ID).password = f.clock.now()
		return nil
	}})
	if f.userID == "" {
		f.fault("nobody signed up")
		return
	}
	if f.kind != squatter {
		f.settle()
	}
	if f.opt.old {
		f.clock.add(time.Duration(8+f.rnd.IntN(20)) * 24 * time.Hour)
	}
	switch f.kind {
	case withPassword, withLaptop:
		f.thief.learn(f.password)
	case withMailbox:
		f.thief.reads[f.owner.mine[0]] = true
	case withPhone:
		f.thief.reads[f.owner.phone] = true
	}
	f.inbox(f.owner)
	if f.kind != squatter {
		f.attended = len(f.owner.letters)
	}
}

// settle gives the account of the owner what it has at the beginning.
func (f *flow) settle() {
	if !f.opt.proved {
		return
	}
	f.do(f.owner, step{"prove the address", (*flow).verifyIn})
	for _, s := range []struct {
		on bool
		step
	}{
		{f.opt.moved, step{"change the address", (*flow).change}},
		{f.opt.app, step{"add an app", (*flow).addApp}},
		{f.opt.key, step{"add a passkey", (*flow).addKey}},
		{f.opt.sms, step{"add a phone", (*flow).addPhone}},
		{f.opt.email, step{"add codes by e-mail", (*flow).addEmailCodes}},
	} {
		if !s.on {
			continue
		}
		if f.opt.each {
			f.clock.add(time.Minute)
			f.do(f.owner, step{"prove again", (*flow).reauthenticate})
			f.do(f.owner, step{"prove the mailbox", (*flow).mailCode})
		}
		f.do(f.owner, s.step)
	}
	for range 6 {
		if !f.opt.device || len(f.owner.devices) > 0 {
			return
		}
		f.do(f.owner, step{"sign in", (*flow).signIn})
		f.do(f.owner, step{"finish", (*flow).finish})
	}
}
