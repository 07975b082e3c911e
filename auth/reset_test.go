package auth_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
)

func TestS36_ResetSetsThePasswordOnceAndEndsWhatWas(t *testing.T) {
	p := openPost(t, memstore.New())
	id := p.proved(t, "ada")
	first := p.mustSignIn(t, "ada", password)
	factor(t, p.world, id.User.ID, "totp")
	if err := p.BeginEmailChange(t.Context(), home, p.alive(t, first.Token), "new@example.org", 0); err != nil {
		t.Fatal(err)
	}
	change := p.mail.link(t, authmail.EmailChange, "new@example.org")
	old := p.forgot(t, "ada")
	p.clock.add(time.Minute)
	token := p.forgot(t, "ada")

	is(t, p.Reset(t.Context(), home, old, newer), auth.ErrInvalidToken) // the newest only
	if err := p.Reset(t.Context(), home, token, newer); err != nil {
		t.Fatalf("Reset: %v", err)
	}
	is(t, p.Reset(t.Context(), home, token, newer+"!"), auth.ErrInvalidToken)
	p.dead(t, first.Token)
	is(t, p.ConfirmEmailChange(t.Context(), home, change), auth.ErrInvalidToken)
	if _, err := p.signIn(t, "ada", password); !errors.Is(err, auth.ErrInvalidCredentials) {
		t.Errorf("the old password: %v", err)
	}
	p.mustSignIn(t, "ada", newer)

	u, err := p.db.Users().User(t.Context(), id.User.ID)
	if err != nil || u.PendingEmail != "" || u.Email != "ada@example.org" {
		t.Errorf("the user is %+v (%v)", u, err)
	}
	if list, err := p.db.Auth().Factors.Factors(t.Context(), u.ID); err != nil || len(list) != 1 {
		t.Errorf("S20 the account has %d factors (%v), want the one it had", len(list), err)
	}
	if p.notices.count(authevent.PasswordReset) != 1 || countKind(p.events(t, u.ID), authevent.PasswordReset) != 1 {
		t.Error("the reset is not told once, to the owner and to the history")
	}
}

