package passkey_test

import (
	"context"
	"fmt"
	"log"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/softkey"
)

// A host makes the challenge; the page hands it to navigator.credentials.create
// or get, and what that returns goes back with the state.
func Example() {
	ctx, db := context.Background(), memstore.New()
	ring, err := keyring.New(keyring.Generate())
	check(err)
	keys, err := passkey.New(ring, passkey.Options{Origin: "https://example.org", Name: "Example"})
	check(err)
	svc, err := auth.New(auth.Config{Users: db.Users(), Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db, Policy: auth.Policy{Passkeys: keys}})
	check(err)
	browser := softkey.New("https://example.org")

	in, err := svc.Register(ctx, auth.Client{}, auth.Registration{Username: "ada", Email: "ada@example.org", Password: "correct horse battery staple"})
	check(err)
	me, err := svc.Authenticate(ctx, in.Token)
	check(err)
	challenge, err := svc.BeginAddPasskey(ctx, me)
	check(err)
	added, err := svc.AddPasskey(ctx, auth.Client{}, me, auth.PasskeyAnswer{
		State: challenge.State, Response: browser.Create(challenge.Options),
	}, "Laptop")
	check(err)
	fmt.Println(added.Factor.Name, len(added.RecoveryCodes), "recovery codes")

	challenge, err = svc.BeginPasskey(ctx)
	check(err)
	in, err = svc.SignInWithPasskey(ctx, auth.Client{}, auth.PasskeyAnswer{
		State: challenge.State, Response: browser.Get(challenge.Options),
	}, false)
	check(err)
	fmt.Println("hello", in.User.Username)
	// Output:
	// Laptop 10 recovery codes
	// hello ada
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
