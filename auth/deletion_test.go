package auth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/authrule"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// leave requests the deletion of the account that the token opens.
func (w *world) leave(t testing.TB, token string) time.Time {
	t.Helper()
	at, err := w.RequestDeletion(t.Context(), home, w.alive(t, token))
	if err != nil {
		t.Fatalf("RequestDeletion: %v", err)
	}
	return at
}

// leaving signs in to an account that will be erased.
func (w *world) deletionPending(t testing.TB, login, pass string) auth.HalfIdentity {
	t.Helper()
	in := w.mustSignIn(t, login, pass)
	return w.pending(t, in)
}

func (w *world) pending(t testing.TB, in auth.SignIn) auth.HalfIdentity {
	t.Helper()
	if in.Status != auth.DeletionPending || in.Session.Level != authstore.LevelDeletionPending || in.Device != "" {
		t.Fatalf("status %q, level %q, device %q", in.Status, in.Session.Level, in.Device)
	}
	w.dead(t, in.Token)
	half, err := w.AuthenticateHalf(t.Context(), in.Token)
	if err != nil {
		t.Fatalf("AuthenticateHalf: %v", err)
	}
	return half
}

func TestS31S34_DeletionAndRestoration(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail)
		id := p.proved(t, "ada")
		first, second := p.mustSignIn(t, "ada", password), p.mustSignIn(t, "ada", password)
		reset := p.forgot(t, "ada")

		at := p.leave(t, first.Token)
		if want := p.clock.now().Add(14 * 24 * time.Hour); !at.Equal(want) {
			t.Errorf("it will be erased at %v, want %v", at, want)
		}
		p.dead(t, first.Token)
		p.dead(t, second.Token)
		is(t, p.Reset(t.Context(), home, reset, newer), auth.ErrInvalidToken)
		_, err := p.signIn(t, "ada", other)
		is(t, err, auth.ErrInvalidCredentials)

		p.clock.add(time.Hour)
		half := p.deletionPending(t, "ada", password)
		lost := p.deletionPending(t, "ada@example.org", password)
		if !half.User.DeletesAt.Equal(at) {
			t.Errorf("the sign-in says %v, want %v", half.User.DeletesAt, at)
		}
		// It opens nothing but the way back.
		_, err = p.FinishSignIn(t.Context(), home, half, auth.Answer{Method: "totp", Code: "000000"}, false)
		is(t, err, auth.ErrUnauthenticated)

		p.clock.add(time.Minute)
		in, err := p.Restore(t.Context(), home, half)
		if err != nil || in.Status != auth.Complete || in.User.DeletionPending() {
			t.Fatalf("Restore: %+v, %v", in, err)
		}
		back := p.alive(t, in.Token)
		if !back.User.DeletesAt.IsZero() || !p.Fresh(back) || back.User.ID != id.User.ID {
			t.Errorf("restored: %+v", back)
		}
		for _, h := range []auth.HalfIdentity{half, lost} {
			_, err = p.Restore(t.Context(), home, h)
			is(t, err, auth.ErrUnauthenticated)
		}
		if _, err := p.AuthenticateHalf(t.Context(), in.Token); !errors.Is(err, auth.ErrUnauthenticated) {
			t.Errorf("the new token is a half one too: %v", err)
		}
		p.mustSignIn(t, "ada", password)
		for _, kind := range []activity.Kind{profile.KindDeletionRequested, profile.KindRestored} {
			if n := countKind(p.events(t, id.User.ID), kind); n != 1 {
				t.Errorf("%d events %s, want 1", n, kind)
			}
		}
		if p.notices.count(profile.KindDeletionRequested) != 1 || p.notices.count(profile.KindRestored) != 1 {
			t.Error("the recorder was not told of both")
		}
	})
}

func TestS34_DeletionNeedsAFreshProof(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	w.clock.add(profile.FreshFor + time.Second)
	_, err := w.RequestDeletion(t.Context(), home, w.alive(t, in.Token))
	is(t, err, profile.ErrNotFresh)
	_, err = w.RequestDeletion(t.Context(), home, auth.Identity{})
	is(t, err, profile.ErrNoAccount)
	if w.alive(t, in.Token).User.DeletionPending() {
		t.Error("the account will be erased")
	}
}

// Whoever takes a deletion back proves nothing by that: the session is fresh for as long as
// the sign-in before it is.
func TestS34_ARestorationIsNoProof(t *testing.T) {
	w := open(t)
	w.leave(t, w.register(t, "ada").Token)
	half := w.deletionPending(t, "ada", password)
	w.clock.add(profile.FreshFor - time.Second)
	in, err := w.Restore(t.Context(), home, half)
	if err != nil {
		t.Fatal(err)
	}
	if !w.Fresh(w.alive(t, in.Token)) {
		t.Error("the session is not fresh while the proof is")
	}
	w.clock.add(2 * time.Second)
	if w.Fresh(w.alive(t, in.Token)) {
		t.Error("the session is fresh after the proof is not")
	}
}

