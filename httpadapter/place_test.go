package httpadapter_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/httpadapter"
)

// The place that the host knows is in sessions and activity; what is odd in it
// is not, and a proxy's own address is not asked for.
func TestS33_PlacesOfSessionsAndEvents(t *testing.T) {
	var asked []netip.Addr
	w := newWorld(t, func(c *httpadapter.Config) {
		c.HTTP.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
		c.HTTP.Place = func(ip netip.Addr) string {
			asked = append(asked, ip)
			if ip.Is6() {
				return "B\x00e\nr\u202en" + strings.Repeat("é", 200) + "\xff"
			}
			return "Bern"
		}
	})
	ada := w.client()
	ada.header.Set("X-Forwarded-For", "203.0.113.7")
	ada.register("ada")
	other := w.client()
	other.header.Set("X-Forwarded-For", "2001:db8::1")
	other.send("POST", "/api/auth/login", `{"login":"ada","password":"`+password+`"}`).want(t, 200)

	places := map[string]bool{}
	for _, s := range ada.get("/api/auth/sessions").want(t, 200).json(t)["items"].([]any) {
		places[s.(map[string]any)["place"].(string)] = true
	}
	if odd := "Bern" + strings.Repeat("é", 96); len(places) != 2 || !places["Bern"] || !places[odd] {
		t.Errorf("places %v", places)
	}
	for _, e := range ada.get("/api/activity").want(t, 200).json(t)["items"].([]any) {
		if p := e.(map[string]any)["place"].(string); !places[p] {
			t.Errorf("an event at %q", p)
		}
	}
	for _, ip := range asked {
		if ip != netip.MustParseAddr("203.0.113.7") && ip != netip.MustParseAddr("2001:db8::1") {
			t.Errorf("asked where %v is", ip)
		}
	}
	if log := w.log.String(); strings.Contains(log, "203.0.113.7") {
		t.Error("the log has the whole address")
	}
}
