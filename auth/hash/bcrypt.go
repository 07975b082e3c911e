package hash

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// Bcrypt verifies the bcrypt hashes of an older application, so that its users
// keep their passwords; Hashers stores them anew with the primary hasher when
// they sign in. It makes no hashes.
//
// It knows $2a$, $2b$ and $2y$ with a cost of 4 to MaxCost, also as Django
// writes them: bcrypt$… and bcrypt_sha256$…, where the hash is of the password's
// SHA-256 in hexadecimal. Otherwise a password of more than 72 bytes never
// matches: bcrypt ignores what follows, so each of them would open the account
// of the cut one.
type Bcrypt struct {
	// MaxCost bounds the work that a stored hash may ask for; 0 is 14, about
	// a second of one core.
	MaxCost int
}

const (
	bcryptLength      = 60
	bcryptMaxPassword = 72
	bcryptMaxCost     = 14
)

// Hash implements Hasher; it always fails.
func (Bcrypt) Hash(string) (string, error) { return "", errVerifyOnly }

// Match implements Hasher. Weak is always true: bcrypt is never the goal.
func (b Bcrypt) Match(encoded, password string) Result {
	rest, digest := strings.CutPrefix(encoded, "bcrypt_sha256$")
	if !digest {
		rest = strings.TrimPrefix(encoded, "bcrypt$")
	}
	if !b.known(rest) {
		return Result{}
	}
	encoded = rest
	r := Result{Known: true, Weak: true}
	if digest && len(password) <= MaxPasswordBytes {
		sum := sha256.Sum256([]byte(password))
		password = hex.EncodeToString(sum[:])
	}
	if len(password) > bcryptMaxPassword {
		return r
	}
	r.Match = bcrypt.CompareHashAndPassword([]byte(encoded), []byte(password)) == nil
	return r
}

// known reports whether s is "$2?$NN$" and 53 characters of bcrypt's base64,
// within the cost that we pay. x/crypto itself takes any letter after the 2
// and any cost to 31, which is days.
func (b Bcrypt) known(s string) bool {
	if len(s) != bcryptLength || s[0] != '$' || s[1] != '2' || s[3] != '$' || s[6] != '$' {
		return false
	}
	if s[2] != 'a' && s[2] != 'b' && s[2] != 'y' {
		return false
	}
	if s[4] < '0' || s[4] > '9' || s[5] < '0' || s[5] > '9' {
		return false
	}
	most := b.MaxCost
	if most == 0 {
		most = bcryptMaxCost
	}
	if cost := int(s[4]-'0')*10 + int(s[5]-'0'); cost < bcrypt.MinCost || cost > most {
		return false
	}
	for i := 7; i < len(s); i++ {
		switch c := s[i]; {
		case c == '.', c == '/', c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		default:
			return false
		}
	}
	return true
}