// S13: whoever has a second factor needs it to come back too.
func TestS13S20_RestorationNeedsEveryFactor(t *testing.T) {
	change, _ := withTOTP(t)
	w := open(t, change)
	in := w.register(t, "ada")
	a, _, token := w.enrol(t, in.Token)
	w.leave(t, token)

	w.clock.add(time.Minute)
	in = w.mustSignIn(t, "ada", password)
	if in.Status != auth.SecondFactorRequired {
		t.Fatalf("status %q", in.Status)
	}
	half, err := w.AuthenticateHalf(t.Context(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Restore(t.Context(), home, half) // the password alone
	is(t, err, auth.ErrUnauthenticated)
	_, err = w.FinishSignIn(t.Context(), home, half, byTOTP(a.wrong()), false)
	is(t, err, auth.ErrInvalidCode)
	in, err = w.FinishSignIn(t.Context(), home, half, byTOTP(a.code(0)), true)
	if err != nil {
		t.Fatal(err)
	}
	proved := w.pending(t, in)
	if _, err = w.Restore(t.Context(), home, proved); err != nil {
		t.Fatalf("Restore: %v", err)
	}
}

func TestDeletionIsOverWhenTheTimeIs(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail)
		id := p.proved(t, "ada")
		in := p.mustSignIn(t, "ada", password)
		at := p.leave(t, in.Token)
		half := p.deletionPending(t, "ada", password)
		p.clock.add(at.Sub(p.clock.now()))
		_, err := p.Restore(t.Context(), home, half)
		is(t, err, auth.ErrUnauthenticated)
		_, err = p.signIn(t, "ada", password)
		is(t, err, auth.ErrInvalidCredentials)
		p.mail.clear()
		if err := p.Forgot(t.Context(), home, "ada@example.org"); err != nil {
			t.Fatal(err)
		}
		if n := len(p.mail.to(authmail.Reset, "ada@example.org")); n != 0 {
			t.Errorf("%d links for an account that is being erased", n)
		}
		link, err := p.ReportLink(t.Context(), id.User.ID, id.User.Email)
		if err != nil {
			t.Fatal(err)
		}
		is(t, p.Report(t.Context(), home, tokenIn(t, link)), auth.ErrInvalidToken)
	})
}

// A thief who deletes the account: the owner's links take it back.
func TestS39_ADeletionByAThiefIsTakenBack(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		t.Run("this wasn't me", func(t *testing.T) {
			p := openPost(t, db, unlimitedMail)
			id := p.proved(t, "ada")
			thief := p.mustSignIn(t, "ada", password)
			p.leave(t, thief.Token)
			half := p.deletionPending(t, "ada", password)
			link, err := p.ReportLink(t.Context(), id.User.ID, id.User.Email)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Report(t.Context(), home, tokenIn(t, link)); err != nil {
				t.Fatal(err)
			}
			if u, err := db.Users().User(t.Context(), id.User.ID); err != nil || u.DeletionPending() {
				t.Errorf("%+v, %v", u, err)
			}
			_, err = p.Restore(t.Context(), home, half)
			is(t, err, auth.ErrUnauthenticated)
			_, err = p.signIn(t, "ada", password)
			is(t, err, auth.ErrPasswordResetRequired)
		})
		t.Run("after the address was changed", func(t *testing.T) {
			p := openPost(t, db, unlimitedMail)
			id := p.proved(t, "bea")
			thief := p.mustSignIn(t, "bea", password)
			if err := p.BeginEmailChange(t.Context(), home, p.alive(t, thief.Token), "eve@example.net", 0); err != nil {
				t.Fatal(err)
			}
			undo := p.mail.link(t, authmail.EmailChanging, "bea@example.org")
			if err := p.ConfirmEmailChange(t.Context(), home, p.mail.link(t, authmail.EmailChange, "eve@example.net")); err != nil {
				t.Fatal(err)
			}
			p.leave(t, thief.Token)
			if err := p.UndoEmailChange(t.Context(), home, undo); err != nil {
				t.Fatal(err)
			}
			if u, err := db.Users().User(t.Context(), id.User.ID); err != nil || u.DeletionPending() || u.Email != "bea@example.org" {
				t.Errorf("%+v, %v", u, err)
			}
		})
	})
}

// Somebody signs up with another's address and has the account deleted: when the
// owner of the address sets a password, that is off with all the rest.
func TestS40P06_ADeletionOfBeforeTheProofIsOff(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail)
		in := p.register(t, "ada")
		p.leave(t, in.Token)
		if err := p.Reset(t.Context(), home, p.forgot(t, "ada"), newer); err != nil {
			t.Fatal(err)
		}
		if in := p.mustSignIn(t, "ada", newer); in.Status != auth.Complete {
			t.Errorf("status %q", in.Status)
		}
		_, err := p.signIn(t, "ada", password)
		is(t, err, auth.ErrInvalidCredentials)
	})
}

