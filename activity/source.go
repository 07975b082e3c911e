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

// Names in the detail of a message that tells where something came from. Releases of
// before wrote the network of a link that was asked for as "ip".
const (
	detailDevice  = "device"
	detailNetwork = "network"
	detailPlace   = "place"
	detailOldIP   = "ip"
)

// Detail is s as a message's detail tells it to the owner of the account; SourceIn reads
// it again.
func (s Source) Detail() map[string]string {
	return map[string]string{detailDevice: s.Device, detailNetwork: s.IP, detailPlace: s.Place}
}

// SourceIn is the Source that Detail wrote into a detail, among other names, by this or an
// older release; the zero Source when nobody did.
func SourceIn(detail map[string]string) Source {
	s := Source{IP: detail[detailNetwork], Device: detail[detailDevice], Place: detail[detailPlace]}
	if s.IP == "" {
		s.IP = detail[detailOldIP]
	}
	return s
}
