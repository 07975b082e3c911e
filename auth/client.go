package auth

import (
	"context"
	"net/netip"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
)

// Client is who calls, for the limits and for the activity feed.
type Client struct {
	// IP is the address of the client itself, which behind a proxy is not the
	// peer of the connection. Callers without one share one limit.
	IP netip.Addr
	// UserAgent is as the client sent it; only a short device name is kept.
	UserAgent string
}

// source is c as far as it may be kept.
func (c Client) source() activity.Source {
	s := activity.Source{Device: activity.DeviceName(c.UserAgent)}
	if ip := c.addr(); ip.IsValid() {
		s.IP = activity.MaskIP(ip)
	}
	return s
}

// addr is the address in its one spelling: an IPv4 address inside IPv6 is the
// IPv4 address, and a zone says nothing about who calls.
func (c Client) addr() netip.Addr { return c.IP.Unmap().WithZone("") }

// network is what the limits count by. wider is how many times more a client is let try from
// it than from the smallest one.
type network struct {
	name  string
	wider int
}

// networks are those of the client, the smallest first: the whole of an IPv4 address; of an
// IPv6 address the /64, since whoever has one address of it has them all, the /48 that is
// given to a site (RFC 6177), so 65,536 of them, and the /32 that is given to a provider.
func (c Client) networks() []network {
	ip := c.addr()
	switch {
	case !ip.IsValid():
		return []network{{"none", 1}}
	case ip.Is4():
		return []network{{netip.PrefixFrom(ip, 32).String(), 1}}
	}
	in := func(bits int) string { return netip.PrefixFrom(ip, bits).Masked().String() }
	return []network{{in(64), 1}, {in(48), siteWider}, {in(32), providerWider}}
}

// How many times more tries a site and a provider have than one IPv6 /64.
const (
	siteWider     = 16
	providerWider = 256
)

// withClient returns a ctx whose events come from c. A place that the host
// put into ctx stays.
func withClient(ctx context.Context, c Client) context.Context {
	src := c.source()
	src.Place = activity.SourceFrom(ctx).Place
	return activity.WithSource(ctx, src)
}

// withSession returns ctx, or, when nothing says where the call comes from, one
// whose events come from where the session was used last.
func withSession(ctx context.Context, sess authstore.Session) context.Context {
	if activity.SourceFrom(ctx) != (activity.Source{}) {
		return ctx
	}
	return activity.WithSource(ctx, sess.Source)
}
