package auth_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
)

// A mistyped code while setting up is not somebody else who knows the password: that is
// what the feed says of SecondFactorFailed.
func TestT13_AMistypedCodeAtSetUpIsAnEventOfItsOwn(t *testing.T) {
	for method, begin := range map[string]func(*testing.T, *post, string){
		"totp": func(t *testing.T, p *post, token string) { p.beginTOTP(t, token) },
		"sms": func(t *testing.T, p *post, token string) {
			is(t, p.BeginPhone(t.Context(), home, p.alive(t, token), phone), nil)
		},
	} {
		t.Run(method, func(t *testing.T) {
			factors, _ := withTOTP(t)
			p := openPost(t, memstore.New(), unlimitedMail, factors, withCodes(t))
			token := p.member(t, "ada").Token
			begin(t, p, token)
			id := p.alive(t, token)
			_, err := p.ConfirmFactor(t.Context(), home, id, auth.Answer{Method: method, Code: "12345x"})
			is(t, err, auth.ErrInvalidCode)
			events := p.events(t, id.User.ID)
			if n := countKind(events, authevent.SecondFactorFailed); n != 0 {
				t.Errorf("%d events of a failed second factor, want none", n)
			}
			if n := countKind(events, authevent.FactorNotConfirmed); n != 1 {
				t.Fatalf("%d events of a factor that was not confirmed, want 1", n)
			}
			for _, e := range events {
				if e.Kind == activity.Kind("auth.factor_not_confirmed") && e.Detail["method"] != method {
					t.Errorf("its method is %q, want %q", e.Detail["method"], method)
				}
			}
		})
	}
}

// Of the codes of many apps that are confirmed at once one is taken, and the session has a
// new token then. With that token there is no room for another app beside 20.
func TestT12d_ParallelRequestsConfirmNoFactorTooMany(t *testing.T) {
	const most = 20
	onDatabases(t, func(t *testing.T, db database) {
		var kinds []auth.Answer
		w := openOn(t, db, limitsOff, func(c *auth.Config) {
			for i := range 6 {
				kind := "own" + string(rune('a'+i))
				c.Factors = append(c.Factors, always(kind))
				kinds = append(kinds, auth.Answer{Method: kind, Code: "yes"})
			}
		})
		token := w.register(t, "ada").Token
		id := w.alive(t, token)
		for _, a := range kinds {
			if _, err := w.BeginFactor(t.Context(), home, id, a.Method, ""); err != nil {
				t.Fatal(err)
			}
		}
		for i := range most - 1 {
			factor(t, w, id.User.ID, "spare"+string(rune('a'+i)))
		}
		var wg sync.WaitGroup
		done, errs := make([]auth.ConfirmedFactor, len(kinds)), make([]error, len(kinds))
		for i, a := range kinds {
			wg.Go(func() { done[i], errs[i] = w.ConfirmFactor(t.Context(), home, id, a) })
		}
		wg.Wait()
		var winners []int
		for i, err := range errs {
			if err == nil {
				winners = append(winners, i)
			} else {
				is(t, err, auth.ErrUnauthenticated) // the winner has the session's new token
			}
		}
		if len(winners) != 1 {
			t.Fatalf("%d factors were added at once, want 1: %v", len(winners), errs)
		}
		won := winners[0]
		id = w.alive(t, done[won].Token)
		// By the new token too there is no room for another one.
		_, err := w.ConfirmFactor(t.Context(), home, id, kinds[(won+1)%len(kinds)])
		is(t, err, auth.ErrInvalidCode)
		w.alive(t, done[won].Token)
		if list, err := w.Factors(t.Context(), id); err != nil || len(list) != most {
			t.Errorf("%d factors, %v; want %d", len(list), err, most)
		}
	})
}

// always is a factor of a kind, whose every code is right.
type always string

func (a always) Kind() string { return string(a) }

func (always) Enroll(context.Context, authstore.FactorRecord, profile.User) ([]byte, authfactor.Enrollment, error) {
	return []byte("data"), authfactor.Enrollment{}, nil
}

func (always) Verify(_ context.Context, r authstore.FactorRecord, _ string, _ time.Time) (authstore.FactorRecord, bool, error) {
	return r, false, nil
}
