package auth

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
)

// Factor is a kind of second factor; auth/totp is one, and a host may write its
// own, which authtest.RunFactor checks. It keeps nothing itself: what it needs is in
// the FactorRecord. It is safe for concurrent use.
type Factor interface {
	// Kind names it in records and in the contract, such as "totp". It is neither
	// "recovery_code" nor a Channel.
	Kind() string
	// Enroll makes the Data of a new record, whose ID and UserID are set, for u,
	// and what u must be shown, this once. 64 bytes of MaxData are the Service's.
	Enroll(ctx context.Context, r FactorRecord, u profile.User) (data []byte, show Enrollment, err error)
	// Verify checks what the person answered and returns the record as it is
	// after this use. Where an answer must not work twice the Counter has risen,
	// and rises is true. A wrong answer, whatever bytes it has, is ErrInvalidCode;
	// nothing else is, since that counts as a guess. Data that no key opens is an
	// error that matches one of package keyring. The Data of r is not written to.
	Verify(ctx context.Context, r FactorRecord, answer string, now time.Time) (used FactorRecord, rises bool, err error)
}

// Enrollment is what somebody needs to add a factor to a device of theirs.
type Enrollment struct {
	Secret string // to be typed
	URI    string // to be opened
	QR     []byte // URI as a picture, PNG
}

// FactorRecord is one enrolled factor of a user as it is kept.
type FactorRecord struct {
	// ID names the factor to its owner, 128 random bits as hex.
	ID     string
	UserID string
	// Kind is the Factor's: "totp", "passkey", "sms", …
	Kind string
	// Name is the owner's, at most 100 characters.
	Name string
	// Lookup finds the record without its user, unique among those of its kind
	// (a credential ID); "" when there is nothing to find it by.
	Lookup string
	// Counter only rises: the last time step of a TOTP, the sign count of a key.
	Counter int64
	// Data is the factor's own, at most MaxData bytes; what is secret in it is sealed.
	Data []byte
	// Pending is a factor whose owner has not proved yet to have it; it opens
	// nothing. The zero ExpiresAt is for ever, a pending one has an end.
	Pending   bool
	ExpiresAt time.Time
	CreatedAt time.Time
	// LastUsedAt is zero before the first use.
	LastUsedAt time.Time
}

// Check is what every FactorStore refuses to keep: a record without ID, user or
// kind, text that is none, a Name of more than 100 characters, a Lookup of more
// than 2048 bytes, more Data than MaxData.
func (r FactorRecord) Check() error {
	switch {
	case r.ID == "" || r.UserID == "" || r.Kind == "":
		return errors.New("auth: factor: ID, UserID and Kind are required")
	case !isText(r.ID) || !isText(r.UserID) || !isText(r.Kind) || !isText(r.Name) || !isText(r.Lookup):
		return errors.New("auth: factor: a field is no text")
	case utf8.RuneCountInString(r.Name) > 100 || len(r.Lookup) > 2048 || len(r.Data) > MaxData:
		return errors.New("auth: factor: a field is too long")
	}
	return nil
}

// FactorStore keeps factors. Like all stores it joins a transaction that ctx
// carries.
type FactorStore interface {
	// AddFactor writes r and the events, both or neither. A pending one replaces
	// the user's pending one of its kind. A Lookup of another record of the kind
	// is a *storage.TakenError of field "lookup", an ID that is there one that
	// matches storage.ErrTaken, what Check refuses an error.
	AddFactor(ctx context.Context, r FactorRecord, events ...activity.Event) error
	// Factors returns the user's factors, pending ones too, the oldest first.
	Factors(ctx context.Context, userID string) ([]FactorRecord, error)
	// FactorByLookup returns the record of that kind with that Lookup, else
	// storage.ErrNotFound.
	FactorByLookup(ctx context.Context, kind, lookup string) (FactorRecord, error)
	// UseFactor sets Counter, Data (unless it is nil) and LastUsedAt of r, clears Pending and
	// ExpiresAt, and writes the events, all or nothing and in one step, if the stored Counter is
	// below r.Counter, or equal to it and rises is false, and the record's Pending
	// is was. Otherwise, and for a record that is gone, it is storage.ErrStale: of
	// any number of concurrent uses of one step, one is let through.
	UseFactor(ctx context.Context, r FactorRecord, was FactorState, rises bool, events ...activity.Event) error
	// RenameFactor gives the user's factor a name; another user's, or none, is
	// storage.ErrNotFound.
	RenameFactor(ctx context.Context, userID, id, name string) error
	// RemoveFactor removes the user's factor and writes the events, both or
	// neither; another user's, or none, is storage.ErrNotFound.
	RemoveFactor(ctx context.Context, userID, id string, events ...activity.Event) error
	// RemoveFactors removes all of the user's factors and says how many.
	RemoveFactors(ctx context.Context, userID string) (int, error)
	// PurgeFactors removes up to limit pending factors that expired before the
	// given time, and says how many.
	PurgeFactors(ctx context.Context, before time.Time, limit int) (int, error)
}

// FactorWalker is an ability of a FactorStore, found by storage.As: all factors, to be
// sealed by another key.
type FactorWalker interface {
	// FactorsAfter returns up to limit factors of all users whose ID is greater
	// than id, pending ones too, in ascending order of their IDs.
	FactorsAfter(ctx context.Context, id string, limit int) ([]FactorRecord, error)
	// ReplaceFactorData sets the Data of r's factor to data if it still is
	// r.Data; otherwise, and for a factor that is gone, it is storage.ErrStale.
	ReplaceFactorData(ctx context.Context, r FactorRecord, data []byte) error
}

// Resealer is an ability of a Factor, found by storage.As, whose Data is sealed by keys
// that are rotated.
type Resealer interface {
	// Reseal returns the Data of r sealed by the key that seals now, and whether
	// that differs from what it was. It is an error when it cannot be opened.
	Reseal(r FactorRecord) (data []byte, changed bool, err error)
}

// FactorState is whether a record is pending.
type FactorState bool

// The states of a record.
const (
	Confirmed FactorState = false
	Pending   FactorState = true
)
