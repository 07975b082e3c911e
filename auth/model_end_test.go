package auth_test

import (
	"errors"
	"slices"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
)

// opensNothing says what the adversary can still do with what it holds, once the owner has
// taken the account back: nothing.
func (f *flow) opensNothing(when string) {
	a := f.thief
	f.inbox(a)
	f.sessionsNothing(a, when)
	f.keysNothing(when)
	for _, pass := range a.passwords {
		if _, err := f.SignIn(f.ctx, home, auth.Credentials{Login: f.name, Password: pass}); err == nil {
			f.fault("%s: a password of the adversary opens the account", when)
		}
	}
	if f.password != "" && len(f.records()) > 0 {
		for _, device := range a.devices {
			in, err := f.SignIn(f.ctx, home, auth.Credentials{Login: f.name, Password: f.password, Device: device})
			if err != nil || in.Status != auth.SecondFactorRequired {
				f.fault("%s: a device of the adversary spares the factor (%s, %v)", when, in.Status, err)
			}
		}
	}
	for _, l := range a.letters {
		// A mailbox that is the owner's too is the account.
		if slices.Contains(a.mine, l.To) {
			f.linksNothing(when, l)
		}
	}
}

// sessionsNothing says which sessions of the actor live: none.
func (f *flow) sessionsNothing(a *actor, when string) {
	for _, token := range a.tokens {
		if _, err := f.Authenticate(f.ctx, token); !errors.Is(err, auth.ErrUnauthenticated) {
			f.fault("%s: a session of the %s lives (%v)", when, a.name, err)
		}
	}
	for _, token := range slices.Concat(a.halves, a.leaving) {
		if _, err := f.AuthenticateHalf(f.ctx, token); !errors.Is(err, auth.ErrUnauthenticated) {
			f.fault("%s: an unfinished sign-in of the %s lives (%v)", when, a.name, err)
		}
	}
}

// linksNothing tries the links of a letter to a mailbox of the adversary's own. An adversary
// who had the account for itself may take back what the owner changed since, but not what
// came after a change that the owner has undone.
func (f *flow) linksNothing(when string, l letter) {
	if f.thief.two || f.movedUnproved || f.handed {
		later := !l.At.Before(f.undone) && l.At.Before(f.undoneAt)
		if undoes(l) && !later || l.Report != "" && f.undoable(l.To) {
			return
		}
	}
	for what, err := range f.tries(l) {
		if !errors.Is(err, auth.ErrInvalidToken) {
			f.fault("%s: a link of the adversary to %s works: %s (%v)", when, l.To, what, err)
		}
	}
}

// tries follows the links of a letter, but for that of a recovery, which needs a sign-in, and
// says what came of each.
func (f *flow) tries(l letter) map[string]error {
	token, link := tokenOf(l.Link)
	tries := map[string]error{}
	if report, ok := tokenOf(l.Report); ok {
		tries["report"] = f.Report(f.ctx, home, report)
	}
	if link {
		switch l.Kind {
		case authmail.Verify:
			tries["proof"] = errOf(f.verify(auth.Identity{}, token))
		case authmail.Reset, authmail.TakenOver:
			tries["reset"] = f.Reset(f.ctx, home, token, "another secret of nobody")
		case authmail.EmailChange, authmail.Handover:
			tries["change"] = f.ConfirmEmailChange(f.ctx, home, token)
		case authmail.EmailChanging, authmail.HandoverBegun:
			tries["undo"] = f.UndoEmailChange(f.ctx, home, token)
		}
	}
	return tries
}

