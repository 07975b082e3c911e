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

// Many requests that add the last passkey at once are let through one by one, whatever
// each of them saw before.
func TestT12c_ParallelRequestsAddNoPasskeyTooMany(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		p := w.withPasskey("ada")
		user := p.id().User.ID
		id := p.id()
		answers := make([]auth.PasskeyAnswer, 8)
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
		errs := make([]error, len(answers))
		for i, a := range answers {
			wg.Go(func() { _, errs[i] = w.nodes[i%2].AddPasskey(t.Context(), keep(home), id, a, "Another") })
		}
		wg.Wait()
		added := 0
		for _, err := range errs {
			switch {
			case err == nil:
				added++
			case !errors.Is(err, auth.ErrInvalidCode):
				t.Errorf("AddPasskey: %v", err)
			}
		}
		records, err := db.Auth().Factors.Factors(t.Context(), user)
		if err != nil || len(records) != most || added != 1 {
			t.Errorf("%d passkeys, %d added at once, %v; want %d and 1", len(records), added, err, most)
		}
	})
}
