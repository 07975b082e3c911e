package auth_test

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
)

var users, tokens atomic.Int64

// ruled is an account in a state of the rule, with a session that has some proofs.
type ruled struct {
	*post
	state authrule.State
	app   *app
	id    auth.Identity
	user  profile.User
}

// openRuled makes an account that is in the state.
func openRuled(t testing.TB, db database, name string, s authrule.State) *ruled {
	t.Helper()
	factors, _ := withTOTP(t)
	var more []func(*auth.Config)
	switch s {
	case authrule.NoMailPassword, authrule.NoMailFactor, authrule.NoMailRefuse:
		more = append(more, func(c *auth.Config) { c.WithoutMail, c.UnknownAddresses = s, true })
	}
	p := openPost(t, db, append(more, factors, withCodes(t), limitsOff)...)
	var in auth.SignIn
	if s == authrule.Newcomer || s == authrule.Unproved {
		in = p.register(t, name)
	} else {
		in = p.member(t, name)
	}
	r := &ruled{post: p, state: s}
	if created := in.User.CreatedAt; s == authrule.Unproved {
		p.clock.add(created.Add(authrule.NewcomerFor).Sub(p.clock.now()))
		in = p.world.mustSignIn(t, name, password)
	}
	switch s {
	case authrule.Factor:
		var token string
		r.app, _, token = p.enrol(t, in.Token)
		in.Session = p.alive(t, token).Session
	case authrule.MailboxAlone:
		p.setHash(t, in.User.ID, "")
	}
	r.user = in.User
	r.id = p.alive(t, r.tokenOf(t, in))
	return r
}

// tokenOf replaces the session of in by one that has proved nothing, and returns its token.
func (r *ruled) tokenOf(t testing.TB, in auth.SignIn) string {
	t.Helper()
	token, next := fmt.Sprintf("%s%04dA", strings.Repeat("A", 38), tokens.Add(1)), in.Session
	if list, err := everySession(t.Context(), r.db.Auth().Sessions, in.User.ID); err != nil || len(list) == 0 {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	next.ProvedAt = time.Time{}
	old := next.TokenHash
	next.TokenHash = sha(token)
	if err := r.db.Auth().Sessions.RotateSession(t.Context(), old, next); err != nil {
		t.Fatal(err)
	}
	if _, err := r.db.Auth().Tickets.RemoveTickets(t.Context(), in.User.ID, auth.ForMailProof); err != nil {
		t.Fatal(err)
	}
	return token
}

// proves gives the session the proofs, as they are had by whoever has what they need.
func (r *ruled) proves(t testing.TB, have authrule.Proofs) {
	t.Helper()
	sess := r.id.Session
	if have.Has(authrule.ByWait) {
		now := r.clock.now()
		over := authstore.Ticket{
			Hash: sha(fmt.Sprint("wait", sess.ID)), Purpose: auth.ForWait, UserID: sess.UserID, CreatedAt: now.Add(-8 * 24 * time.Hour), ExpiresAt: now.Add(time.Hour),
			Data: fmt.Appendf(nil, `{"from":%q}`, now.Format(time.RFC3339)),
		}
		is(t, r.db.Auth().Tickets.AddTickets(t.Context(), sess.UserID, auth.ForWait, []authstore.Ticket{over}), nil)
	}
	if have.Has(authrule.ByMailbox) {
		r.reads(t, sess)
	}
	if fresh(r.state, have) {
		sess.ProvedAt = r.clock.now()
		is(t, r.db.Auth().Sessions.RotateSession(t.Context(), sess.TokenHash, sess), nil)
		r.id.Session = sess
	}
}

// fresh reports whether the proofs make a session Fresh: where there is no password, the code
// does.
func fresh(s authrule.State, have authrule.Proofs) bool {
	return have&(authrule.ByPassword|authrule.ByFactor) != 0 || s == authrule.MailboxAlone && have.Has(authrule.ByMailbox)
}

// changes makes each change of the rule, as far as a first call does.
var changes = map[authrule.Change]func(t testing.TB, r *ruled) error{
	authrule.AddFactor: func(t testing.TB, r *ruled) error {
		_, err := r.BeginFactor(t.Context(), home, r.id, "totp", "")
		return err
	},
	authrule.RemoveFactor: func(t testing.TB, r *ruled) error {
		list, err := r.Factors(t.Context(), r.id)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return r.May(t.Context(), r.id, authrule.RemoveFactor)
		}
		return r.RemoveFactor(t.Context(), home, r.id, list[0].ID)
	},
	authrule.RenewCodes: func(t testing.TB, r *ruled) error {
		_, err := r.RenewRecoveryCodes(t.Context(), home, r.id)
		if errors.Is(err, auth.ErrNoFactor) { // it came that far
			return nil
		}
		return err
	},
	authrule.ChangePhone: func(t testing.TB, r *ruled) error { return r.BeginPhone(t.Context(), home, r.id, phone) },
	authrule.ChangeEmail: func(t testing.TB, r *ruled) error {
		return r.BeginEmailChange(t.Context(), home, r.id, "another@example.com", 0)
	},
	// A device is trusted by the answer that finishes a sign-in only.
	authrule.TrustDevice:  func(t testing.TB, r *ruled) error { return r.May(t.Context(), r.id, authrule.TrustDevice) },
	authrule.DeleteAtOnce: func(t testing.TB, r *ruled) error { return r.May(t.Context(), r.id, authrule.DeleteAtOnce) },
}

