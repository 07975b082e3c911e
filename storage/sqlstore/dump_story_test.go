package sqlstore_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/totp"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/internal/softkey"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage/personal"
)

// story is what people do until every table has rows of every sort. The end of
// their names tells them from those of another story in the same database. In a
// table of users that was taken over, ada and bob are there already.
func (p *dumpProgram) story(end string) {
	ctx := p.t.Context()
	// Nobody takes the first letters, so that there are dead ones.
	p.refused = &notify.PermanentError{Err: errors.New("550 no such mailbox")}
	ada := p.prove(p.join("ada"+end, true))
	_, err := p.notifier.Flush(ctx)
	p.must(err)
	p.refused = nil
	p.describe(p.id(ada).User.ID)
	p.pictured(p.id(ada).User)
	p.enrol(ada)

	p.clock.pass(2 * time.Hour)
	p.forgetful("bob" + end)
	p.moving("cyd"+end, "dee"+end)
	p.join("eve"+end, false)
	p.gone("gus" + end)
	p.leave("eve" + end)
	p.send()

	p.clock.pass(2 * time.Hour)
	p.halfway("ada" + end)
	p.elsewhere(end)
	// A worker of the outbox that has died keeps what it claimed for a while.
	now := p.clock.now()
	_, err = p.db.Outbox().ClaimItems(ctx, now, now.Add(10*time.Minute), 1)
	p.must(err)
}

// send sends all letters that wait.
func (p *dumpProgram) send() {
	p.t.Helper()
	for {
		n, err := p.notifier.Flush(p.t.Context())
		p.must(err)
		if n == 0 {
			return
		}
	}
}

// join signs somebody up or, when the account is there already, in.
func (p *dumpProgram) join(name string, remember bool) (token string) {
	p.t.Helper()
	if _, err := p.users.ByUsername(p.t.Context(), name); err == nil {
		return p.signIn(name, remember).Token
	}
	in, err := p.auth.Register(p.t.Context(), dumpClient, auth.Registration{
		Username: name, Email: name + "@example.org", Password: dumpPassphrase, Remember: remember,
	})
	p.must(err)
	return in.Token
}

// prove proves the address in the session of the token, and returns the session's new token.
func (p *dumpProgram) prove(token string) string {
	p.t.Helper()
	p.must(p.auth.ResendVerify(p.t.Context(), dumpClient, p.id(token)))
	proof, err := p.auth.Verify(p.t.Context(), dumpClient, p.id(token), p.token(authmail.Verify), auth.Confirmation{})
	p.must(err)
	return cmp.Or(proof.Token, token)
}

// reads has the session of the token prove that its user reads the mail, by a link or by a
// code, and returns the session's token from then on.
func (p *dumpProgram) reads(token string) string {
	p.t.Helper()
	ctx, id := p.t.Context(), p.id(token)
	proofs, err := p.auth.Proofs(ctx, id)
	p.must(err)
	switch {
	case proofs.State == authrule.Newcomer, proofs.State == authrule.Unproved:
		token = p.prove(token)
	case proofs.State == authrule.Mailbox && !proofs.Have.Has(authrule.ByMailbox):
		p.must(p.auth.SendMailCode(ctx, dumpClient, id))
		done, err := p.auth.ProveMailbox(ctx, dumpClient, id, p.told[authmail.Proof].Code)
		p.must(err)
		token = done.Token
	}
	return token
}

