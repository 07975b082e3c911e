package authfactor

import (
	"encoding/json"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
)

// Passkeys is the part of WebAuthn that knows its formats; package auth/passkey
// has it. It keeps nothing: what it needs is in the authstore.FactorRecord and in the State
// of a Challenge.
type Passkeys interface {
	// Begin makes the challenge of a ceremony, which ends 5 minutes after now.
	Begin(c Ceremony, now time.Time) (Challenge, error)
	// Challenge reads a State that Begin made for a ceremony of the same Kind,
	// session and user, and returns the ID of the challenge and its end, which
	// may be past. Another state is ErrInvalidCode.
	Challenge(c Ceremony, state string) (id [32]byte, until time.Time, err error)
	// Credential returns the Lookup of the record that the response names, before
	// anything in it is believed. ErrInvalidCode when it names none.
	Credential(response []byte) (lookup string, err error)
	// Register verifies the response to a Registering ceremony and returns its
	// record with Lookup, Counter and Data. What is wrong is ErrInvalidCode.
	Register(c Ceremony, state string, response []byte) (authstore.FactorRecord, error)
	// Assert verifies the response to any other ceremony by r, whose user is
	// c.User, and returns the record as it is after this use, as Factor.Verify
	// does. What is wrong is ErrInvalidCode; a signature that is right is
	// ErrChangedPasskey when the backup eligibility is not that of r, and
	// ErrCopiedPasskey when the counter did not rise.
	Assert(c Ceremony, state string, response []byte, r authstore.FactorRecord) (used authstore.FactorRecord, rises bool, err error)
}

// CeremonyKind is what a challenge is for. One made for one opens no other.
type CeremonyKind string

// The ceremonies.
const (
	// Registering adds a passkey to an account.
	Registering CeremonyKind = "register"
	// SigningIn is a sign-in by a passkey alone, by whoever has one.
	SigningIn CeremonyKind = "sign_in"
	// Finishing is the second factor of an unfinished sign-in.
	Finishing CeremonyKind = "second_factor"
	// Proving is the fresh proof of somebody who is signed in.
	Proving CeremonyKind = "reauthenticate"
)

// Ceremony is one use of a passkey: of its kind, in its session, by its user.
type Ceremony struct {
	Kind CeremonyKind
	// SessionID is "" for SigningIn, and User is the zero one until the response
	// names it.
	SessionID string
	User      profile.User
	// Handle is what authenticators know User by: see authstore.HandleStore. A new
	// passkey gets it. In the other ceremonies an answer may name it, or User.ID, which
	// is the handle of passkeys of before handles were kept; it is nil of a user who has
	// none, and until the response names the user.
	Handle []byte
	// Known are the user's passkeys: not to be registered again, or to be used.
	Known []authstore.FactorRecord
}

// Challenge is what a browser needs for a ceremony.
type Challenge struct {
	// Options are for navigator.credentials, in the JSON of WebAuthn Level 3:
	// PublicKeyCredentialCreationOptionsJSON or …RequestOptionsJSON.
	Options json.RawMessage
	// State comes back with the response. It is sealed.
	State     string
	ExpiresAt time.Time
}
