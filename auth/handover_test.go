package auth_test

import (
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

const week = 7 * 24 * time.Hour

// handOver begins a handover of ada's account to the address adaNew, and returns the tokens of
// the two links.
func (c *change) handOver(t testing.TB) (confirm, undo string) {
	t.Helper()
	c.clock.add(time.Second)
	at, err := c.BeginHandover(t.Context(), "desk-7", c.id.User.ID, adaNew)
	if want := (authrule.PendingWait{From: c.clock.now().Add(week), Until: c.clock.now().Add(2 * week)}); err != nil || at != want {
		t.Fatalf("BeginHandover is %v, %v; want %v", at, err, want)
	}
	return c.mail.link(t, authmail.Handover, adaNew), c.mail.link(t, authmail.HandoverBegun, adaOld)
}

// begun is the newest event of a change of the address.
func (c *change) begun(t testing.TB) activity.Event {
	t.Helper()
	for _, e := range c.events(t, c.id.User.ID) {
		if e.Kind == authevent.EmailChangeRequested {
			return e
		}
	}
	t.Fatal("the feed has no change of the address")
	return activity.Event{}
}

// TestHandover: somebody who lost mailbox and password gets back in by the host, after the
// wait, to an account that nobody else is signed in to.
func TestHandover(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		c := openChange(t, db, withCodes(t))
		if _, err := db.Users().Update(t.Context(), c.id.User.ID, profile.Patch{Phone: new(phone)}); err != nil {
			t.Fatal(err)
		}
		confirm, _ := c.handOver(t)
		if m := c.mail.last(t, authmail.HandoverBegun, phone); m.Channel != authmail.BySMS || m.Link != "" || m.Report != "" {
			t.Errorf("the phone is told %+v", m)
		}
		if e := c.begun(t); e.Detail["actor"] != "desk-7" {
			t.Errorf("the feed has %+v", e)
		}

		c.clock.add(week - time.Second)
		early, ok := errors.AsType[*authrule.TooEarlyError](c.ConfirmEmailChange(t.Context(), pocket, confirm))
		if !ok || !early.From.Equal(c.clock.now().Add(time.Second)) {
			t.Fatalf("a second before the wait is over: %v", early)
		}
		if c.now(t).Email != adaOld {
			t.Fatal("the address changed before the wait was over")
		}
		token := c.world.mustSignIn(t, "ada", password).Token // somebody who knows the password
		c.clock.add(time.Second)
		is(t, c.ConfirmEmailChange(t.Context(), pocket, confirm), nil)
		is(t, c.ConfirmEmailChange(t.Context(), pocket, confirm), auth.ErrInvalidToken)
		if u := c.now(t); u.Email != adaNew || !u.EmailVerified || u.PendingEmail != "" {
			t.Errorf("after the wait the account is %+v", u)
		}
		c.dead(t, token)
		_, err := c.signIn(t, "ada", password)
		is(t, err, auth.ErrPasswordResetRequired)

		is(t, c.Reset(t.Context(), pocket, c.mail.link(t, authmail.TakenOver, adaNew), other), nil)
		c.world.mustSignIn(t, "ada", other)
	})
}

// TestAHandoverIsStopped: the owner whom a stranger pretends to be stops the handover, by
// whatever ends a change of the address.
func TestAHandoverIsStopped(t *testing.T) {
	for name, stop := range map[string]func(t *testing.T, c *change, undo string){
		"the link to the address": func(t *testing.T, c *change, undo string) { is(t, c.UndoEmailChange(t.Context(), home, undo), nil) },
		"a new password": func(t *testing.T, c *change, _ string) {
			id := c.alive(t, c.world.mustSignIn(t, "ada", password).Token)
			is(t, errOf(c.ChangePassword(t.Context(), home, id, password, other)), nil)
		},
		"a reset": func(t *testing.T, c *change, _ string) {
			is(t, c.Forgot(t.Context(), home, adaOld), nil)
			is(t, c.Reset(t.Context(), home, c.mail.link(t, authmail.Reset, adaOld), other), nil)
		},
		"another handover": func(t *testing.T, c *change, _ string) {
			is(t, errOf(c.BeginHandover(t.Context(), "desk-8", c.id.User.ID, adaTwo)), nil)
		},
		"Disable": func(t *testing.T, c *change, _ string) {
			is(t, c.Disable(t.Context(), c.id.User.ID), nil)
			is(t, c.Enable(t.Context(), c.id.User.ID), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			onDatabases(t, func(t *testing.T, db database) {
				c := openChange(t, db)
				confirm, undo := c.handOver(t)
				c.clock.add(time.Hour)
				stop(t, c, undo)
				c.clock.add(week)
				is(t, c.ConfirmEmailChange(t.Context(), pocket, confirm), auth.ErrInvalidToken)
				if u := c.now(t); u.Email != adaOld {
					t.Errorf("the account is %+v", u)
				}
			})
		})
	}
}

