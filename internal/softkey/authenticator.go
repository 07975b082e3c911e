package softkey

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
)

// ErrExcluded is what a browser says when the options of a registration exclude a passkey
// that the authenticator holds (InvalidStateError).
var ErrExcluded = errors.New("the authenticator holds an excluded passkey")

// Authenticator holds passkeys as a device does: one for each relying party's ID and
// handle of a user, so that a new one takes the place of that of the same two (WebAuthn
// Level 3, 6.3.2).
type Authenticator struct {
	origin string
	held   []Held
}

// Held is a passkey of an Authenticator.
type Held struct {
	*Key
	// Party is the relying party's ID.
	Party string
}

// NewAuthenticator returns an empty authenticator of a browser at that origin.
func NewAuthenticator(origin string) *Authenticator { return &Authenticator{origin: origin} }

// Create answers a registration by a new passkey, which the authenticator holds from then on.
func (a *Authenticator) Create(raw []byte) ([]byte, error) {
	key := New(a.origin)
	o, _ := key.begin(raw, "webauthn.create")
	party := cmp.Or(o.RP.ID, o.RPID)
	for _, excluded := range o.Exclude {
		if slices.ContainsFunc(a.held, func(h Held) bool { return h.Party == party && b64(h.ID) == excluded.ID }) {
			return nil, ErrExcluded
		}
	}
	answer := key.Create(raw)
	a.held = slices.DeleteFunc(a.held, func(h Held) bool { return h.Party == party && bytes.Equal(h.Handle, key.Handle) })
	a.held = append(a.held, Held{Key: key, Party: party})
	return answer, nil
}

// Held are the passkeys, the oldest first. Each answers a sign-in by its Get.
func (a *Authenticator) Held() []Held { return slices.Clone(a.held) }
