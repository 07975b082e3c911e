package hash

import (
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"strings"
)

// PBKDF2 verifies PBKDF2 hashes (RFC 8018) of other programs, in Django's form
//
//	pbkdf2_sha256$870000$<salt>$<hash in base64>
//
// (also pbkdf2_sha1), and in passlib's, which many others write:
//
//	$pbkdf2-sha256$29000$<salt>$<hash>
//
// (also $pbkdf2$ for SHA-1 and $pbkdf2-sha512$), as long as the digest of the
// hash function. It makes no hashes.
type PBKDF2 struct {
	// MaxIterations bounds the work that a stored hash may ask for; 0 is
	// 1,500,000, about a second of one core.
	MaxIterations int
}

const pbkdf2MaxIterations = 1_500_000

// Hash implements Hasher; it always fails.
func (PBKDF2) Hash(string) (string, error) { return "", errVerifyOnly }

// Match implements Hasher. Weak is always true.
func (p PBKDF2) Match(encoded, password string) Result {
	k, ok := p.parse(encoded)
	if !ok {
		return Result{}
	}
	r := Result{Known: true, Weak: true}
	if len(password) > MaxPasswordBytes || strings.Contains(password, "\x00") {
		return r // HMAC takes a password with zeros behind it for the same
	}
	key, err := pbkdf2.Key(k.hash, password, k.salt, k.iterations, len(k.key))
	r.Match = err == nil && subtle.ConstantTimeCompare(key, k.key) == 1
	return r
}

type pbkdf2Key struct {
	hash       func() hash.Hash
	iterations int
	salt, key  []byte
}

// pbkdf2Forms are the beginnings; own alphabet of base64 and binary salts are
// passlib's.
var pbkdf2Forms = []struct {
	prefix  string
	hash    func() hash.Hash
	passlib bool
}{
	{"pbkdf2_sha256$", sha256.New, false},
	{"pbkdf2_sha1$", sha1.New, false},
	{"$pbkdf2-sha256$", sha256.New, true},
	{"$pbkdf2-sha512$", sha512.New, true},
	{"$pbkdf2$", sha1.New, true},
}

func (p PBKDF2) parse(s string) (k pbkdf2Key, ok bool) {
	if len(s) > phcMaxLength {
		return k, false
	}
	for _, f := range pbkdf2Forms {
		rest, ok := strings.CutPrefix(s, f.prefix)
		if !ok {
			continue
		}
		parts := strings.Split(rest, "$")
		if len(parts) != 3 {
			return k, false
		}
		n, left, ok := phcNumber(parts[0], "")
		most := p.MaxIterations
		if most == 0 {
			most = pbkdf2MaxIterations
		}
		if !ok || left != "" || n < 1 || n > uint64(most) {
			return k, false
		}
		k = pbkdf2Key{hash: f.hash, iterations: int(n)}
		if f.passlib {
			// Its alphabet has '.' where the standard has '+'.
			if strings.Contains(parts[1]+parts[2], "+") {
				return k, false
			}
			plus := strings.NewReplacer(".", "+")
			if k.salt, ok = phcBytes(plus.Replace(parts[1]), 1, phcMaxSalt); !ok {
				return k, false
			}
			k.key, ok = phcBytes(plus.Replace(parts[2]), f.hash().Size(), f.hash().Size())
			return k, ok
		}
		k.salt = []byte(parts[1])
		if k.key, ok = paddedBytes(parts[2], f.hash().Size()); !ok || len(k.salt) == 0 || len(k.salt) > phcMaxSalt {
			return k, false
		}
		return k, true
	}
	return k, false
}

// paddedBytes decodes padded base64 of so many bytes.
func paddedBytes(s string, size int) ([]byte, bool) {
	if len(s) != base64.StdEncoding.EncodedLen(size) || strings.ContainsAny(s, "\r\n") {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	return b, err == nil && len(b) == size
}
