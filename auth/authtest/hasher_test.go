package authtest

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"

	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/internal/conform"
)

// toy is a hasher that is right in form and useless for anything but showing
// what the suite finds: one SHA-256 of salt and password.
type toy struct {
	prepare func(password string) string // what is done to a password first
	fixed   bool                         // one salt for all
	loose   bool                         // compares the beginning only
	panics  bool                         // on what it cannot take apart
	greedy  bool                         // allocates before it checks
}

const toyPrefix = "$toy$"

func (h toy) sum(salt, password string) string {
	if h.prepare != nil {
		password = h.prepare(password)
	}
	s := sha256.Sum256([]byte(salt + "\x00" + password))
	return hex.EncodeToString(s[:])
}

func (h toy) Hash(password string) (string, error) {
	salt := rand.Text()
	if h.fixed {
		salt = "salt"
	}
	return toyPrefix + salt + "$" + h.sum(salt, password), nil
}

var sink []byte

func (h toy) Match(encoded, password string) hash.Result {
	if h.greedy {
		sink = make([]byte, 4<<20)
	}
	rest, ok := strings.CutPrefix(encoded, toyPrefix)
	salt, sum, split := strings.Cut(rest, "$")
	if h.panics {
		_ = strings.Split(encoded, "$")[3]
	}
	if h.loose {
		return hash.Result{Known: ok && split, Match: ok && split && strings.HasPrefix(h.sum(salt, password), sum)}
	}
	if !ok || !split || len(sum) != hex.EncodedLen(sha256.Size) || len(salt) > 64 || strings.ToLower(sum) != sum {
		return hash.Result{}
	}
	return hash.Result{Known: true, Match: h.sum(salt, password) == sum}
}

func TestHashers(t *testing.T) {
	t.Run("a toy", func(t *testing.T) { RunHasher(t, toy{}) })
	t.Run("Argon2id", func(t *testing.T) {
		// Weaker by its parameters: the least that is a hash at all.
		weaker, err := hash.Argon2id{Memory: 64, Time: 1, Threads: 1}.Hash(Password)
		conform.Must(t, "Hash", err)
		RunHasher(t, hash.Argon2id{Memory: 1024, Time: 1, Threads: 1}, weaker)
	})
	t.Run("Bcrypt", func(t *testing.T) {
		weaker, err := bcrypt.GenerateFromPassword([]byte(Password), bcrypt.MinCost)
		conform.Must(t, "bcrypt", err)
		RunHasher(t, hash.Bcrypt{}, string(weaker))
	})
}

func TestBrokenHashersAreFound(t *testing.T) {
	over := func(name, finds string, h hash.Hasher, weaker ...string) conform.Broken {
		return conform.Broken{Name: name, Finds: finds, Suite: func(t *testing.T) { RunHasher(t, h, weaker...) }}
	}
	const exact, malformed = "S02 a password is verified exactly as sent/", "S07 a malformed encoding is not known/"
	current, err := toy{}.Hash(Password)
	conform.Must(t, "Hash", err)
	conform.FindsBroken(t,
		over("cuts at 72 bytes", exact+"length 73", toy{prepare: func(p string) string { return p[:min(len(p), 72)] }}),
		over("cuts at NUL", exact+"NUL inside", toy{prepare: func(p string) string { p, _, _ = strings.Cut(p, "\x00"); return p }}),
		over("trims", exact+"leading space", toy{prepare: strings.TrimSpace}),
		over("folds case", exact+"case", toy{prepare: strings.ToLower}),
		over("normalises", exact+"composed", toy{prepare: norm.NFC.String}),
		over("has one salt", "S06 a fresh hash is known, matches and is not weak", toy{fixed: true}),
		over("compares a prefix", "S07 a damaged encoding never matches/without its hash", toy{loose: true}),
		over("panics", malformed+"plain text", toy{panics: true}),
		over("allocates before it checks", malformed+"4 GiB", toy{greedy: true}),
		over("does not call the weaker weak", "vector 1", toy{}, current),
	)
}
