package auth_test

import (
	"strings"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
)

// tokenOf is the token in a link.
func tokenOf(link string) (string, bool) {
	_, token, ok := strings.Cut(link, "#token=")
	return token, ok
}

// verify follows the link that proves the address of the sign-up, in a session of the actor
// or, with the zero Identity, in none: then what is there is taken over. Every call of Verify
// is here.
func (f *flow) verify(by auth.Identity, token string) (auth.Proof, error) {
	var how auth.Confirmation
	if by.User.ID == "" {
		how.Answer = auth.Forgotten
	}
	return f.Verify(f.ctx, home, by, token, how)
}

// verifyIn proves the address in a session.
func (f *flow) verifyIn(a *actor) error {
	l, err := f.newest(a, authmail.Verify)
	if err != nil {
		return err
	}
	id, err := f.session(a)
	if err != nil {
		return err
	}
	token, _ := tokenOf(l.Link)
	proved := f.user().EmailVerified
	proof, err := f.verify(id, token)
	if err != nil || proved {
		return err
	}
	a.renewed(proof)
	f.provesMailbox(a, id.Session.ID)
	f.counts(a, id.Session.ID)
	f.note(a, "proved the address")
	return nil
}

// verifyAlone proves the address in no session: what others left is gone.
func (f *flow) verifyAlone(a *actor) error {
	l, err := f.newest(a, authmail.Verify)
	if err != nil {
		return err
	}
	token, _ := tokenOf(l.Link)
	proved := f.user().EmailVerified
	if _, err := f.verify(auth.Identity{}, token); err != nil || proved {
		return err
	}
	f.disowned()
	f.note(a, "proved the address alone")
	if a == f.owner {
		f.opensNothing("after the owner proved the address in no session")
	}
	return nil
}

// disowned is what a first proof by somebody who may be another does.
func (f *flow) disowned() {
	f.password, f.excused = "", true
	f.ended()
	f.kept("a first proof of the address")
	if len(f.keysOn(f.owner))+len(f.keysOn(f.thief)) > 0 {
		f.fault("a first proof of the address left passkeys")
	}
}

func (f *flow) resendVerify(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	if id.User.EmailVerified {
		return errNothing
	}
	return f.ResendVerify(f.ctx, home, id)
}

// beginChange begins the change of the address to another of the actor's own.
func (f *flow) beginChange(a *actor) error {
	id, err := f.session(a)
	if err != nil {
		return err
	}
	to := a.mine[f.rnd.IntN(len(a.mine))]
	if to == id.User.Email {
		return errNothing
	}
	if err := f.BeginEmailChange(f.ctx, home, id, to, 0); err != nil {
		return err
	}
	if list := f.mail.to(authmail.EmailChanging, id.User.Email); !id.User.EmailVerified {
		f.unproved[list[len(list)-1].Link] = true
	}
	f.note(a, "began a change")
	return nil
}

// confirmChange proves the new address.
func (f *flow) confirmChange(a *actor) error {
	l, err := f.newest(a, authmail.EmailChange)
	if err != nil {
		return err
	}
	proved := f.user().EmailVerified
	token, _ := tokenOf(l.Link)
	if err := f.ConfirmEmailChange(f.ctx, home, token); err != nil {
		return err
	}
	if a == f.thief && !proved {
		f.movedUnproved = true
	}
	f.ended()
	f.note(a, "changed the address")
	return nil
}

// change is both, one after the other.
func (f *flow) change(a *actor) error {
	if err := f.beginChange(a); err != nil {
		return err
	}
	return f.confirmChange(a)
}

// undo takes a change back by a link that the actor has. The owner takes back what is not of
// the owner.
func (f *flow) undo(a *actor) error {
	l, err := f.any(a, func(l letter) bool { return undoes(l) && (a != f.owner || l.by != f.owner) })
	if err != nil {
		return err
	}
	return f.undoBy(a, l)
}

func (f *flow) undoBy(a *actor, l letter) error {
	token, _ := tokenOf(l.Link)
	if err := f.UndoEmailChange(f.ctx, home, token); err != nil {
		return err
	}
	f.password = ""
	f.ended()
	f.kept("an undo")
	if u := f.user(); u.Email != l.To || !u.EmailVerified {
		f.fault("an undo to %s made it %s", l.To, u.Email)
	}
	if f.unproved[l.Link] {
		f.disowned()
	}
	if a == f.owner {
		f.undone, f.undoneAt = l.At, f.clock.now()
	}
	f.note(a, "undid a change")
	return nil
}
