package authstore

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/profilekit/profilekit/activity"
)

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
	// SessionID is the session that began a pending factor, and alone can confirm it; ""
	// of one that is confirmed.
	SessionID string
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
		return errors.New("authstore: factor: ID, UserID and Kind are required")
	case !isText(r.ID) || !isText(r.UserID) || !isText(r.Kind) || !isText(r.Name) || !isText(r.Lookup) || !isText(r.SessionID):
		return errors.New("authstore: factor: a field is no text")
	case utf8.RuneCountInString(r.Name) > 100 || len(r.Lookup) > 2048 || len(r.Data) > MaxData:
		return errors.New("authstore: factor: a field is too long")
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
	// UseFactor notes that a factor was used, in one step. It does so if the stored
	// record is in the state was, and its Counter is below r.Counter, or equal to it
	// and rises is false. Otherwise, and for a record that is gone, it is
	// storage.ErrStale: of any number of concurrent uses of one step, one is let
	// through. It sets Counter, LastUsedAt and, unless it is nil, Data to those of r,
	// clears Pending, ExpiresAt and SessionID, and writes the events, all or nothing.
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

// FactorState is whether a record is pending.
type FactorState bool

// The states of a record.
const (
	Confirmed FactorState = false
	Pending   FactorState = true
)
