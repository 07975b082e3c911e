package authtest_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/auth/authtest"
	"github.com/profilekit/profilekit/profile"
)

// pads is a second factor that a host wrote: a printed list of 20 words, of 130
// bits each, which are used from the top.
type pads struct{}

func (pads) Kind() string { return "pads" }

func (pads) Enroll(context.Context, authstore.FactorRecord, profile.User) (data []byte, show authfactor.Enrollment, err error) {
	var list []string
	for range 20 {
		word := rand.Text()
		hash := sha256.Sum256([]byte(word))
		list, data = append(list, word), append(data, hash[:]...)
	}
	return data, authfactor.Enrollment{Secret: strings.Join(list, " ")}, nil
}

func (pads) Verify(_ context.Context, r authstore.FactorRecord, answer string, _ time.Time) (authstore.FactorRecord, bool, error) {
	hash := sha256.Sum256([]byte(answer))
	for n := r.Counter; (n+1)*sha256.Size <= int64(len(r.Data)); n++ {
		if bytes.Equal(r.Data[n*sha256.Size:(n+1)*sha256.Size], hash[:]) {
			r.Counter = n + 1
			return r, true, nil
		}
	}
	return r, true, authfactor.ErrInvalidCode
}

func openPads(*testing.T) authtest.FactorHarness {
	return authtest.FactorHarness{
		Factor: pads{},
		Answer: func(_ *testing.T, show authfactor.Enrollment, n int, _ time.Time) string {
			return strings.Fields(show.Secret)[n]
		},
	}
}

// A factor of your own takes the place of pads.
func ExampleRunFactor() {
	_ = func(t *testing.T) { // func TestPads(t *testing.T)
		authtest.RunFactor(t, openPads)
	}
}

func TestR14S14_Pads(t *testing.T) { authtest.RunFactor(t, openPads) }
