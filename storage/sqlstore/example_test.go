package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// A host's own rows commit with ours, or neither does.
func ExampleTx() {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, ":memory:", sqlite.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
		log.Fatal(err)
	}
	register := func(name, team string) error {
		return db.InTx(ctx, func(ctx context.Context) error {
			tx, _ := sqlstore.Tx(ctx)
			if _, err := tx.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS teams (name TEXT)"); err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, "INSERT INTO teams VALUES (?)", team); err != nil {
				return err
			}
			_, err := db.Users().Create(ctx, profile.User{Username: name, Email: name + "@example.org"})
			return err
		})
	}
	fmt.Println(register("ada", "engines"))
	err = register("ADA", "looms")
	var taken *storage.TakenError
	fmt.Println(errors.As(err, &taken), err)
	_ = db.InTx(ctx, func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		var teams []string
		err := tx.SelectContext(ctx, &teams, "SELECT name FROM teams")
		fmt.Println(teams)
		return err
	})
	// Output:
	// <nil>
	// true username is taken
	// [engines]
}
