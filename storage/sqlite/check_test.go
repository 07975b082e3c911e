package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// closed is a sound database of several hundred pages that nobody has open.
func closed(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "app.db")
	db := open(t, path)
	fill(t, db, 300)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// damage changes the bytes of a file.
func damage(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(b), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckFindsDamage(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func([]byte) []byte
	}{
		{"emptied", func([]byte) []byte { return nil }},
		{"no header", func(b []byte) []byte { copy(b, make([]byte, 100)); return b }},
		{"cut in half", func(b []byte) []byte { return b[:len(b)/2] }},
		{"cut within the first page", func(b []byte) []byte { return b[:1000] }},
		{"pages of zeros", func(b []byte) []byte { copy(b[len(b)/2:], make([]byte, 40960)); return b }},
		{"pages in the wrong order", func(b []byte) []byte {
			page := append([]byte(nil), b[4096*20:4096*21]...)
			copy(b[4096*20:], b[4096*21:4096*22])
			copy(b[4096*21:], page)
			return b
		}},
		{"an index of other values", func(b []byte) []byte {
			// The last of a name is in the table or in its index, not in both.
			i := strings.LastIndex(string(b), "filler200@example.org")
			copy(b[i:], "FILLER")
			return b
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := closed(t)
			sound(t, path)
			damage(t, path, c.change)
			err := sqlite.Check(t.Context(), path)
			var damaged *sqlite.DamagedError
			if !errors.As(err, &damaged) || len(damaged.Findings) == 0 || len(damaged.Findings) > 10 {
				t.Fatalf("%v, want a DamagedError with 1 to 10 findings", err)
			}
			if line := err.Error(); !strings.HasPrefix(line, "sqlite: ") || strings.ContainsAny(line, "\n@") {
				t.Errorf("%q is not one clear line without values", line)
			}
			// No backup is made of it that looks like one.
			dest := filepath.Join(filepath.Dir(path), "new.db")
			if err := sqlite.Backup(t.Context(), path, dest, sqlite.BackupOptions{}); err == nil {
				if sqlite.Check(t.Context(), dest) == nil {
					t.Error("the backup of a damaged database is sound")
				} else if c.name != "an index of other values" { // which only Check looks for
					t.Error("Backup took a damaged database")
				}
			}
		})
	}
}

func TestCheckFindsOrphans(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	db := open(t, path)
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		for _, statement := range []string{
			"CREATE TABLE teams (id INTEGER PRIMARY KEY)",
			"CREATE TABLE members (team INTEGER REFERENCES teams DEFERRABLE INITIALLY DEFERRED)",
			"INSERT INTO teams VALUES (1)", "INSERT INTO members VALUES (1)",
		} {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sound(t, path)
	raw := handWritten(t, path)
	if _, err := raw.Exec("INSERT INTO members VALUES (2)"); err != nil {
		t.Fatal(err) // a connection that does not look at foreign keys
	}
	var damaged *sqlite.DamagedError
	if err := sqlite.Check(t.Context(), path); !errors.As(err, &damaged) || damaged.Findings[0] != "members refers to a missing row of teams" {
		t.Errorf("%v, want the orphan", err)
	}
}

func TestCheckRefuses(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing.db")
	for _, path := range []string{"", ":memory:", missing, dir} {
		if err := sqlite.Check(t.Context(), path); err == nil {
			t.Errorf("Check of %q succeeded", path)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("Check made the file")
	}
	path := closed(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sqlite.Check(ctx, path); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
}

// What is damaged is not opened, or told when it is read.
func TestOpenOfADamagedFile(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func([]byte) []byte
	}{
		{"no header", func(b []byte) []byte { copy(b, make([]byte, 100)); return b }},
		{"cut in half", func(b []byte) []byte { return b[:len(b)/2] }},
	} {
		path := closed(t)
		damage(t, path, c.change)
		db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err == nil {
			err = db.Migrate(t.Context(), sqlstore.MigrateOptions{})
			db.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "is damaged or no") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want one line that says that it is damaged", c.name, err)
		}
	}
	path := closed(t)
	damage(t, path, func(b []byte) []byte { copy(b[4096*3:], make([]byte, len(b)-4096*3)); return b })
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err == nil {
		_, err = db.Users().ByUsername(t.Context(), "ada")
		db.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("reading a page of zeros: %v, want an error that says damaged", err)
	}
}

// A release back must be able to use what a newer one has migrated.
func TestOpenOfANewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	db := open(t, path)
	p := two(writers(t, db, 2))
	db.Close()
	raw := handWritten(t, path)
	for _, statement := range []string{
		"INSERT INTO profilekit_migrations (version_id, is_applied) VALUES (99999, 1)",
		"ALTER TABLE users ADD COLUMN of_a_later_release TEXT",
	} {
		if _, err := raw.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	raw.Close()
	again := open(t, path)
	if err := p.write(t.Context(), again, 7); err != nil {
		t.Error(err)
	}
	if got := p.read(t, again); got != "7" {
		t.Errorf("read %q, want what was written", got)
	}
}
