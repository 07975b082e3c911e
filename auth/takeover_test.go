package auth_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage/personal"
)

// preferences are the settings of a host, whose privacy is the profile's.
func preferences(t *testing.T, db database) *settings.Service {
	t.Helper()
	s, err := settings.New(settings.Config{Store: db.Settings(), Tx: db, Sections: []settings.Declaration{
		profile.PrivacySection.Declare(), settings.AppearanceSection.Declare(), settings.LocaleSection.Declare(),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// described is an account in which somebody wrote whatever can be written.
func (p *post) described(t *testing.T, prefs *settings.Service, name string) profile.User {
	t.Helper()
	in := p.register(t, name)
	patch := profile.Patch{
		Phone: new("+41440000000"), Address: &profile.Address{City: "London", Country: "GB"}, Birthday: new(profile.Date("1915-12-10")),
		Links: &[]string{"https://evil.example/"}, Custom: new(json.RawMessage(`{"team":"x"}`)), Picture: &profile.Picture{URL: "https://evil.example/a.png"},
	}
	for _, f := range profile.TextFields() {
		*f.InPatch(&patch) = new("written in " + f.Name)
	}
	u, err := p.db.Users().Update(t.Context(), in.User.ID, patch)
	is(t, err, nil)
	_, err = prefs.Patch(t.Context(), u.ID, []byte(`{"privacy":{"fields":{"email":"public","phone":"public"}},"appearance":{"theme":"dark"},"locale":"cs"}`), 0)
	is(t, err, nil)
	return u
}

// isEmptied wants nothing of what described wrote.
func (p *post) isEmptied(t *testing.T, prefs *settings.Service, before profile.User) {
	t.Helper()
	u, err := p.db.Users().User(t.Context(), before.ID)
	is(t, err, nil)
	var left profile.Patch
	if left.Empty(u); left != (profile.Patch{}) {
		t.Errorf("something is left of what was written: %+v", u)
	}
	if u.Username != before.Username || u.Email != before.Email || u.Role != before.Role || !u.EmailVerified {
		t.Errorf("the account is %+v", u)
	}
	privacy, err := settings.Get(t.Context(), prefs, profile.PrivacySection, u.ID)
	if err != nil || privacy.Visibility != profile.Private || privacy.Fields["email"] != profile.Private || privacy.Fields["phone"] != profile.Private {
		t.Errorf("the privacy is %+v, %v", privacy, err)
	}
	look, err := settings.Get(t.Context(), prefs, settings.AppearanceSection, u.ID)
	if err != nil || look != settings.AppearanceSection.Default {
		t.Errorf("the appearance is %+v, %v", look, err)
	}
	if locale, err := settings.Get(t.Context(), prefs, settings.LocaleSection, u.ID); err != nil || locale != settings.LocaleSection.Default {
		t.Errorf("the locale is %q, %v", locale, err)
	}
}

// Everything that a stranger wrote goes when the owner of the address gets the account, by
// whatever link. Everything that the owner of the account wrote stays when the owner confirms.
func TestT09_WhatAStrangerWroteGoes(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		prefs := preferences(t, db)
		p := openPost(t, db, unlimitedMail, func(c *auth.Config) { c.Emptiers = []personal.Emptier{prefs} })
		for _, answer := range []auth.ConfirmationAnswer{auth.NotMine, auth.Forgotten} {
			u := p.described(t, prefs, "by-"+string(answer))
			is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, p.link(t, u.Username), auth.Confirmation{Answer: answer})), nil)
			p.isEmptied(t, prefs, u)
			m := p.mail.last(t, authmail.TakenOver, u.Email)
			if m.Account != u.Username || m.Name != u.Username || m.Detail["emptied"] != "true" {
				t.Errorf("the message is %+v", m)
			}
			is(t, p.Reset(t.Context(), pocket, tokenIn(t, m.Link), newer), nil)
			p.mustSignIn(t, u.Username, newer)
		}
		u := p.described(t, prefs, "by-reset")
		is(t, p.Reset(t.Context(), pocket, p.forgot(t, u.Username), newer), nil)
		p.isEmptied(t, prefs, u)

		// A stranger who moved on to an address of their own: the owner takes that back.
		u = p.described(t, prefs, "by-undo")
		session := p.mustSignIn(t, u.Username, password)
		is(t, p.BeginEmailChange(t.Context(), home, p.alive(t, session.Token), "eve@example.com", 0), nil)
		is(t, p.UndoEmailChange(t.Context(), pocket, p.mail.link(t, authmail.EmailChanging, u.Email)), nil)
		p.isEmptied(t, prefs, u)

		u = p.described(t, prefs, "by-the-owner")
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, p.link(t, u.Username), auth.Confirmation{Password: password})), nil)
		after, err := db.Users().User(t.Context(), u.ID)
		if err != nil || after.Bio != u.Bio || after.Picture.URL != u.Picture.URL || after.Phone != u.Phone {
			t.Errorf("of what the owner wrote is left %+v, %v", after, err)
		}
		if locale, err := settings.Get(t.Context(), prefs, settings.LocaleSection, u.ID); err != nil || locale != "cs" {
			t.Errorf("the locale is %q, %v", locale, err)
		}
	})
}

