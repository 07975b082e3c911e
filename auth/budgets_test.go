package auth_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authlimit"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
)

// lastReset is the token of the newest link that sets a password of name.
func (p *post) lastReset(t testing.TB, name string) string {
	t.Helper()
	return p.mail.link(t, authmail.Reset, name+"@example.org")
}

// TestS57_MessagesAreLimited: an address gets 5 links an hour, under each spelling, and then
// none, which nobody is told of. The newest link stays good.
func TestS57_MessagesAreLimited(t *testing.T) {
	t.Run("of a target", func(t *testing.T) {
		p := openPost(t, memstore.New())
		in := p.register(t, "ada")
		for _, name := range []string{"ada@example.org", "nobody@example.org"} {
			for i := range 8 {
				spelling := name
				if i%2 == 1 {
					spelling = strings.ToUpper(name)
				}
				is(t, p.Forgot(t.Context(), home, spelling), nil)
			}
		}
		if n := len(p.mail.to(authmail.Reset, "ada@example.org")); n != 5 {
			t.Errorf("%d links were sent, want 5", n)
		}
		if n := len(p.mail.to(authmail.Reset, "")); n != 5 {
			t.Errorf("%d links to nobody were written, want as many as to somebody", n)
		}
		is(t, p.Reset(t.Context(), home, p.lastReset(t, "ada"), other), nil)
		p.dead(t, in.Token)
		p.clock.add(time.Hour)
		is(t, p.Forgot(t.Context(), home, "ada@example.org"), nil)
		if n := len(p.mail.to(authmail.Reset, "ada@example.org")); n != 6 {
			t.Errorf("an hour later %d links were sent, want 6", n)
		}
	})
	t.Run("that one network asks for", func(t *testing.T) {
		p := openPost(t, memstore.New(), func(c *auth.Config) { c.Limits.MailAddress = limit.Rule{Limit: 3, Window: time.Hour} })
		for i := range 3 {
			is(t, p.Forgot(t.Context(), home, fmt.Sprintf("user%d@example.org", i)), nil)
		}
		limited(t, p.Forgot(t.Context(), home, "ada@example.org"))
	})
	t.Run("100 at once", func(t *testing.T) {
		onDatabases(t, func(t *testing.T, db database) {
			p := openPost(t, db, func(c *auth.Config) { c.Limits.MailAddress = limit.Rule{Limit: 1000, Window: time.Hour} })
			p.register(t, "ada")
			for _, name := range []string{"ada@example.org", "nobody@example.org"} {
				for _, err := range conform.Together(100, func(int) error { return p.Forgot(t.Context(), home, name) }) {
					is(t, err, nil)
				}
			}
			if n := len(p.mail.to(authmail.Reset, "ada@example.org")); n != 5 {
				t.Errorf("%d links were sent, want 5", n)
			}
			if n := len(p.mail.to(authmail.Reset, "")); n != 5 {
				t.Errorf("%d links to nobody were written, want 5", n)
			}
		})
	})
}

// TestT03_StrangersUseUpNobodysLetters: whatever strangers ask for with somebody's address, a
// letter that sets the password is in that mailbox, and the letters of other purposes go on.
func TestT03_StrangersUseUpNobodysLetters(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		factors, _ := withTOTP(t)
		p := openPost(t, db, factors, withRecovery, func(c *auth.Config) { c.Limits.SignUp = limit.Rule{Limit: 1000, Window: time.Hour} })
		ada := p.owner(t, "ada")
		strangers := func(i int) auth.Client { return auth.Client{IP: netip.AddrFrom4([4]byte{10, 0, byte(i), 1})} }
		for i := range 30 {
			_, err := p.Register(t.Context(), strangers(i), auth.Registration{Username: fmt.Sprint("eve", i), Email: ada.email, Password: other})
			if err == nil {
				t.Fatal("a second account has the address")
			}
			is(t, p.Forgot(t.Context(), strangers(i), ada.email), nil)
		}
		is(t, p.Forgot(t.Context(), home, ada.email), nil)
		if n := len(p.mail.to(authmail.Reset, ada.email)); n != 5 {
			t.Errorf("%d links were sent, want 5", n)
		}
		ada.loses(t) // what the owner begins by the password, which is told by mail
		id := p.alive(t, ada.in(t).Token)
		is(t, p.SendMailCode(t.Context(), home, id), nil)
		is(t, p.Reset(t.Context(), home, p.lastReset(t, "ada"), newer), nil)
	})
}

