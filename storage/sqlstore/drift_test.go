package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage/sqlstore"
)

var update = flag.Bool("update", false, "write the files of the folder schema")

func TestSchemaFilesDescribeTheMigrations(t *testing.T) {
	fresh(t, func(t *testing.T, p place) {
		name := "schema/sqlite.txt"
		if p.postgres {
			name = "schema/postgres.txt"
		}
		db := p.open(t)
		err := db.Migrate(t.Context(), sqlstore.MigrateOptions{})
		var drift *sqlstore.DriftError
		if err != nil && (!*update || !errors.As(err, &drift)) {
			t.Fatal(err)
		}
		got, err := db.Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s is not what the migrations make; write it with go test -run %s -update", name, t.Name())
		}
		if n := strings.Count(got, "\n"); n < 70 {
			t.Errorf("only %d lines describe the tables", n)
		}
	})
}

// alter runs statements as the host could.
func alter(t *testing.T, db *sqlstore.DB, statements ...string) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		for _, s := range statements {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDriftIsNamed(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db := p.open(t)
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("as migrated: %v", err)
		}
		alter(t, db, "ALTER TABLE users ADD COLUMN team TEXT", "CREATE INDEX mine ON users (team)", "CREATE TABLE teams (name TEXT)")
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("with what the host added: %v", err)
		}
		alter(t, db, "ALTER TABLE users DROP COLUMN bio", "DROP INDEX profilekit_sessions_user", "DROP TABLE profilekit_settings")
		want := []string{"table profilekit_sessions: lacks the index btree (user_id)", "table profilekit_settings: is missing", "column users.bio: is missing"}
		if p.postgres {
			alter(t, db, "ALTER TABLE users ALTER COLUMN pronouns TYPE VARCHAR(9), ALTER COLUMN role TYPE TEXT, ALTER COLUMN phone DROP NOT NULL",
				"ALTER TABLE users DROP CONSTRAINT users_email_key_key")
			want = append(want, "column users.pronouns: is character varying(9) not null, want text not null",
				"column users.role: is text, want character varying(20)", "column users.phone: is text, want text not null",
				"table users: lacks the unique index btree (email_key)")
		} else {
			want[0] = "table profilekit_sessions: lacks the index (user_id)"
			alter(t, db, "ALTER TABLE users DROP COLUMN pronouns", "ALTER TABLE users ADD COLUMN pronouns BLOB")
			want = append(want, "column users.pronouns: is blob, want text not null")
		}
		for name, run := range map[string]func(context.Context) error{
			"Check":   db.Check,
			"Migrate": func(ctx context.Context) error { return db.Migrate(ctx, sqlstore.MigrateOptions{}) },
		} {
			var drift *sqlstore.DriftError
			if err := run(t.Context()); !errors.As(err, &drift) {
				t.Fatalf("%s: %v, want a DriftError", name, err)
			}
			slices.Sort(drift.Problems)
			slices.Sort(want)
			if !slices.Equal(drift.Problems, want) {
				t.Errorf("%s: the problems are\n%s\nwant\n%s", name, strings.Join(drift.Problems, "\n"), strings.Join(want, "\n"))
			}
		}
	})
}

// An index that was to be built beside writers, and could not be, is there but
// serves nobody.
func TestAnInvalidIndexIsDrift(t *testing.T) {
	p := place{postgres: true, at: migrated(t)}
	db := p.open(t)
	pool, err := sql.Open("postgres", p.at)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	do(t, pool, "ALTER TABLE users DROP CONSTRAINT users_email_key_key")
	do(t, pool, "INSERT INTO users (username, email, username_key, email_key) VALUES ('a', 'a', 'a', 'same'), ('b', 'b', 'b', 'same')")
	if _, err := pool.Exec("CREATE UNIQUE INDEX CONCURRENTLY users_email_key_key ON users (email_key)"); err == nil {
		t.Fatal("the index was made")
	}
	var drift *sqlstore.DriftError
	if err := db.Check(t.Context()); !errors.As(err, &drift) || !strings.Contains(err.Error(), "table users: lacks the unique index btree (email_key)") {
		t.Errorf("Check: %v", err)
	}
}

func TestCheckOfAnEmptyDatabase(t *testing.T) {
	fresh(t, func(t *testing.T, p place) {
		var drift *sqlstore.DriftError
		if err := p.open(t).Check(t.Context()); !errors.As(err, &drift) || !slices.Contains(drift.Problems, "table users: is missing") {
			t.Errorf("Check: %v", err)
		}
	})
}

// A newer release has been here: a column more, an index less.
func TestR32_ANewerSchemaIsNoDrift(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		db := p.open(t)
		applied := "true"
		if !p.postgres {
			applied = "1"
		}
		alter(t, db, "ALTER TABLE users ADD COLUMN mood TEXT NOT NULL DEFAULT ''", "DROP INDEX profilekit_sessions_user")
		var drift *sqlstore.DriftError
		if err := db.Check(t.Context()); !errors.As(err, &drift) {
			t.Errorf("before the version is recorded: %v, want a DriftError", err)
		}
		alter(t, db, fmt.Sprintf("INSERT INTO profilekit_migrations (version_id, is_applied) VALUES (%d, %s)", slices.Max(everyVersion(t))+1, applied))
		if err := db.Check(t.Context()); err != nil {
			t.Errorf("Check: %v", err)
		}
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Errorf("Migrate: %v", err)
		}
		user(t, t.Context(), db, "works")
		alter(t, db, "ALTER TABLE users DROP COLUMN bio")
		if err := db.Check(t.Context()); !errors.As(err, &drift) {
			t.Errorf("a column less: %v, want a DriftError", err)
		}
	})
}
