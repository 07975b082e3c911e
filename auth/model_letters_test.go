package auth_test

import (
	"github.com/profilekit/profilekit/auth/authmail"
)

// forgot asks for a link that resets the password: to the address of the account.
func (f *flow) forgot(a *actor) error {
	f.note(a, "asked for a link")
	return f.Forgot(f.ctx, home, f.user().Email)
}

// reset sets a new password by the newest link that the actor has.
func (f *flow) reset(a *actor) error {
	l, err := f.newest(a, authmail.Reset, authmail.TakenOver)
	if err != nil {
		return err
	}
	proved, pass := f.user().EmailVerified, f.newPassword(a)
	token, _ := tokenOf(l.Link)
	if err := f.Reset(f.ctx, home, token, pass); err != nil {
		return err
	}
	if !proved {
		f.disowned()
	}
	a.learn(pass)
	f.password, f.lastReset = pass, f.clock.now()
	f.ended()
	f.note(a, "reset the password")
	if !proved && a == f.owner {
		f.opensNothing("after the owner proved the address by a reset")
	}
	return nil
}

// report follows a link "this wasn't me" that the actor has.
func (f *flow) report(a *actor) error {
	l, err := f.any(a, func(l letter) bool { return l.Report != "" })
	if err != nil {
		return err
	}
	return f.reportBy(a, l)
}

func (f *flow) reportBy(a *actor, l letter) error {
	present := f.user().Email
	token, _ := tokenOf(l.Report)
	if err := f.Report(f.ctx, home, token); err != nil {
		return err
	}
	if l.To != present && !f.undoable(l.To) {
		f.fault("a link to the old address %s reported, when no change from it could be undone any more", l.To)
	}
	f.password = ""
	f.ended()
	f.kept("a report")
	f.note(a, "reported")
	return nil
}

// undoable reports whether a link can be alive that takes the account back to the address.
func (f *flow) undoable(to string) bool {
	for _, k := range []authmail.Kind{authmail.EmailChanging, authmail.HandoverBegun} {
		for _, m := range f.mail.to(k, to) {
			if m.ExpiresAt.After(f.clock.now()) {
				return true
			}
		}
	}
	return false
}

// attend is what an owner does who reads the mail: whatever the owner did not do is stopped.
func (f *flow) attend() {
	f.inbox(f.owner)
	if f.user().Disabled {
		f.inVain()
		return
	}
	for f.attended < len(f.owner.letters) {
		l := f.owner.letters[f.attended]
		f.attended++
		if l.by == f.owner {
			continue
		}
		switch l.Kind {
		case authmail.EmailChanging, authmail.HandoverBegun:
			if l.Link == "" {
				continue
			}
			if f.do(f.owner, step{"undo what another began", func(f *flow, a *actor) error { return f.undoBy(a, l) }}) == nil {
				f.back("after the owner undid a change", false)
			}
		case authmail.Wait, authmail.FactorRecovery, authmail.Notice:
			if l.Report == "" {
				continue
			}
			if f.do(f.owner, step{"report: " + string(l.Kind) + " " + l.Event, func(f *flow, a *actor) error { return f.reportBy(a, l) }}) == nil {
				f.back("after the owner's report", true)
			}
		case authmail.Verify:
			if n := f.rnd.IntN(3); n == 0 {
				f.do(f.owner, step{"prove the address of another's sign-up", (*flow).verifyAlone})
			} else if n == 1 {
				f.do(f.owner, step{"report a sign-up", func(f *flow, a *actor) error { return f.reportBy(a, l) }})
			}
		}
	}
}

// back is what the owner does after a report or an undo: a new password, and nothing of the
// adversary's is left.
func (f *flow) back(when string, reported bool) bool {
	if f.do(f.owner, step{"ask for a link", (*flow).forgot}) != nil {
		return false
	}
	if f.do(f.owner, step{"reset", (*flow).reset}) != nil {
		return false
	}
	f.kept("what the owner did")
	f.opensNothing(when + " and reset")
	if reported {
		f.leavesNothing(when + " and reset")
	}
	return true
}
