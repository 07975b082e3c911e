package passkey_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/softkey"
)

// lastLink is a Courier that keeps the newest link.
type lastLink struct{ link string }

func (l *lastLink) Deliver(_ context.Context, m authmail.Message) error {
	l.link = m.Link
	return nil
}

// A passkey that is used is not lost, whether it is the second factor or the
// only one; one that is lost goes.
func TestS20_APasskeyEndsTheRecoveryOfFactors(t *testing.T) {
	for _, way := range []string{"alone", "as the second factor", "not at all"} {
		t.Run(way, func(t *testing.T) {
			mail := &lastLink{}
			w := open(t, memstore.New(), func(c *auth.Config) {
				c.Courier, c.Links = mail, authmail.DefaultLinks("https://example.org")
				c.FactorRecovery.Wait = auth.RecoveryWait
			})
			p := w.register("ada")
			_, verify, _ := strings.Cut(mail.link, "#token=")
			proof, err := w.nodes[0].Verify(t.Context(), home, p.id(), verify, auth.Confirmation{})
			if err != nil {
				t.Fatal(err)
			}
			p.token = proof.Token
			p.key = softkey.New(origin)
			p.key.Count = 1
			p.add(p.key, "Phone")
			half := func() auth.HalfIdentity {
				t.Helper()
				in, err := w.nodes[0].SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password})
				if err != nil {
					t.Fatal(err)
				}
				half, err := w.nodes[0].AuthenticateHalf(t.Context(), in.Token)
				if err != nil {
					t.Fatal(err)
				}
				return half
			}
			w.wait(time.Minute)
			if _, err := w.nodes[0].BeginFactorRecovery(t.Context(), home, half()); err != nil {
				t.Fatal(err)
			}
			_, token, _ := strings.Cut(mail.link, "#token=")
			w.wait(auth.RecoveryWait)
			var want error
			switch way {
			case "alone":
				ch := w.begin()
				_, err := w.signIn(ch, p.key.Get(ch.Options))
				w.refused("the sign-in", err, nil)
				want = auth.ErrInvalidToken
			case "as the second factor":
				h := half()
				ch, err := w.nodes[0].BeginPasskeyProof(t.Context(), h)
				if err != nil {
					t.Fatal(err)
				}
				_, err = w.nodes[1].FinishSignIn(t.Context(), home, h, auth.Answer{
					Method: auth.KindPasskey, Passkey: auth.PasskeyAnswer{State: ch.State, Response: p.key.Get(ch.Options)},
				}, false)
				w.refused("the sign-in", err, nil)
				want = auth.ErrInvalidToken
			}
			w.refused("the recovery", w.nodes[1].RecoverFactors(t.Context(), home, half(), token), want)
			if want != nil {
				tickets, err := w.db.Auth().Tickets.Tickets(t.Context(), half().User.ID, "factor.recovery", w.clock())
				if err != nil || len(tickets) != 0 {
					t.Errorf("%d recoveries are left, %v", len(tickets), err)
				}
				return
			}
			ch := w.begin()
			if _, err := w.signIn(ch, p.key.Get(ch.Options)); !errors.Is(err, auth.ErrInvalidCredentials) {
				t.Errorf("a passkey that was removed: %v", err)
			}
		})
	}
}
