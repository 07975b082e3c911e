package passkey_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/softkey"
	"github.com/profilekit/profilekit/profile"
)

// lies are one wrong field each, in whatever is answered.
var lies = map[string]func(a *softkey.Answer){
	"another site":      func(a *softkey.Answer) { a.Client["origin"] = "https://evil.example" },
	"a look-alike site": func(a *softkey.Answer) { a.Client["origin"] = "https://example.org.evil.example" },
	"a subdomain":       func(a *softkey.Answer) { a.Client["origin"] = "https://www.example.org" },
	"http":              func(a *softkey.Answer) { a.Client["origin"] = "http://example.org" },
	"another port":      func(a *softkey.Answer) { a.Client["origin"] = "https://example.org:444" },
	"no origin":         func(a *softkey.Answer) { delete(a.Client, "origin") },
	"null":              func(a *softkey.Answer) { a.Client["origin"] = "null" },
	"in a frame of another site": func(a *softkey.Answer) {
		a.Client["crossOrigin"] = true
		a.Client["topOrigin"] = "https://evil.example"
	},
	"another challenge":            func(a *softkey.Answer) { a.Client["challenge"] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
	"no challenge":                 func(a *softkey.Answer) { delete(a.Client, "challenge") },
	"another ceremony's type":      func(a *softkey.Answer) { a.Client["type"] = "webauthn.other" },
	"no type":                      func(a *softkey.Answer) { delete(a.Client, "type") },
	"a credential of another type": func(a *softkey.Answer) { a.Type = "password" },
	"another relying party":        func(a *softkey.Answer) { a.Data[0] ^= 1 },
	"nobody present":               func(a *softkey.Answer) { a.Data[32] &^= softkey.Present },
	"nobody verified":              func(a *softkey.Answer) { a.Data[32] &^= softkey.Verified },
	"backed up, not eligible":      func(a *softkey.Answer) { a.Data[32] |= softkey.BackedUp },
	"data cut short":               func(a *softkey.Answer) { a.Data = a.Data[:36] },
	"no JSON":                      func(a *softkey.Answer) { a.Mangled = true },
}

// assertionLies are those of a sign-in alone.
var assertionLies = map[string]func(a *softkey.Answer){
	"signed by another key":      func(a *softkey.Answer) { a.Forge = true },
	"an unknown passkey":         func(a *softkey.Answer) { a.ID = slices.Repeat([]byte{7}, 32) },
	"another's handle":           func(a *softkey.Answer) { a.Handle = []byte("999999") },
	"no handle":                  func(a *softkey.Answer) { a.Handle = nil },
	"an empty handle":            func(a *softkey.Answer) { a.Handle = []byte{} },
	"eligible now":               func(a *softkey.Answer) { a.Data[32] |= softkey.Eligible },
	"a count that repeats":       func(a *softkey.Answer) { a.Data[36] = 1 },
	"a count that went back":     func(a *softkey.Answer) { a.Data[36] = 0 },
	"an empty passkey":           func(a *softkey.Answer) { a.ID = nil },
	"an ID beyond 1023 bytes":    func(a *softkey.Answer) { a.ID = slices.Repeat([]byte{7}, 1024) },
	"trailing bytes, unsigned":   func(a *softkey.Answer) { a.Data = append(a.Data, 0) },
	"the type of a registration": func(a *softkey.Answer) { a.Client["type"] = "webauthn.create" },
}

// registrationLies are those of a registration alone.
var registrationLies = map[string]func(a *softkey.Answer){
	"an algorithm nobody asked for": func(a *softkey.Answer) { a.COSE[4] = 0x25 }, // -6
	"a point that is none":          func(a *softkey.Answer) { a.COSE[len(a.COSE)-1] ^= 1 },
	"a key cut short":               func(a *softkey.Answer) { a.COSE = a.COSE[:40] },
	"no key":                        func(a *softkey.Answer) { a.COSE = nil },
	"an ID beyond 1023 bytes":       func(a *softkey.Answer) { a.ID = slices.Repeat([]byte{7}, 1024) },
	"no ID":                         func(a *softkey.Answer) { a.ID = nil },
	"the type of a sign-in":         func(a *softkey.Answer) { a.Client["type"] = "webauthn.get" },
}

func merged(all ...map[string]func(*softkey.Answer)) map[string]func(*softkey.Answer) {
	out := map[string]func(*softkey.Answer){}
	for _, m := range all {
		for name, f := range m {
			out[name] = f
		}
	}
	return out
}

func TestS25_OneWrongFieldIsRefused(t *testing.T) {
	w := open(t, memstore.New(), func(c *auth.Config) { c.LimitStore = limit.Off{} })
	p := w.withPasskey("ada")
	for name, lie := range merged(lies, assertionLies) {
		ch := w.begin()
		p.key.Lie = lie
		_, err := w.signIn(ch, p.key.Get(ch.Options))
		p.key.Lie = nil
		if name == "a count that repeats" || name == "a count that went back" {
			if p.key.Count < 3 {
				t.Fatal("the count is too low for this")
			}
		}
		w.refused(name, err, auth.ErrInvalidCredentials)
		// As the second factor too.
		half, err := w.nodes[0].SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		who, err := w.nodes[0].AuthenticateHalf(t.Context(), half.Token)
		if err != nil {
			t.Fatal(err)
		}
		if ch, err = w.nodes[0].BeginPasskeyProof(t.Context(), who); err != nil {
			t.Fatal(err)
		}
		if name != "no handle" && name != "an empty handle" { // the handle is optional here
			p.key.Lie = lie
			_, err = w.nodes[0].FinishSignIn(t.Context(), home, who, auth.Answer{
				Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: ch.State, Response: p.key.Get(ch.Options)},
			}, false)
			p.key.Lie = nil
			w.refused(name+", second factor", err, auth.ErrInvalidCode)
		}
		ch = w.begin()
		in, err := w.signIn(ch, p.key.Get(ch.Options))
		if err != nil {
			t.Fatalf("after %s: %v", name, err)
		}
		p.token = in.Token
	}
	for name, lie := range merged(lies, registrationLies) {
		p.token = w.fresh("ada", p)
		ch, err := w.nodes[0].BeginAddPasskey(t.Context(), p.id())
		if err != nil {
			t.Fatal(err)
		}
		key := softkey.New(origin)
		key.Lie = lie
		_, err = w.nodes[0].AddPasskey(t.Context(), home, p.id(), auth.PasskeyAnswer{State: ch.State, Response: key.Create(ch.Options)}, "")
		w.refused(name+" at a registration", err, auth.ErrInvalidCode)
	}
	if list, err := w.nodes[0].Factors(t.Context(), p.id()); err != nil || len(list) != 1 {
		t.Errorf("ada has %d passkeys, %v; want the one", len(list), err)
	}
}

