package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/pressly/goose/v3"

	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// Taking over the users of a program whose server ran in Prague: look at the
// plan first, then do it. What Migrate would refuse, Plan refuses.
func ExampleDB_Plan() {
	ctx := context.Background()
	db, err := postgres.Open(ctx, os.Getenv("DATABASE_URL"), postgres.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	prague, err := time.LoadLocation("Europe/Prague")
	if err != nil {
		log.Fatal(err)
	}
	adopt := sqlstore.MigrateOptions{AdoptUsers: true, Zone: prague}
	plan, err := db.Plan(ctx, adopt)
	if err != nil {
		log.Fatal(err) // … the username of ids 3, 7 is the same to us
	}
	fmt.Print(plan)
	if err := db.Migrate(ctx, adopt); err != nil {
		log.Fatal(err)
	}
}

// A host with migrations of its own may run ours by the same goose.
func ExampleMigrations() {
	pool, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		log.Fatal(err)
	}
	defer pool.Close()
	pool.SetMaxOpenConns(1) // more would be databases of their own
	provider, err := goose.NewProvider(goose.DialectSQLite3, pool, sqlstore.Migrations(sqlstore.SQLite),
		goose.WithTableName(sqlstore.MigrationsTable))
	if err != nil {
		log.Fatal(err)
	}
	_, err = provider.Up(context.Background())
	fmt.Println(err)
	// Output: <nil>
}
