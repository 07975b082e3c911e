package authtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/profile"
)

// pins is a factor of eight digits a use, counted from a secret, right in form
// and good for nothing but showing what the suite finds.
type pins struct {
	plain    bool                // keeps the secret as it is
	again    bool                // forgets to say that the counter rises
	read     func(string) string // what is done to an answer first
	panics   bool                // on an empty answer
	writes   bool                // into the record that it gets
	talks    bool                // names the answer in errors
	guesses  bool                // takes whatever fails for a guess
	unkept   bool                // changes the record's ID
	anybody  bool                // looks at no data
	too      int                 // so many bytes more of data
	constant bool                // has one secret for all
}

const pinKey = 0x5a // hides the secret from a look at the data, no more

func hidden(b []byte) []byte {
	b = bytes.Clone(b)
	for i := range b {
		b[i] ^= pinKey
	}
	return b
}

func (pins) Kind() string { return "pins" }

func (p pins) Enroll(context.Context, authstore.FactorRecord, profile.User) ([]byte, authfactor.Enrollment, error) {
	secret := rand.Text()
	if p.constant {
		secret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	}
	data := hidden([]byte(secret))
	if p.plain {
		data = []byte(secret)
	}
	return append(data, make([]byte, p.too)...), authfactor.Enrollment{Secret: secret}, nil
}

func pin(secret string, n int64) string {
	sum := sha256.Sum256([]byte(secret + strconv.FormatInt(n, 10)))
	var digits strings.Builder
	for _, b := range sum[:8] {
		digits.WriteByte('0' + b%10)
	}
	return digits.String()
}

func (p pins) Verify(ctx context.Context, r authstore.FactorRecord, answer string, _ time.Time) (authstore.FactorRecord, bool, error) {
	if err := ctx.Err(); err != nil {
		if p.guesses {
			err = authfactor.ErrInvalidCode
		}
		return r, true, err
	}
	if p.panics {
		_ = answer[0]
	}
	if p.read != nil {
		answer = p.read(answer)
	}
	if p.writes && len(r.Data) > 0 {
		defer func(first *byte) { *first ^= 1 }(&r.Data[0])
	}
	if len(r.Data) != 26+p.too && !p.anybody {
		return r, true, fmt.Errorf("pins: %d bytes of data", len(r.Data))
	}
	secret := string(hidden(r.Data[:min(len(r.Data), 26)]))
	if p.plain {
		secret = string(r.Data)
	}
	for n := r.Counter; n < r.Counter+5; n++ {
		if answer == pin(secret, n) || p.anybody && len(answer) == 8 {
			r.Counter = n + 1
			if p.unkept {
				r.ID = "another"
			}
			if p.again {
				r.Counter = 0
				return r, false, nil
			}
			return r, true, nil
		}
	}
	if p.talks {
		return r, true, fmt.Errorf("pins: %q: %w", answer, authfactor.ErrInvalidCode)
	}
	return r, true, authfactor.ErrInvalidCode
}

func pinHarness(p pins) func(t *testing.T) FactorHarness {
	return func(*testing.T) FactorHarness {
		return FactorHarness{Factor: p, Answer: func(_ *testing.T, show authfactor.Enrollment, n int, _ time.Time) string {
			return pin(show.Secret, int64(n))
		}}
	}
}

func TestR14S14_FactorOfDigits(t *testing.T) { RunFactor(t, pinHarness(pins{})) }

func TestBrokenFactorsAreFound(t *testing.T) {
	over := func(name, finds string, p pins) conform.Broken {
		return conform.Broken{Name: name, Finds: finds, Suite: func(t *testing.T) { RunFactor(t, pinHarness(p)) }}
	}
	ascii := func(s string) string {
		return strings.Map(func(r rune) rune {
			for _, zero := range []rune{'０', '٠'} {
				if r >= zero && r <= zero+9 {
					return '0' + r - zero
				}
			}
			return r
		}, s)
	}
	conform.FindsBroken(t,
		over("keeps the secret as it is", "S17 an enrolment", pins{plain: true}),
		over("has one secret for all", "S17 an enrolment", pins{constant: true}),
		over("has too much data", "S17 an enrolment", pins{too: authstore.MaxData - 26}),
		over("takes an answer twice", "S14 an answer works once", pins{again: true}),
		over("opens two sessions by one answer", "in a service", pins{again: true}),
		over("changes the record", "S14 an answer works once", pins{unkept: true}),
		over("reads digits of other scripts", "S14 what is near an answer is none", pins{read: ascii}),
		over("cuts an answer", "S14 what is near an answer is none", pins{read: func(s string) string { return s[:min(len(s), 8)] }}),
		over("panics", "hostile answers", pins{panics: true}),
		over("names the answer in an error", "hostile answers", pins{talks: true}),
		over("takes anybody's answer", "another's answer", pins{anybody: true}),
		over("needs no data", "damaged data", pins{anybody: true}),
		over("takes an ended context for a guess", "ended context", pins{guesses: true}),
		over("writes into the record", "S14 an answer works once", pins{writes: true}),
	)
}