// possible reports whether a session of the state can have the proofs. A proof by factor
// where there is none, or by a password where there is none, is none.
func possible(s authrule.State, have authrule.Proofs) bool {
	switch s {
	case authrule.Factor:
		return !have.Has(authrule.ByPassword)
	case authrule.MailboxAlone:
		return have&(authrule.ByPassword|authrule.ByFactor) == 0
	}
	return !have.Has(authrule.ByFactor)
}

// TestTheRuleGoverns: each change in each state with each set of proofs is what the table
// says. A session that proved nothing is not Fresh, which is said first.
func TestTheRuleGoverns(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		n := 0
		for i, s := range authrule.States() {
			for j, change := range authrule.Changes() {
				for have := range authrule.Proofs(16) {
					if !possible(s, have) {
						continue
					}
					if _, memory := db.(*memstore.Store); !memory && (int(have)+i+j)%6 != 0 {
						continue // each database sees a part, the memory all
					}
					n++
					r := openRuled(t, db, fmt.Sprintf("user%d", users.Add(1)), s)
					r.proves(t, have)
					err := changes[change](t, r)
					ruledAs(t, fmt.Sprintf("%s, %s, %v", s, change, have), s, change, have, err)
				}
			}
		}
		if n < 60 {
			t.Errorf("only %d cases", n)
		}
	})
}

func ruledAs(t testing.TB, what string, s authrule.State, change authrule.Change, have authrule.Proofs, err error) {
	t.Helper()
	cell := authrule.Of(s, change)
	needed, _ := errors.AsType[*authrule.NeededError](err)
	switch verdict := cell.Verdict(have); {
	case !fresh(s, have):
		if !errors.Is(err, profile.ErrNotFresh) {
			t.Errorf("%s: %v, want not fresh", what, err)
		}
	case verdict == authrule.AtOnce:
		if err != nil {
			t.Errorf("%s: %v, want at once", what, err)
		}
	case cell.Refused == authrule.AddressFirst:
		if field(err, "email") == "" {
			t.Errorf("%s: %v, want that the address is proved first", what, err)
		}
	case needed == nil:
		t.Errorf("%s: %v, want %s", what, err, verdict)
	case needed.State != s || needed.Change != change || needed.Refused() != cell.Refused || fmt.Sprint(needed.Missing()) != fmt.Sprint(cell.Missing(needed.Have)):
		t.Errorf("%s: %+v", what, needed)
	}
}

