package passkey_test

import (
	"testing"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/internal/memstore"
)

// A challenge that was sealed by a key which went meanwhile is over, as one of five
// minutes is; the next one works, since a passkey itself is kept unsealed.
func TestR41_AChallengeWhoseKeyIsGoneIsOver(t *testing.T) {
	db := memstore.New()
	before := open(t, db)
	p := before.withPasskey("ada")
	after := open(t, db) // with keys of its own
	ch := before.begin()
	_, err := after.signIn(ch, p.key.Get(ch.Options))
	after.refused("a challenge of the dropped key", err, auth.ErrInvalidCredentials)
	ch = after.begin()
	if _, err := after.signIn(ch, p.key.Get(ch.Options)); err != nil {
		t.Errorf("the next one: %v", err)
	}
}
