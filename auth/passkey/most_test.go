package passkey_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/softkey"
)

// most is how many passkeys an account has at most.
const most = 20

// Of many requests that add the last passkey at once one is let through, and the session
// has a new token then. With that token there is no room for another passkey.
func TestT12c_ParallelRequestsAddNoPasskeyTooMany(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		p := w.withPasskey("ada")
		user := p.id().User.ID
		id := p.id()
		answers := make([]auth.PasskeyAnswer, 9)
		for i := range answers {
			ch, err := w.nodes[i%2].BeginAddPasskey(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			answers[i] = auth.PasskeyAnswer{State: ch.State, Response: softkey.New(origin).Create(ch.Options)}
		}
		for i := range most - 2 {
			err := db.Auth().Factors.AddFactor(t.Context(), authstore.FactorRecord{
				ID: fmt.Sprintf("spare%d", i), UserID: user, Kind: auth.KindPasskey, Lookup: fmt.Sprintf("spare%d", i), CreatedAt: w.clock(),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		later := answers[8]
		answers = answers[:8]
		done, errs := make([]auth.ConfirmedFactor, len(answers)), make([]error, len(answers))
		for i, a := range answers {
			wg.Go(func() { done[i], errs[i] = w.nodes[i%2].AddPasskey(t.Context(), home, id, a, "Another") })
		}
		wg.Wait()
		added := 0
		for i, err := range errs {
			switch {
			case err == nil:
				added++
				p.token = done[i].Token
			case !errors.Is(err, auth.ErrUnauthenticated): // the winner has the session's new token
				t.Errorf("AddPasskey: %v", err)
			}
		}
		if added != 1 {
			t.Fatalf("%d passkeys were added at once, want 1", added)
		}
		// By the new token too there is no room for another one.
		_, err := w.nodes[0].AddPasskey(t.Context(), home, p.id(), later, "One more")
		w.refused("one more passkey", err, auth.ErrInvalidCode)
		if records, err := db.Auth().Factors.Factors(t.Context(), user); err != nil || len(records) != most {
			t.Errorf("%d passkeys, %v; want %d", len(records), err, most)
		}
	})
}
