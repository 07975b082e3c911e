package hash

import (
	"crypto/subtle"
	"errors"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/profilekit/profilekit/internal/argon2d"
)

var errVerifyOnly = errors.New("hash: this Hasher only verifies")

// Argon2 verifies Argon2 hashes of other programs: Argon2i and Argon2d in the
// PHC string form, and any variant as Django writes it, with "argon2" in front.
// It makes no hashes; Argon2id does. Version 19 only; the bounds are those of
// Argon2id.
type Argon2 struct{}

// Hash implements Hasher; it always fails.
func (Argon2) Hash(string) (string, error) { return "", errVerifyOnly }

// Match implements Hasher. Weak is always true.
func (Argon2) Match(encoded, password string) Result {
	rest, django := strings.CutPrefix(encoded, "argon2$")
	if django {
		rest = "$" + rest
	}
	own := Argon2id{}.params()
	var key func(password []byte, h phc) []byte
	h, ok := parseArgon2(rest, "$argon2i$v=19$", own)
	if ok {
		key = func(password []byte, h phc) []byte {
			return argon2.Key(password, h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
		}
	} else if h, ok = parseArgon2(rest, "$argon2d$v=19$", own); ok {
		key = func(password []byte, h phc) []byte {
			return argon2d.Key(password, h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
		}
	} else if h, ok = parsePHC(rest, own); ok && django {
		key = func(password []byte, h phc) []byte {
			return argon2.IDKey(password, h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
		}
	} else {
		return Result{}
	}
	r := Result{Known: true, Weak: true}
	if len(password) <= MaxPasswordBytes {
		r.Match = subtle.ConstantTimeCompare(key([]byte(password), h), h.key) == 1
	}
	return r
}