// A passkey is one person's: it is added once, renamed, removed and used by its
// owner alone.
func TestS26P37_PasskeysAreTheirOwners(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		ctx := t.Context()
		ada, eve := w.withPasskey("ada"), w.withPasskey("eve")
		add := func(p *person, key *softkey.Key) error {
			ch, err := w.nodes[0].BeginAddPasskey(ctx, p.id())
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.nodes[0].AddPasskey(ctx, home, p.id(), auth.PasskeyAnswer{State: ch.State, Response: key.Create(ch.Options)}, "")
			return err
		}
		same := softkey.New(origin)
		same.ID = ada.key.ID
		w.refused("ada's passkey for eve", add(eve, same), auth.ErrInvalidCode)
		w.refused("ada's passkey again", add(ada, same), auth.ErrInvalidCode)

		list, err := w.nodes[0].Factors(ctx, ada.id())
		if err != nil || len(list) != 1 || list[0].Name != "Phone" || list[0].Data != nil {
			t.Fatalf("ada's: %+v, %v", list, err)
		}
		id := list[0].ID
		for what, err := range map[string]error{
			"eve renames":  w.nodes[0].RenameFactor(ctx, eve.id(), id, "mine", auth.KindPasskey),
			"eve removes":  w.nodes[0].RemoveFactor(ctx, home, eve.id(), id, auth.KindPasskey),
			"a made-up id": w.nodes[0].RemoveFactor(ctx, home, ada.id(), "0", auth.KindPasskey),
		} {
			if err == nil {
				t.Errorf("%s", what)
			}
		}
		if err := w.nodes[0].RenameFactor(ctx, ada.id(), id, "Key ring", auth.KindPasskey); err != nil {
			t.Error(err)
		}
		if list, _ = w.nodes[0].Factors(ctx, ada.id()); list[0].Name != "Key ring" {
			t.Errorf("it is called %q", list[0].Name)
		}
		// Eve's key with ada's handle, and ada's ID with eve's key.
		ch := w.begin()
		eve.key.Lie = func(a *softkey.Answer) { a.Handle = ada.key.Handle }
		_, err = w.signIn(ch, eve.key.Get(ch.Options))
		w.refused("ada's handle", err, auth.ErrInvalidCredentials)
		ch = w.begin()
		eve.key.Lie = func(a *softkey.Answer) { a.ID, a.Handle = ada.key.ID, ada.key.Handle }
		_, err = w.signIn(ch, eve.key.Get(ch.Options))
		w.refused("ada's ID", err, auth.ErrInvalidCredentials)
		eve.key.Lie = nil

		// With the last factor the second step goes.
		if err := w.nodes[0].RemoveFactor(ctx, home, ada.id(), id, auth.KindPasskey); err != nil {
			t.Fatal(err)
		}
		ch = w.begin()
		_, err = w.signIn(ch, ada.key.Get(ch.Options))
		w.refused("a removed passkey", err, auth.ErrInvalidCredentials)
		in, err := w.nodes[0].SignIn(ctx, home, auth.Credentials{Login: "ada", Password: password})
		if err != nil || in.Status != auth.Complete {
			t.Errorf("by password alone: %v, %v", in.Status, err)
		}
	})
}