// T01: whoever stole a password adds no factor, moves the account nowhere and keeps nothing
// once the owner has reset it.
func TestT01_AThiefWithThePasswordStaysNowhere(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		factors, _ := withTOTP(t)
		p := openPost(t, db, factors, withCodes(t), withRecovery, limitsOff)
		owner := p.member(t, "ada")
		p.clock.add(time.Hour)
		in := p.world.mustSignIn(t, "ada", password)
		thief := p.alive(t, in.Token)
		for what, err := range map[string]error{
			"an app":         errOf(p.BeginFactor(t.Context(), home, thief, "totp", "")),
			"a phone":        p.BeginPhone(t.Context(), home, thief, phone),
			"codes by mail":  p.BeginEmailCodes(t.Context(), home, thief),
			"recovery codes": errOf(p.RenewRecoveryCodes(t.Context(), home, thief)),
			"the address":    p.BeginEmailChange(t.Context(), home, thief, "eve@example.com", 0),
		} {
			needed, ok := errors.AsType[*authrule.NeededError](err)
			if !ok || !needed.MayWait() || fmt.Sprint(needed.Missing()) != "[mailbox wait]" {
				t.Errorf("%s: %v", what, err)
			}
		}
		if sent := p.mail.count(); sent != 1 {
			t.Errorf("%d messages, want that of the sign-up only", sent)
		}
		// The thief waits. The owner is told, and does nothing but follow the link.
		wait, err := p.BeginWait(t.Context(), home, thief)
		is(t, err, nil)
		told := p.mail.last(t, authmail.Wait, "ada@example.org")
		if !told.WorksFrom.Equal(wait.From) || wait.From.Sub(p.clock.now()) != 7*24*time.Hour || told.Link != "" || told.Code != "" {
			t.Errorf("a wait until %v, told %+v", wait.From, told)
		}
		p.clock.add(6 * 24 * time.Hour)
		again, err := p.BeginWait(t.Context(), home, p.alive(t, p.world.mustSignIn(t, "ada", password).Token))
		if err != nil || again != wait {
			t.Errorf("beginning again moved the wait: %v, %v", again, err)
		}
		is(t, p.Report(t.Context(), home, tokenIn(t, told.Report)), nil)
		p.dead(t, in.Token)
		p.dead(t, owner.Token)
		is(t, p.Reset(t.Context(), home, p.forgot(t, "ada"), newer), nil)
		p.clock.add(2 * 24 * time.Hour)
		_, err = p.signIn(t, "ada", password)
		is(t, err, auth.ErrInvalidCredentials)
		back := p.world.mustSignIn(t, "ada", newer)
		if back.Status != auth.Complete {
			t.Errorf("the owner is asked for %v", back.Methods)
		}
		if id := p.alive(t, back.Token); p.BeginEmailChange(t.Context(), home, id, "x@example.org", 0) == nil {
			t.Error("the wait that was called off counts")
		}
	})
}

// A wait that nobody stops is the second proof for whoever has the password, for a week.
func TestAWaitStandsForTheMailbox(t *testing.T) {
	factors, _ := withTOTP(t)
	p := openPost(t, memstore.New(), factors, limitsOff)
	p.member(t, "ada")
	id := p.alive(t, p.world.mustSignIn(t, "ada", password).Token)
	wait, err := p.BeginWait(t.Context(), home, id)
	is(t, err, nil)
	p.clock.add(7*24*time.Hour - time.Second)
	early := p.alive(t, p.world.mustSignIn(t, "ada", password).Token)
	needed, ok := errors.AsType[*authrule.NeededError](p.BeginEmailChange(t.Context(), home, early, "ada@example.com", 0))
	if !ok || !needed.WaitUntil.Equal(wait.From) || needed.MayWait() {
		t.Errorf("before its end: %+v", needed)
	}
	p.clock.add(time.Second)
	is(t, p.BeginEmailChange(t.Context(), home, early, "ada@example.com", 0), nil)
	is(t, p.ConfirmEmailChange(t.Context(), home, p.mail.link(t, authmail.EmailChange, "ada@example.com")), nil)
	if w, err := p.Proofs(t.Context(), p.alive(t, p.world.mustSignIn(t, "ada", password).Token)); err != nil || w.Wait != nil {
		t.Errorf("the wait was used and is there: %+v, %v", w, err)
	}
	// The old mailbox still takes it back.
	is(t, p.UndoEmailChange(t.Context(), home, p.mail.link(t, authmail.EmailChanging, "ada@example.org")), nil)

	bob := p.member(t, "bob")
	old := p.alive(t, bob.Token)
	_, err = p.BeginWait(t.Context(), home, old)
	is(t, err, nil)
	p.clock.add(14 * 24 * time.Hour)
	late := p.alive(t, p.world.mustSignIn(t, "bob", password).Token)
	if errOf(p.BeginFactor(t.Context(), home, late, "totp", "")) == nil {
		t.Error("a wait counts two weeks later")
	}
}

