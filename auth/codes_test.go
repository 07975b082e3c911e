package auth_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings/input"
)

const phone = "+41791234567"

func withCodes(t testing.TB, channels ...authmail.Channel) func(*auth.Config) {
	t.Helper()
	ring, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	if channels == nil {
		channels = []authmail.Channel{authmail.BySMS, authmail.ByEmail}
	}
	return func(c *auth.Config) { c.Codes = auth.Codes{Channels: channels, Keys: ring, Alone: true} }
}

// sent is the code in the newest message of the kind to the address.
func (p *post) sent(t testing.TB, kind authmail.Kind, to string) string {
	t.Helper()
	code := p.mail.last(t, kind, to).Code
	if len(code) != 6 || strings.Trim(code, "0123456789") != "" {
		t.Fatalf("the code is %q", code)
	}
	return code
}

// withPhone makes an account with a phone, and returns its token and recovery
// codes.
func (p *post) withPhone(t testing.TB, name string) (token string, codes []string) {
	t.Helper()
	id := p.proved(t, name)
	if err := p.BeginPhone(t.Context(), home, id, phone); err != nil {
		t.Fatalf("BeginPhone: %v", err)
	}
	out, err := p.ConfirmFactor(t.Context(), home, id, auth.Answer{Method: "sms", Code: p.sent(t, authmail.Phone, phone)})
	if err != nil {
		t.Fatalf("ConfirmCode: %v", err)
	}
	return out.Token, out.RecoveryCodes
}

// halfOf signs in by password, which is half.
func (p *post) halfOf(t testing.TB, name string) auth.HalfIdentity {
	t.Helper()
	in := p.mustSignIn(t, name, password)
	if in.Status != auth.SecondFactorRequired {
		t.Fatalf("the sign-in is %s", in.Status)
	}
	half, err := p.AuthenticateHalf(t.Context(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	return half
}

func bySMS(code string) auth.Answer { return auth.Answer{Method: "sms", Code: code} }

func TestS18_AProvedPhoneIsASecondFactor(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, withCodes(t))
		token, codes := p.withPhone(t, "ada")
		if len(codes) == 0 {
			t.Error("there are no recovery codes")
		}
		id := p.alive(t, token)
		if id.User.Phone != phone {
			t.Errorf("the profile's phone is %q", id.User.Phone)
		}
		list, err := p.Factors(t.Context(), id)
		if err != nil || len(list) != 1 || list[0].Kind != "sms" || strings.Contains(list[0].Name, "4123") || list[0].Data != nil {
			t.Errorf("factors %+v, %v", list, err)
		}
		in := p.mustSignIn(t, "ada", password)
		if !slices.Contains(in.Methods, "sms") || slices.Contains(in.Methods, "email") {
			t.Errorf("methods %v", in.Methods)
		}
		half := p.halfOf(t, "ada")
		if err := p.SendCode(t.Context(), home, half, "sms"); err != nil {
			t.Fatal(err)
		}
		full, err := p.FinishSignIn(t.Context(), home, half, bySMS(p.sent(t, authmail.Code, phone)), false)
		if err != nil || full.Status != auth.Complete {
			t.Fatalf("by code: %v", err)
		}
		p.clock.add(time.Hour)
		id = p.alive(t, full.Token)
		if err := p.SendCode(t.Context(), home, id, "sms"); err != nil {
			t.Fatal(err)
		}
		proof, err := p.ReauthenticateWith(t.Context(), home, id, bySMS(p.sent(t, authmail.Code, phone)))
		token = proof.Token
		if err != nil || !p.Fresh(p.alive(t, token)) {
			t.Fatalf("proof: %v", err)
		}
		// Another number takes its place; without a factor there is no phone.
		const other = "+14155550123"
		if err := p.BeginPhone(t.Context(), home, p.alive(t, token), other); err != nil {
			t.Fatal(err)
		}
		if got := p.alive(t, token).User.Phone; got != phone {
			t.Errorf("before the proof the phone is %q", got)
		}
		out, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), bySMS(p.sent(t, authmail.Phone, other)))
		if err != nil || out.RecoveryCodes != nil {
			t.Fatalf("another number: %v, codes %v", err, out.RecoveryCodes)
		}
		id = p.alive(t, out.Token)
		if list, err = p.Factors(t.Context(), id); err != nil || len(list) != 1 || id.User.Phone != other {
			t.Errorf("%d factors, phone %q, %v", len(list), id.User.Phone, err)
		}
		if err := p.RemoveFactor(t.Context(), home, id, list[0].ID); err != nil {
			t.Fatal(err)
		}
		if got := p.alive(t, out.Token).User.Phone; got != "" {
			t.Errorf("after the removal the phone is %q", got)
		}
	})
}

