package auth_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/profile"
)

// hosts are the steps of the host, which shuts the account for some hours.
var hosts = []step{{"disable", (*flow).disable}, {"enable", (*flow).enable}}

// waitOfHandover is Policy.Wait as it is by default.
const waitOfHandover = 7 * 24 * time.Hour

// undoes reports whether a letter of the kind has a link that takes an address back.
func undoes(l letter) bool {
	return (l.Kind == authmail.EmailChanging || l.Kind == authmail.HandoverBegun) && l.Link != ""
}

// askDesk has the host's desk begin a handover to an address of the actor's own: the owner
// goes there, or the adversary talks the desk into it.
func (f *flow) askDesk(a *actor) error {
	to := a.mine[f.rnd.IntN(len(a.mine))]
	if u := f.user(); to == u.Email || a == f.thief && !f.opt.fooled || f.rnd.IntN(3) > 0 {
		return errNothing
	}
	return f.beginHandover(a, to)
}

func (f *flow) beginHandover(a *actor, to string) error {
	u := f.user()
	if _, err := f.BeginHandover(f.ctx, "desk-7", f.userID, to); err != nil {
		return err
	}
	list := f.mail.to(authmail.HandoverBegun, u.Email)
	if len(list) == 0 {
		f.fault("a handover of which the address is not told")
		return nil
	}
	f.unproved[list[len(list)-1].Link] = !u.EmailVerified
	f.note(a, "began a handover")
	return nil
}

// takeHandover takes what the desk gave.
func (f *flow) takeHandover(a *actor) error {
	l, err := f.newest(a, authmail.Handover)
	if err != nil {
		return err
	}
	at, before := f.clock.now(), f.user()
	token, _ := tokenOf(l.Link)
	if err := f.ConfirmEmailChange(f.ctx, home, token); err != nil {
		if _, ok := errors.AsType[*authrule.TooEarlyError](err); ok {
			f.note(a, "asked for a handover too early")
		}
		return err
	}
	if at.Sub(l.At) < waitOfHandover {
		f.fault("the %s was given the account after %v", a.name, at.Sub(l.At))
	}
	if slices.Contains(f.thief.mine, l.To) {
		if f.handed = true; f.opt.reading {
			f.fault("the desk gave the account to the adversary although the owner reads the mail")
		}
	}
	if u := f.user(); u.Email != l.To || !u.EmailVerified || u.DeletesAt != before.DeletesAt {
		f.fault("a handover to %s made %s of it", l.To, u.Email)
	}
	f.password = ""
	f.ended()
	f.sessionsNothing(f.owner, "after a handover")
	f.sessionsNothing(f.thief, "after a handover")
	f.note(a, "was given the account")
	return nil
}

// talkOver is all that an adversary does who takes an account over by the desk, as far as
// each of these goes.
func (f *flow) talkOver(a *actor) error {
	if err := f.askDesk(a); err != nil {
		return err
	}
	if err := f.takeHandover(a); err != nil && !refusal(err) {
		return err
	}
	f.pass(waitOfHandover + time.Hour)
	if err := f.takeHandover(a); err != nil {
		return asFar(err)
	}
	if err := f.reset(a); err != nil {
		return err
	}
	return asFar(f.signIn(a))
}

// disable shuts the account, for less than it takes anything to end.
func (f *flow) disable(a *actor) error {
	if f.user().Disabled {
		return errNothing
	}
	if err := f.Disable(f.ctx, f.userID); err != nil {
		return err
	}
	f.opensAt = f.clock.now().Add(time.Duration(1+f.rnd.IntN(10)) * time.Hour)
	f.ended()
	f.shut(f.owner, "while the account is disabled")
	f.shut(f.thief, "while the account is disabled")
	f.note(a, "disabled")
	return nil
}

// enable opens it again: what was before is over, and an owner who reads the mail looks at it.
func (f *flow) enable(a *actor) error {
	if !f.user().Disabled {
		return errNothing
	}
	if err := f.Enable(f.ctx, f.userID); err != nil {
		return err
	}
	f.opensAt = time.Time{}
	f.sessionsNothing(f.owner, "after the account was enabled")
	f.sessionsNothing(f.thief, "after the account was enabled")
	f.note(a, "enabled")
	if f.opt.reading {
		f.attend()
	}
	return nil
}