// leavesNothing says what the adversary left that the owner's report and reset did not take
// away: a factor or a code, unless the adversary held two proofs.
func (f *flow) leavesNothing(when string) {
	a := f.thief
	for _, begun := range []authstore.Purpose{auth.ForWait, auth.ForLostFactors} {
		if left, err := f.db.Auth().Tickets.Tickets(f.ctx, f.userID, begun, f.clock.now()); err != nil || len(left) > 0 {
			f.fault("%s: what was begun goes on: %s (%v)", when, begun, err)
		}
	}
	if a.two {
		return
	}
	for _, r := range f.records() {
		if a.factors[r.ID] {
			f.fault("%s: a factor of the adversary, who never held two proofs, is on the account: %s", when, r.Kind)
		}
	}
	if len(f.records()) == 0 || len(a.recovery) == 0 && len(a.letters) == 0 {
		return
	}
	in, err := f.SignIn(f.ctx, home, auth.Credentials{Login: f.name, Password: f.password})
	f.must("a sign-in of the owner", err)
	half, err := f.AuthenticateHalf(f.ctx, in.Token)
	f.must("an unfinished sign-in of the owner", err)
	answers := []auth.Answer{}
	for _, code := range a.recovery {
		answers = append(answers, auth.Answer{Method: "recovery_code", Code: code})
	}
	for _, l := range a.letters[max(0, len(a.letters)-3):] {
		if l.Code != "" {
			answers = append(answers, auth.Answer{Method: string(l.Channel), Code: l.Code})
		}
	}
	for _, answer := range answers {
		if _, err := f.FinishSignIn(f.ctx, home, half, answer, false); err == nil {
			f.fault("%s: a code of the adversary (%s) finishes a sign-in", when, answer.Method)
		}
	}
}

// end is how the owner takes the account back.
func (f *flow) end() {
	f.steps = append(f.steps, "the end")
	f.do(f.host, step{"enable", (*flow).enable})
	f.attend()
	if f.endedBy == f.owner && f.rnd.IntN(2) == 0 {
		f.pass(f.user().DeletesAt.Sub(f.clock.now()))
	}
	if f.gone() {
		f.erased()
		return
	}
	if f.opt.lost {
		f.owner.apps, f.owner.recovery, f.owner.keys = nil, nil, nil
		delete(f.owner.reads, f.owner.phone)
	}
	if f.opt.desk {
		f.byDesk()
		return
	}
	reported := f.reportNewest() == nil
	for _, l := range slices.Backward(f.owner.letters) {
		if f.owner.reads[f.user().Email] {
			break
		}
		if undoes(l) {
			f.do(f.owner, step{"undo", func(f *flow, a *actor) error { return f.undoBy(a, l) }})
		}
	}
	if f.owner.reads[f.user().Email] && f.user().DeletionPending() { // a letter of the end is too old
		f.do(f.owner, step{"ask for a link", (*flow).forgot})
		f.must("the owner takes a deletion back", f.reportNewest())
	}
	if !f.owner.reads[f.user().Email] || !f.back("at the end, after the owner's report", reported) {
		if !f.thief.two && !f.movedUnproved && !f.handed {
			f.fault("the adversary, who never held two proofs, has the account")
		}
		f.reached["end: lost"]++
		return
	}
	if len(f.faults) == 0 {
		f.backIn()
	}
}

// reportNewest reports by the newest letter of the owner's.
func (f *flow) reportNewest() error {
	f.inbox(f.owner)
	for _, l := range slices.Backward(f.owner.letters) {
		if l.Report != "" {
			return f.do(f.owner, step{"report by the newest link", func(f *flow, a *actor) error { return f.reportBy(a, l) }})
		}
	}
	return errNothing
}

