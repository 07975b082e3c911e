package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

// holding has a Service take the holds of its database.
func holding(t testing.TB, db database) func(*auth.Config) {
	t.Helper()
	kept, ok := db.(interface{ Holds() profile.HoldStore })
	if !ok {
		t.Fatal("the database keeps no holds")
	}
	return func(c *auth.Config) { c.Holds = kept.Holds() }
}

// names is the service of profiles beside a world, with the same holds and clock.
func (w *world) names(t testing.TB) *profile.Service {
	t.Helper()
	kept := w.db.(interface {
		Holds() profile.HoldStore
		Settings() settings.Store
	})
	prefs, err := settings.New(settings.Config{
		Store: kept.Settings(), Sections: []settings.Declaration{profile.PrivacySection.Declare()},
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := profile.New(profile.Config{Store: w.db.Users(), Settings: prefs, Holds: kept.Holds(), Tx: w.db, Now: w.clock.now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func registration(name, email string) auth.Registration {
	return auth.Registration{Username: name, Email: email, Password: password}
}

// taken checks that err says so of that field.
func taken(t testing.TB, err error, field string) {
	t.Helper()
	if e, ok := errors.AsType[*storage.TakenError](err); !ok || e.Field != field {
		t.Errorf("error = %v, want that the %s is taken", err, field)
	}
}

// Whoever changed the address of somebody's account cannot make the change last
// by an account at the old one, nor by moving one there: the undo works.
func TestS39P07_AnAddressIsHeldWhileItsChangeCanBeUndone(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		c := &change{post: openPost(t, db, unlimitedMail, limitsOff, holding(t, db))}
		eve := c.proved(t, "eve")
		c.proved(t, "ada")
		c.token = c.mustSignIn(t, "ada", password).Token
		c.id = c.alive(t, c.token)
		confirm, undo := c.begin(t, adaNew)
		is(t, c.confirm(t, confirm), nil)
		c.settled(t, adaNew)

		for _, spelling := range []string{adaOld, "ADA@Example.ORG"} {
			_, err := c.Register(t.Context(), home, registration("eve2", spelling))
			taken(t, err, "email")
		}
		if _, err := c.db.Users().ByUsername(t.Context(), "eve2"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the refused account is there (%v)", err)
		}
		is(t, c.BeginEmailChange(t.Context(), home, eve, adaOld, 0), nil)
		taken(t, c.confirm(t, c.mail.link(t, authmail.EmailChange, adaOld)), "email")
		if u, err := c.db.Users().User(t.Context(), eve.User.ID); err != nil || u.Email != "eve@example.org" || u.PendingEmail != "" {
			t.Errorf("after the refusal: %q, pending %q (%v)", u.Email, u.PendingEmail, err)
		}
		is(t, c.undo(t, undo), nil)
		c.settled(t, adaOld)
		c.mustReset(t)
	})
}

// The hold ends after the last link that undoes, and not before, however late
// the change came to be.
func TestS39_AnAddressIsHeldAsLongAsItsUndo(t *testing.T) {
	for name, late := range map[string]time.Duration{"at once": 0, "at the last moment": auth.EmailChangeLife - 2*time.Second} {
		t.Run(name, func(t *testing.T) {
			db := memstore.New()
			c := &change{post: openPost(t, db, unlimitedMail, limitsOff, holding(t, db))}
			c.proved(t, "ada")
			c.token = c.mustSignIn(t, "ada", password).Token
			c.id = c.alive(t, c.token)
			// Of the two that undo to the same address the later is decisive.
			_, first := c.begin(t, adaTwo)
			confirm, undo := c.begin(t, adaNew)
			began := c.clock.now()
			c.clock.add(late)
			is(t, c.confirm(t, confirm), nil)
			c.clock.add(began.Add(auth.EmailChangeLife+auth.EmailUndoWindow+profile.Margin).Sub(c.clock.now()) - time.Microsecond)
			_, err := c.Register(t.Context(), home, registration("eve", adaOld))
			taken(t, err, "email")
			is(t, c.undo(t, undo), auth.ErrInvalidToken)
			is(t, c.undo(t, first), auth.ErrInvalidToken)
			c.clock.add(time.Microsecond)
			if _, err := c.Register(t.Context(), home, registration("eve", adaOld)); err != nil {
				t.Errorf("after the hold: %v", err)
			}
			c.settled(t, adaNew)
		})
	}
}

// Who changed the address may change it back, and the undo of the first change
// finds it there.
func TestS39_TheOwnerHasTheOldAddressBack(t *testing.T) {
	db := memstore.New()
	c := &change{post: openPost(t, db, unlimitedMail, limitsOff, holding(t, db))}
	c.proved(t, "ada")
	c.token = c.mustSignIn(t, "ada", password).Token
	c.id = c.alive(t, c.token)
	confirm, undo := c.begin(t, adaNew)
	is(t, c.confirm(t, confirm), nil)
	c.id = c.alive(t, c.token)
	c.reads(t, c.id.Session)
	back, _ := c.begin(t, adaOld)
	is(t, c.confirm(t, back), nil)
	c.settled(t, adaOld)
	elsewhere := c.mustSignIn(t, "ada", password).Token
	is(t, c.undo(t, undo), nil)
	c.settled(t, adaOld)
	// The address was there already, so what else an undo does tells that it was done.
	c.dead(t, c.token)
	c.dead(t, elsewhere)
	c.mustReset(t)
	if n := countKind(c.events(t, c.id.User.ID), authevent.EmailChangeUndone); n != 1 || c.notices.count(authevent.EmailChangeUndone) != 1 {
		t.Errorf("it is in the history %d times and told %d times, want once", n, c.notices.count(authevent.EmailChangeUndone))
	}
	is(t, c.undo(t, undo), auth.ErrInvalidToken)
}

// A sign-up by a link tells nothing of a hold, and the link makes no account.
func TestS11_VerifyFirstTellsNothingOfAHold(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		c := &change{post: openPost(t, db, unlimitedMail, limitsOff, holding(t, db))}
		ada := c.proved(t, "ada")
		c.token = c.mustSignIn(t, "ada", password).Token
		c.id = c.alive(t, c.token)
		confirm, _ := c.begin(t, adaNew)
		is(t, c.confirm(t, confirm), nil)
		name := "ada.l"
		if _, err := c.names(t).Edit(t.Context(), ada.User.ID, profile.Edit{Username: &name}, 0); err != nil {
			t.Fatal(err)
		}
		first := openPost(t, db, unlimitedMail, limitsOff, holding(t, db), func(c *auth.Config) { c.SignUp = auth.VerifyFirst })
		var answers []string
		for _, r := range []auth.Registration{
			registration("free", "free@example.org"),
			registration("held", adaOld),               // an address that is held
			registration("ada", "third@example.org"),   // a name that is held
			registration("used", adaNew),               // an address in use
			registration("ada.l", "other@example.org"), // a name in use
		} {
			before := first.mail.count()
			in, err := first.Register(t.Context(), home, r)
			answers = append(answers, fmt.Sprint(in, err, first.mail.count()-before))
		}
		if slices.Sort(answers); len(slices.Compact(answers)) != 1 {
			t.Errorf("the answers differ: %v", answers)
		}
		verify := func(address string) error {
			return errOf(first.Verify(t.Context(), home, auth.Identity{}, first.mail.link(t, authmail.Verify, address), auth.Confirmation{Password: password}))
		}
		taken(t, verify(adaOld), "email")
		taken(t, verify("third@example.org"), "username")
		taken(t, verify("other@example.org"), "username")
		is(t, verify("free@example.org"), nil)
		for _, name := range []string{"held", "ada"} {
			if _, err := db.Users().ByUsername(t.Context(), name); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("there is an account %s (%v)", name, err)
			}
		}
	})
}

