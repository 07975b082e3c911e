package passkey_test

import (
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/internal/softkey"
)

// A right signature with a count that did not rise is refused, and the owner's
// feed tells it from an answer that is wrong; a passkey without a count goes on.
func TestS26_ACopiedPasskeyIsTold(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		w := open(t, db, func(c *auth.Config) { c.LimitStore = limit.Off{} })
		p := w.withPasskey("ada")
		user := p.id().User.ID
		reasons := func(kind activity.Kind) map[string]int {
			t.Helper()
			events, err := db.Activity().Page(t.Context(), activity.Query{UserID: user, Limit: 100, Kind: kind})
			if err != nil {
				t.Fatal(err)
			}
			count := map[string]int{}
			for _, e := range events {
				count[e.Detail["method"]+" "+e.Detail["reason"]]++
			}
			return count
		}
		for range 2 { // so that the stored count is above 1
			p.token = w.fresh("ada", p)
		}
		for _, count := range []uint32{0, 1, p.key.Count - 1} {
			copied := *p.key
			copied.Count = count
			ch := w.begin()
			_, err := w.signIn(ch, copied.Get(ch.Options))
			w.refused("a copy", err, auth.ErrInvalidCredentials)
		}
		forged := *p.key
		forged.Lie = func(a *softkey.Answer) { a.Forge, a.Data[36] = true, 0 }
		ch := w.begin()
		_, err := w.signIn(ch, forged.Get(ch.Options))
		w.refused("forged", err, auth.ErrInvalidCredentials)
		if got := reasons(authevent.SignInFailed); got["passkey copied"] != 3 || got["passkey wrong"] != 1 {
			t.Errorf("failed sign-ins %v, want 3 copied and 1 wrong", got)
		}

		half, err := w.nodes[0].SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		who, err := w.nodes[0].AuthenticateHalf(t.Context(), half.Token)
		if err != nil {
			t.Fatal(err)
		}
		if ch, err = w.nodes[0].BeginPasskeyProof(t.Context(), who); err != nil {
			t.Fatal(err)
		}
		copied := *p.key
		copied.Count = 1
		_, err = w.nodes[1].FinishSignIn(t.Context(), home, who, auth.Answer{
			Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: ch.State, Response: copied.Get(ch.Options)},
		}, false)
		w.refused("a copy, second factor", err, authfactor.ErrCopiedPasskey)
		w.refused("a copy, second factor", err, auth.ErrInvalidCode)
		if got := reasons(authevent.SecondFactorFailed); got["passkey copied"] != 1 {
			t.Errorf("failed second factors %v, want 1 copied", got)
		}

		p.key = softkey.New(origin)
		p.add(p.key, "Synced")
		for range 3 {
			w.fresh("ada", p)
		}
	})
}
