package auth_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
)

func withRecovery(c *auth.Config) { c.FactorRecovery.Wait = auth.RecoveryWait }

// owner is somebody with an authenticator and a device that is trusted.
type owner struct {
	*post
	name, email string
	user        profile.User
	app         *app
	codes       []string
	device      string
}

func openOwners(t testing.TB, db database, change ...func(*auth.Config)) *post {
	t.Helper()
	factors, _ := withTOTP(t)
	return openPost(t, db, append([]func(*auth.Config){withRecovery, unlimitedMail, factors}, change...)...)
}

func (p *post) owner(t testing.TB, name string) *owner {
	t.Helper()
	o := &owner{post: p, name: name, email: name + "@example.org"}
	o.user = p.proved(t, name).User
	var err error
	o.app, o.codes, _ = p.enrol(t, p.mustSignIn(t, name, password).Token)
	in, err := p.FinishSignIn(t.Context(), home, p.halfOf(t, name), byTOTP(o.app.code(0)), true)
	if err != nil {
		t.Fatal(err)
	}
	o.device = in.Device
	p.clock.add(time.Minute)
	return o
}

// in signs in from the trusted device, without a factor.
func (o *owner) in(t testing.TB) auth.SignIn {
	t.Helper()
	in, err := o.SignIn(t.Context(), home, auth.Credentials{Login: o.name, Password: password, Device: o.device})
	if err != nil || in.Status != auth.Complete {
		t.Fatalf("from the device: %q, %v", in.Status, err)
	}
	return in
}

// fresh is a session whose proof is fresh and was noted beside the service: a proof by the
// factor ends a recovery by itself, and would hide whether a change ends one too.
func (o *owner) fresh(t testing.TB) auth.SignIn {
	t.Helper()
	in := o.in(t)
	in.Session.ProvedAt = o.clock.now()
	if err := o.db.Auth().Sessions.RotateSession(t.Context(), in.Session.TokenHash, in.Session); err != nil {
		t.Fatal(err)
	}
	return in
}

// loses begins a recovery and returns its link's token.
func (o *owner) loses(t testing.TB) (authrule.PendingWait, string) {
	t.Helper()
	out, err := o.BeginFactorRecovery(t.Context(), home, o.halfOf(t, o.name))
	if err != nil {
		t.Fatalf("BeginFactorRecovery: %v", err)
	}
	return out, o.mail.link(t, authmail.FactorRecovery, o.email)
}