// TestR16_NobodyTakesWhatIsJustReleased has many take a name and an address by
// every way there is, while their owner gives them up: what they wait for is
// held when they have it.
func TestR16_NobodyTakesWhatIsJustReleased(t *testing.T) {
	const takers = 50
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail, limitsOff, holding(t, db))
		names := p.names(t)
		for round := range rounds(2, 20) {
			old := fmt.Sprintf("owner%d", round)
			address := old + "@example.org"
			owner := p.proved(t, old)
			is(t, p.BeginEmailChange(t.Context(), home, p.alive(t, p.mustSignIn(t, old, password).Token), "new-"+address, 0), nil)
			confirm := p.mail.link(t, authmail.EmailChange, "new-"+address)
			others := make([]string, takers)
			for i := range others {
				u, err := db.Users().Create(t.Context(), profile.User{
					Username: fmt.Sprintf("t%d-%d", round, i), Email: fmt.Sprintf("t%d-%d@example.org", round, i),
				})
				if err != nil {
					t.Fatal(err)
				}
				others[i] = u.ID
			}
			var released atomic.Int32
			free := "free-" + old
			errs := conform.Together(takers+2, func(i int) error {
				switch {
				case i == takers:
					defer released.Add(1)
					return p.Service.ConfirmEmailChange(t.Context(), home, confirm)
				case i == takers+1:
					defer released.Add(1)
					_, err := names.Edit(t.Context(), owner.User.ID, profile.Edit{Username: &free}, 0)
					return err
				}
				// Again until both have been released before the try.
				for try := 0; ; try++ {
					last := released.Load() == 2
					if err := takes(t.Context(), p, names, others[i], fmt.Sprintf("x%d-%d-%d", round, i, try), old, address, i); !errors.Is(err, storage.ErrTaken) {
						return fmt.Errorf("taker %d: %w", i, errors.Join(errTook, err))
					}
					if last {
						return nil
					}
				}
			})
			for _, err := range errs {
				if err != nil {
					t.Error(err)
				}
			}
			u, err := db.Users().User(t.Context(), owner.User.ID)
			if err != nil || u.Username != free || u.Email != "new-"+address {
				t.Fatalf("the owner is %q, %q (%v)", u.Username, u.Email, err)
			}
			if _, err := names.Edit(t.Context(), owner.User.ID, profile.Edit{Username: &old}, 0); err != nil {
				t.Errorf("the owner takes the name back: %v", err)
			}
		}
	})
}

