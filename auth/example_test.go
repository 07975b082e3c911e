package auth_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/netip"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/internal/memstore"
)

// A program without HTTP signs a user up, in and out. memstore stands for the
// database: storage/sqlite and storage/postgres open one with the same methods.
func Example() {
	ctx := context.Background()
	db := memstore.New()
	svc, err := auth.New(auth.Config{Users: db.Users(), Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db})
	if err != nil {
		log.Fatal(err)
	}
	client := auth.Client{IP: netip.MustParseAddr("203.0.113.7"), UserAgent: "example/1.0"}

	_, err = svc.Register(ctx, client, auth.Registration{
		Username: "ada", Email: "ada@example.org", Password: "correct horse battery staple",
	})
	if err != nil {
		log.Fatal(err)
	}

	_, err = svc.SignIn(ctx, client, auth.Credentials{Login: "ada", Password: "a guess"})
	fmt.Println("a guess:", errors.Is(err, auth.ErrInvalidCredentials))

	in, err := svc.SignIn(ctx, client, auth.Credentials{Login: "Ada@Example.org", Password: "correct horse battery staple"})
	if err != nil {
		log.Fatal(err)
	}
	id, err := svc.Authenticate(ctx, in.Token) // on every request, with the token that came along
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("signed in:", id.User.Username, "fresh:", svc.Fresh(id))

	if err := svc.SignOut(ctx, id); err != nil {
		log.Fatal(err)
	}
	_, err = svc.Authenticate(ctx, in.Token)
	fmt.Println("after signing out:", err)
	// Output:
	// a guess: true
	// signed in: ada fresh: true
	// after signing out: unauthenticated
}
