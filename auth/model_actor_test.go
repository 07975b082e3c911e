package auth_test

import (
	"slices"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
)

// letter is a message that an actor has read. who asked for it is known to the model.
type letter struct {
	authmail.Message
	by *actor
}

// actor is somebody who takes part, and keeps whatever it ever saw.
type actor struct {
	name string
	// reads are the addresses and numbers whose messages it reads; mine are the addresses
	// that it moves the account to, and phone is its own number.
	reads     map[string]bool
	mine      []string
	phone     string
	passwords []string
	// tokens, halves and devices are of sessions, unfinished sign-ins and trusted devices.
	tokens, halves, devices []string
	// leaving are tokens of sign-ins to what will be erased.
	leaving  []string
	apps     []*app
	keys     []held
	recovery []string
	letters  []letter
	pending  *app
	begun    *begunKey
	// factors are the IDs of those that it added.
	factors map[string]bool
	// two says that it held two proofs at some time, by the model's own count.
	two bool
}

func newActor(name, phone string, mine ...string) *actor {
	a := &actor{name: name, phone: phone, mine: mine, reads: map[string]bool{phone: true}, factors: map[string]bool{}}
	for _, m := range mine {
		a.reads[m] = true
	}
	return a
}

// knows reports whether the actor knows the password.
func (a *actor) knows(pass string) bool { return slices.Contains(a.passwords, pass) }

// learn keeps a password.
func (a *actor) learn(pass string) {
	if pass != "" && !a.knows(pass) {
		a.passwords = append(a.passwords, pass)
	}
}

// proved is when a session proved what, by the model's own count: what the service notes
// beside is not looked at.
type proved struct{ password, factor, mailbox time.Time }

// proofs are those of a session.
func (f *flow) proofs(sessionID string) *proved {
	p := f.proved[sessionID]
	if p == nil {
		p = &proved{}
		f.proved[sessionID] = p
	}
	return p
}

// provesFactor notes that the actor proved a factor in the session. One that an adversary added
// itself, or a code of such a set, counts only if it held two proofs before: else what it must
// not have would allow it.
func (f *flow) provesFactor(a *actor, sessionID string) {
	if a == f.owner || a.two || f.kind == withPhone {
		f.proofs(sessionID).factor = f.clock.now()
	}
}

// provesMailbox is the same for the mailbox of the account, which may be one that the
// adversary moved it to, or had the desk give it.
func (f *flow) provesMailbox(a *actor, sessionID string) {
	if a == f.owner || a.two || f.movedUnproved || f.handed || !slices.Contains(a.mine, f.user().Email) {
		f.proofs(sessionID).mailbox = f.clock.now()
	}
}

// counts notes whether the session of the actor has two proofs now, as the rule counts them.
func (f *flow) counts(a *actor, sessionID string) {
	now, p := f.clock.now(), f.proofs(sessionID)
	recent := func(at time.Time) bool { return !at.IsZero() && profile.Fresh(at, now) }
	if f.hasFactor() {
		a.two = a.two || recent(p.factor)
		return
	}
	waited := !f.waitFrom.IsZero() && !now.Before(f.waitFrom)
	a.two = a.two || (recent(p.password) || recent(p.factor)) && (recent(p.mailbox) || waited)
}

// session is one of the actor's sessions that is alive, mostly the newest.
func (f *flow) session(a *actor) (auth.Identity, error) {
	for f.rnd.IntN(8) == 0 && len(a.tokens) > 1 {
		if id, err := f.Authenticate(f.ctx, a.tokens[f.rnd.IntN(len(a.tokens))]); err == nil && id.User.ID == f.userID {
			f.counts(a, id.Session.ID)
			return id, nil
		}
	}
	for _, token := range slices.Backward(a.tokens) {
		if id, err := f.Authenticate(f.ctx, token); err == nil && id.User.ID == f.userID {
			f.counts(a, id.Session.ID)
			return id, nil
		}
	}
	return auth.Identity{}, errNothing
}

// half is an unfinished sign-in of the actor.
func (f *flow) half(a *actor) (auth.HalfIdentity, error) {
	for _, token := range slices.Backward(a.halves) {
		if half, err := f.AuthenticateHalf(f.ctx, token); err == nil {
			return half, nil
		}
	}
	return auth.HalfIdentity{}, errNothing
}

// renewed keeps the new token of a session. Whoever has the old one has nothing.
func (a *actor) renewed(p auth.Proof) {
	if p.Token != "" {
		a.tokens = append(a.tokens, p.Token)
	}
}

// inbox reads what came to the actor meanwhile.
func (f *flow) inbox(a *actor) {
	f.mail.mu.Lock()
	defer f.mail.mu.Unlock()
	for i := f.seen[a]; i < len(f.mail.all); i++ {
		if m := f.mail.all[i]; a.reads[m.To] {
			a.letters = append(a.letters, letter{m, f.causeOf(i)})
			if m.Channel == authmail.BySMS && a == f.thief {
				f.note(a, "read a text message")
			}
		}
	}
	f.seen[a] = len(f.mail.all)
}

// newest is the newest letter of one of the kinds that the actor has, which has a link.
func (f *flow) newest(a *actor, kinds ...authmail.Kind) (letter, error) {
	f.inbox(a)
	for _, l := range slices.Backward(a.letters) {
		if slices.Contains(kinds, l.Kind) && l.Link != "" {
			return l, nil
		}
	}
	return letter{}, errNothing
}

// codeTo is the code of the newest message of the kind that the actor has from the address.
func (f *flow) codeTo(a *actor, k authmail.Kind, to string) (string, error) {
	f.inbox(a)
	for _, l := range slices.Backward(a.letters) {
		if l.Kind == k && l.To == to && l.Code != "" {
			return l.Code, nil
		}
	}
	return "", errNothing
}

// any is one of the actor's letters that has what is asked for.
func (f *flow) any(a *actor, has func(letter) bool) (letter, error) {
	f.inbox(a)
	var list []letter
	for _, l := range a.letters {
		if has(l) {
			list = append(list, l)
		}
	}
	if len(list) == 0 {
		return letter{}, errNothing
	}
	return list[f.rnd.IntN(len(list))], nil
}

// steal gives the thief the cookies that the owner's browser has now.
func (f *flow) steal(a *actor) error {
	if f.kind != withCookies && f.kind != withLaptop || f.stolen == 3 {
		return errNothing
	}
	f.stolen++
	if f.kind == withCookies {
		if id, err := f.session(f.owner); err == nil {
			i := slices.IndexFunc(f.owner.tokens, func(t string) bool { return sha(t) == id.Session.TokenHash })
			a.tokens = append(a.tokens, f.owner.tokens[i])
			f.note(a, "stole a session")
		}
	}
	if n := len(f.owner.devices); n > 0 {
		a.devices = append(a.devices, f.owner.devices[n-1])
		f.note(a, "stole a device")
	}
	return nil
}

// user is the account as it is now.
func (f *flow) user() profile.User {
	u, err := f.db.Users().User(f.ctx, f.userID)
	f.must("the user", err)
	return u
}

// records are the confirmed factors of the account.
func (f *flow) records() []authstore.FactorRecord {
	list, err := f.db.Auth().Factors.Factors(f.ctx, f.userID)
	f.must("the factors", err)
	return slices.DeleteFunc(list, func(r authstore.FactorRecord) bool { return r.Pending })
}

// hasFactor reports whether the account has a factor that is more than the mailbox.
func (f *flow) hasFactor() bool {
	return slices.ContainsFunc(f.records(), func(r authstore.FactorRecord) bool { return r.Kind != string(authmail.ByEmail) })
}