// left is what the owner has: factors and recovery codes.
func (o *owner) left(t testing.TB) (factors, codes int) {
	t.Helper()
	list, err := o.db.Auth().Factors.Factors(t.Context(), o.user.ID)
	if err != nil {
		t.Fatal(err)
	}
	tickets, err := o.db.Auth().Tickets.Tickets(t.Context(), o.user.ID, auth.ForRecoveryCode, o.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	return len(list), len(tickets)
}

func tooEarly(t testing.TB, err error, from time.Time) {
	t.Helper()
	e, ok := errors.AsType[*authrule.TooEarlyError](err)
	if !ok || !e.From.Equal(from) || !strings.Contains(err.Error(), from.Format("2006-01-02T15:04")) {
		t.Errorf("error = %v, want one that says %v", err, from)
	}
}

// The way through the table in docs/account-states.md, from settled to settled.
func TestS20S22_LostFactorsGoAfterTheWait(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openOwners(t, db)
		ada, bob := p.owner(t, "ada"), p.owner(t, "bob")
		began := p.clock.now()
		first, old := ada.loses(t)
		if !first.From.Equal(began.Add(72*time.Hour)) || !first.Until.Equal(first.From.Add(7*24*time.Hour)) {
			t.Errorf("from %v until %v, begun at %v", first.From, first.Until, began)
		}
		m := p.mail.last(t, authmail.FactorRecovery, ada.email)
		if !m.WorksFrom.Equal(first.From) || !m.ExpiresAt.Equal(first.Until) || m.Report == "" || m.UserID != ada.user.ID {
			t.Errorf("the message is %+v", m)
		}
		if f, c := ada.left(t); f != 1 || c != 10 {
			t.Errorf("%d factors and %d codes after the beginning", f, c)
		}
		shown, there, err := p.FactorRecoveryBegun(t.Context(), p.alive(t, ada.in(t).Token))
		if err != nil || !there || !shown.From.Equal(first.From) || !shown.Until.Equal(first.Until) {
			t.Errorf("ada is shown %v, %v, %v; want %v", shown, there, err, first)
		}
		if shown, there, err := p.FactorRecoveryBegun(t.Context(), p.alive(t, bob.in(t).Token)); err != nil || there {
			t.Errorf("bob is shown %v, %v", shown, err)
		}
		tooEarly(t, p.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), old), first.From)

		// Asking again moves nothing, whatever the time.
		p.clock.add(50 * time.Hour)
		again, token := ada.loses(t)
		if again != first {
			t.Errorf("asked again: %+v, was %+v", again, first)
		}
		is(t, p.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), old), auth.ErrInvalidToken)
		p.clock.add(22*time.Hour - time.Microsecond)
		tooEarly(t, p.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), token), first.From)

		// Due.
		p.clock.add(time.Microsecond)
		if again, token = ada.loses(t); again != first {
			t.Errorf("asked again when due: %+v, was %+v", again, first)
		}
		is(t, p.RecoverFactors(t.Context(), home, bob.halfOf(t, "bob"), token), auth.ErrInvalidToken)
		is(t, p.RecoverFactors(t.Context(), home, auth.HalfIdentity{}, token), auth.ErrUnauthenticated)
		signedIn := ada.in(t).Token
		id := p.alive(t, signedIn)
		is(t, p.RecoverFactors(t.Context(), home, auth.HalfIdentity{User: id.User, Session: id.Session}, token), auth.ErrUnauthenticated)
		half := ada.halfOf(t, "ada")
		if err := p.RecoverFactors(t.Context(), home, half, token); err != nil {
			t.Fatalf("RecoverFactors: %v", err)
		}
		if f, c := ada.left(t); f != 0 || c != 0 {
			t.Errorf("%d factors and %d codes are left", f, c)
		}
		p.dead(t, signedIn)
		if sessions, err := everySession(t.Context(), db.Auth().Sessions, ada.user.ID); err != nil || len(sessions) != 0 {
			t.Errorf("%d sessions and devices are left, %v", len(sessions), err)
		}
		is(t, p.RecoverFactors(t.Context(), home, half, token), auth.ErrInvalidToken)
		if in := p.mustSignIn(t, "ada", password); in.Status != auth.Complete {
			t.Errorf("the next sign-in is %q", in.Status)
		}
		if f, c := bob.left(t); f != 1 || c != 10 {
			t.Errorf("bob has %d factors and %d codes", f, c)
		}
		for kind, want := range map[activity.Kind]int{
			authevent.RecoveryRequested: 1, authevent.FactorsRecovered: 1, authevent.RecoveryCancelled: 0,
		} {
			if n := countKind(p.events(t, ada.user.ID), kind); n != want || p.notices.count(kind) != want {
				t.Errorf("%s: %d times, told %d times, want %d", kind, n, p.notices.count(kind), want)
			}
		}
		for _, private := range []string{ada.email, token, old} {
			if strings.Contains(p.log.String(), private) {
				t.Error("what is private is in the log")
			}
		}
	})
}

