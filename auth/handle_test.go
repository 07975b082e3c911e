package auth_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
)

// noPasskeys are asked for nothing.
type noPasskeys struct{ authfactor.Passkeys }

// A host with passkeys needs a store of their handles, and New tells its name; a host
// without passkeys needs none.
func TestT14e_NewWantsHandlesForPasskeys(t *testing.T) {
	w := open(t)
	c := auth.Config{Users: w.db.Users(), Stores: w.db.Auth(), LimitStore: w.db.Limits(), Activity: w.db.Activity(), Tx: w.db, Policy: auth.Policy{Hashers: w.hashers}}
	c.Stores.Handles = nil
	s, err := auth.New(c)
	if err != nil {
		t.Fatalf("without passkeys: %v", err)
	}
	in, err := s.Register(t.Context(), home, auth.Registration{Username: "zoe", Email: "zoe@example.org", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.Authenticate(t.Context(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.BeginAddPasskey(t.Context(), id); !errors.Is(err, auth.ErrNoFactor) {
		t.Errorf("a beginning without passkeys: %v, want auth.ErrNoFactor", err)
	}
	if err := s.EraseUser(t.Context(), id.User.ID); err != nil {
		t.Errorf("erasing without handles: %v", err)
	}
	c.Passkeys = noPasskeys{}
	if s, err := auth.New(c); s != nil || err == nil || !strings.Contains(err.Error(), "Stores.Handles") || !strings.Contains(err.Error(), "authstore.HandleStore") {
		t.Errorf("passkeys without handles: %v, %v; want an error that names the store", s, err)
	}
}
