package auth_test

import (
	"errors"
	"testing"

	"github.com/profilekit/profilekit/profile"
)

// A device cookie and a password are what a thief copies together. They open the account
// as before, and nothing that asks for a fresh proof.
func TestT05_ATrustedDeviceIsNotFresh(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		o := openOwners(t, db).owner(t, "ada")
		in := o.in(t)
		if !in.Session.ProvedAt.IsZero() {
			t.Errorf("the sign-in was proved at %v, want the zero time", in.Session.ProvedAt)
		}
		id := o.alive(t, in.Token)
		if !id.Session.ProvedAt.IsZero() || o.Fresh(id) {
			t.Errorf("the session was proved at %v, fresh %v", id.Session.ProvedAt, o.Fresh(id))
		}
		methods := forIdentity(o.Service)
		for _, name := range needFresh {
			if err := call(t, methods[name], id); !errors.Is(err, profile.ErrNotFresh) {
				t.Errorf("%s without a proof: %v", name, err)
			}
		}
		_, err := o.RequestDeletion(t.Context(), home, id)
		is(t, err, profile.ErrNotFresh)
		// The password alone makes nothing fresh, also where it is changed.
		if _, err := o.Reauthenticate(t.Context(), home, id, password); err == nil {
			t.Error("a password is proof enough beside a factor")
		}
		changed, err := o.ChangePassword(t.Context(), home, id, password, newer)
		if err != nil || !changed.Session.ProvedAt.IsZero() {
			t.Fatalf("after a change of password: proved at %v, %v", changed.Session.ProvedAt, err)
		}
		id = o.alive(t, changed.Token)
		proof, err := o.ReauthenticateWith(t.Context(), home, id, byTOTP(o.app.code(0)))
		if err != nil || !o.Fresh(o.alive(t, proof.Token)) {
			t.Errorf("after the factor it is still not fresh: %v", err)
		}
	})
}