func countKind(events []activity.Event, kind activity.Kind) (n int) {
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// factor gives the user a confirmed factor.
func factor(t testing.TB, w *world, userID, kind string) {
	t.Helper()
	err := w.db.Auth().Factors.AddFactor(t.Context(), authstore.FactorRecord{
		ID: userID + kind + w.clock.now().Format("150405.000"), UserID: userID, Kind: kind, CreatedAt: w.clock.now(),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestS36_ALinkToResetLivesAnHourAndOpensNothingElse(t *testing.T) {
	p := openPost(t, memstore.New())
	p.proved(t, "ada")
	token := p.forgot(t, "ada")
	for name, try := range map[string]func() error{
		"verify": func() error {
			return errOf(p.Verify(t.Context(), home, auth.Identity{}, token, auth.Confirmation{Password: password}))
		},
		"confirm": func() error { return p.ConfirmEmailChange(t.Context(), home, token) },
		"undo":    func() error { return p.UndoEmailChange(t.Context(), home, token) },
		"report":  func() error { return p.Report(t.Context(), home, token) },
		"cut":     func() error { return p.Reset(t.Context(), home, token[:42], newer) },
		"longer":  func() error { return p.Reset(t.Context(), home, token+"A", newer) },
		"spaced":  func() error { return p.Reset(t.Context(), home, token+" ", newer) },
		"none":    func() error { return p.Reset(t.Context(), home, "", newer) },
		"another": func() error { return p.Reset(t.Context(), home, strings.Repeat("A", 43), newer) },
	} {
		t.Run("S23 "+name, func(t *testing.T) { is(t, try(), auth.ErrInvalidToken) })
	}
	p.clock.add(auth.ResetLife)
	is(t, p.Reset(t.Context(), home, token, newer), auth.ErrInvalidToken)
	if auth.ResetLife > time.Hour {
		t.Errorf("a link lives %v, want an hour at most", auth.ResetLife)
	}
	token = p.forgot(t, "ada")
	p.clock.add(auth.ResetLife - time.Microsecond)
	if err := p.Reset(t.Context(), home, token, newer); err != nil {
		t.Errorf("just before its end: %v", err)
	}
}

func TestS36_ARefusedPasswordLeavesTheLink(t *testing.T) {
	p := openPost(t, memstore.New(), func(c *auth.Config) { c.MinPassword = 8 })
	p.proved(t, "ada.lovelace")
	token := p.forgot(t, "ada.lovelace")
	p.hasher.reset()
	for name, weak := range map[string]string{
		"short": "shorter", "empty": "", "a NUL": "a long enough\x00 password", "common": "1234567890", "of the name": "ada.lovelace123",
	} {
		if err := p.Reset(t.Context(), home, token, weak); field(err, "password") == "" {
			t.Errorf("%s: %v, want a refusal of the password", name, err)
		}
	}
	if n := p.hasher.hashes.Load(); n != 0 {
		t.Errorf("%d passwords were hashed", n)
	}
	if err := p.Reset(t.Context(), home, token, newer); err != nil {
		t.Errorf("then a good one: %v", err)
	}
}

// R15: one that was taken is used up, whatever comes after.
func TestR15_ATokenIsDeadAlsoWhenItsTakerFails(t *testing.T) {
	p := openPost(t, memstore.New())
	p.proved(t, "ada")
	token := p.forgot(t, "ada")
	second := openPost(t, p.db, func(c *auth.Config) {
		c.Stores = withSessions(p.db.Auth(), noEnd{p.db.Auth().Sessions})
	})
	if err := second.Reset(t.Context(), home, token, newer); !errors.Is(err, errDown) {
		t.Fatalf("Reset with a store that is down: %v", err)
	}
	is(t, p.Reset(t.Context(), home, token, newer), auth.ErrInvalidToken)
	p.mustSignIn(t, "ada", password)
}

func TestS11_ForgotIsTheSameWhetherThereIsAnAccount(t *testing.T) {
	p := openPost(t, memstore.New(), unlimitedMail)
	p.proved(t, "ada")
	off := p.proved(t, "off")
	p.disable(t, off.User.ID, true)
	p.mail.clear()
	for _, address := range []string{"ada@example.org", "nobody@example.org", "off@example.org", "ADA@EXAMPLE.org"} {
		before := p.mail.count()
		if err := p.Forgot(t.Context(), home, address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if n := p.mail.count() - before; n != 1 {
			t.Errorf("%s: the courier was asked %d times, want once", address, n)
		}
	}
	if got := len(p.mail.to(authmail.Reset, "ada@example.org")); got != 2 {
		t.Errorf("%d messages to the account, want 2", got)
	}
	if got := len(p.mail.to(authmail.Reset, "")); got != 2 {
		t.Errorf("%d messages to nobody, want 2", got)
	}
	for _, m := range p.mail.to(authmail.Reset, "") {
		if m.UserID != "" || m.Name != "" || m.ExpiresAt.After(m.At) {
			t.Errorf("a message to nobody tells of somebody, or can be sent: %+v", m)
		}
		is(t, p.Reset(t.Context(), home, tokenIn(t, m.Link), newer), auth.ErrInvalidToken)
	}
	if err := p.Forgot(t.Context(), home, "no address"); field(err, "email") == "" {
		t.Errorf("no address: %v", err)
	}
	is(t, open(t).Forgot(t.Context(), home, "ada@example.org"), auth.ErrNoCourier)
}

// P42, Django's CVE-2019-19844: what was typed is never written to.
func TestS38P42_MailGoesToTheStoredAddress(t *testing.T) {
	p := openPost(t, memstore.New(), unlimitedMail)
	p.proved(t, "ada")
	p.mail.clear()
	for _, typed := range []string{"ADA@EXAMPLE.ORG", "Ada@example.org", "ada@EXAMPLE.org"} {
		if err := p.Forgot(t.Context(), home, typed); err != nil {
			t.Fatalf("%s: %v", typed, err)
		}
	}
	for _, typed := range []string{"ada@example.org,eve@evil.example", "ada@example.org\r\nBcc: eve@evil.example", "\u0430da@example.org", "ada@example.org "} {
		_ = p.Forgot(t.Context(), home, typed)
	}
	for _, m := range p.mail.all {
		if m.To != "ada@example.org" && m.To != "" {
			t.Errorf("a message to %q", m.To)
		}
	}
	if got := len(p.mail.to(authmail.Reset, "ada@example.org")); got != 3 {
		t.Errorf("%d messages, want 3", got)
	}
}

func TestS69_WithoutItsCourierNothingIsBegun(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail)
		id := p.proved(t, "ada")
		keep := p.forgot(t, "ada")
		p.mail.fail = errDown
		is(t, p.Forgot(t.Context(), home, "ada@example.org"), errDown)
		is(t, p.Forgot(t.Context(), home, "nobody@example.org"), errDown)
		is(t, p.BeginEmailChange(t.Context(), home, id, "new@example.org", 0), errDown)
		p.mail.fail = nil
		if u, err := db.Users().User(t.Context(), id.User.ID); err != nil || u.PendingEmail != "" {
			t.Errorf("the user is %+v (%v)", u, err)
		}
		if err := p.Reset(t.Context(), home, keep, newer); err != nil {
			t.Errorf("the link from before: %v", err)
		}
	})
}

func TestS37_LinksAreTheHosts(t *testing.T) {
	for _, bad := range []string{"", "/reset#{token}", "https://example.org/reset", "https://example.org/{token}/{token}", "https://example.org/ {token}", "{token}"} {
		_, err := auth.New(auth.Config{
			Users: memstore.New().Users(), Stores: memstore.New().Auth(), LimitStore: memstore.New().Limits(), Activity: memstore.New().Activity(), Tx: memstore.New(),
			Policy: auth.Policy{Courier: &mailbox{}, Links: func() authmail.Links { l := authmail.DefaultLinks("https://example.org"); l.EmailUndo = bad; return l }()},
		})
		if err == nil {
			t.Errorf("a link %q is taken", bad)
		}
	}
}

func TestS66_NothingOfALinkIsInRecordsOrEvents(t *testing.T) {
	p := openPost(t, memstore.New(), unlimitedMail)
	id := p.proved(t, "ada")
	if err := p.BeginEmailChange(t.Context(), home, id, "new@example.org", 0); err != nil {
		t.Fatal(err)
	}
	p.forgot(t, "ada")
	var kept strings.Builder
	for _, e := range p.events(t, id.User.ID) {
		fmt.Fprintf(&kept, "%+v\n", e)
	}
	kept.WriteString(p.log.String())
	for _, m := range p.mail.all {
		for _, secret := range []string{m.Link, m.Report} {
			if secret != "" && strings.Contains(kept.String(), tokenIn(t, secret)) {
				t.Errorf("the token of a message %s is kept", m.Kind)
			}
		}
	}
	for _, private := range []string{"ada@example.org", "new@example.org", password} {
		if strings.Contains(kept.String(), private) {
			t.Errorf("%q is kept", private)
		}
	}
}