// describe fills the profile, the settings and, as the host's code would, the feed.
func (p *dumpProgram) describe(userID string) {
	ctx := activity.WithSource(p.t.Context(), activity.Source{IP: "2001:db8::/48", Device: "curl", Place: "Brno"})
	_, err := p.profiles.Edit(ctx, userID, profile.Edit{
		DisplayName: new("Ada, Countess of Lovelace"), GivenName: new("Ada"), FamilyName: new("King"), Pronouns: new("she/her"),
		Bio:     new("It's \"poetical science\".\nC:\\notes — čeština, 日本語, 🚲"),
		Address: &profile.AddressEdit{Line1: new("12 St James's Square"), City: new("London"), Country: new("GB")}, Birthday: new(profile.Date("1915-12-10")),
		Links:  &[]string{"https://example.org/ada?a=1&b=2", "https://example.com/"},
		Custom: map[string]json.RawMessage{"team": json.RawMessage(`{"name":"engines","size":2}`)},
	}, 0)
	p.must(err)
	_, err = p.settings.Patch(ctx, userID, []byte(`{"appearance":{"theme":"dark","fontScale":1.25},"locale":"cs","timeZone":"Europe/Prague",
		"privacy":{"visibility":"members","fields":{"email":"private"}},"notifications":{"product":{"email":true}}}`), 0)
	p.must(err)
	p.must(p.db.Activity().Append(ctx, activity.NewEvent(ctx, "shop.ordered", userID, p.clock.now(), map[string]string{"order": "1234"})))
}

// pictured leaves blobs in every state: live, dead, pending and claimed.
func (p *dumpProgram) pictured(u profile.User) {
	ctx, ledger, at := p.t.Context(), p.db.Ledger(), p.clock.now()
	purged, coming := strings.ToLower(u.Username)+"-purged.png", strings.ToLower(u.Username)+"-coming.png"
	p.must(ledger.Reserve(ctx, u.ID, []string{purged}, at.Add(-72*time.Hour)))
	p.must(ledger.Dead(ctx, []string{purged}, at.Add(-48*time.Hour)))
	_, err := ledger.Claim(ctx, at, at.Add(-24*time.Hour), at.Add(-96*time.Hour), 10)
	p.must(err)
	for range 2 { // the second replaces the first
		_, err := p.pictures.Put(ctx, u.ID, bytes.NewReader(imagetest.PNG(imagetest.Card(64, 64))), picture.PutOptions{})
		p.must(err)
	}
	p.must(ledger.Reserve(ctx, u.ID, []string{coming}, p.clock.now()))
}

// enrol adds an app, a passkey and a phone, each of which changes the session's token,
// and leaves a second phone pending.
func (p *dumpProgram) enrol(token string) {
	ctx := p.t.Context()
	_, err := p.auth.BeginFactor(ctx, dumpClient, p.id(token), totp.Kind, "Phone")
	p.must(err)
	done, err := p.auth.ConfirmFactor(ctx, dumpClient, p.id(token), p.app())
	p.must(err)
	token = done.Token

	key := softkey.New(dumpOrigin)
	challenge, err := p.auth.BeginAddPasskey(ctx, p.id(token))
	p.must(err)
	answer := auth.PasskeyAnswer{State: challenge.State, Response: key.Create(challenge.Options)}
	done, err = p.auth.AddPasskey(ctx, dumpClient, p.id(token), answer, "Laptop")
	p.must(err)
	token = done.Token

	p.must(p.auth.BeginPhone(ctx, dumpClient, p.id(token), p.phones[0]))
	done, err = p.auth.ConfirmFactor(ctx, dumpClient, p.id(token), auth.Answer{Method: string(authmail.BySMS), Code: p.told[authmail.Phone].Code})
	p.must(err)
	token = done.Token
	p.must(p.auth.BeginPhone(ctx, dumpClient, p.id(token), p.phones[1]))

	challenge, err = p.auth.BeginPasskey(ctx)
	p.must(err)
	answer = auth.PasskeyAnswer{State: challenge.State, Response: key.Get(challenge.Options)}
	_, err = p.auth.SignInWithPasskey(ctx, dumpClient, answer, false)
	p.must(err)
}