// A code is of its session, method, user and purpose, works once, for ten
// minutes, and only while it is the newest.
func TestS14_CodesAreBound(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, withCodes(t), limitsOff)
		token, _ := p.withPhone(t, "ada")
		eve, _ := p.withPhone(t, "eve")
		refused := func(what string, half auth.HalfIdentity, a auth.Answer) {
			t.Helper()
			if _, err := p.FinishSignIn(t.Context(), home, half, a, false); !errors.Is(err, auth.ErrInvalidCode) {
				t.Errorf("%s: %v", what, err)
			}
		}
		send := func(half auth.HalfIdentity) string {
			t.Helper()
			if err := p.SendCode(t.Context(), home, half, "sms"); err != nil {
				t.Fatal(err)
			}
			return p.sent(t, authmail.Code, phone)
		}
		half, second := p.halfOf(t, "ada"), p.halfOf(t, "ada")
		code := send(half)
		refused("another session's", second, bySMS(code))
		refused("another method's", half, auth.Answer{Method: "email", Code: code})
		refused("eve's account", p.halfOf(t, "eve"), bySMS(code))
		if _, err := p.ReauthenticateWith(t.Context(), home, p.alive(t, token), bySMS(code)); !errors.Is(err, auth.ErrInvalidCode) {
			t.Errorf("as a proof: %v", err)
		}
		if _, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), bySMS(code)); !errors.Is(err, auth.ErrNoFactor) {
			t.Errorf("as the proof of a number: %v", err)
		}
		for _, bad := range []string{"", code[:5], code + "0", "+" + code[1:], "１２３４５６", "abcdef"} {
			refused("no code: "+bad, half, bySMS(bad))
		}
		newer := send(half)
		if newer != code {
			refused("an earlier one", half, bySMS(code))
		}
		p.clock.add(auth.CodeLife)
		refused("after ten minutes", p.halfOf(t, "ada"), bySMS(newer))
		half = p.halfOf(t, "ada")
		code = send(half)
		if _, err := p.FinishSignIn(t.Context(), home, half, bySMS(code[:3]+" "+code[3:]), false); err != nil {
			t.Fatalf("with a space for people: %v", err)
		}
		refused("used", p.halfOf(t, "ada"), bySMS(code))

		// A number is proved in the session that asked.
		if err := p.BeginPhone(t.Context(), home, p.alive(t, eve), "+14155550199"); err != nil {
			t.Fatal(err)
		}
		proof := p.sent(t, authmail.Phone, "+14155550199")
		if _, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), bySMS(proof)); !errors.Is(err, auth.ErrNoFactor) {
			t.Errorf("eve's proof in ada's session: %v", err)
		}
	})
}

// R15: a hundred at once with one right code, on two nodes.
func TestR15_OneCodeOpensOneSession(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		codes := withCodes(t)
		p := openPost(t, db, codes, limitsOff)
		other := openPost(t, db, codes, limitsOff)
		p.withPhone(t, "ada")
		half := p.halfOf(t, "ada")
		if err := p.SendCode(t.Context(), home, half, "sms"); err != nil {
			t.Fatal(err)
		}
		code := p.sent(t, authmail.Code, phone)
		var all sync.WaitGroup
		errs := make(chan error, 100)
		for i := range 100 {
			all.Go(func() {
				_, err := []*post{p, other}[i%2].FinishSignIn(t.Context(), home, half, bySMS(code), false)
				errs <- err
			})
		}
		all.Wait()
		close(errs)
		won := 0
		for err := range errs {
			switch {
			case err == nil:
				won++
			case !errors.Is(err, auth.ErrInvalidCode) && !errors.Is(err, auth.ErrUnauthenticated):
				t.Errorf("a loser got %v", err)
			}
		}
		if won != 1 {
			t.Errorf("%d of 100 opened a session, want 1", won)
		}
	})
}

