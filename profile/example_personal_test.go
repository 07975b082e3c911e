package profile_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/personal"
)

// A host with a sign-in of its own lets people delete their account and take that
// back. It says who calls and when that was proved; the rest is kept by Deletions.
func ExampleDeletions() {
	db, ctx := memstore.New(), context.Background()
	deletions, err := profile.NewDeletions(profile.DeletionsConfig{
		Users: db.Users().(profile.DeletableStore), Tx: db, LimitStore: db.Limits(), Policy: profile.Policy{DeletionGrace: 7 * 24 * time.Hour},
	})
	if err != nil {
		panic(err)
	}
	deletions.Observe(profile.DeletionObserver{
		In: func(ctx context.Context, c profile.DeletionChange) error {
			if !c.At.IsZero() {
				fmt.Println("the shop pauses the subscriptions of user", c.User.ID)
			}
			return nil
		},
	})
	ada, err := db.Users().Create(ctx, profile.User{Username: "ada", Email: "ada@example.org"})
	if err != nil {
		panic(err)
	}
	_, err = deletions.Request(ctx, profile.Caller{User: ada, ProvedAt: time.Now().Add(-time.Hour)})
	fmt.Println(errors.Is(err, profile.ErrNotFresh))
	at, err := deletions.Request(ctx, profile.Caller{User: ada, ProvedAt: time.Now()})
	fmt.Println(time.Until(at).Round(time.Hour), err)

	ada, err = db.Users().User(ctx, ada.ID)
	if err != nil {
		panic(err)
	}
	ada, err = deletions.Restore(ctx, profile.Caller{User: ada, ProvedAt: time.Now()}, nil)
	fmt.Println(ada.DeletionPending(), err)
	// Output:
	// true
	// the shop pauses the subscriptions of user 1
	// 168h0m0s <nil>
	// false <nil>
}

// Somebody downloads a copy of everything that is kept, the host's orders too.
func ExampleExporter() {
	db, ctx := memstore.New(), context.Background()
	orders := personal.Funcs{Export: func(ctx context.Context, userID string, a *personal.Archive) error {
		return a.JSON("shop/orders.json", []map[string]any{{"item": "engine", "count": 1}})
	}}
	exporter, err := profile.NewExporter(profile.ExporterConfig{
		Users: db.Users(), Tx: db, LimitStore: db.Limits(), Activity: db.Activity(), Contributors: []personal.Contributor{orders},
	})
	if err != nil {
		panic(err)
	}
	ada, err := db.Users().Create(ctx, profile.User{Username: "ada", Email: "ada@example.org"})
	if err != nil {
		panic(err)
	}
	var file bytes.Buffer
	if err := exporter.Export(ctx, profile.Caller{User: ada, ProvedAt: time.Now()}, &file); err != nil {
		panic(err)
	}
	z, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		panic(err)
	}
	for _, f := range z.File {
		fmt.Println(f.Name)
	}
	// Output:
	// profile.json
	// shop/orders.json
}