// inVain is what an owner tries who reads the mail of an account that is disabled: the links
// do nothing then, and are not used up by that.
func (f *flow) inVain() {
	for _, l := range f.owner.letters[f.attended:] {
		if l.by == f.owner {
			continue
		}
		p, link, follow := auth.ForReport, l.Report, f.Report
		if undoes(l) {
			p, link, follow = auth.ForEmailUndo, l.Link, f.UndoEmailChange
		}
		token, ok := tokenOf(link)
		if !ok {
			continue
		}
		there := func() bool {
			_, err := f.db.Auth().Tickets.Ticket(f.ctx, p, sha(token), f.clock.now())
			return err == nil
		}
		before := there()
		if err := follow(f.ctx, home, token); !errors.Is(err, auth.ErrInvalidToken) {
			f.fault("a link of the owner works while the account is disabled: %v", err)
		}
		if before && !there() {
			f.fault("a link of the owner, %s, was used up while the account was disabled", p)
		}
		f.note(f.owner, "tried a link in vain")
	}
}

// byDesk is the end of an owner who lost mailbox and password: the host's desk gives the
// account another address, whatever the adversary does meanwhile.
func (f *flow) byDesk() {
	o := f.owner
	o.passwords, o.tokens, o.halves, o.devices, o.leaving, o.letters = nil, nil, nil, nil, nil, nil
	for _, m := range o.mine {
		delete(o.reads, m)
	}
	o.mine = []string{f.name + "@example.info"}
	o.reads[o.mine[0]] = true
	f.opt.reading = false
	f.do(f.host, step{"begin a handover to the owner", (*flow).helpOut})
	for until := f.clock.now().Add(waitOfHandover); f.clock.now().Before(until); {
		f.random(f.thief, thiefs)
		f.pass(time.Duration(1+f.rnd.IntN(36)) * time.Hour)
	}
	if f.gone() {
		f.erased()
		return
	}
	take := step{"take what the desk gave", (*flow).takeHandover}
	if f.do(o, take) != nil && len(f.faults) == 0 {
		f.reached["end: the adversary put a handover off"]++
		f.do(f.host, step{"begin a handover to the owner, and shut the account", (*flow).helpOutShut})
		for range 4 {
			f.random(f.thief, thiefs)
			f.shut(f.thief, "while a handover goes on")
		}
		f.do(f.host, step{"open the account", func(f *flow, _ *actor) error { return f.setDisabled(false) }})
		if err := f.do(o, take); err != nil {
			f.fault("the owner does not get the account by the desk: %v", err)
		}
	}
	if len(f.faults) > 0 {
		return
	}
	if err := f.do(o, step{"set a password", (*flow).reset}); err != nil {
		f.fault("the owner sets no password after a handover: %v", err)
		return
	}
	f.opensNothing("after the desk gave the account to its owner")
	f.leavesNothing("after the desk gave the account to its owner")
	f.reached["end: by the desk"]++
	if len(f.faults) == 0 {
		f.backIn()
	}
}

// helpOut is the host's desk that has seen who the owner is. A deletion would be faster than
// a handover, so that the desk takes it back.
func (f *flow) helpOut(a *actor) error {
	if u := f.user(); u.Restorable(f.clock.now()) {
		if _, err := f.deletions.Restore(f.ctx, profile.Caller{User: u, ProvedAt: f.clock.now()}, nil); err != nil {
			return fmt.Errorf("the host takes a deletion back: %w", err)
		}
		f.kept("the host")
	}
	return f.beginHandover(f.owner, f.owner.mine[0])
}

// helpOutShut does so when somebody who knows the password, or reads the mail, puts it off
// again and again: until it works, the account is shut. Disable would end what was begun.
func (f *flow) helpOutShut(a *actor) error {
	if err := f.Disable(f.ctx, f.userID); err != nil {
		return err
	}
	if err := f.Enable(f.ctx, f.userID); err != nil {
		return err
	}
	if err := f.helpOut(a); err != nil {
		return err
	}
	if err := f.setDisabled(true); err != nil {
		return err
	}
	f.clock.add(waitOfHandover)
	return nil
}

// setDisabled is what a host writes itself. It ends no handover.
func (f *flow) setDisabled(disabled bool) error {
	_, err := f.db.Users().Update(f.ctx, f.userID, profile.Patch{Disabled: &disabled})
	return err
}