func TestS57_CodesAreLimited(t *testing.T) {
	p := openPost(t, memstore.New(), withCodes(t))
	p.withPhone(t, "ada")
	half := p.halfOf(t, "ada")
	for range 4 { // one went to prove the number
		if err := p.SendCode(t.Context(), home, half, "sms"); err != nil {
			t.Fatal(err)
		}
	}
	limited(t, p.SendCode(t.Context(), home, half, "sms"))
	before, wrong := p.mail.count(), "000000"
	if p.sent(t, authmail.Code, phone) == wrong {
		wrong = "000001"
	}
	for range 10 { // the code is dead after half of them, which nobody is told
		if _, err := p.FinishSignIn(t.Context(), home, half, bySMS(wrong), false); !errors.Is(err, auth.ErrInvalidCode) {
			t.Errorf("a guess: %v", err)
		}
	}
	_, err := p.FinishSignIn(t.Context(), home, half, bySMS(p.sent(t, authmail.Code, phone)), false)
	limited(t, err)
	if p.mail.count() != before {
		t.Error("guesses send messages")
	}
}

func TestS66_NumbersAreSealed(t *testing.T) {
	p := openPost(t, memstore.New(), withCodes(t))
	token, _ := p.withPhone(t, "ada")
	id := p.alive(t, token)
	records, err := p.db.Auth().Factors.Factors(t.Context(), id.User.ID)
	if err != nil || len(records) != 1 || strings.Contains(string(records[0].Data), "1234567") {
		t.Errorf("%q, %v", records[0].Data, err)
	}
	code := p.sent(t, authmail.Phone, phone)
	for _, e := range p.events(t, id.User.ID) {
		for _, v := range e.Detail {
			if strings.Contains(v, "1234567") || v == code {
				t.Errorf("%s tells %q", e.Kind, v)
			}
		}
	}
	if log := p.log.String(); strings.Contains(log, "1234567") || strings.Contains(log, code) {
		t.Error("the log tells the number or the code")
	}
}

func TestCodesByEmail(t *testing.T) {
	p := openPost(t, memstore.New(), withCodes(t), unlimitedMail)
	in := p.register(t, "bob")
	if err := p.BeginEmailCodes(t.Context(), home, p.alive(t, in.Token)); field(err, "email") == "" {
		t.Errorf("an address that was not proved: %v", err)
	}
	id := p.proved(t, "ada")
	if err := p.BeginEmailCodes(t.Context(), home, id); err != nil {
		t.Fatal(err)
	}
	if _, err := p.ConfirmFactor(t.Context(), home, id, auth.Answer{Method: "email", Code: p.sent(t, authmail.Phone, "ada@example.org")}); err != nil {
		t.Fatal(err)
	}
	half := p.halfOf(t, "ada")
	if err := p.SendCode(t.Context(), home, half, "email"); err != nil {
		t.Fatal(err)
	}
	if err := p.SendCode(t.Context(), home, half, "sms"); !errors.Is(err, auth.ErrNoFactor) {
		t.Errorf("without a phone: %v", err)
	}
	if _, err := p.FinishSignIn(t.Context(), home, half, auth.Answer{Method: "email", Code: p.sent(t, authmail.Code, "ada@example.org")}, false); err != nil {
		t.Errorf("by e-mail: %v", err)
	}
}

