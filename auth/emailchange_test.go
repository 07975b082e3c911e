package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

const (
	adaOld = "ada@example.org"
	adaNew = "ada@example.com"
	adaTwo = "ada@example.net"
)

// change is a post with the account ada, and what the edges of the table in
// docs/account-states.md need.
type change struct {
	*post
	id    auth.Identity // of the session that began
	token string
}

func openChange(t testing.TB, db database, more ...func(*auth.Config)) *change {
	t.Helper()
	c := &change{post: openPost(t, db, append(more, unlimitedMail)...)}
	c.proved(t, "ada")
	c.token = c.mustSignIn(t, "ada", password).Token
	c.id = c.alive(t, c.token)
	return c
}

func (c *change) begin(t testing.TB, address string) (confirm, undo string) {
	t.Helper()
	c.clock.add(time.Second)
	if err := c.BeginEmailChange(t.Context(), home, c.id, address, 0); err != nil {
		t.Fatalf("BeginEmailChange: %v", err)
	}
	c.user(t, func(u profile.User) bool { return u.PendingEmail == address }, "the new address is pending")
	return c.mail.link(t, authmail.EmailChange, address), c.mail.link(t, authmail.EmailChanging, c.now(t).Email)
}

func (c *change) now(t testing.TB) profile.User {
	t.Helper()
	u, err := c.db.Users().User(t.Context(), c.id.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (c *change) user(t testing.TB, ok func(profile.User) bool, want string) {
	t.Helper()
	if u := c.now(t); !ok(u) {
		t.Errorf("the account has %q, pending %q, proved %v, disabled %v; want that %s", u.Email, u.PendingEmail, u.EmailVerified, u.Disabled, want)
	}
}

func (c *change) settled(t testing.TB, address string) {
	t.Helper()
	c.user(t, func(u profile.User) bool {
		return u.Email == address && u.PendingEmail == "" && u.EmailVerified && !u.Disabled
	},
		"it is settled at "+address)
}

func (c *change) confirm(t testing.TB, token string) error {
	return c.ConfirmEmailChange(t.Context(), home, token)
}

func (c *change) undo(t testing.TB, token string) error {
	return c.UndoEmailChange(t.Context(), home, token)
}

func (c *change) mustReset(t testing.TB) {
	t.Helper()
	if _, err := c.signIn(t, "ada", password); !errors.Is(err, auth.ErrPasswordResetRequired) {
		t.Errorf("SignIn = %v, want that the password must be reset", err)
	}
}

// TestS39_EmailChange has a case for each row of the table in
// docs/account-states.md.
func TestS39_EmailChange(t *testing.T) {
	for name, edge := range map[string]func(t *testing.T, c *change){
		"settled, begin, fresh": func(t *testing.T, c *change) {
			confirm, undo := c.begin(t, adaNew)
			c.user(t, func(u profile.User) bool { return u.Email == adaOld && u.EmailVerified }, "the old address stays")
			c.mustSignIn(t, adaOld, password)
			if confirm == undo || len(c.mail.to(authmail.EmailChange, adaOld)) != 0 {
				t.Error("the old address can confirm")
			}
			is(t, c.undo(t, confirm), auth.ErrInvalidToken)
			is(t, c.confirm(t, undo), auth.ErrInvalidToken)
			if countKind(c.events(t, c.id.User.ID), authevent.EmailChangeRequested) != 1 {
				t.Error("it is not in the history once")
			}
		},
		"settled, begin, not fresh": func(t *testing.T, c *change) {
			c.clock.add(profile.FreshFor + time.Second)
			before := c.mail.count()
			is(t, c.BeginEmailChange(t.Context(), home, c.alive(t, c.token), adaNew, 0), profile.ErrNotFresh)
			c.settled(t, adaOld)
			if c.mail.count() != before {
				t.Error("a message was sent")
			}
		},
		"settled, begin, to the present address": func(t *testing.T, c *change) {
			before := c.mail.count()
			if err := c.BeginEmailChange(t.Context(), home, c.id, adaOld, 0); err != nil || c.mail.count() != before {
				t.Errorf("%v and %d messages", err, c.mail.count()-before)
			}
			c.settled(t, adaOld)
		},
		"settled, begin, another spelling of the present address": func(t *testing.T, c *change) {
			confirm, _ := c.begin(t, "ADA@example.org")
			if err := c.confirm(t, confirm); err != nil {
				t.Fatal(err)
			}
			c.settled(t, "ADA@example.org")
		},
		"settled, begin, to an account's address": func(t *testing.T, c *change) {
			bob := c.proved(t, "bob")
			before := c.mail.count()
			if err := c.BeginEmailChange(t.Context(), home, c.id, "BOB@example.org", 0); err != nil {
				t.Fatal(err)
			}
			c.user(t, func(u profile.User) bool { return u.PendingEmail == "BOB@example.org" }, "it looks begun")
			told := c.mail.last(t, authmail.SignUpTaken, "bob@example.org")
			if c.mail.count()-before != 2 || told.Link != "" || told.UserID != bob.User.ID {
				t.Errorf("%d messages, to the owner %+v", c.mail.count()-before, told)
			}
		},
		"begun, begin a third": func(t *testing.T, c *change) {
			first, undo := c.begin(t, adaNew)
			second, _ := c.begin(t, adaTwo)
			is(t, c.confirm(t, first), auth.ErrInvalidToken)
			if err := c.confirm(t, second); err != nil {
				t.Fatal(err)
			}
			c.settled(t, adaTwo)
			if err := c.undo(t, undo); err != nil {
				t.Errorf("the undo of the first: %v", err)
			}
			c.settled(t, adaOld)
		},
		"begun, confirm": func(t *testing.T, c *change) {
			elsewhere := c.mustSignIn(t, "ada", password)
			reset := c.forgot(t, "ada")
			confirm, _ := c.begin(t, adaNew)
			if err := c.confirm(t, confirm); err != nil {
				t.Fatal(err)
			}
			is(t, c.confirm(t, confirm), auth.ErrInvalidToken)
			c.settled(t, adaNew)
			c.dead(t, elsewhere.Token)
			c.alive(t, c.token)
			is(t, c.Reset(t.Context(), home, reset, newer), auth.ErrInvalidToken)
			c.mustSignIn(t, adaNew, password)
			_, err := c.signIn(t, adaOld, password)
			is(t, err, auth.ErrInvalidCredentials)
			if countKind(c.events(t, c.id.User.ID), authevent.EmailChanged) != 1 || c.notices.count(authevent.EmailChanged) != 1 {
				t.Error("it is not told once")
			}
		},
		"begun, confirm, address taken": func(t *testing.T, c *change) {
			confirm, _ := c.begin(t, adaNew)
			if _, err := c.db.Users().Create(t.Context(), profile.User{Username: "eve", Email: "ADA@example.com"}); err != nil {
				t.Fatal(err)
			}
			is(t, c.confirm(t, confirm), storage.ErrTaken)
			c.settled(t, adaOld)
			c.alive(t, c.token)
		},
		"begun, its life passes": func(t *testing.T, c *change) {
			confirm, _ := c.begin(t, adaNew)
			c.clock.add(auth.EmailChangeLife)
			is(t, c.confirm(t, confirm), auth.ErrInvalidToken)
			c.token = c.mustSignIn(t, "ada", password).Token
			c.id = c.alive(t, c.token)
			confirm, _ = c.begin(t, adaTwo)
			c.clock.add(auth.EmailChangeLife - time.Microsecond)
			if err := c.confirm(t, confirm); err != nil {
				t.Errorf("just before its end: %v", err)
			}
		},
		"begun, reset": func(t *testing.T, c *change) {
			confirm, _ := c.begin(t, adaNew)
			if err := c.Reset(t.Context(), home, c.forgot(t, "ada"), newer); err != nil {
				t.Fatal(err)
			}
			c.settled(t, adaOld)
			is(t, c.confirm(t, confirm), auth.ErrInvalidToken)
		},
		"begun, report": func(t *testing.T, c *change) {
			confirm, _ := c.begin(t, adaNew)
			link, err := c.ReportLink(t.Context(), c.id.User.ID, c.id.User.Email)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Report(t.Context(), home, tokenIn(t, link)); err != nil {
				t.Fatal(err)
			}
			c.settled(t, adaOld)
			is(t, c.confirm(t, confirm), auth.ErrInvalidToken)
		},
		"begun, undo": func(t *testing.T, c *change) {
			confirm, undo := c.begin(t, adaNew)
			if err := c.undo(t, undo); err != nil {
				t.Fatal(err)
			}
			c.settled(t, adaOld)
			c.dead(t, c.token)
			is(t, c.confirm(t, confirm), auth.ErrInvalidToken)
			c.mustReset(t)
		},
		"changed, begin: the first undo stays": func(t *testing.T, c *change) {
			confirm, undo := c.begin(t, adaNew)
			is(t, c.confirm(t, confirm), nil)
			c.reads(t, c.id.Session)
			second, thiefs := c.begin(t, adaTwo)
			is(t, c.confirm(t, second), nil)
			c.settled(t, adaTwo)
			if err := c.undo(t, undo); err != nil {
				t.Fatal(err)
			}
			c.settled(t, adaOld)
			is(t, c.undo(t, thiefs), auth.ErrInvalidToken)
		},
		"changed, undo of the later: the first undo stays": func(t *testing.T, c *change) {
			confirm, undo := c.begin(t, adaNew)
			is(t, c.confirm(t, confirm), nil)
			c.reads(t, c.id.Session)
			second, thiefs := c.begin(t, adaTwo)
			is(t, c.confirm(t, second), nil)
			is(t, c.undo(t, thiefs), nil)
			c.settled(t, adaNew)
			is(t, c.undo(t, undo), nil)
			c.settled(t, adaOld)
		},
		"changed, undo": func(t *testing.T, c *change) {
			factor(t, c.world, c.id.User.ID, "totp")
			confirm, undo := c.begin(t, adaNew)
			is(t, c.confirm(t, confirm), nil)
			c.clock.add(time.Second)
			factor(t, c.world, c.id.User.ID, "passkey") // with two proofs, as all factors
			planted := authstore.Ticket{Hash: [32]byte{1}, Purpose: auth.ForRecoveryCode, CreatedAt: c.clock.now()}
			is(t, c.db.Auth().Tickets.AddTickets(t.Context(), c.id.User.ID, auth.ForRecoveryCode, []authstore.Ticket{planted}), nil)
			if err := c.Reset(t.Context(), home, c.forgotAt(t, adaNew), newer); err != nil {
				t.Fatal(err)
			}
			thief := c.mustSignIn(t, adaNew, newer)
			is(t, c.undo(t, undo), nil)
			c.settled(t, adaOld)
			c.dead(t, thief.Token)
			_, err := c.signIn(t, "ada", newer)
			is(t, err, auth.ErrPasswordResetRequired)
			list, err := c.db.Auth().Factors.Factors(t.Context(), c.id.User.ID)
			if err != nil || len(list) != 2 {
				t.Errorf("the factors are %v (%v), want both", list, err)
			}
			_, err = c.db.Auth().Tickets.Ticket(t.Context(), auth.ForRecoveryCode, planted.Hash, c.clock.now())
			is(t, err, nil)
			if err := c.Reset(t.Context(), home, c.forgot(t, "ada"), "a fourth and last password"); err != nil {
				t.Fatal(err)
			}
			if countKind(c.events(t, c.id.User.ID), authevent.EmailChangeUndone) != 1 {
				t.Error("it is not in the history once")
			}
		},
		"changed, undo, old address taken": func(t *testing.T, c *change) {
			confirm, undo := c.begin(t, adaNew)
			is(t, c.confirm(t, confirm), nil)
			if _, err := c.db.Users().Create(t.Context(), profile.User{Username: "eve", Email: adaOld}); err != nil {
				t.Fatal(err)
			}
			is(t, c.undo(t, undo), storage.ErrTaken)
			c.user(t, func(u profile.User) bool { return u.Disabled && u.Email == adaNew }, "it is disabled")
			c.dead(t, c.token)
			sent := len(c.mail.to(authmail.Reset, adaNew))
			is(t, c.Forgot(t.Context(), home, adaNew), nil)
			if len(c.mail.to(authmail.Reset, adaNew)) != sent {
				t.Error("the thief can reset the password")
			}
		},
		"changed, the window passes": func(t *testing.T, c *change) {
			confirm, undo := c.begin(t, adaNew)
			c.clock.add(auth.EmailChangeLife - time.Second)
			is(t, c.confirm(t, confirm), nil)
			c.clock.add(auth.EmailUndoWindow + time.Second)
			is(t, c.undo(t, undo), auth.ErrInvalidToken)
			c.settled(t, adaNew)
		},
		"changed at the last moment, undo at the last of the window": func(t *testing.T, c *change) {
			confirm, undo := c.begin(t, adaNew)
			c.clock.add(auth.EmailChangeLife - time.Second)
			is(t, c.confirm(t, confirm), nil)
			c.clock.add(auth.EmailUndoWindow)
			is(t, c.undo(t, undo), nil)
			c.settled(t, adaOld)
		},
		"disabled meanwhile": func(t *testing.T, c *change) {
			confirm, undo := c.begin(t, adaNew)
			c.disable(t, c.id.User.ID, true)
			is(t, c.confirm(t, confirm), auth.ErrInvalidToken)
			is(t, c.undo(t, undo), auth.ErrInvalidToken)
		},
	} {
		t.Run(name, func(t *testing.T) { edge(t, openChange(t, memstore.New())) })
	}
}

// forgotAt asks for a link to an address and returns its token.
func (p *post) forgotAt(t testing.TB, address string) string {
	t.Helper()
	if err := p.Forgot(t.Context(), home, address); err != nil {
		t.Fatal(err)
	}
	return p.mail.link(t, authmail.Reset, address)
}

// Eve signs up with Ada's address, moves the account to her own, and Ada, who
// never had an account, takes the change back: Eve has no part in it.
func TestS40P06P07_UndoToAnAddressThatWasNeverProvedLeavesNothing(t *testing.T) {
	p := openPost(t, memstore.New(), unlimitedMail)
	in := p.register(t, "ada")
	factor(t, p.world, in.User.ID, "passkey")
	p.clock.add(time.Second)
	is(t, p.BeginEmailChange(t.Context(), home, p.alive(t, in.Token), adaNew, 0), nil)
	undo := p.mail.link(t, authmail.EmailChanging, adaOld)
	is(t, p.ConfirmEmailChange(t.Context(), home, p.mail.link(t, authmail.EmailChange, adaNew)), nil)
	is(t, p.UndoEmailChange(t.Context(), home, undo), nil)
	list, err := p.db.Auth().Factors.Factors(t.Context(), in.User.ID)
	if err != nil || len(list) != 0 {
		t.Errorf("%d factors are left (%v)", len(list), err)
	}
	p.dead(t, in.Token)
}