// Of an adopted account nothing goes but what was begun: its owner has a profile, and never
// had a mail to confirm the address.
func TestT09_AnAdoptedAccountKeepsWhatIsInIt(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		prefs := preferences(t, db)
		p := openPost(t, db, unlimitedMail, func(c *auth.Config) { c.Emptiers = []personal.Emptier{prefs} })
		confirm := func(how auth.Confirmation) func(*testing.T, auth.Identity) {
			return func(t *testing.T, id auth.Identity) {
				is(t, p.ResendVerify(t.Context(), home, id), nil)
				token := p.link(t, id.User.Username)
				asks(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{})), auth.ConfirmationError{Username: id.User.Username, Adopted: true})
				is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, how)), nil)
				is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, how)), auth.ErrInvalidToken)
			}
		}
		for name, c := range map[string]struct {
			do             func(*testing.T, auth.Identity)
			proves, cutOff bool
			opens          string // the password that does afterwards, "" for none
		}{
			"a-reset": {func(t *testing.T, id auth.Identity) {
				is(t, p.Reset(t.Context(), pocket, p.forgot(t, id.User.Username), newer), nil)
			}, true, true, newer},
			"forgotten": {confirm(auth.Confirmation{Answer: auth.Forgotten}), true, true, ""},
			"not-mine":  {confirm(auth.Confirmation{Answer: auth.NotMine}), false, false, password},
			"password":  {confirm(auth.Confirmation{Password: password}), true, false, password},
		} {
			// As an import makes it.
			u, err := db.Users().Create(t.Context(), profile.User{
				Username: name, Email: name + "@example.org", Adopted: true, Bio: "Hello.", GivenName: "Ada", Picture: profile.Picture{URL: "https://example.org/a.png"},
			})
			is(t, err, nil)
			hash, err := p.hashers.Hash(t.Context(), password)
			is(t, err, nil)
			p.setHash(t, u.ID, hash)
			_, err = prefs.Patch(t.Context(), u.ID, []byte(`{"privacy":{"visibility":"members"},"locale":"cs"}`), 0)
			is(t, err, nil)
			chosen, err := prefs.Document(t.Context(), u.ID)
			is(t, err, nil)
			in := p.mustSignIn(t, name, password)
			factor(t, p.world, u.ID, "totp")
			c.do(t, p.alive(t, in.Token))

			after, err := db.Users().User(t.Context(), u.ID)
			if err != nil || after.Bio != u.Bio || after.GivenName != u.GivenName || after.Picture.URL != u.Picture.URL || after.EmailVerified != c.proves {
				t.Errorf("%s: the account is %+v, %v", name, after, err)
			}
			if now, err := prefs.Document(t.Context(), u.ID); err != nil || string(now.JSON) != string(chosen.JSON) {
				t.Errorf("%s: the settings are %s, %v", name, now.JSON, err)
			}
			if list, err := db.Auth().Factors.Factors(t.Context(), u.ID); err != nil || len(list) != 1 {
				t.Errorf("%s: %d factors (%v), want the one of before", name, len(list), err)
			}
			if c.cutOff {
				p.dead(t, in.Token)
			} else {
				p.alive(t, in.Token)
			}
			_, err = p.signIn(t, name, password)
			if open := err == nil; open != (c.opens == password) {
				t.Errorf("%s: the password of before opens the account: %v, %v", name, open, err)
			}
			if told := p.mail.to(authmail.TakenOver, u.Email); (len(told) == 1) != (name == "forgotten") || len(told) == 1 && told[0].Detail["emptied"] == "true" {
				t.Errorf("%s: told %+v", name, told)
			}
		}
	})
}

// An account that cannot be emptied is not taken over: all or nothing.
func TestT09_ATakeOverIsWholeOrNothing(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		prefs, broken := preferences(t, db), &failing{err: errDown}
		p := openPost(t, db, func(c *auth.Config) { c.Emptiers = []personal.Emptier{prefs, broken} })
		u := p.described(t, prefs, "ada")
		token := p.link(t, "ada")
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Answer: auth.NotMine})), errDown)
		after, err := db.Users().User(t.Context(), u.ID)
		if err != nil || after.EmailVerified || after.Bio != u.Bio {
			t.Errorf("after a failure the account is %+v, %v", after, err)
		}
		p.mustSignIn(t, "ada", password)
		broken.err = nil
		is(t, errOf(p.Verify(t.Context(), pocket, auth.Identity{}, token, auth.Confirmation{Answer: auth.NotMine})), nil)
		p.isEmptied(t, prefs, u)
	})
}

type failing struct{ err error }

func (f *failing) EmptyUser(context.Context, string) error { return f.err }

// A name that is no user name of ours, as an adopted table has, is not sent to an address
// that was never proved.
func TestT09_MailsNameTheAccount(t *testing.T) {
	p := openPost(t, memstore.New(), unlimitedMail)
	p.register(t, "ada")
	if m := p.mail.last(t, authmail.Verify, "ada@example.org"); m.Account != "ada" {
		t.Errorf("the mail asks to confirm the address of %q", m.Account)
	}
	p.forgot(t, "ada")
	if m := p.mail.last(t, authmail.Reset, "ada@example.org"); m.Account != "ada" {
		t.Errorf("the mail asks to set the password of %q", m.Account)
	}
	odd, err := p.db.Users().Create(t.Context(), profile.User{Username: "Call +1 900 1234 now!", Email: "odd@example.org"})
	is(t, err, nil)
	p.forgot(t, "odd")
	if m := p.mail.last(t, authmail.Reset, odd.Email); m.Account != "" || m.Name != "" {
		t.Errorf("a stranger's text is sent: %+v", m)
	}
	_, err = p.db.Users().Update(t.Context(), odd.ID, profile.Patch{EmailVerified: new(true)})
	is(t, err, nil)
	p.forgot(t, "odd")
	if m := p.mail.last(t, authmail.Reset, odd.Email); m.Account != odd.Username {
		t.Errorf("the own user name is %q", m.Account)
	}
}