// backIn signs the owner in, by whatever it takes, and adds a factor.
func (f *flow) backIn() {
	o := f.owner
	in, err := f.signInBy(o, f.password, "")
	if err != nil {
		f.fault("the owner, with the mailbox and a new password, does not get in: %v", err)
		return
	}
	if in.Status == auth.SecondFactorRequired && !f.byFactor() && !f.byRecovery() && !f.byEmail() {
		if !f.opt.lost && !f.thief.two {
			f.fault("the owner, with the mailbox, is stuck without a factor, which another who never held two proofs took")
		}
		f.reached["end: stuck where the host offers no way back"]++
		return
	}
	f.reached["end: back in"]++
	id, err := f.session(o)
	if err != nil {
		f.fault("the owner is back in, and is not: %v", err)
		return
	}
	if f.hasFactor() && f.proofs(id.Session.ID).factor.IsZero() {
		f.reached["end: back in by e-mail beside a factor that is lost"]++
		return
	}
	if !f.hasFactor() {
		f.must("the owner proves the mailbox", f.do(o, step{"prove the mailbox", (*flow).mailCode}))
	}
	if err := f.do(o, step{"add an app", (*flow).addApp}); err != nil {
		f.fault("the owner is back in and adds no factor: %v", err)
		return
	}
	f.reached["end: a factor added"]++
}

// byFactor finishes the owner's sign-in by a factor or a recovery code of the owner's. One
// that is on the account always does.
func (f *flow) byFactor() bool {
	o := f.owner
	half, err := f.half(o)
	f.must("the unfinished sign-in", err)
	var answers []auth.Answer
	f.clock.add(31 * time.Second)
	for _, a := range o.apps {
		answers = append(answers, byTOTP(a.code(0)))
	}
	for _, code := range o.recovery {
		answers = append(answers, auth.Answer{Method: "recovery_code", Code: code})
	}
	for _, k := range f.keysOn(o) {
		answer, err := f.proofBy(half, k)
		f.must("the challenge for a passkey of the owner", err)
		answers = append(answers, answer)
	}
	if u := f.user(); u.Phone != "" && o.reads[u.Phone] {
		if answer, err := f.answerBy(o, half, "sms"); err == nil {
			answers = append(answers, answer)
		}
	}
	for _, answer := range answers {
		if _, err := f.finishBy(o, half, answer); err == nil {
			f.reached["end: back in by a factor"]++
			return true
		}
	}
	usable := func(r authstore.FactorRecord) bool { return o.factors[r.ID] && !byMail(r) }
	if !f.opt.lost && slices.ContainsFunc(f.records(), usable) {
		f.fault("the owner, with the mailbox and a factor, does not get in")
	}
	return false
}

// byRecovery removes the factors after the wait, where the host lets people.
func (f *flow) byRecovery() bool {
	o := f.owner
	if !f.opt.recovery || len(f.faults) > 0 {
		return false
	}
	if err := f.do(o, step{"begin a recovery", (*flow).beginRecovery}); err != nil {
		f.fault("the owner begins no recovery: %v", err)
		return false
	}
	f.clock.add(auth.RecoveryWait)
	_, err := f.signInBy(o, f.password, "")
	f.must("the sign-in after the wait", err)
	if err := f.do(o, step{"recover from lost factors", (*flow).recover}); err != nil {
		f.fault("the owner does not recover from lost factors: %v", err)
		return false
	}
	in, err := f.signInBy(o, f.password, "")
	if err != nil || in.Status != auth.Complete {
		f.fault("after the recovery the owner's sign-in is %s: %v", in.Status, err)
		return false
	}
	f.reached["end: back in by a recovery"]++
	return true
}

// byEmail finishes the sign-in by a code by e-mail, where the account has such, after the
// wait of a week.
func (f *flow) byEmail() bool {
	o := f.owner
	if len(f.faults) > 0 || !slices.ContainsFunc(f.records(), byMail) {
		return false
	}
	f.clock.add(auth.MailboxWait)
	_, err := f.signInBy(o, f.password, "")
	f.must("the sign-in after the week", err)
	half, err := f.half(o)
	f.must("the unfinished sign-in", err)
	answer, err := f.answerBy(o, half, "email")
	if err == nil {
		_, err = f.finishBy(o, half, answer)
	}
	if err != nil {
		f.fault("a week after the reset a code by e-mail does not finish the sign-in: %v", err)
		return false
	}
	return true
}
