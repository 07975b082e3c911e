package hash

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"

	"golang.org/x/crypto/argon2"
)

// Argon2id stores passwords as Argon2id (RFC 9106) in the PHC string form
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>
//
// with 16 random bytes of salt and 32 bytes of hash, both in unpadded base64.
// The zero value uses the first choice of the OWASP Password Storage Cheat
// Sheet, m=19456 t=2 p=1; a field that is 0 takes its default. Cheaper values
// are for tests.
//
// Match knows strings of exactly that form up to m=65536 (64 MiB), t=16, p=16
// and m times t of 262144, or this value's own parameters where they are
// larger; salts of 8 to 64 and hashes of 16 to 64 bytes. All else is unknown
// and costs nothing. A hash is weak when it has less memory, or less memory
// times passes, than this value, or a shorter salt or hash than Hash makes.
// Lanes do not count: they change who may compute in parallel, not the work.
type Argon2id struct {
	Memory  uint32 // KiB; 0 is 19456
	Time    uint32 // passes; 0 is 2
	Threads uint8  // lanes; 0 is 1
}

const (
	argonSalt = 16 // bytes
	argonKey  = 32
)

var errArgonParams = errors.New("hash: Argon2id needs at least 8 KiB of memory for each lane")

// params returns a with the defaults filled in.
func (a Argon2id) params() phc {
	p := phc{memory: a.Memory, time: a.Time, threads: a.Threads}
	if p.memory == 0 {
		p.memory = 19456
	}
	if p.time == 0 {
		p.time = 2
	}
	if p.threads == 0 {
		p.threads = 1
	}
	return p
}

// Hash implements Hasher. A password of more than MaxPasswordBytes is refused.
func (a Argon2id) Hash(password string) (string, error) {
	if len(password) > MaxPasswordBytes {
		return "", errPasswordTooLong
	}
	h := a.params()
	if uint64(h.memory) < 8*uint64(h.threads) {
		return "", errArgonParams
	}
	h.salt = make([]byte, argonSalt)
	rand.Read(h.salt) // never fails: crypto/rand
	h.key = argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, argonKey)
	return h.String(), nil
}

// Match implements Hasher.
func (a Argon2id) Match(encoded, password string) Result {
	h, ok := parsePHC(encoded, a.params())
	if !ok {
		return Result{}
	}
	r := Result{Known: true, Weak: a.weak(h)}
	if len(password) > MaxPasswordBytes {
		return r
	}
	key := argon2.IDKey([]byte(password), h.salt, h.time, h.memory, h.threads, uint32(len(h.key)))
	r.Match = subtle.ConstantTimeCompare(key, h.key) == 1
	return r
}

func (a Argon2id) weak(h phc) bool {
	want := a.params()
	return h.memory < want.memory || h.work() < want.work() || len(h.salt) < argonSalt || len(h.key) < argonKey
}

// decoy returns a string that costs a Match as much as a real one and that no
// password matches, without the cost of a Hash.
func (a Argon2id) decoy() (string, error) {
	h := a.params()
	if uint64(h.memory) < 8*uint64(h.threads) {
		return "", errArgonParams
	}
	h.salt, h.key = make([]byte, argonSalt), make([]byte, argonKey)
	rand.Read(h.salt)
	rand.Read(h.key)
	return h.String(), nil
}