// R12, R15: of many who ask at once, and of many who come back, one does.
func TestR15_OneDeletionOneRestoration(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, limitsOff)
		u := p.proved(t, "ada").User
		token := p.mustSignIn(t, "ada", password).Token
		id := p.alive(t, token)
		together := func(what string, try func() error) {
			t.Helper()
			var wg sync.WaitGroup
			var mu sync.Mutex
			won := 0
			for range 20 {
				wg.Go(func() {
					err := try()
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err == nil:
						won++
					case !errors.Is(err, auth.ErrUnauthenticated) && !errors.Is(err, profile.ErrNoAccount) && !errors.Is(err, storage.ErrUnavailable):
						t.Errorf("%s: %v", what, err)
					}
				})
			}
			wg.Wait()
			if won != 1 {
				t.Errorf("%s: %d of 20, want 1", what, won)
			}
		}
		together("RequestDeletion", func() error { _, err := p.RequestDeletion(t.Context(), home, id); return err })
		half := p.deletionPending(t, "ada", password)
		together("Restore", func() error { _, err := p.Restore(t.Context(), home, half); return err })
		list := p.events(t, u.ID)
		if a, b := countKind(list, profile.KindDeletionRequested), countKind(list, profile.KindRestored); a != 1 || b != 1 {
			t.Errorf("%d deletions and %d restorations in the feed, want one each", a, b)
		}
		if now, err := db.Users().User(t.Context(), u.ID); err != nil || now.DeletionPending() {
			t.Errorf("%+v, %v", now, err)
		}
	})
}

func TestS57_DeletionsAreLimited(t *testing.T) {
	w := open(t, withGrace(t, time.Hour))
	token := w.register(t, "ada").Token
	for range 5 {
		if at := w.leave(t, token); !at.Equal(w.clock.now().Add(time.Hour)) {
			t.Errorf("at %v", at)
		}
		in, err := w.Restore(t.Context(), home, w.deletionPending(t, "ada", password))
		if err != nil {
			t.Fatal(err)
		}
		token = in.Token
	}
	_, err := w.RequestDeletion(t.Context(), home, w.alive(t, token))
	limited(t, err)
}

// lasting is a store of users who cannot be deleted.
type lasting struct{ profile.Store }

func (l lasting) Unwrap() profile.Store { return l.Store }

// Where no account is deleted, none is restored.
func TestRestoreNeedsDeletions(t *testing.T) {
	w := open(t, func(c *auth.Config) { c.Users = lasting{c.Users} })
	in := w.register(t, "ada")
	at := w.clock.now().Add(time.Hour)
	if _, err := w.db.Users().Update(t.Context(), in.User.ID, profile.Patch{DeletesAt: &at}); err != nil {
		t.Fatal(err)
	}
	_, err := w.Restore(t.Context(), home, w.deletionPending(t, "ada", password))
	is(t, err, auth.ErrUnauthenticated)
}

// Without grace nobody comes back, so that one proof is not enough.
func TestDeletionWithoutGrace(t *testing.T) {
	w := open(t, withGrace(t, -1))
	in := w.register(t, "ada")
	id := w.alive(t, in.Token)
	_, err := w.RequestDeletion(t.Context(), home, id)
	is(t, err, profile.ErrNotFresh)
	is(t, w.May(t.Context(), id, authrule.DeleteAtOnce), nil) // without a Courier the password is all
	caller := id.Caller()
	caller.AtOnce = func(ctx context.Context) error { return w.May(ctx, id, authrule.DeleteAtOnce) }
	if at, err := w.deletions.Request(t.Context(), caller); err != nil || !at.Equal(w.clock.now()) {
		t.Errorf("at %v, %v", at, err)
	}
	_, err = w.signIn(t, "ada", password)
	is(t, err, auth.ErrInvalidCredentials)
}

// EraseUser leaves nothing of one user and all of another.
func TestR43_EraseUserForgetsOneUserWhole(t *testing.T) {
	change, _ := withTOTP(t)
	onDatabases(t, func(t *testing.T, db database) {
		w := openOn(t, db, change)
		kept := w.register(t, "kept")
		in := w.register(t, "ada")
		_, _, token := w.enrol(t, in.Token)
		id := w.alive(t, token).User.ID
		for range 2 {
			if err := w.EraseUser(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		w.dead(t, token)
		factors, err := db.Auth().Factors.Factors(t.Context(), id)
		sessions, err2 := everySession(t.Context(), db.Auth().Sessions, id)
		codes, err3 := db.Auth().Tickets.Tickets(t.Context(), id, auth.ForRecoveryCode, w.clock.now())
		if err := errors.Join(err, err2, err3); err != nil || len(factors)+len(sessions)+len(codes) != 0 || w.hash(t, id) != "" {
			t.Errorf("%d factors, %d sessions, %d codes, %v", len(factors), len(sessions), len(codes), err)
		}
		w.alive(t, kept.Token)
		w.mustSignIn(t, "kept", password)
	})
}