// TestT04_NobodysLettersUseUpNothing: 10,000 requests for addresses of nobody leave the
// host's total to people, and nothing in the feed.
func TestT04_NobodysLettersUseUpNothing(t *testing.T) {
	p := openPost(t, memstore.New(), func(c *auth.Config) {
		c.Limits = authlimit.Tries{MailTotal: limit.Rule{Limit: 3, Window: time.Hour}, MailAddress: limit.Rule{Limit: 1000, Window: time.Hour}}
	})
	for i := range 4 {
		p.register(t, fmt.Sprint("user", i))
	}
	for i := range 100 {
		is(t, p.Forgot(t.Context(), home, fmt.Sprintf("nobody%d@example.org", i)), nil)
	}
	sent := 0
	for i := range 4 {
		is(t, p.Forgot(t.Context(), home, fmt.Sprintf("user%d@example.org", i)), nil)
		sent += len(p.mail.to(authmail.Reset, fmt.Sprintf("user%d@example.org", i)))
	}
	if sent != 3 {
		t.Errorf("%d links were sent, want those of the total, 3", sent)
	}
}

// TestABudgetIsNoLongerThanItsLetter: whoever is over the budget of codes may ask for another
// as soon as the newest is over, and a sign-up that is refused uses up no letter.
func TestABudgetIsNoLongerThanItsLetter(t *testing.T) {
	p := openPost(t, memstore.New(), func(c *auth.Config) { c.Limits.SignUp = limit.Rule{Limit: 1000, Window: time.Hour} })
	id := p.proved(t, "ada")
	for range 5 {
		is(t, p.SendMailCode(t.Context(), home, id), nil)
	}
	if wait := limited(t, p.SendMailCode(t.Context(), home, id)); wait > 10*time.Minute {
		t.Errorf("the next code is in %v", wait)
	}
	p.clock.add(10 * time.Minute)
	is(t, p.SendMailCode(t.Context(), home, id), nil)

	for range 10 { // the name is taken, the address is not
		_, err := p.Register(t.Context(), home, auth.Registration{Username: "ada", Email: "bob@example.org", Password: password})
		if err == nil {
			t.Fatal("two accounts have one name")
		}
	}
	p.clock.add(time.Hour)
	bob := p.register(t, "bob")
	for range 4 {
		is(t, p.ResendVerify(t.Context(), home, p.alive(t, bob.Token)), nil)
	}
	limited(t, p.ResendVerify(t.Context(), home, p.alive(t, bob.Token)))
}

// TestS11_OverBudgetIsSilentForBothAlike: an address that has an account and one that has
// none cost the same statements, within their budget and over it.
func TestS11_OverBudgetIsSilentForBothAlike(t *testing.T) {
	db := memstore.New()
	var taken []string
	p := openPost(t, db, func(c *auth.Config) { c.LimitStore = keysOf{db.Limits(), &taken} })
	p.register(t, "ada")
	shape := func(name string) (shapes []string) {
		for range 7 {
			taken = nil
			is(t, p.Forgot(t.Context(), home, name+"@example.org"), nil)
			shapes = append(shapes, fmt.Sprint(len(taken)))
		}
		return shapes
	}
	if known, unknown := shape("ada"), shape("nobody"); !slices.Equal(known, unknown) {
		t.Errorf("counters asked for an account are %v, and for none %v", known, unknown)
	}
}

// keysOf notes the keys that are counted.
type keysOf struct {
	limit.Store
	taken *[]string
}

func (k keysOf) Take(ctx context.Context, key string, r limit.Rule, now time.Time) (bool, time.Duration, error) {
	*k.taken = append(*k.taken, key)
	return k.Store.Take(ctx, key, r, now)
}
