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

// network is what the limits count by: the whole of an IPv4 address, the /64
// of an IPv6 one, since whoever has one address of it has them all.
func (c Client) network() string {
	ip := c.addr()
	if !ip.IsValid() {
		return "none"
	}
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(ip, bits).Masked().String()
}

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