// The phone is told of a wait too, without a link that opens or ends anything.
func TestAWaitIsToldToThePhone(t *testing.T) {
	p := openPost(t, memstore.New(), withCodes(t), limitsOff)
	in := p.member(t, "ada")
	if _, err := p.db.Users().Update(t.Context(), in.User.ID, profile.Patch{Phone: new(phone)}); err != nil {
		t.Fatal(err)
	}
	wait, err := p.BeginWait(t.Context(), home, p.alive(t, p.world.mustSignIn(t, "ada", password).Token))
	is(t, err, nil)
	m := p.mail.last(t, authmail.Wait, phone)
	if m.Channel != authmail.BySMS || m.Link != "" || m.Report != "" || m.Code != "" || !m.WorksFrom.Equal(wait.From) {
		t.Errorf("the phone was told %+v", m)
	}
	if m := p.mail.last(t, authmail.Wait, "ada@example.org"); m.Report == "" {
		t.Error("the address got no link that stops the wait")
	}
}

// A wait is called off by a session that is older, or that proves the mailbox: by the one who
// began it, as far as can be told, it is not.
func TestAWaitIsCalledOff(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, limitsOff)
		old := p.member(t, "ada")
		p.clock.add(time.Minute)
		in := p.world.mustSignIn(t, "ada", password)
		id := p.alive(t, in.Token)
		begin := func() {
			t.Helper()
			if _, err := p.BeginWait(t.Context(), home, id); err != nil {
				t.Fatal(err)
			}
			p.clock.add(time.Second)
		}
		begin()
		young := p.alive(t, p.world.mustSignIn(t, "ada", password).Token)
		if _, ok := errors.AsType[*authrule.NeededError](p.CancelWait(t.Context(), home, young)); !ok {
			t.Error("a younger session called the wait off")
		}
		is(t, p.CancelWait(t.Context(), home, p.alive(t, old.Token)), nil)
		begin()
		is(t, p.SendMailCode(t.Context(), home, young), nil)
		proof, err := p.ProveMailbox(t.Context(), home, young, p.mail.last(t, authmail.Proof, "ada@example.org").Code)
		is(t, err, nil)
		is(t, p.CancelWait(t.Context(), home, p.alive(t, proof.Token)), nil)
		is(t, p.CancelWait(t.Context(), home, p.alive(t, proof.Token)), nil) // there is none
		begin()
		// So does whatever changes the password.
		if _, err := p.ChangePassword(t.Context(), home, p.alive(t, proof.Token), password, newer); err != nil {
			t.Fatal(err)
		}
		if left, err := db.Auth().Tickets.Tickets(t.Context(), in.User.ID, auth.ForWait, p.clock.now()); err != nil || len(left) != 0 {
			t.Errorf("%d waits are left, %v", len(left), err)
		}
		if begun, ended := p.notices.count("auth.wait_begun"), p.notices.count("auth.wait_ended"); begun != 3 || ended != 3 {
			t.Errorf("%d began and %d ended, want 3 and 3", begun, ended)
		}
	})
}

// The code of SendMailCode is of one session, once, and proves the mailbox only.
func TestAMailedCodeProvesTheMailboxOnly(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		factors, _ := withTOTP(t)
		p := openPost(t, db, factors, unlimitedMail)
		p.member(t, "ada")
		p.clock.add(time.Hour)
		in := p.world.mustSignIn(t, "ada", password)
		other := p.alive(t, p.world.mustSignIn(t, "ada", password).Token)
		id := p.alive(t, in.Token)
		is(t, p.SendMailCode(t.Context(), home, id), nil)
		code := p.mail.last(t, authmail.Proof, "ada@example.org").Code
		is(t, errOf(p.ProveMailbox(t.Context(), home, other, code)), auth.ErrInvalidCode)
		is(t, errOf(p.ProveMailbox(t.Context(), home, id, strings.Repeat("a", 300))), auth.ErrInvalidCode)
		is(t, errOf(p.ProveMailbox(t.Context(), home, id, "0000-0000-0000")), auth.ErrInvalidCode)
		p.clock.add(9 * time.Minute)
		proof, err := p.ProveMailbox(t.Context(), home, id, " "+strings.ToUpper(code))
		is(t, err, nil)
		p.dead(t, in.Token)
		next := p.alive(t, proof.Token)
		is(t, errOf(p.ProveMailbox(t.Context(), home, next, code)), auth.ErrInvalidCode)
		is(t, p.May(t.Context(), next, authrule.AddFactor), nil)
		p.clock.add(2 * time.Minute) // the password is no longer fresh, the code made nothing so
		is(t, p.May(t.Context(), next, authrule.AddFactor), profile.ErrNotFresh)
		again, err := p.Reauthenticate(t.Context(), home, next, password)
		is(t, err, nil)
		is(t, p.May(t.Context(), p.alive(t, again.Token), authrule.AddFactor), nil)
		p.clock.add(profile.FreshFor - 2*time.Minute + time.Second)
		if _, ok := errors.AsType[*authrule.NeededError](p.May(t.Context(), p.alive(t, again.Token), authrule.AddFactor)); !ok {
			t.Error("the proof of the mailbox outlived its ten minutes")
		}
		is(t, p.SendMailCode(t.Context(), home, p.alive(t, again.Token)), nil)
		late := p.mail.last(t, authmail.Proof, "ada@example.org").Code
		p.clock.add(auth.CodeLife)
		is(t, errOf(p.ProveMailbox(t.Context(), home, p.alive(t, again.Token), late)), auth.ErrInvalidCode)
	})
}

