package auth_test

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authlimit"
)

// at is a client in the /64 with that number of a site, in the site with that number of a
// provider.
func at(site, net int) auth.Client {
	return auth.Client{IP: netip.MustParseAddr(fmt.Sprintf("2001:db8:%x:%x::1", site, net))}
}

// TestT04_ASiteAndAProviderAreLimited: whoever has many /64 tries 16 times as often as one of
// them from a /48, and 256 times from a /32, whatever it is that they try.
func TestT04_ASiteAndAProviderAreLimited(t *testing.T) {
	rule := limit.Rule{Limit: 1, Window: 15 * time.Minute}
	onDatabases(t, func(t *testing.T, db database) {
		n := 0
		p := openPost(t, db, func(c *auth.Config) {
			c.Limits = authlimit.Tries{Address: rule, SignUp: rule, MailAddress: rule}
		})
		for name, try := range map[string]func(c auth.Client) error{
			"a password": func(c auth.Client) error {
				_, err := p.SignIn(t.Context(), c, auth.Credentials{Login: fmt.Sprint("nobody", n), Password: other})
				return err
			},
			"a token": func(c auth.Client) error {
				return p.Report(t.Context(), c, fmt.Sprintf("%042dA", n))
			},
			"a message": func(c auth.Client) error {
				return p.Forgot(t.Context(), c, fmt.Sprintf("nobody%d@example.org", n))
			},
		} {
			t.Run(name, func(t *testing.T) {
				// As many as get through from the clients, each of whom tries twice.
				through := func(clients ...auth.Client) (count int) {
					for _, c := range clients {
						for range 2 {
							n++
							if err := try(c); !errors.Is(err, limit.ErrExceeded) {
								count++
							}
						}
					}
					return count
				}
				var site, provider []auth.Client
				for i := range 17 {
					site = append(site, at(0, i))
					for k := range 17 {
						provider = append(provider, at(i+1, k))
					}
				}
				if got := through(at(0xffff, 0)); got != 1 {
					t.Errorf("from a /64: %d", got)
				}
				if got := through(site...); got != 16 {
					t.Errorf("from a /48: %d", got)
				}
				if got := through(provider...); got != 256-1-16 {
					t.Errorf("from a /32: %d", got)
				}
				p.clock.add(15 * time.Minute)
				if got := through(at(0, 0)); got != 1 {
					t.Errorf("later: %d", got)
				}
				p.clock.add(15 * time.Minute)
			})
		}
	})
}

// TestAAL2: an hour without use or a day end a session, remembered or not, and no device is
// trusted: neither a new one nor one of before the host chose the preset.
func TestAAL2(t *testing.T) {
	factors, _ := withTOTP(t)
	before := open(t, factors, limitsOff)
	app, _, _ := before.enrol(t, before.register(t, "ada").Token)
	trusted, err := before.FinishSignIn(t.Context(), home, before.half(t), byTOTP(app.code(0)), true)
	if err != nil || trusted.Device == "" {
		t.Fatalf("%q, %v", trusted.Device, err)
	}
	w := openOn(t, before.db, factors, limitsOff, func(c *auth.Config) { c.Session, c.Now = authlimit.AAL2(), before.clock.now })
	half, err := w.SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password, Device: trusted.Device, Remember: true})
	if err != nil || half.Status != auth.SecondFactorRequired {
		t.Fatalf("by a device of before: %q, %v", half.Status, err)
	}
	id, err := w.AuthenticateHalf(t.Context(), half.Token)
	if err != nil {
		t.Fatal(err)
	}
	before.clock.add(31 * time.Second)
	in, err := w.FinishSignIn(t.Context(), home, id, byTOTP(app.code(0)), true)
	if err != nil || in.Device != "" || !in.DeviceUntil.IsZero() {
		t.Fatalf("a device is trusted: %+v, %v", in, err)
	}
	if idle, all := in.Session.IdleUntil.Sub(in.Session.LastUsedAt), in.Session.ExpiresAt.Sub(in.Session.LastUsedAt); idle != time.Hour || all != 24*time.Hour {
		t.Errorf("the session lives %v, and %v without use", all, idle)
	}
	if got := w.Policy().Session; got != authlimit.AAL2() {
		t.Errorf("Policy says %+v", got)
	}
}
