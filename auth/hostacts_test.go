package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
)

// newest is the newest event of a kind in a user's feed.
func newest(t testing.TB, w *world, userID string, kind activity.Kind) activity.Event {
	t.Helper()
	for _, e := range w.events(t, userID) {
		if e.Kind == kind {
			return e
		}
	}
	t.Fatalf("the feed has no %s", kind)
	return activity.Event{}
}

// badActor is whether err is about the field "actor" alone.
func badActor(t testing.TB, err error) {
	t.Helper()
	bad, ok := errors.AsType[*input.InvalidError](err)
	if !ok || len(bad.Fields) != 1 || bad.Fields[0].Field != "actor" {
		t.Errorf("a bad actor is %v", err)
	}
}

// TestTheHostEndsSessionsOfOneUser: whole sessions, unfinished sign-ins and trusted devices of
// that user are over, those of others are not, and factors stay.
func TestTheHostEndsSessionsOfOneUser(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db)
		ada, bob := w.register(t, "ada"), w.register(t, "bob")
		again := w.mustSignIn(t, "ada", password)
		for _, actor := range []string{"", "a\nb", strings.Repeat("x", 65)} {
			_, err := w.EndUserSessions(t.Context(), actor, ada.User.ID)
			badActor(t, err)
		}
		n, err := w.EndUserSessions(t.Context(), "desk-7", ada.User.ID)
		if err != nil || n != 2 {
			t.Fatalf("EndUserSessions is %d, %v", n, err)
		}
		w.dead(t, ada.Token)
		w.dead(t, again.Token)
		w.alive(t, bob.Token)
		if e := newest(t, w, ada.User.ID, authevent.SessionsEnded); e.Detail["actor"] != "desk-7" || e.Detail["endedSessions"] != "2" {
			t.Errorf("the feed has %+v", e)
		}
		if n, err := w.EndUserSessions(t.Context(), "desk-7", ada.User.ID); n != 0 || err != nil {
			t.Errorf("once more it is %d, %v", n, err)
		}
		_, err = w.EndUserSessions(t.Context(), "desk-7", "999999")
		is(t, err, storage.ErrNotFound)
		w.mustSignIn(t, "ada", password)
	})
}

// openLost is an account with an authenticator, where its owner may not begin a recovery.
func openLost(t testing.TB, db database) *owner {
	t.Helper()
	factors, _ := withTOTP(t)
	return openPost(t, db, unlimitedMail, factors).owner(t, "ada")
}

// TestTheHostRemovesFactors: an owner who lost every factor gets back in by the password, the
// mailbox and the wait that the host began, where owners may not begin one.
func TestTheHostRemovesFactors(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		f := openLost(t, db)
		_, err := f.BeginFactorRecovery(t.Context(), home, f.halfOf(t, f.name))
		is(t, err, auth.ErrNoFactor)
		_, err = f.BeginFactorRemoval(t.Context(), "", f.user.ID)
		badActor(t, err)
		_, err = f.BeginFactorRemoval(t.Context(), "desk-7", "999999")
		is(t, err, storage.ErrNotFound)

		at, err := f.BeginFactorRemoval(t.Context(), "desk-7", f.user.ID)
		if want := (authrule.PendingWait{From: f.clock.now().Add(week), Until: f.clock.now().Add(2 * week)}); err != nil || at != want {
			t.Fatalf("BeginFactorRemoval is %v, %v; want %v", at, err, want)
		}
		if e := newest(t, f.world, f.user.ID, authevent.RecoveryRequested); e.Detail["actor"] != "desk-7" {
			t.Errorf("the feed has %+v", e)
		}
		f.clock.add(time.Hour)
		if again, err := f.BeginFactorRemoval(t.Context(), "desk-7", f.user.ID); err != nil || again != at {
			t.Errorf("once more it is %v, %v; want the same times", again, err)
		}
		link := f.mail.link(t, authmail.FactorRemoval, f.email)
		f.clock.add(week - time.Hour - time.Second)
		_, early := errors.AsType[*authrule.TooEarlyError](f.RecoverFactors(t.Context(), home, f.halfOf(t, f.name), link))
		if !early {
			t.Error("the link works before the wait is over")
		}
		f.clock.add(time.Second)
		is(t, f.RecoverFactors(t.Context(), home, f.halfOf(t, f.name), link), nil)
		if in := f.mustSignIn(t, f.name, password); in.Status != auth.Complete {
			t.Errorf("after the removal a sign-in is %s", in.Status)
		}
		_, err = f.BeginFactorRemoval(t.Context(), "desk-7", f.user.ID)
		is(t, err, auth.ErrNoFactor)
	})
}

// TestARemovalByTheHostIsStopped: by a factor, by the link in its letter, by a new password.
func TestARemovalByTheHostIsStopped(t *testing.T) {
	for name, stop := range map[string]func(t *testing.T, f *owner){
		"a factor": func(t *testing.T, f *owner) {
			_, err := f.FinishSignIn(t.Context(), home, f.halfOf(t, f.name), byTOTP(f.app.code(0)), false)
			is(t, err, nil)
		},
		"the letter": func(t *testing.T, f *owner) {
			is(t, f.Report(t.Context(), home, tokenIn(t, f.mail.last(t, authmail.FactorRemoval, f.email).Report)), nil)
		},
		"a new password": func(t *testing.T, f *owner) {
			is(t, f.Forgot(t.Context(), home, f.email), nil)
			is(t, f.Reset(t.Context(), home, f.mail.link(t, authmail.Reset, f.email), other), nil)
		},
		"disabling": func(t *testing.T, f *owner) {
			is(t, f.Disable(t.Context(), f.user.ID), nil)
			_, err := f.BeginFactorRemoval(t.Context(), "desk-7", f.user.ID)
			is(t, err, storage.ErrNotFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			onDatabases(t, func(t *testing.T, db database) {
				f := openLost(t, db)
				if _, err := f.BeginFactorRemoval(t.Context(), "desk-7", f.user.ID); err != nil {
					t.Fatal(err)
				}
				half := f.halfOf(t, f.name)
				f.clock.add(time.Minute)
				stop(t, f)
				left, err := db.Auth().Tickets.Tickets(t.Context(), f.user.ID, auth.ForLostFactors, f.clock.now())
				if err != nil || len(left) != 0 {
					t.Errorf("it goes on: %v, %v", left, err)
				}
				f.clock.add(week)
				is(t, f.RecoverFactors(t.Context(), home, half, f.mail.link(t, authmail.FactorRemoval, f.email)), auth.ErrInvalidToken)
			})
		})
	}
}

// TestARemovalNeedsAProvedAddress: a letter to an address that nobody proved would go to
// whoever has that mailbox.
func TestARemovalNeedsAProvedAddress(t *testing.T) {
	f := openLost(t, memstore.New())
	if _, err := f.db.Users().Update(t.Context(), f.user.ID, profile.Patch{EmailVerified: new(false)}); err != nil {
		t.Fatal(err)
	}
	_, err := f.BeginFactorRemoval(t.Context(), "desk-7", f.user.ID)
	if bad, ok := errors.AsType[*input.InvalidError](err); !ok || bad.Fields[0].Field != "email" {
		t.Errorf("it is %v", err)
	}
	without := open(t)
	_, err = without.BeginFactorRemoval(t.Context(), "desk-7", "1")
	is(t, err, auth.ErrNoCourier)
}
