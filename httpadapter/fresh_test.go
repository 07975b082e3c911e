package httpadapter_test

import (
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/httpadapter"
)

// A proof is as fresh by our own sign-in as by a host's: 10 minutes, and a node whose
// clock is behind the one that noted it by less than 3 minutes takes it.
func TestFreshIsOneThingForBothSignIns(t *testing.T) {
	both := map[string]func(t *testing.T) *client{
		"our sessions": func(t *testing.T) *client {
			return newWorld(t, func(c *httpadapter.Config) {
				c.Auth.Codes.Channels, c.Auth.Codes.Alone = []authmail.Channel{authmail.BySMS, authmail.ByEmail}, true
				var err error
				if c.Auth.Passkeys, err = passkey.New(c.Keys, passkey.Options{Origin: c.BaseURL}); err != nil {
					t.Fatal(err)
				}
			}).client().register("ada")
		},
		"an Authenticator": func(t *testing.T) *client {
			w := newWorld(t, func(c *httpadapter.Config) { c.Authenticator = front{c.Now} })
			u, err := w.store.Users().Create(t.Context(), userNamed("ada"))
			if err != nil {
				t.Fatal(err)
			}
			c := w.client()
			c.header.Set("X-Test-User", u.ID)
			c.header.Set(w.proved(0))
			return c
		},
	}
	for name, signIn := range both {
		t.Run(name, func(t *testing.T) {
			for _, at := range []struct {
				clock time.Duration // of the node, after the proof
				fresh bool
			}{
				{-4 * time.Minute, false},
				{-3 * time.Minute, false},
				{-3*time.Minute + time.Second, true},
				{-time.Minute, true},
				{0, true},
				{10 * time.Minute, true},
				{10*time.Minute + time.Second, false},
			} {
				c := signIn(t)
				c.w.clock.advance(at.clock)
				if at.fresh {
					c.get("/api/profile/export").want(t, 200)
					continue
				}
				c.get("/api/profile").want(t, 200)
				n := 0
				for _, r := range c.w.app.Routes() {
					if r.Class != httpadapter.Fresh {
						continue
					}
					n++
					if got := c.try(r); got.StatusCode != 403 || got.code(t) != "reauthentication_required" {
						t.Errorf("%v after the proof, %s %s: %d %s", at.clock, r.Method, r.Pattern, got.StatusCode, got.body)
					}
				}
				if n < 2 {
					t.Errorf("only %d routes need a fresh proof", n)
				}
			}
		})
	}
}
