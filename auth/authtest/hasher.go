package authtest

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/internal/conform"
)

// Password is the password of the weaker encodings that RunHasher takes.
const Password = "correct horse battery staple"

// RunHasher checks a Hasher. weaker are encodings of Password that the hasher
// must know, match and call weak: vectors of an older format or of parameters
// below its own. A hasher that only verifies, whose Hash always fails, needs
// at least one. It measures memory of the whole process, so no parallel test
// may run beside it.
func RunHasher(t *testing.T, h hash.Hasher, weaker ...string) {
	t.Helper()
	encoded, err := h.Hash(Password)
	verifyOnly := err != nil
	if verifyOnly && len(weaker) == 0 {
		t.Fatalf("Hash fails (%v) and there is no vector: nothing can be checked", err)
	}
	if !verifyOnly {
		t.Run("S06 a fresh hash is known, matches and is not weak", func(t *testing.T) { freshHash(t, h) })
		t.Run("S02 a password is verified exactly as sent", func(t *testing.T) { exactly(t, h) })
		t.Run("concurrent use", func(t *testing.T) { concurrentHasher(t, h) })
	} else {
		encoded = weaker[0]
	}
	for i, w := range weaker {
		t.Run("vector "+strconv.Itoa(i+1), func(t *testing.T) {
			if r := match(t, h, w, Password); r != (hash.Result{Known: true, Match: true, Weak: true}) {
				t.Errorf("the right password: %+v, want known, matching and weak", r)
			}
			for _, p := range []string{"", Password + " ", " " + Password, strings.ToUpper(Password), Password[:len(Password)-1], Password + "\x00"} {
				if match(t, h, w, p).Match {
					t.Errorf("%q matches", p)
				}
			}
		})
	}
	t.Run("S07 a malformed encoding is not known", func(t *testing.T) { hostile(t, h) })
	t.Run("S07 a damaged encoding never matches", func(t *testing.T) { damaged(t, h, encoded) })
}

// shown is an encoding cut for a message.
func shown(encoded string) string { return encoded[:min(len(encoded), 40)] }

// match calls h.Match and turns a panic into a failure.
func match(t *testing.T, h hash.Hasher, encoded, password string) (r hash.Result) {
	t.Helper()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("Match panicked: %v", p)
		}
	}()
	return h.Match(encoded, password)
}

func freshHash(t *testing.T, h hash.Hasher) {
	a, err := h.Hash(Password)
	conform.Must(t, "Hash", err)
	b, err := h.Hash(Password)
	conform.Must(t, "Hash", err)
	if a == b {
		t.Error("two hashes of one password are equal: the salt is not fresh")
	}
	if strings.Contains(a, Password) {
		t.Error("the encoding holds the password")
	}
	for _, e := range []string{a, b} {
		if r := match(t, h, e, Password); r != (hash.Result{Known: true, Match: true}) {
			t.Errorf("the right password: %+v, want known, matching and not weak", r)
		}
		if r := match(t, h, e, "wrong horse battery staple"); r != (hash.Result{Known: true}) {
			t.Errorf("a wrong password: %+v, want known only", r)
		}
	}
}

// exactly checks passwords against near ones that a hasher which trims, folds,
// cuts or normalises would take for them.
func exactly(t *testing.T, h hash.Hasher) {
	type pair struct {
		name, password string
		others         []string
	}
	pairs := []pair{
		{"NUL inside", "before\x00after and more", []string{"before\x00other and more", "before", "before\x00"}},
		{"leading space", " leading space here", []string{"leading space here", "  leading space here"}},
		{"trailing space", "trailing space here ", []string{"trailing space here", "trailing space here  "}},
		{"line end", "with a line end here\n", []string{"with a line end here", "with a line end here\r\n"}},
		{"case", "Case Matters In Here", []string{"case matters in here", "CASE MATTERS IN HERE"}},
		{"composed", "caf\u00e9 caf\u00e9 caf\u00e9", []string{"cafe\u0301 cafe\u0301 cafe\u0301"}},
		{"not UTF-8", "bytes \xff\xfe and more", []string{"bytes \xfe\xff and more", "bytes \ufffd\ufffd and more"}},
	}
	for _, n := range []int{64, 72, 73, 128} {
		p := strings.Repeat("0123456789abcdef", 8)[:n]
		pairs = append(pairs, pair{"length " + strconv.Itoa(n), p, []string{p + "!", p[:n-1], p[:n-1] + "!"}})
	}
	for _, c := range pairs {
		t.Run(c.name, func(t *testing.T) {
			encoded, err := h.Hash(c.password)
			if err != nil {
				// Above 64 bytes a hasher may refuse; it must never cut.
				if len(c.password) <= 64 {
					t.Errorf("Hash: %v", err)
				}
				return
			}
			if !match(t, h, encoded, c.password).Match {
				t.Error("the password does not match its own hash")
			}
			for _, o := range c.others {
				if match(t, h, encoded, o).Match {
					t.Errorf("%q matches the hash of %q", o, c.password)
				}
			}
		})
	}
}

func concurrentHasher(t *testing.T, h hash.Hasher) {
	for _, err := range conform.Together(4, func(i int) error {
		p := Password + string(rune('a'+i))
		encoded, err := h.Hash(p)
		if err != nil {
			return err
		}
		if !h.Match(encoded, p).Match || h.Match(encoded, Password).Match {
			return errors.New("a wrong answer beside other calls")
		}
		return nil
	}) {
		conform.Must(t, "concurrent Hash and Match", err)
	}
}

// cost is what one Match of a malformed encoding may use.
const (
	costBytes = 1 << 20
	costTime  = 2 * time.Second // far above what is right, far below a KDF out of bounds
)

// cheap calls match and checks that it neither allocates nor computes much.
func cheap(t *testing.T, h hash.Hasher, encoded string) hash.Result {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin := time.Now()
	r := match(t, h, encoded, Password)
	took := time.Since(begin)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > costBytes+4*uint64(len(encoded)) || took > costTime {
		t.Errorf("Match of %q used %d bytes and %v; a malformed hash costs nothing", shown(encoded), got, took)
	}
	return r
}