// forgetful gives wrong passwords and asks for a link that sets a new one. The
// address is never proved.
func (p *dumpProgram) forgetful(name string) {
	ctx := p.t.Context()
	p.must(p.auth.ResendVerify(ctx, dumpClient, p.id(p.join(name, false))))
	for range 3 {
		_, err := p.auth.SignIn(ctx, dumpClient, auth.Credentials{Login: name, Password: "what was it again?"})
		if !errors.Is(err, auth.ErrInvalidCredentials) {
			p.t.Fatalf("a wrong password: %v", err)
		}
	}
	p.must(p.auth.Forgot(ctx, dumpClient, name+"@example.org"))
}

// moving begins a change of the first person's address and finishes one of the
// second person's. The second one takes another name too.
func (p *dumpProgram) moving(begun, made string) {
	ctx := p.t.Context()
	for _, name := range []string{begun, made} {
		token := p.prove(p.join(name, false))
		p.must(p.auth.BeginEmailChange(ctx, dumpClient, p.id(token), name+"@example.com", 0))
		if name == made {
			p.must(p.auth.ConfirmEmailChange(ctx, dumpClient, p.token(authmail.EmailChange)))
			_, err := p.profiles.Edit(ctx, p.id(token).User.ID, profile.Edit{Username: new(name + "-2")}, 0)
			p.must(err)
		}
	}
}

// gone makes an account and has it erased. Nobody gets its ID and name again.
func (p *dumpProgram) gone(name string) {
	ctx := p.t.Context()
	_, err := p.deletions.Request(ctx, p.id(p.join(name, false)).Caller())
	p.must(err)
	eraser, err := profile.NewEraser(profile.EraserConfig{
		Users: p.users, Tx: p.db, Holds: p.db.Holds(),
		LimitStore: p.db.Limits(),
		Contributors: []personal.Contributor{
			p.auth, p.pictures, personal.Funcs{Erase: p.db.Settings().Erase}, personal.Funcs{Erase: p.db.Activity().Erase},
		},
		Now: func() time.Time { return p.clock.now().Add(profile.DefaultDeletionGrace + time.Hour) },
	})
	p.must(err)
	if n, err := eraser.Erase(ctx); n != 1 || err != nil {
		p.t.Fatalf("%d were erased, %v", n, err)
	}
}

// leave asks for the account's end and signs in to it.
func (p *dumpProgram) leave(name string) {
	_, err := p.deletions.Request(p.t.Context(), p.id(p.join(name, false)).Caller())
	p.must(err)
	if in := p.signIn(name, false); in.Session.Level != authstore.LevelDeletionPending {
		p.t.Fatalf("the session of who leaves is %s", in.Session.Level)
	}
}

// halfway signs in on a device that is trusted from then on. On another one it
// gets no further than the password, and begins the recovery of the factors.
func (p *dumpProgram) halfway(name string) {
	ctx := p.t.Context()
	in, err := p.auth.FinishSignIn(ctx, dumpClient, p.half(p.signIn(name, true)), p.app(), true)
	p.must(err)
	if in.Device == "" {
		p.t.Fatal("no device is trusted")
	}
	half := p.half(p.signIn(name, false))
	p.must(p.auth.SendCode(ctx, dumpClient, half, string(authmail.BySMS)))
	_, err = p.auth.BeginFactorRecovery(ctx, dumpClient, half)
	p.must(err)
}

// elsewhere fills the table that this flavour has no use for. A host that moved
// its users to a table of its own, or back, may have such rows.
func (p *dumpProgram) elsewhere(end string) {
	ctx := p.t.Context()
	if p.flavour == separate {
		_, err := p.db.Users().Create(ctx, profile.User{Username: "of-before" + end, Email: "of-before" + end + "@example.org"})
		p.must(err)
		return
	}
	hash, err := hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1}).Hash(ctx, dumpPassphrase)
	p.must(err)
	apart := p.db.AuthApart()
	id := "host-7" + end
	p.must(apart.Passwords.SetPassword(ctx, id, "", hash, activity.NewEvent(ctx, authevent.PasswordReset, id, p.clock.now(), nil)))
}