var errTook = errors.New("it was not refused as taken")

// takes tries for the name or the address, by a way that i chooses.
func takes(ctx context.Context, p *post, names *profile.Service, userID, fresh, name, address string, i int) error {
	switch i % 3 {
	case 0:
		_, err := names.Edit(ctx, userID, profile.Edit{Username: &name}, 0)
		return err
	case 1:
		_, err := p.Register(ctx, home, registration(name, fresh+"@example.org"))
		return err
	}
	_, err := p.Register(ctx, home, registration(fresh, address))
	return err
}

// downHolds fails by choice.
type downHolds struct {
	profile.HoldStore
	held, hold bool
}

func (d *downHolds) Held(ctx context.Context, userID string, keys []string, now time.Time) ([]string, error) {
	if d.held {
		return nil, errDown
	}
	return d.HoldStore.Held(ctx, userID, keys, now)
}

func (d *downHolds) Hold(ctx context.Context, userID string, keys []string, until time.Time) error {
	if d.hold {
		return errDown
	}
	return d.HoldStore.Hold(ctx, userID, keys, until)
}

func TestS39_HoldsFailClosed(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		down := &downHolds{}
		c := &change{post: openPost(t, db, unlimitedMail, limitsOff, holding(t, db), func(c *auth.Config) {
			down.HoldStore = c.Holds
			c.Holds = down
		})}
		c.proved(t, "ada")
		c.token = c.mustSignIn(t, "ada", password).Token
		c.id = c.alive(t, c.token)
		down.held = true
		_, err := c.Register(t.Context(), home, registration("bob", "bob@example.org"))
		is(t, err, errDown)
		if _, err := db.Users().ByUsername(t.Context(), "bob"); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("the account was made (%v)", err)
		}
		for _, d := range []downHolds{{held: true}, {hold: true}} {
			down.held, down.hold = d.held, d.hold
			confirm, undo := c.begin(t, adaNew)
			is(t, c.confirm(t, confirm), errDown)
			c.user(t, func(u profile.User) bool { return u.Email == adaOld }, "the address stays")
			is(t, c.undo(t, undo), nil) // asks no holds
			c.settled(t, adaOld)
			is(t, c.Reset(t.Context(), home, c.forgot(t, "ada"), password), nil)
			c.token = c.mustSignIn(t, "ada", password).Token
			c.id = c.alive(t, c.token)
		}
	})
}

// Somebody signs up with another's address, and goes on to one of their own: the
// owner of the first is not kept out by that, for it was never proved.
func TestS40P07_AnAddressThatWasNeverProvedKeepsNobodyOut(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail, limitsOff, holding(t, db))
		in := p.register(t, "squatter")
		if err := p.BeginEmailChange(t.Context(), home, p.alive(t, in.Token), "squatter@example.net", 0); err != nil {
			t.Fatal(err)
		}
		if err := p.ConfirmEmailChange(t.Context(), home, p.mail.link(t, authmail.EmailChange, "squatter@example.net")); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Register(t.Context(), home, registration("real.one", "squatter@example.org")); err != nil {
			t.Errorf("the owner of the address is kept out: %v", err)
		}
	})
}
