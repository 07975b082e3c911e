package hash

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

const alphabet = "abcdefghijklmnopqrstuvwxyz"

func TestS06_BcryptVectors(t *testing.T) {
	tests := []struct{ encoded, password string }{
		{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
		{"$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC", alphabet},
		{"$2a$08$aTsUwsyowQuzRrDqFflhgekJ8d9/7Z3GV3UcgvzQW3J5zMyrTvlz.", alphabet},
		{"$2b$06$O8E89AQPj1zJQA05YvIAU.hMpj25BXri1bupl/Q7CJMlpLwZDNBoO", alphabet},
		{"$2y$06$9JujYcoWPmifvFA3RUP90e5rSEHAb5Ye6iv3.G9ikiHNv5cxjNEse", "abc"},
	}
	for _, tt := range tests {
		if r := (Bcrypt{}).Match(tt.encoded, tt.password); r != (Result{Known: true, Match: true, Weak: true}) {
			t.Errorf("%s: %+v, want a weak match", tt.encoded, r)
		}
		if r := (Bcrypt{}).Match(tt.encoded, strings.ToUpper(tt.password)+"x"); r != (Result{Known: true, Weak: true}) {
			t.Errorf("%s with another password: %+v", tt.encoded, r)
		}
	}
}

// x/crypto compares the first 72 bytes only, so a longer password would open
// the account of its beginning.
func TestS02_BcryptNeverCuts(t *testing.T) {
	p72 := strings.Repeat("x", 72)
	encoded, err := bcrypt.GenerateFromPassword([]byte(p72), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	for tail, want := range map[string]bool{"": true, "!": false, strings.Repeat("x", 72): false} {
		if r := (Bcrypt{}).Match(string(encoded), p72+tail); r.Match != want || !r.Known {
			t.Errorf("%d bytes: %+v", 72+len(tail), r)
		}
	}
	if r := (Bcrypt{}).Match(string(encoded), p72[:71]); r.Match {
		t.Error("71 bytes match")
	}
}

func TestS07_BcryptCostIsBounded(t *testing.T) {
	const tail = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	if (Bcrypt{}).known("$2a$15$" + tail) {
		t.Error("cost 15 is taken by default")
	}
	if !(Bcrypt{MaxCost: 15}).known("$2a$15$" + tail) {
		t.Error("cost 15 is refused where the host allows it")
	}
}

func TestS06_BcryptOnlyVerifies(t *testing.T) {
	if s, err := (Bcrypt{}).Hash("correct horse battery staple"); err == nil {
		t.Errorf("Hash = %q", s)
	}
	if h := New(Bcrypt{}); h.err == nil {
		t.Error("Bcrypt is taken as the primary hasher")
	}
}