// Whether a recovery was only begun or is due, all of this ends it, and the wait
// of the next one is whole: a reset of the password shortens nothing.
func TestS20S32P30_WhatEndsARecovery(t *testing.T) {
	by := func(method, code string) auth.Answer { return auth.Answer{Method: method, Code: code} }
	edges := []struct {
		name, reason string
		do           func(t *testing.T, o *owner) error
	}{
		{"a sign-in by the factor", "factor", func(t *testing.T, o *owner) error {
			_, err := o.FinishSignIn(t.Context(), home, o.halfOf(t, o.name), byTOTP(o.app.code(0)), false)
			return err
		}},
		{"a sign-in by a recovery code", "factor", func(t *testing.T, o *owner) error {
			_, err := o.FinishSignIn(t.Context(), home, o.halfOf(t, o.name), by("recovery_code", o.codes[0]), false)
			return err
		}},
		{"a fresh proof", "factor", func(t *testing.T, o *owner) error {
			_, err := o.ReauthenticateWith(t.Context(), home, o.alive(t, o.in(t).Token), byTOTP(o.app.code(0)))
			return err
		}},
		{"another factor", "factors", func(t *testing.T, o *owner) error {
			token := o.fresh(t).Token
			a := o.beginTOTP(t, token)
			_, err := o.ConfirmFactor(t.Context(), home, o.alive(t, token), byTOTP(a.code(0)))
			return err
		}},
		{"a factor less", "factors", func(t *testing.T, o *owner) error {
			id := o.alive(t, o.fresh(t).Token)
			list, err := o.Factors(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(list, func(r authstore.FactorRecord) bool { return r.Kind == "spare" })
			return o.RemoveFactor(t.Context(), home, id, list[at].ID)
		}},
		{"new recovery codes", "factors", func(t *testing.T, o *owner) error {
			_, err := o.RenewRecoveryCodes(t.Context(), home, o.alive(t, o.fresh(t).Token))
			return err
		}},
		{"a changed password", "password", func(t *testing.T, o *owner) error {
			_, err := o.ChangePassword(t.Context(), home, o.alive(t, o.in(t).Token), password, newer)
			return err
		}},
		{"a reset", "password", func(t *testing.T, o *owner) error {
			return o.Reset(t.Context(), home, o.forgot(t, o.name), newer)
		}},
		{"another address", "address", func(t *testing.T, o *owner) error {
			if err := o.BeginEmailChange(t.Context(), home, o.alive(t, o.fresh(t).Token), "new-"+o.email, 0); err != nil {
				t.Fatal(err)
			}
			return o.ConfirmEmailChange(t.Context(), home, o.mail.link(t, authmail.EmailChange, "new-"+o.email))
		}},
		{"an address taken back", "address", func(t *testing.T, o *owner) error {
			if err := o.BeginEmailChange(t.Context(), home, o.alive(t, o.fresh(t).Token), "new-"+o.email, 0); err != nil {
				t.Fatal(err)
			}
			if err := o.UndoEmailChange(t.Context(), home, o.mail.link(t, authmail.EmailChanging, o.email)); err != nil {
				return err
			}
			return o.Reset(t.Context(), home, o.forgot(t, o.name), newer)
		}},
		{"a deletion of the account", "deletion", func(t *testing.T, o *owner) error {
			return errOf(o.RequestDeletion(t.Context(), home, o.alive(t, o.fresh(t).Token)))
		}},
		{"the link that stops it", "report", func(t *testing.T, o *owner) error {
			stop := tokenIn(t, o.mail.last(t, authmail.FactorRecovery, o.email).Report)
			if err := o.Report(t.Context(), home, stop); err != nil {
				return err
			}
			if _, err := o.signIn(t, o.name, password); !errors.Is(err, auth.ErrPasswordResetRequired) {
				t.Errorf("the password that somebody knows: %v", err)
			}
			return o.Reset(t.Context(), home, o.forgot(t, o.name), newer)
		}},
	}
	onDatabases(t, func(t *testing.T, db database) {
		p := openOwners(t, db, limitsOff)
		for i, e := range edges {
			for phase, before := range map[string]time.Duration{"begun": time.Hour, "due": auth.RecoveryWait + time.Hour} {
				t.Run(e.name+" when "+phase, func(t *testing.T) {
					o := p.owner(t, "u"+string(rune('a'+i))+phase)
					factor(t, p.world, o.user.ID, "spare")
					_, token := o.loses(t)
					p.clock.add(before)
					o.in(t) // from the trusted device ends nothing
					if n := countKind(p.events(t, o.user.ID), authevent.RecoveryCancelled); n != 0 {
						t.Errorf("a sign-in without a factor ended it")
					}
					told := p.notices.count(authevent.RecoveryCancelled)
					if err := e.do(t, o); err != nil {
						t.Fatalf("%s: %v", e.name, err)
					}
					events := p.events(t, o.user.ID)
					at := slices.IndexFunc(events, func(ev activity.Event) bool { return ev.Kind == authevent.RecoveryCancelled })
					if at < 0 || events[at].Detail["reason"] != e.reason || countKind(events, authevent.RecoveryCancelled) != 1 ||
						p.notices.count(authevent.RecoveryCancelled) != told+1 {
						t.Errorf("the event is missing, not told, or twice: %+v", events)
					}
					p.clock.add(auth.RecoveryWait - before + time.Hour)
					in, err := p.signIn(t, o.name, newer)
					if err != nil {
						in = p.mustSignIn(t, o.name, password)
					}
					half, err := p.AuthenticateHalf(t.Context(), in.Token)
					if err != nil {
						t.Fatal(err)
					}
					is(t, p.RecoverFactors(t.Context(), home, half, token), auth.ErrInvalidToken)
					if f, _ := o.left(t); f == 0 {
						t.Error("the factors are gone")
					}
					next, err := p.BeginFactorRecovery(t.Context(), home, half)
					if err != nil || !next.From.Equal(p.clock.now().Add(auth.RecoveryWait)) {
						t.Errorf("the next wait ends at %v, %v; now is %v", next.From, err, p.clock.now())
					}
				})
			}
		}
	})
}

func TestS20_TheWindowOfARecoveryEnds(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openOwners(t, db)
		ada := p.owner(t, "ada")
		first, token := ada.loses(t)
		p.clock.add(auth.RecoveryWait + auth.RecoveryWindow)
		is(t, p.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), token), auth.ErrInvalidToken)
		// What expired is no news when a factor is used.
		if _, err := p.FinishSignIn(t.Context(), home, ada.halfOf(t, "ada"), byTOTP(ada.app.code(0)), false); err != nil {
			t.Fatal(err)
		}
		if n := countKind(p.events(t, ada.user.ID), authevent.RecoveryCancelled); n != 0 {
			t.Error("one that was over was cancelled")
		}
		if next, _ := ada.loses(t); !next.From.Equal(first.Until.Add(auth.RecoveryWait)) {
			t.Errorf("the next one is from %v", next.From)
		}
	})
}