func TestPhonesThatAreNone(t *testing.T) {
	p := openPost(t, memstore.New(), withCodes(t, authmail.BySMS))
	id := p.proved(t, "ada")
	for _, bad := range []string{"", "0791234567", "+0791234567", "+41 79 123 45 67", "+4179123456789012", "+41", "+4179123456a", "+41791234567\n"} {
		if err := p.BeginPhone(t.Context(), home, id, bad); field(err, "phone") == "" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	unproved := p.alive(t, p.register(t, "bea").Token)
	for what, err := range map[string]error{"codes": p.BeginEmailCodes(t.Context(), home, unproved), "a phone": p.BeginPhone(t.Context(), home, unproved, phone)} {
		if field(err, "email") != string(input.Unconfirmed) {
			t.Errorf("%s before the address is proved: %v", what, err)
		}
	}
	for name, c := range map[string]auth.Codes{"no keys": {Channels: []authmail.Channel{authmail.BySMS}}, "an unknown channel": {Channels: []authmail.Channel{"fax"}}} {
		cfg := auth.Config{Users: p.db.Users(), Stores: p.db.Auth(), LimitStore: p.db.Limits(), Activity: p.db.Activity(), Tx: p.db, Policy: auth.Policy{Codes: c, Courier: p.mail, Links: authmail.DefaultLinks("https://example.org")}}
		if _, err := auth.New(cfg); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// T06: undoing a change leaves the factors and the phone, whenever they were added: whoever
// added them showed two proofs.
func TestT06_UndoKeepsFactors(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		totp, _ := withTOTP(t)
		p := openPost(t, db, withCodes(t, authmail.BySMS), totp, unlimitedMail)
		for name, confirmed := range map[string]bool{"ada": false, "bea": true} {
			in := p.member(t, name)
			p.clock.add(time.Second)
			is(t, p.BeginEmailChange(t.Context(), home, p.alive(t, in.Token), name+"@example.com", 0), nil)
			undo := p.mail.link(t, authmail.EmailChanging, name+"@example.org")
			if confirmed {
				is(t, p.ConfirmEmailChange(t.Context(), home, p.mail.link(t, authmail.EmailChange, name+"@example.com")), nil)
				p.reads(t, in.Session)
			}
			p.clock.add(time.Minute)
			_, codes, token := p.enrol(t, in.Token)
			is(t, p.BeginPhone(t.Context(), home, p.alive(t, token), phone), nil)
			_, err := p.ConfirmFactor(t.Context(), home, p.alive(t, token), bySMS(p.sent(t, authmail.Phone, phone)))
			is(t, err, nil)
			is(t, p.UndoEmailChange(t.Context(), home, undo), nil)
			u, err := p.db.Users().User(t.Context(), in.User.ID)
			if err != nil || u.Phone != phone || u.Email != name+"@example.org" || u.PendingEmail != "" {
				t.Errorf("%s: phone %q, address %q, pending %q, %v", name, u.Phone, u.Email, u.PendingEmail, err)
			}
			list, err := p.db.Auth().Factors.Factors(t.Context(), in.User.ID)
			left, err2 := p.db.Auth().Tickets.Tickets(t.Context(), in.User.ID, auth.ForRecoveryCode, p.clock.now())
			if err != nil || err2 != nil || len(list) != 2 || len(left) != len(codes) || len(codes) == 0 {
				t.Errorf("%s: %d factors and %d of %d recovery codes (%v, %v)", name, len(list), len(left), len(codes), err, err2)
			}
			_, err = p.signIn(t, name, password)
			is(t, err, auth.ErrPasswordResetRequired)
		}
	})
}

// A code that was sent before the keys were rotated works after it, on a node that
// signs by the new key, and no longer once the old key is gone.
func TestR41_SentCodesOutliveARotation(t *testing.T) {
	old, fresh := keyring.Generate(), keyring.Generate()
	ring := func(keys ...keyring.Key) func(*auth.Config) {
		r, err := keyring.New(keys...)
		if err != nil {
			t.Fatal(err)
		}
		return func(c *auth.Config) {
			c.Codes = auth.Codes{Channels: []authmail.Channel{authmail.BySMS}, Keys: r, Alone: true}
		}
	}
	db := memstore.New()
	before := openPost(t, db, ring(old), unlimitedMail, limitsOff)
	same := func(c *auth.Config) { c.Now = before.clock.now }
	rotated := openPost(t, db, ring(fresh, old), same, limitsOff)
	dropped := openPost(t, db, ring(fresh), same, limitsOff)
	before.withPhone(t, "ada")
	for name, c := range map[string]struct {
		node *post
		want error
	}{"rotated": {rotated, nil}, "dropped": {dropped, auth.ErrInvalidCode}} {
		half := before.halfOf(t, "ada")
		is(t, before.SendCode(t.Context(), home, half, "sms"), nil)
		answer := auth.Answer{Method: "sms", Code: before.sent(t, authmail.Code, phone)}
		_, err := c.node.FinishSignIn(t.Context(), home, half, answer, false)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
