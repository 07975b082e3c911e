package postgres_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

func Example() {
	ctx := context.Background()
	db, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"), postgres.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
		log.Fatal(err)
	}
	err = db.InTx(ctx, func(ctx context.Context) error {
		user, err := db.Users().Create(ctx, profile.User{Username: "ada", Email: "ada@example.org"})
		if err != nil {
			return err
		}
		tx, _ := sqlstore.Tx(ctx)
		_, err = tx.ExecContext(ctx, "INSERT INTO teams (owner) VALUES ($1)", user.ID)
		return err
	})
	fmt.Println(err)
}
