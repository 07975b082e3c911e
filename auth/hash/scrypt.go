package hash

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"math/bits"
	"strings"

	"golang.org/x/crypto/scrypt"
)

// Scrypt verifies scrypt hashes (RFC 7914) of other programs, in the PHC string
// form and in Django's:
//
//	$scrypt$ln=16,r=8,p=1$<salt>$<hash>
//	scrypt$16384$<salt>$8$5$<hash in base64>
//
// of 32 or 64 bytes, up to 64 MiB of memory and p times as much work. It makes no hashes.
type Scrypt struct{}

// Bounds of a scrypt hash that we are ready to compute.
const (
	scryptMaxMemory = 64 << 20 // 128 N r
	scryptMaxP      = 16
)

// Hash implements Hasher; it always fails.
func (Scrypt) Hash(string) (string, error) { return "", errVerifyOnly }

// Match implements Hasher. Weak is always true.
func (Scrypt) Match(encoded, password string) Result {
	k, ok := parseScrypt(encoded)
	if !ok {
		return Result{}
	}
	r := Result{Known: true, Weak: true}
	if len(password) > MaxPasswordBytes || strings.Contains(password, "\x00") {
		return r // HMAC takes a password with zeros behind it for the same
	}
	key, err := scrypt.Key([]byte(password), k.salt, k.n, k.r, k.p, len(k.key))
	r.Match = err == nil && subtle.ConstantTimeCompare(key, k.key) == 1
	return r
}

type scryptKey struct {
	n, r, p   int
	salt, key []byte
}

// bounded takes parameters that can be computed, and are worth it.
func (k *scryptKey) bounded(n, r, p uint64) bool {
	if n < 2 || bits.OnesCount64(n) != 1 || r < 1 || r > 64 || p < 1 || p > scryptMaxP || n > scryptMaxMemory/128/r {
		return false
	}
	k.n, k.r, k.p = int(n), int(r), int(p)
	return true
}

func parseScrypt(s string) (k scryptKey, ok bool) {
	if len(s) > phcMaxLength {
		return k, false
	}
	if rest, ok := strings.CutPrefix(s, "$scrypt$"); ok {
		parts := strings.Split(rest, "$")
		if len(parts) != 3 {
			return k, false
		}
		ln, left, okN := phcNumber(parts[0], "ln=")
		r, left, okR := phcNumber(left, ",r=")
		p, left, okP := phcNumber(left, ",p=")
		if !okN || !okR || !okP || left != "" || ln > 30 || !k.bounded(1<<ln, r, p) {
			return k, false
		}
		if k.salt, ok = phcBytes(parts[1], 1, phcMaxSalt); !ok {
			return k, false
		}
		k.key, ok = phcBytes(parts[2], 32, 64)
		return k, ok && len(k.key)%32 == 0
	}
	rest, ok := strings.CutPrefix(s, "scrypt$")
	parts := strings.Split(rest, "$")
	if !ok || len(parts) != 5 {
		return k, false
	}
	n, leftN, okN := phcNumber(parts[0], "")
	r, leftR, okR := phcNumber(parts[2], "")
	p, leftP, okP := phcNumber(parts[3], "")
	if !okN || !okR || !okP || leftN+leftR+leftP != "" || !k.bounded(n, r, p) {
		return k, false
	}
	if k.salt = []byte(parts[1]); len(k.salt) == 0 || len(k.salt) > phcMaxSalt {
		return k, false
	}
	k.key, ok = paddedBytes(parts[4], 64)
	return k, ok
}

// FirebaseScrypt verifies the passwords of an export of Firebase
// Authentication, whose scrypt encrypts a key of the project instead of being
// compared itself. Its fields are the "password hash parameters" of the
// project. Encode makes the hash of an exported user, to be kept in an
// authstore.PasswordStore. FirebaseScrypt hashes no new passwords.
type FirebaseScrypt struct {
	SignerKey     []byte // base64_signer_key, decoded; 64 bytes
	SaltSeparator []byte // base64_salt_separator, decoded
	Rounds        int    // rounds, 1 to 8
	MemCost       int    // mem_cost, 1 to 14
}

const firebasePrefix = "$firebase-scrypt$"

var errFirebaseUser = errors.New("hash: passwordHash and salt of a Firebase user must be base64")

// Encode returns the encoding of a user of the export, from its passwordHash
// and salt, in either alphabet of base64.
func (f FirebaseScrypt) Encode(passwordHash, salt string) (string, error) {
	decode := func(s string) ([]byte, error) {
		s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
		return base64.RawStdEncoding.DecodeString(s)
	}
	key, errKey := decode(passwordHash)
	raw, errSalt := decode(salt)
	if errKey != nil || errSalt != nil {
		return "", errFirebaseUser
	}
	s := firebasePrefix + base64.RawStdEncoding.EncodeToString(raw) + "$" + base64.RawStdEncoding.EncodeToString(key)
	if _, _, ok := f.parse(s); !ok {
		return "", errFirebaseUser
	}
	return s, nil
}

// Hash implements Hasher; it always fails.
func (FirebaseScrypt) Hash(string) (string, error) { return "", errVerifyOnly }

// Match implements Hasher. Weak is always true.
func (f FirebaseScrypt) Match(encoded, password string) Result {
	salt, want, ok := f.parse(encoded)
	if !ok {
		return Result{}
	}
	r := Result{Known: true, Weak: true}
	if len(password) > MaxPasswordBytes || strings.Contains(password, "\x00") {
		return r // HMAC takes a password with zeros behind it for the same
	}
	key, err := scrypt.Key([]byte(password), append(salt, f.SaltSeparator...), 1<<f.MemCost, f.Rounds, 1, 32)
	if err != nil {
		return r
	}
	cipherKey, err := aes.NewCipher(key)
	if err != nil {
		return r
	}
	got := make([]byte, len(f.SignerKey))
	cipher.NewCTR(cipherKey, make([]byte, aes.BlockSize)).XORKeyStream(got, f.SignerKey)
	r.Match = subtle.ConstantTimeCompare(got, want) == 1
	return r
}

// parse reads what Encode writes. A FirebaseScrypt whose own parameters are
// not those of a project knows nothing.
func (f FirebaseScrypt) parse(s string) (salt, hash []byte, ok bool) {
	if len(f.SignerKey) == 0 || f.Rounds < 1 || f.Rounds > 8 || f.MemCost < 1 || f.MemCost > 14 || len(s) > phcMaxLength {
		return nil, nil, false
	}
	rest, ok := strings.CutPrefix(s, firebasePrefix)
	first, second, two := strings.Cut(rest, "$")
	if !ok || !two {
		return nil, nil, false
	}
	if salt, ok = phcBytes(first, 1, phcMaxSalt); !ok {
		return nil, nil, false
	}
	if hash, ok = phcBytes(second, phcMinKey, phcMaxKey); !ok || len(hash) != len(f.SignerKey) {
		return nil, nil, false
	}
	return salt, hash, true
}