// The beginning of a sign-in asks for nobody, so that it cannot tell who exists.
func TestS27_BeginningsLookAlike(t *testing.T) {
	w := open(t, memstore.New())
	shape := func() string {
		var o map[string]any
		if err := json.Unmarshal(w.begin().Options, &o); err != nil {
			t.Fatal(err)
		}
		challenge, _ := o["challenge"].(string)
		if len(challenge) < 22 {
			t.Errorf("the challenge %q has less than 128 bits", challenge)
		}
		delete(o, "challenge")
		raw, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	before := shape()
	w.withPasskey("ada")
	if after := shape(); after != before || after != shape() {
		t.Errorf("%s, before anybody was there %s", after, before)
	}
	if before != `{"rpId":"example.org","timeout":300000,"userVerification":"required"}` {
		t.Errorf("the options are %s", before)
	}
}

// Guesses count for the account that they name.
func TestS16_PasskeysAreLimited(t *testing.T) {
	w := open(t, memstore.New())
	p := w.withPasskey("ada")
	p.key.Lie = func(a *softkey.Answer) { a.Forge = true }
	for range 10 {
		ch := w.begin()
		_, err := w.signIn(ch, p.key.Get(ch.Options))
		w.refused("forged", err, auth.ErrInvalidCredentials)
	}
	p.key.Lie = nil
	ch := w.begin()
	_, err := w.signIn(ch, p.key.Get(ch.Options))
	w.refused("after ten", err, limit.ErrExceeded)
	w.wait(time.Minute)
	ch = w.begin()
	if _, err = w.signIn(ch, p.key.Get(ch.Options)); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// A disabled account, and one whose password must be reset, are as closed to
// passkeys as to passwords.
func TestS31_ClosedAccountsStayClosed(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db)
		p := w.withPasskey("ada")
		id := p.id().User.ID
		disable := func(yes bool) {
			if _, err := db.Users().Update(t.Context(), id, profile.Patch{Disabled: &yes}); err != nil {
				t.Fatal(err)
			}
		}
		disable(true)
		ch := w.begin()
		_, err := w.signIn(ch, p.key.Get(ch.Options))
		w.refused("disabled", err, auth.ErrInvalidCredentials)
		disable(false)
		hash, err := db.Auth().Passwords.PasswordHash(t.Context(), id)
		if err := errors.Join(err, db.Auth().Passwords.SetPassword(t.Context(), id, hash, "!reset!"+hash)); err != nil {
			t.Fatal(err)
		}
		ch = w.begin()
		_, err = w.signIn(ch, p.key.Get(ch.Options))
		w.refused("must reset", err, auth.ErrPasswordResetRequired)
		events, err := db.Activity().Page(t.Context(), activity.Query{UserID: id, Limit: 100, Kind: authevent.SignInFailed})
		if err != nil || len(events) == 0 || events[len(events)-1].Detail["method"] != "passkey" {
			t.Errorf("the failure is not in the feed: %v, %v", events, err)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	ring, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]passkey.Options{
		"no origin": {}, "no host": {Origin: "example.org"}, "another site's ID": {Origin: origin, ID: "not a domain"},
	} {
		if _, err := passkey.New(ring, o); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := passkey.New(nil, passkey.Options{Origin: origin}); err == nil {
		t.Error("no keys are taken")
	}
	w := open(t, memstore.New(), func(c *auth.Config) { c.Passkeys = nil })
	_, err = w.nodes[0].BeginPasskey(t.Context())
	w.refused("without passkeys", err, auth.ErrNoFactor)
	_, err = w.nodes[0].SignInWithPasskey(t.Context(), home, auth.PasskeyAnswer{}, false)
	w.refused("without passkeys", err, auth.ErrInvalidCredentials)
}
