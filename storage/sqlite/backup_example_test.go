package sqlite_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// A backup of a database that is in use, and a look at the copy.
func ExampleBackup() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path, dest := filepath.Join(dir, "app.db"), filepath.Join(dir, "backup.db")
	db, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(sqlite.Backup(ctx, path, dest, sqlite.BackupOptions{}))
	fmt.Println(sqlite.Check(ctx, dest))
	// Output:
	// <nil>
	// <nil>
}
