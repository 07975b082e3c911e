package sqlite_test

import (
	"context"
	"fmt"
	"log"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

func Example() {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, ":memory:", sqlite.Options{}) // or a file, "app.db"
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
		log.Fatal(err)
	}
	user, err := db.Users().Create(ctx, profile.User{Username: "Ada", Email: "ada@example.org"})
	if err != nil {
		log.Fatal(err)
	}
	again, err := db.Users().ByUsername(ctx, "ada")
	fmt.Println(again.Username, again.ID == user.ID, again.Role, err)
	// Output: Ada true user <nil>
}