func TestS20_WhoGetsNoRecovery(t *testing.T) {
	factors, _ := withTOTP(t)
	p := openOwners(t, memstore.New(), factors)
	ada := p.owner(t, "ada")
	half := ada.halfOf(t, "ada")
	is(t, errOf(p.BeginFactorRecovery(t.Context(), home, auth.HalfIdentity{})), auth.ErrUnauthenticated)
	full := p.alive(t, ada.in(t).Token)
	is(t, errOf(p.BeginFactorRecovery(t.Context(), home, auth.HalfIdentity{User: full.User, Session: full.Session})), auth.ErrUnauthenticated)

	// Without a wait there is none.
	without := openPost(t, p.db, factors, func(c *auth.Config) { c.Now = p.clock.now })
	is(t, errOf(without.BeginFactorRecovery(t.Context(), home, half)), auth.ErrNoFactor)
	_, token := ada.loses(t)
	p.clock.add(auth.RecoveryWait)
	is(t, without.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), token), auth.ErrNoFactor)
	is(t, p.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), "no token"), auth.ErrInvalidToken)
	is(t, p.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), strings.Repeat("A", 43)), auth.ErrInvalidToken)

	// A node without it does not end what others began, but the factor tells.
	if _, err := without.FinishSignIn(t.Context(), home, ada.halfOf(t, "ada"), byTOTP(ada.app.code(0)), false); err != nil {
		t.Fatal(err)
	}
	is(t, p.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), token), auth.ErrInvalidToken)
	// Asked again it is a new one, whole.
	next, token := ada.loses(t)
	if want := p.clock.now().Add(auth.RecoveryWait); !next.From.Equal(want) {
		t.Errorf("the next one is from %v, want %v", next.From, want)
	}
	p.clock.add(auth.RecoveryWait)
	factor(t, p.world, ada.user.ID, "spare")
	is(t, p.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), token), auth.ErrInvalidToken)

	half = ada.halfOf(t, "ada")
	p.disable(t, ada.user.ID, true)
	is(t, errOf(p.BeginFactorRecovery(t.Context(), home, half)), auth.ErrUnauthenticated)
	is(t, p.RecoverFactors(t.Context(), home, half, token), auth.ErrInvalidToken)
	p.disable(t, ada.user.ID, false)
	list, err := p.db.Auth().Factors.RemoveFactors(t.Context(), ada.user.ID)
	if err != nil || list != 2 {
		t.Fatal(list, err)
	}
	is(t, errOf(p.BeginFactorRecovery(t.Context(), home, half)), auth.ErrNoFactor)

	// What ended, or changed, since the caller was looked up.
	bob := p.owner(t, "bob")
	half = bob.halfOf(t, "bob")
	if _, err := p.db.Users().Update(t.Context(), bob.user.ID, profile.Patch{EmailVerified: new(false)}); err != nil {
		t.Fatal(err)
	}
	if err := errOf(p.BeginFactorRecovery(t.Context(), home, half)); field(err, "email") == "" {
		t.Errorf("an address that is not proved any more: %v", err)
	}
	if err := p.Reset(t.Context(), home, p.forgot(t, "bob"), newer); err != nil {
		t.Fatal(err)
	}
	is(t, errOf(p.BeginFactorRecovery(t.Context(), home, half)), auth.ErrUnauthenticated)

	// An address that nobody proved gets no link; a reset by it is the way.
	in := p.member(t, "eve")
	a, _, _ := p.enrol(t, in.Token)
	if _, err := p.db.Users().Update(t.Context(), in.User.ID, profile.Patch{EmailVerified: new(false)}); err != nil {
		t.Fatal(err)
	}
	sent := p.mail.count()
	if err := errOf(p.BeginFactorRecovery(t.Context(), home, p.halfOf(t, "eve"))); field(err, "email") == "" {
		t.Errorf("an unproved address: %v", err)
	}
	if a == nil || p.mail.count() != sent {
		t.Error("something was sent to an unproved address")
	}
	if err := p.Reset(t.Context(), home, p.forgot(t, "eve"), newer); err != nil {
		t.Fatal(err)
	}
	if in := p.mustSignIn(t, "eve", newer); in.Status != auth.Complete {
		t.Errorf("after the reset a sign-in is %q", in.Status)
	}
}

