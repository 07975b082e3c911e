package authfactor

import (
	"context"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
)

// Factor is a kind of second factor; auth/totp is one, and a host may write its
// own, which authtest.RunFactor checks. It keeps nothing itself: what it needs is in
// the authstore.FactorRecord. It is safe for concurrent use.
type Factor interface {
	// Kind names it in records and in the contract, such as "totp": 1 to 32 of a-z,
	// 0-9 and '_', and neither "password", "recovery_code", "passkey" nor an
	// authmail.Channel.
	Kind() string
	// Enroll makes the Data of a new record, whose ID and UserID are set, for u,
	// and what u must be shown, this once. The Data has at most authstore.MaxData
	// bytes less 64, which a release of before needs for itself.
	Enroll(ctx context.Context, r authstore.FactorRecord, u profile.User) (data []byte, show Enrollment, err error)
	// Verify checks what the person answered and returns the record as it is
	// after this use. Where an answer must not work twice the Counter has risen,
	// and rises is true. A wrong answer, whatever bytes it has, is ErrInvalidCode;
	// nothing else is, since that counts as a guess. Data that no key opens is an
	// error that matches one of package keyring. The Data of r is not written to.
	Verify(ctx context.Context, r authstore.FactorRecord, answer string, now time.Time) (used authstore.FactorRecord, rises bool, err error)
}

// Enrollment is what somebody needs to add a factor to a device of theirs.
type Enrollment struct {
	Secret string // to be typed
	URI    string // to be opened
	QR     []byte // URI as a picture, PNG
}

// Resealer is an ability of a Factor, found by storage.As, whose Data is sealed by keys
// that are rotated.
type Resealer interface {
	// Reseal returns the Data of r sealed by the key that seals now, and whether
	// that differs from what it was. It is an error when it cannot be opened.
	Reseal(r authstore.FactorRecord) (data []byte, changed bool, err error)
}
