package hash

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// Bounds of an Argon2id string that we are ready to compute. They hold for
// every number before anything is allocated for it, so a hostile or broken
// row of the database costs no memory and no time. The second choice of
// RFC 9106, section 4 (64 MiB, t=3, p=4) is inside them; a host whose own
// parameters are larger widens them by that, see Argon2id.
const (
	phcMaxLength  = 256       // bytes of the whole string
	phcMaxMemory  = 64 * 1024 // KiB
	phcMaxTime    = 16        // passes
	phcMaxThreads = 16        // lanes
	phcMaxWork    = 4 * phcMaxMemory
	phcMinSalt    = 8 // bytes; RFC 9106, section 3.1
	phcMaxSalt    = 64
	phcMinKey     = 16
	phcMaxKey     = 64
)

const phcPrefix = "$argon2id$v=19$"

// phc is a parsed Argon2id string.
type phc struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

// String is the PHC form: $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func (h phc) String() string {
	b := make([]byte, 0, phcMaxLength)
	b = append(b, phcPrefix...)
	b = append(b, "m="...)
	b = strconv.AppendUint(b, uint64(h.memory), 10)
	b = append(b, ",t="...)
	b = strconv.AppendUint(b, uint64(h.time), 10)
	b = append(b, ",p="...)
	b = strconv.AppendUint(b, uint64(h.threads), 10)
	b = append(b, '$')
	b = base64.RawStdEncoding.AppendEncode(b, h.salt)
	b = append(b, '$')
	b = base64.RawStdEncoding.AppendEncode(b, h.key)
	return string(b)
}

// work is memory times passes: what a guess costs, whatever the lanes.
func (h phc) work() uint64 { return uint64(h.memory) * uint64(h.time) }

// parsePHC reads the one spelling that String writes: version 19, the three
// parameters in that order, canonical numbers, unpadded base64. Anything else,
// and anything beyond both the bounds above and own, is not ok.
func parsePHC(s string, own phc) (h phc, ok bool) { return parseArgon2(s, phcPrefix, own) }

// parseArgon2 is parsePHC for the variant that prefix names.
func parseArgon2(s, prefix string, own phc) (h phc, ok bool) {
	if len(s) > phcMaxLength {
		return phc{}, false
	}
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return phc{}, false
	}
	params, rest, ok := strings.Cut(rest, "$")
	if !ok {
		return phc{}, false
	}
	salt, key, ok := strings.Cut(rest, "$")
	if !ok {
		return phc{}, false
	}

	m, params, okM := phcNumber(params, "m=")
	t, params, okT := phcNumber(params, ",t=")
	p, params, okP := phcNumber(params, ",p=")
	if !okM || !okT || !okP || params != "" {
		return phc{}, false
	}
	if t < 1 || p < 1 || m < 8*p || // RFC 9106, section 3.1; x/crypto panics on t=0 and p=0
		m > max(phcMaxMemory, uint64(own.memory)) || t > max(phcMaxTime, uint64(own.time)) ||
		p > max(phcMaxThreads, uint64(own.threads)) || m*t > max(phcMaxWork, own.work()) {
		return phc{}, false
	}
	h = phc{memory: uint32(m), time: uint32(t), threads: uint8(p)}

	if h.salt, ok = phcBytes(salt, phcMinSalt, phcMaxSalt); !ok {
		return phc{}, false
	}
	if h.key, ok = phcBytes(key, phcMinKey, phcMaxKey); !ok {
		return phc{}, false
	}
	return h, true
}

// phcNumber cuts name and the canonical decimal number after it off s. Nine
// digits are more than any limit needs and keep the arithmetic far from an
// overflow.
func phcNumber(s, name string) (n uint64, rest string, ok bool) {
	s, ok = strings.CutPrefix(s, name)
	if !ok {
		return 0, "", false
	}
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		n = n*10 + uint64(s[i]-'0')
		if i++; i > 9 {
			return 0, "", false
		}
	}
	if i == 0 || (s[0] == '0' && i > 1) {
		return 0, "", false
	}
	return n, s[i:], true
}

// phcBytes decodes unpadded base64 of least to most bytes. The decoder of the
// standard library skips line ends, also when strict, so they are refused here.
func phcBytes(s string, least, most int) ([]byte, bool) {
	n := base64.RawStdEncoding.DecodedLen(len(s))
	if n < least || n > most || strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.RawStdEncoding.Strict().DecodeString(s)
	return b, err == nil
}
