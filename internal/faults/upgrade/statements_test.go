package upgrade

import (
	"database/sql"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// statements has today's schema understand every statement of the programs of each
// version before: tables, columns and types are there, on both databases. That what
// they insert is enough is what TestR32_MigrationsAfterTheFirstOnlyAdd looks at.
func statements(t *testing.T) {
	migrations, err := filepath.Glob(filepath.Join(root, folder, "postgres", "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "storage/sqlstore/testdata/statements", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(migrations) < 2 || len(files) < 2 || version(t, files[len(files)-2]) != version(t, migrations[len(migrations)-2]) {
		t.Fatalf("the statements of the program before the newest migration are not kept: %v", files)
	}

	dsn := pgtest.Open(t)
	if err := migrate(t.Context(), dsn, sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	postgres, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer postgres.Close()
	path := filepath.Join(t.TempDir(), "app.db")
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	file, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()

	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var all map[string]struct{ Postgres, SQLite string }
		if err := json.Unmarshal(data, &all); err != nil || len(all) < 50 {
			t.Fatalf("%s: %d statements, %v", name, len(all), err)
		}
		for statement, text := range all {
			if text.Postgres != "" {
				// The server reads a text, and finds its tables and types, when it prepares it.
				if s, err := postgres.PrepareContext(t.Context(), text.Postgres); err != nil {
					t.Errorf("%s of version %d on Postgres: %v", statement, version(t, name), err)
				} else {
					s.Close()
				}
			}
			if text.SQLite != "" {
				if _, err := file.ExecContext(t.Context(), "EXPLAIN "+text.SQLite, nothing(text.SQLite)...); err != nil {
					t.Errorf("%s of version %d on SQLite: %v", statement, version(t, name), err)
				}
			}
		}
	}

	// What has gone is noticed.
	if s, err := postgres.PrepareContext(t.Context(), "SELECT mood FROM users"); err == nil {
		s.Close()
		t.Error("Postgres prepares a statement on a column that is not there")
	}
	if _, err := file.ExecContext(t.Context(), "EXPLAIN SELECT mood FROM users"); err == nil {
		t.Error("SQLite explains a statement on a column that is not there")
	}
}

// version is the number that a file's name begins with.
func version(t *testing.T, name string) int {
	t.Helper()
	n, err := strconv.Atoi(filepath.Base(name)[:5])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

var parameter = regexp.MustCompile(`\?(\d+)`)

// nothing is a null for each parameter of a statement of SQLite.
func nothing(text string) []any {
	most := 0
	for _, m := range parameter.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		most = max(most, n)
	}
	return make([]any, most)
}
