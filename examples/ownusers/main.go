// Ownusers is a host whose users are in a table of its own, keyed by UUID:
// store.go implements profile.Store over it, and store_test.go passes the suite
// that such a store must pass. profilekit keeps everything else, passwords
// included, in tables named profilekit_*.
//
// It runs on SQLite or, with DATABASE_URL, on Postgres:
//
//	go run ./ownusers
//
// A host whose own table is called users gives profilekit's tables, of which one
// has that name too, a schema of their own on Postgres: CREATE SCHEMA profilekit,
// and search_path=profilekit,public in the DSN that profilekit gets. On SQLite
// it takes another name.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

func main() {
	ctx := context.Background()
	db, pool, err := open(ctx, os.Getenv("DATABASE_URL"), "ownusers.db")
	check(err)
	users, err := openPeople(ctx, db, pool)
	check(err)
	keys, err := keyring.New(keyring.Generate()) // keep yours: keyring.Parse(os.Getenv("SECRET_KEYS"))
	check(err)
	pictures, err := diskblob.Open("pictures", diskblob.Options{})
	check(err)
	handler, err := newHandler(httpadapter.Config{
		Stores: httpadapter.StoresWithUsers(db, users), Blobs: pictures, Keys: keys, BaseURL: "http://localhost:3000",
	}, users)
	check(err)
	log.Fatal(http.ListenAndServe("localhost:3000", handler))
}

// open opens the database twice: for profilekit, which migrates its tables, and
// for the host.
func open(ctx context.Context, url, path string) (*sqlstore.DB, *sql.DB, error) {
	var db *sqlstore.DB
	var pool *sql.DB
	var err error
	if url != "" {
		if pool, err = sql.Open("postgres", url); err == nil {
			db, err = postgres.Open(ctx, url, postgres.Options{})
		}
	} else {
		if pool, err = sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"); err == nil {
			db, err = sqlite.Open(ctx, path, sqlite.Options{})
		}
	}
	if err != nil {
		return nil, nil, err
	}
	return db, pool, db.Migrate(ctx, sqlstore.MigrateOptions{})
}

// newHandler mounts profilekit, and a route of the host.
func newHandler(c httpadapter.Config, users people) (http.Handler, error) {
	app, err := httpadapter.New(c)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	app.Register(mux)
	mux.Handle("POST /orders", app.RequireUser(users.order(c.Stores.Tx)))
	return mux, nil
}

// order is the host's own change, in one unit with an event of the user's feed:
// both are there afterwards, or neither.
func (p people) order(tx storage.Transactor) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := httpadapter.User(r.Context())
		err := tx.InTx(r.Context(), func(ctx context.Context) error {
			own, _ := sqlstore.Tx(ctx)
			if _, err := own.ExecContext(ctx, p.bind(`INSERT INTO orders (id, buyer) VALUES ($1, $2)`), newID(), user.ID); err != nil {
				return err
			}
			return p.db.Activity().Append(ctx, activity.NewEvent(ctx, "shop.ordered", user.ID, time.Now(), nil))
		})
		if err != nil {
			http.Error(w, "The order could not be placed.", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintf(w, "Thank you, %s.\n", user.Username)
	})
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
