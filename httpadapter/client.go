package httpadapter

import (
	"net/http"
	"net/netip"
	"strings"
	"unicode"

	"github.com/profilekit/profilekit/auth"
)

// maxUserAgent bounds what is looked at of a User-Agent, in bytes.
const maxUserAgent = 512

// clientOf says who calls. X-Forwarded-For is believed only from trusted
// proxies, and from its right end only as far as they reach; every other
// forwarding header is ignored.
func (a *App) clientOf(r *http.Request) auth.Client {
	ua := r.UserAgent()
	if len(ua) > maxUserAgent {
		ua = ua[:maxUserAgent]
	}
	ip := peer(r)
	if a.trusted(ip) {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for i := len(hops) - 1; i >= 0; i-- {
			hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
			if err != nil {
				break // what is left of it says nothing we can trust
			}
			ip = hop.Unmap().WithZone("")
			if !a.trusted(ip) {
				break
			}
		}
	}
	return auth.Client{IP: ip, UserAgent: ua}
}

// peer is the address at the other end of the connection.
func peer(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

func (a *App) trusted(ip netip.Addr) bool {
	for _, p := range a.cfg.HTTP.TrustedProxies {
		if ip.IsValid() && p.Contains(ip) {
			return true
		}
	}
	return false
}

// maxPlace bounds the name of a place, in characters.
const maxPlace = 100

// place asks the host where an address is. What it answers is one line.
func (a *App) place(ip netip.Addr) string {
	if a.cfg.HTTP.Place == nil || !ip.IsValid() {
		return ""
	}
	name := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(a.cfg.HTTP.Place(ip), "")))
	return string(name[:min(len(name), maxPlace)])
}