// A host may change an address by itself: the link went to another inbox than
// the account's, or to one that nobody proved any more.
func TestS20_ARecoveryIsOfItsAddress(t *testing.T) {
	for name, patch := range map[string]profile.Patch{
		"another":      {Email: new("ada@example.com")},
		"not proved":   {EmailVerified: new(false)},
		"the same one": {Bio: new("none of this")},
	} {
		p := openOwners(t, memstore.New())
		ada := p.owner(t, "ada")
		_, token := ada.loses(t)
		if _, err := p.db.Users().Update(t.Context(), ada.user.ID, patch); err != nil {
			t.Fatal(err)
		}
		p.clock.add(auth.RecoveryWait)
		err := p.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), token)
		if want := name != "the same one"; errors.Is(err, auth.ErrInvalidToken) != want || !want && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func errOf[T any](_ T, err error) error { return err }

func TestS20_ConfigOfARecovery(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*auth.Config)
		ok     bool
	}{
		"the usual":       {func(c *auth.Config) { c.FactorRecovery.Wait = auth.RecoveryWait }, true},
		"the least":       {func(c *auth.Config) { c.FactorRecovery.Wait = auth.LeastRecoveryWait }, true},
		"none":            {func(c *auth.Config) { c.Links.Recover = "" }, true},
		"below the least": {func(c *auth.Config) { c.FactorRecovery.Wait = auth.LeastRecoveryWait - 1 }, false},
		"for tests":       {func(c *auth.Config) { c.FactorRecovery = auth.FactorRecovery{Wait: 1, AnyWait: true} }, true},
		"less than none":  {func(c *auth.Config) { c.FactorRecovery = auth.FactorRecovery{Wait: -1, AnyWait: true} }, false},
		"no wait at all":  {func(c *auth.Config) { c.FactorRecovery.AnyWait = true }, false},
		"no courier":      {func(c *auth.Config) { c.FactorRecovery.Wait = auth.RecoveryWait; c.Courier = nil }, false},
		"no link":         {func(c *auth.Config) { c.FactorRecovery.Wait = auth.RecoveryWait; c.Links.Recover = "" }, false},
		"a link to nowhere": {func(c *auth.Config) {
			c.FactorRecovery.Wait = auth.RecoveryWait
			c.Links.Recover = "/recover"
		}, false},
	} {
		db := memstore.New()
		cfg := auth.Config{
			Users: db.Users(), Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db,
			Policy: auth.Policy{Courier: &mailbox{}, Links: authmail.DefaultLinks("https://example.org")},
		}
		tt.change(&cfg)
		if _, err := auth.New(cfg); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The phone is told, without a link, also when it is not asked for codes; where
// no text message can go, none does.
func TestS22_APhoneIsToldOfARecovery(t *testing.T) {
	for _, sms := range []bool{true, false} {
		change := withCodes(t, authmail.ByEmail)
		if sms {
			change = withCodes(t, authmail.BySMS)
		}
		p := openOwners(t, memstore.New(), change)
		ada := p.owner(t, "ada")
		number := phone
		if _, err := p.db.Users().Update(t.Context(), ada.user.ID, profile.Patch{Phone: &number}); err != nil {
			t.Fatal(err)
		}
		ada.loses(t)
		list := p.mail.to(authmail.FactorRecovery, phone)
		if sms != (len(list) == 1) {
			t.Fatalf("text messages %v: %d went", sms, len(list))
		}
		if sms && (list[0].Link != "" || list[0].Report != "" || list[0].Channel != authmail.BySMS) {
			t.Errorf("the text message is %+v", list[0])
		}
	}
}

// With the factors go the wrong codes that were tried, so that others can be
// added at once, and the links of before.
func TestS32_ARecoveryEndsWhatWasBegun(t *testing.T) {
	p := openOwners(t, memstore.New())
	ada := p.owner(t, "ada")
	_, token := ada.loses(t)
	p.clock.add(auth.RecoveryWait)
	link := p.forgot(t, "ada")
	for range 10 {
		is(t, errOf(p.FinishSignIn(t.Context(), home, ada.halfOf(t, "ada"), byTOTP(ada.app.wrong()), false)), auth.ErrInvalidCode)
	}
	if err := p.RecoverFactors(t.Context(), home, ada.halfOf(t, "ada"), token); err != nil {
		t.Fatal(err)
	}
	is(t, p.Reset(t.Context(), home, link, newer), auth.ErrInvalidToken)
	p.enrol(t, p.mustSignIn(t, "ada", password).Token)
}

// With the factor of a phone goes the number that it proved, and with the links
// the change of the address that one was for.
func TestS22_APhoneGoesWithItsFactor(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, withRecovery, withCodes(t), unlimitedMail)
		p.proved(t, "ada")
		token := p.mustSignIn(t, "ada", password).Token
		if err := p.BeginPhone(t.Context(), home, p.alive(t, token), phone); err != nil {
			t.Fatal(err)
		}
		code := p.sent(t, authmail.Phone, phone)
		done, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), bySMS(code))
		if err != nil {
			t.Fatal(err)
		}
		token = done.Token
		if err := p.BeginEmailChange(t.Context(), home, p.alive(t, token), adaNew, 0); err != nil {
			t.Fatal(err)
		}
		p.clock.add(time.Minute)
		if _, err := p.BeginFactorRecovery(t.Context(), home, p.halfOf(t, "ada")); err != nil {
			t.Fatal(err)
		}
		p.clock.add(auth.RecoveryWait)
		half := p.halfOf(t, "ada")
		if half.User.Phone != phone {
			t.Fatalf("the phone is %q", half.User.Phone)
		}
		if err := p.RecoverFactors(t.Context(), home, half, p.mail.link(t, authmail.FactorRecovery, half.User.Email)); err != nil {
			t.Fatal(err)
		}
		if u, err := db.Users().User(t.Context(), half.User.ID); err != nil || u.Phone != "" || u.PendingEmail != "" {
			t.Errorf("the phone %q and the pending address %q are left, %v", u.Phone, u.PendingEmail, err)
		}
	})
}
