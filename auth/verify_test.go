package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/storage"
)

func TestVerifyByTheAccountItselfKeepsAll(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db)
		in := p.register(t, "ada")
		elsewhere := p.mustSignIn(t, "ada", password)
		factor(t, p.world, in.User.ID, "totp")
		if in.User.EmailVerified {
			t.Error("the address is proved at sign-up")
		}
		token := p.mail.link(t, authmail.Verify, "ada@example.org")
		proof, err := p.Verify(t.Context(), home, p.alive(t, elsewhere.Token), token, auth.Confirmation{})
		if err != nil {
			t.Fatal(err)
		}
		is(t, errOf(p.Verify(t.Context(), home, p.alive(t, in.Token), token, auth.Confirmation{})), auth.ErrInvalidToken)
		if u := p.alive(t, in.Token).User; !u.EmailVerified {
			t.Error("the address is not proved")
		}
		p.alive(t, proof.Token)
		p.dead(t, elsewhere.Token)
		p.mustSignIn(t, "ada", password)
		if list, err := db.Auth().Factors.Factors(t.Context(), in.User.ID); err != nil || len(list) != 1 {
			t.Errorf("%d factors (%v), want 1", len(list), err)
		}
		if countKind(p.events(t, in.User.ID), authevent.EmailVerified) != 1 || p.notices.count(authevent.EmailVerified) != 1 {
			t.Error("the proof is not told once")
		}
	})
}

func TestResendVerifySendsTheNewestOnly(t *testing.T) {
	p := openPost(t, memstore.New())
	in := p.register(t, "ada")
	id := p.alive(t, in.Token)
	first := p.mail.link(t, authmail.Verify, "ada@example.org")
	p.clock.add(time.Minute)
	if err := p.ResendVerify(t.Context(), home, id); err != nil {
		t.Fatal(err)
	}
	second := p.mail.link(t, authmail.Verify, "ada@example.org")
	is(t, errOf(p.Verify(t.Context(), home, id, first, auth.Confirmation{})), auth.ErrInvalidToken)
	p.clock.add(auth.VerifyLife)
	is(t, errOf(p.Verify(t.Context(), home, id, second, auth.Confirmation{})), auth.ErrInvalidToken)
	in = p.mustSignIn(t, "ada", password)
	id = p.alive(t, in.Token)
	if err := p.ResendVerify(t.Context(), home, id); err != nil {
		t.Fatal(err)
	}
	proof, err := p.Verify(t.Context(), home, id, p.mail.link(t, authmail.Verify, "ada@example.org"), auth.Confirmation{})
	if err != nil {
		t.Fatal(err)
	}
	sent := p.mail.count()
	if err := p.ResendVerify(t.Context(), home, p.alive(t, proof.Token)); err != nil || p.mail.count() != sent {
		t.Errorf("when it is proved: %v and %d messages", err, p.mail.count()-sent)
	}
	is(t, p.ResendVerify(t.Context(), home, auth.Identity{}), auth.ErrUnauthenticated)
}

// What was sent to an address proves no other.
func TestVerifyIsOfTheAddressItWasSentTo(t *testing.T) {
	p := openPost(t, memstore.New())
	in := p.register(t, "ada")
	id := p.alive(t, in.Token)
	token := p.mail.link(t, authmail.Verify, "ada@example.org")
	address := "new@example.org"
	if _, err := p.db.Users().Update(t.Context(), in.User.ID, patchEmail(address)); err != nil {
		t.Fatal(err)
	}
	is(t, errOf(p.Verify(t.Context(), home, id, token, auth.Confirmation{})), auth.ErrInvalidToken)
	if u := p.alive(t, in.Token).User; u.EmailVerified {
		t.Error("an address is proved that no mail went to")
	}
}

func TestS11_VerifyFirstIsTheSameWhetherTheAddressIsTaken(t *testing.T) {
	p := openPost(t, memstore.New(), unlimitedMail, func(c *auth.Config) { c.SignUp = auth.VerifyFirst })
	ada := ada
	ada.EmailVerified = true
	owner, err := p.db.Users().Create(t.Context(), ada)
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"free@example.org", "ada@example.org", "ADA@example.ORG"} {
		p.hasher.reset()
		before := p.mail.count()
		in, err := p.Register(t.Context(), home, auth.Registration{Username: "carol", Email: address, Password: password})
		if err != nil || in.Token != "" || in.User.ID != "" || in.Session.ID != "" {
			t.Errorf("%s: %+v, %v; want nothing", address, in, err)
		}
		if h, m := p.hasher.hashes.Load(), p.mail.count()-before; h != 1 || m != 1 {
			t.Errorf("%s: %d hashes and %d messages, want 1 and 1", address, h, m)
		}
	}
	told := p.mail.to(authmail.SignUpTaken, "ada@example.org")
	if len(told) != 2 || told[0].UserID != owner.ID || told[0].Name != "ada" || told[0].Link != "" {
		t.Errorf("the owner is told %+v", told)
	}
	if got := len(p.mail.to(authmail.Verify, "free@example.org")); got != 1 {
		t.Errorf("%d messages to the free address, want 1", got)
	}
	// A taken user name is told by the link alone.
	if _, err := p.Register(t.Context(), home, auth.Registration{Username: "ada", Email: "other@example.org", Password: password}); err != nil {
		t.Errorf("a taken user name: %v", err)
	}
	err = errOf(p.Verify(t.Context(), home, auth.Identity{}, p.mail.link(t, authmail.Verify, "other@example.org"), auth.Confirmation{Password: password}))
	if taken, ok := errors.AsType[*storage.TakenError](err); !ok || taken.Field != "username" {
		t.Errorf("its link: %v", err)
	}
	if _, err := p.Register(t.Context(), home, auth.Registration{Username: "d", Email: "nothing", Password: "short"}); field(err, "email") == "" || field(err, "password") == "" {
		t.Errorf("bad input: %v", err)
	}
}

// P18: the switch is asked where an account is made.
func TestSignUpModesAreKept(t *testing.T) {
	p := openPost(t, memstore.New(), func(c *auth.Config) { c.SignUp = auth.VerifyFirst })
	if _, err := p.Register(t.Context(), home, auth.Registration{Username: "ada", Email: "ada@example.org", Password: password}); err != nil {
		t.Fatal(err)
	}
	closed := openPost(t, p.db, func(c *auth.Config) { c.SignUp = auth.Closed })
	is(t, errOf(closed.Verify(t.Context(), home, auth.Identity{}, p.mail.link(t, authmail.Verify, "ada@example.org"), auth.Confirmation{Password: password})), auth.ErrInvalidToken)
	_, err := closed.Register(t.Context(), home, auth.Registration{Username: "bob", Email: "bob@example.org", Password: password})
	is(t, err, auth.ErrSignUpClosed)
	db := memstore.New()
	if _, err := auth.New(auth.Config{Users: db.Users(), Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db, Policy: auth.Policy{SignUp: auth.VerifyFirst}}); err == nil {
		t.Error("verify-first without a courier is taken")
	}
}