// With an app beside, a code by e-mail opens a session that proves nothing, trusts no device
// and is no proof for a change.
func TestT15_ACodeByEmailIsNoFactor(t *testing.T) {
	factors, _ := withTOTP(t)
	p := openPost(t, memstore.New(), factors, withCodes(t), limitsOff)
	a, _, token := p.enrol(t, p.member(t, "ada").Token)
	byEmail := func(kind authmail.Kind) auth.Answer {
		return auth.Answer{Method: "email", Code: p.sent(t, kind, "ada@example.org")}
	}
	is(t, p.BeginEmailCodes(t.Context(), home, p.alive(t, token)), nil)
	_, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), byEmail(authmail.Phone))
	is(t, err, nil)
	half := p.halfOf(t, "ada")
	is(t, p.SendCode(t.Context(), home, half, "email"), nil)
	in, err := p.FinishSignIn(t.Context(), home, half, byEmail(authmail.Code), true)
	is(t, err, nil)
	id := p.alive(t, in.Token)
	if in.Device != "" || p.Fresh(id) {
		t.Errorf("a device is trusted (%v), the session is fresh (%v)", in.Device != "", p.Fresh(id))
	}
	if err := p.SendCode(t.Context(), home, id, "email"); field(err, "method") == "" {
		t.Errorf("a code for a proof: %v", err)
	}
	if err := errOf(p.ReauthenticateWith(t.Context(), home, id, auth.Answer{Method: "email", Code: "123456"})); field(err, "method") == "" {
		t.Errorf("a proof by mail: %v", err)
	}
	p.clock.add(time.Minute)
	proof, err := p.ReauthenticateWith(t.Context(), home, id, byTOTP(a.code(0)))
	is(t, err, nil)
	is(t, p.May(t.Context(), p.alive(t, proof.Token), authrule.RemoveFactor), nil)
}

// The second of two changes is refused where a host asks for a proof for each.
func TestAProofForEachChange(t *testing.T) {
	factors, _ := withTOTP(t)
	p := openPost(t, memstore.New(), factors, withCodes(t), limitsOff, func(c *auth.Config) { c.ProofForEach = true })
	a, _, token := p.enrol(t, p.member(t, "ada").Token)
	id := p.alive(t, token)
	is(t, p.May(t.Context(), id, authrule.AddFactor), profile.ErrNotFresh)
	prove := func() auth.Identity {
		t.Helper()
		p.clock.add(time.Minute)
		proof, err := p.ReauthenticateWith(t.Context(), home, id, byTOTP(a.code(0)))
		is(t, err, nil)
		id = p.alive(t, proof.Token)
		return id
	}
	is(t, errOf(p.RenewRecoveryCodes(t.Context(), home, prove())), nil)
	is(t, errOf(p.RenewRecoveryCodes(t.Context(), home, p.reload(t, id))), profile.ErrNotFresh)
	is(t, p.BeginEmailChange(t.Context(), home, prove(), "ada@example.com", 0), nil)
	is(t, p.BeginEmailChange(t.Context(), home, p.reload(t, id), "ada@example.net", 0), profile.ErrNotFresh)
	list := p.hasFactors(t, id, 1)
	is(t, p.RemoveFactor(t.Context(), home, prove(), list[0].ID), nil)
	is(t, p.May(t.Context(), p.reload(t, id), authrule.AddFactor), profile.ErrNotFresh)
}

// reload is id as the store has its session now.
func (p *post) reload(t testing.TB, id auth.Identity) auth.Identity {
	t.Helper()
	sess, err := p.db.Auth().Sessions.Session(t.Context(), id.Session.TokenHash)
	if err != nil {
		t.Fatal(err)
	}
	id.Session = sess
	return id
}