// TestAHandoverCanBeTakenBack: the address of before has as long as after any change, and is
// held until then.
func TestAHandoverCanBeTakenBack(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		c := openChange(t, db, holding(t, db))
		confirm, undo := c.handOver(t)
		c.clock.add(2*week - time.Second)
		is(t, c.ConfirmEmailChange(t.Context(), pocket, confirm), nil)
		c.clock.add(72 * time.Hour)
		_, err := c.world.Register(t.Context(), pocket, auth.Registration{Username: "thief", Email: adaOld, Password: other})
		is(t, err, storage.ErrTaken)
		is(t, c.UndoEmailChange(t.Context(), home, undo), nil)
		if u := c.now(t); u.Email != adaOld {
			t.Errorf("the account is %+v", u)
		}
	})
}

// TestAHandoverTellsNothingOfAShutAccount: whoever has the link does not learn by it that there
// is an account which is disabled or being erased. A host that has the account shut until the
// handover works does not end it so, and a link that is tried too soon is not used up.
func TestAHandoverTellsNothingOfAShutAccount(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		c := openChange(t, db)
		confirm, _ := c.handOver(t)
		c.disable(t, c.id.User.ID, true)
		is(t, c.ConfirmEmailChange(t.Context(), pocket, confirm), auth.ErrInvalidToken)
		c.disable(t, c.id.User.ID, false)
		if _, early := errors.AsType[*authrule.TooEarlyError](c.ConfirmEmailChange(t.Context(), pocket, confirm)); !early {
			t.Error("after the account was opened it is not too early")
		}
		c.clock.add(week)
		c.disable(t, c.id.User.ID, true)
		is(t, c.ConfirmEmailChange(t.Context(), pocket, confirm), auth.ErrInvalidToken)
		c.disable(t, c.id.User.ID, false)
		is(t, c.ConfirmEmailChange(t.Context(), pocket, confirm), nil)

		user := c.now(t)
		at, err := c.BeginHandover(t.Context(), "desk-7", user.ID, adaTwo)
		if err != nil || at.From.IsZero() {
			t.Fatal(at, err)
		}
		confirm = c.mail.link(t, authmail.Handover, adaTwo)
		if _, err := db.Users().Update(t.Context(), c.id.User.ID, profile.Patch{DeletesAt: new(c.clock.now())}); err != nil {
			t.Fatal(err)
		}
		is(t, c.ConfirmEmailChange(t.Context(), pocket, confirm), auth.ErrInvalidToken)
	})
}

// TestWhatAHandoverRefuses: the host is told plainly.
func TestWhatAHandoverRefuses(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		c := openChange(t, db)
		c.register(t, "bob")
		ada := c.id.User.ID
		begin := func(actor, id, email string) error { return errOf(c.BeginHandover(t.Context(), actor, id, email)) }
		for name, r := range map[string]struct {
			err   error
			field string
		}{
			"nobody acts":         {begin("", ada, adaNew), "actor"},
			"two lines":           {begin("desk\n7", ada, adaNew), "actor"},
			"no address":          {begin("desk-7", ada, "nobody"), "email"},
			"the present address": {begin("desk-7", ada, adaOld), "email"},
		} {
			if field(r.err, r.field) == "" {
				t.Errorf("%s: %v", name, r.err)
			}
		}
		is(t, begin("desk-7", ada, "bob@example.org"), storage.ErrTaken)
		is(t, begin("desk-7", "nobody", adaNew), storage.ErrNotFound)
		is(t, c.Disable(t.Context(), ada), nil)
		is(t, begin("desk-7", ada, adaNew), storage.ErrNotFound)
	})
	is(t, errOf(open(t).BeginHandover(t.Context(), "desk-7", "1", adaNew)), auth.ErrNoCourier)
}
