package activity

import "net/netip"

// Networks that an address is masked to: what tells an owner "that was not
// me" without telling where a household is.
const (
	maskV4 = 24
	maskV6 = 48
)

// MaskIP returns the network of ip as text, to be kept: "203.0.113.0/24" of an
// IPv4 address, also when it is written as IPv6; "2001:db8::/48" of an IPv6
// address, without its zone. The zero Addr is "".
func MaskIP(ip netip.Addr) string {
	ip = ip.Unmap()
	bits := maskV6
	if ip.Is4() {
		bits = maskV4
	}
	p, err := ip.WithZone("").Prefix(bits)
	if err != nil || !p.IsValid() {
		return ""
	}
	return p.String()
}
