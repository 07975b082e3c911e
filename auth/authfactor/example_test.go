package authfactor_test

import (
	"context"
	"crypto/subtle"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
)

// word is a Factor that shows how little one is. A real one seals its Data and answers to
// nothing twice: authtest.RunFactor has one in 30 lines.
type word struct{}

func (word) Kind() string { return "word" }

func (word) Enroll(context.Context, authstore.FactorRecord, profile.User) ([]byte, authfactor.Enrollment, error) {
	return []byte("sesame"), authfactor.Enrollment{Secret: "sesame"}, nil
}

func (word) Verify(_ context.Context, r authstore.FactorRecord, answer string, _ time.Time) (authstore.FactorRecord, bool, error) {
	if subtle.ConstantTimeCompare(r.Data, []byte(answer)) != 1 {
		return authstore.FactorRecord{}, false, authfactor.ErrInvalidCode
	}
	return r, false, nil
}

func ExampleFactor() {
	var f authfactor.Factor = word{}
	data, _, _ := f.Enroll(context.Background(), authstore.FactorRecord{}, profile.User{})
	_, _, err := f.Verify(context.Background(), authstore.FactorRecord{Data: data}, "please", time.Now())
	fmt.Println(err)
	// Output: invalid code
}
