// Minimal is the smallest host: an existing server gains accounts.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

func main() {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, "app.db", sqlite.Options{}) // or postgres.Open(ctx, dsn, postgres.Options{})
	check(err)
	check(db.Migrate(ctx, sqlstore.MigrateOptions{}))
	pictures, err := diskblob.Open("pictures", diskblob.Options{})
	check(err)
	keys, err := keyring.New(keyring.Generate()) // keep yours: keyring.Parse(os.Getenv("SECRET_KEYS"))
	check(err)
	mail, err := notify.NewFiles("outbox", "Example <no-reply@example.org>") // or smtp.New(url, from, smtp.Options{})
	check(err)

	app, err := httpadapter.New(httpadapter.Config{
		Name: "Example", Stores: httpadapter.StoresOf(db), Blobs: pictures, Keys: keys, BaseURL: "http://localhost:3000",
		Mail: notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: mail}},
	})
	check(err)
	mux := http.NewServeMux()
	app.Register(mux) // its own routes, under /api
	mux.Handle("GET /hello", app.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := httpadapter.User(r.Context())
		fmt.Fprintf(w, "Hello %s\n", user.Username)
	})))
	go func() { check(app.Run(ctx)) }() // sends mail and cleans up
	log.Fatal(http.ListenAndServe("localhost:3000", mux))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
