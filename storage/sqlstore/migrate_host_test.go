package sqlstore_test

import (
	"database/sql"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"

	_ "github.com/lib/pq"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite"

	"github.com/profilekit/profilekit/storage/sqlstore"
)

// A host that runs goose itself runs our migrations with it.
func TestTheHostMigratesByGooseItself(t *testing.T) {
	fresh(t, func(t *testing.T, p place) {
		driver, dialect, ours := "sqlite", goose.DialectSQLite3, sqlstore.SQLite
		opts := []goose.ProviderOption{goose.WithTableName(sqlstore.MigrationsTable)}
		if p.postgres {
			driver, dialect, ours = "postgres", goose.DialectPostgres, sqlstore.Postgres
			locker, err := lock.NewPostgresSessionLocker()
			if err != nil {
				t.Fatal(err)
			}
			opts = append(opts, goose.WithSessionLocker(locker))
		}
		pool, err := sql.Open(driver, p.at)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		provider, err := goose.NewProvider(dialect, pool, sqlstore.Migrations(ours), opts...)
		if err != nil {
			t.Fatal(err)
		}
		results, err := provider.Up(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(results) != len(files(t, ours)) {
			t.Errorf("%d migrations ran, want %d", len(results), len(files(t, ours)))
		}
		db := p.open(t)
		if plan, err := db.Plan(t.Context(), sqlstore.MigrateOptions{}); err != nil || len(plan.Statements) != 0 {
			t.Errorf("what is left to do is %v, %v; want nothing", plan, err)
		}
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Errorf("Migrate: %v", err)
		}
		var versions []int
		ask(t, db, &versions, "SELECT version_id FROM profilekit_migrations")
		if len(versions) != len(results)+1 {
			t.Errorf("recorded versions %v: Migrate did something", versions)
		}
		user(t, t.Context(), db, "works")
		if results, err := provider.Up(t.Context()); err != nil || len(results) != 0 {
			t.Errorf("goose after Migrate: %v, %v", results, err)
		}
	})
	if sqlstore.Migrations(0) != nil {
		t.Error("there are migrations for no dialect")
	}
}

func files(t *testing.T, d sqlstore.Dialect) []string {
	t.Helper()
	names, err := fs.Glob(sqlstore.Migrations(d), "*")
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestMigrationsAreNumberedWithoutGapAndAlike(t *testing.T) {
	postgres, sqlite := files(t, sqlstore.Postgres), files(t, sqlstore.SQLite)
	if strings.Join(postgres, " ") != strings.Join(sqlite, " ") {
		t.Errorf("the databases differ: %v, %v", postgres, sqlite)
	}
	for i, name := range postgres {
		if n, err := strconv.Atoi(name[:5]); err != nil || n != i+1 || !strings.HasSuffix(name, ".sql") {
			t.Errorf("file %d is %s", i+1, name)
		}
	}
}

// additive are the statements that leave a binary of the release before what it
// needs. An index may be dropped, but no unique one, which a test of the schema
// that is left sees (Check).
var additive = regexp.MustCompile(`^(?i:CREATE TABLE [a-z_]+ \(|CREATE INDEX (CONCURRENTLY )?(IF NOT EXISTS )?[a-z_]+ ON [a-z_]+ |` +
	`DROP INDEX (CONCURRENTLY )?(IF EXISTS )?profilekit_[a-z_]+$|SELECT 1$|` +
	`ALTER TABLE [a-z_]+ ADD COLUMN (IF NOT EXISTS )?[a-z_]+ [A-Z]+( COLLATE "C")?( NOT NULL DEFAULT .+| DEFAULT .+)?$)`)

// fills are statements that fill a column. What a migration fills of its own columns no
// binary of the release before reads.
var fills = regexp.MustCompile(`^UPDATE [a-z_]+ SET ([a-z_]+) = [A-Za-z0-9']+ WHERE `)

// own are the statements that bind no release before if their table is made by the same
// migration: that release neither reads nor writes it.
var own = regexp.MustCompile(`^(?:CREATE UNIQUE INDEX [a-z_]+ ON|INSERT INTO) ([a-z_]+) `)

// ofItsOwn reports whether s makes a key or fills rows of a table that the migration makes.
func ofItsOwn(migration, s string) bool {
	m := own.FindStringSubmatch(s)
	return m != nil && strings.Contains(migration, "CREATE TABLE "+m[1]+" (")
}

// ownColumn finds where a migration adds a column.
func ownColumn(name string) *regexp.Regexp {
	return regexp.MustCompile(`ADD COLUMN (IF NOT EXISTS )?` + name + ` `)
}

func TestR32_MigrationsAfterTheFirstOnlyAdd(t *testing.T) {
	checked := 0
	for _, d := range []sqlstore.Dialect{sqlstore.Postgres, sqlstore.SQLite} {
		for _, name := range files(t, d)[1:] {
			text, err := fs.ReadFile(sqlstore.Migrations(d), name)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range statementsOf(string(text)) {
				checked++
				if ofItsOwn(string(text), s) {
					continue
				}
				if m := fills.FindStringSubmatch(s); m != nil && ownColumn(m[1]).Match(text) {
					continue
				}
				if !additive.MatchString(s) {
					t.Errorf("%s: a binary of the release before may not bear: %s", name, s)
				}
				if strings.Contains(strings.ToUpper(s), "ADD COLUMN") && strings.Contains(s, "NOT NULL") && !strings.Contains(s, "DEFAULT") {
					t.Errorf("%s: the release before cannot insert: %s", name, s)
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d statements were looked at", checked)
	}
	for _, bad := range []string{
		"ALTER TABLE users DROP COLUMN bio", "ALTER TABLE users ADD COLUMN mood TEXT NOT NULL", "ALTER TABLE users RENAME COLUMN bio TO about",
		"ALTER TABLE users ADD CONSTRAINT c CHECK (id > 5)", "DROP TABLE profilekit_blobs", "DELETE FROM users", "CREATE UNIQUE INDEX u ON users (bio)",
		"ALTER TABLE users ALTER COLUMN bio TYPE JSON", "INSERT INTO users (username) VALUES ('ada')", "UPDATE users SET bio = ''",
	} {
		if additive.MatchString(bad) || ofItsOwn("CREATE TABLE profilekit_moods (user_id TEXT)", bad) {
			t.Errorf("is taken for additive: %s", bad)
		}
	}
	for _, bad := range []string{"UPDATE users SET bio = '' WHERE id > 1", "UPDATE users SET mood = '', bio = '' WHERE id > 1", "UPDATE users SET mood = ''"} {
		if m := fills.FindStringSubmatch(bad); m != nil && ownColumn(m[1]).MatchString("ALTER TABLE users ADD COLUMN mood TEXT NOT NULL DEFAULT ''") {
			t.Errorf("is taken for a column of the migration's own: %s", bad)
		}
	}
}

// statementsOf splits a migration, without its comments, in one line each.
func statementsOf(text string) []string {
	var list []string
	var b strings.Builder
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "--")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(line)
		if strings.HasSuffix(line, ";") {
			list = append(list, strings.TrimSuffix(b.String(), ";"))
			b.Reset()
		}
	}
	if b.Len() > 0 {
		list = append(list, b.String())
	}
	return list
}
