package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// through registers the user name by a proxy, for a client at the address from.
func (p *program) through(from, username string) int {
	p.t.Helper()
	body := fmt.Sprintf(`{"username":%q,"email":%q,"password":%q}`, username, username+"@example.org", password)
	req, err := http.NewRequest("POST", p.url+"/api/auth/register", strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Forwarded-For", from)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestT14b_BehindAProxyEverybodyHasTheirOwnLimits: somebody who uses up the sign-ups of an
// address stops nobody at another, if the proxy is trusted. A proxy that is not trusted is
// one address, whatever it says.
func TestT14b_BehindAProxyEverybodyHasTheirOwnLimits(t *testing.T) {
	for env, want := range map[string]int{
		"":                            http.StatusTooManyRequests,
		"192.0.2.0/24":                http.StatusTooManyRequests,
		"192.0.2.9, 127.0.0.0/8, ::1": http.StatusCreated,
	} {
		t.Run(env, func(t *testing.T) {
			p := start(t, freePort(t), t.TempDir(), "TRUSTED_PROXIES="+env)
			status := 0
			for range 50 {
				if status = p.through("198.51.100.1", "stranger"); status == http.StatusTooManyRequests {
					break
				}
			}
			if status != http.StatusTooManyRequests {
				t.Fatalf("the sign-ups of one address are not limited: %d", status)
			}
			if got := p.through("203.0.113.1", "ada"); got != want {
				t.Errorf("another client gets %d, want %d", got, want)
			}
			p.stop()
		})
	}
}
