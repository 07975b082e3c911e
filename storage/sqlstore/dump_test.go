package sqlstore_test

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/cryptotest"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// dumps is the folder of databases that older versions made; its README says how.
const dumps = "testdata/dumps"

var dumpAs = flag.String("dump-as", "", "write "+dumps+" as of this commit, whose code but for tests must be the present one")

// TestADumpIsTheDatabase makes the databases that are dumped, by the present
// code, and loads their dumps: what comes back is the same.
func TestADumpIsTheDatabase(t *testing.T) {
	if *dumpAs != "" {
		wantCodeOf(t, *dumpAs)
	}
	// Adopting is for Postgres alone; AdoptUsers on SQLite is an AdoptError.
	for _, c := range []struct {
		kind    string
		flavour string
	}{
		{"sqlite", plain},
		{"sqlite", separate},
		{"postgres", plain},
		{"postgres", separate},
		{"postgres", adopted},
	} {
		t.Run(c.kind+" "+c.flavour, func(t *testing.T) {
			p, copied := empty(t, c.kind), empty(t, c.kind)
			p.make(t, c.flavour)
			dump := p.dump(t)
			copied.load(t, dump)
			// Postgres leaves out parentheses of a condition that it reads again.
			bare := strings.NewReplacer("(", "", ")", "")
			got, want := strings.Split(bare.Replace(copied.dump(t)), "\n"), strings.Split(bare.Replace(dump), "\n")
			for i := range max(len(got), len(want)) {
				if i >= len(got) || i >= len(want) || got[i] != want[i] {
					t.Errorf("line %d of what comes back differs: it has\n%q, want\n%q", i+1, got[i:min(i+1, len(got))], want[i:min(i+1, len(want))])
					break
				}
			}
			if *dumpAs == "" {
				return
			}
			copied.wantRows(t)
			name := fmt.Sprintf("%s.%s.%s.sql", *dumpAs, c.kind, c.flavour)
			text := fmt.Sprintf("-- A database of commit %s, see README.md: %s, %s.\n\n%s", *dumpAs, c.kind, c.flavour, dump)
			if err := os.WriteFile(filepath.Join(dumps, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// empty is a new database without tables.
func empty(t testing.TB, kind string) place {
	t.Helper()
	if kind == "postgres" {
		return place{postgres: true, at: pgtest.Open(t)}
	}
	return place{at: filepath.Join(t.TempDir(), "app.db")}
}

// make makes the tables and their rows. With the same code it makes the same,
// byte by byte.
func (p place) make(t *testing.T, flavour string) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, 7)
	clock := &dumpClock{at: dumpStart}
	raw := p.raw(t)
	var o sqlstore.MigrateOptions
	switch flavour {
	case adopted:
		o = inUTC
		for _, s := range oldProgram(t) {
			do(t, raw, s)
		}
	case separate:
		do(t, raw, peopleTable)
	}
	db := p.openAt(t, clock.now)
	if err := db.Migrate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	newDumpProgram(t, db, clock, flavour).story("")
	if flavour == adopted { // The old program goes on writing.
		do(t, raw, `INSERT INTO users (username, email, password_hash, created_at) VALUES ('Latecomer', 'Late.Comer@Example.org', '', '2025-11-03 15:00')`)
		do(t, raw, `UPDATE users SET email = 'lukasz@example.org' WHERE username = 'Łukasz'`)
	}
	// The database's own clock told the times of goose's rows, and of rows that no
	// store has changed since they were adopted.
	do(t, raw, `UPDATE profilekit_migrations SET tstamp = '2025-11-03 09:30:00'`)
	if flavour == adopted {
		do(t, raw, `UPDATE users SET updated_at = '2025-11-03 09:30:00+00' WHERE updated_at > '2025-12-31'`)
	}
}

// oldProgram is the database of a program with a table users, as adopting finds
// it: with a column and a table of its own, and names nobody could choose today.
func oldProgram(t testing.TB) []string {
	t.Helper()
	hash := hashed(t, dumpPassphrase)
	return []string{
		oldTable,
		`ALTER TABLE users ADD COLUMN newsletter BOOLEAN DEFAULT TRUE`,
		`CREATE TABLE posts (id SERIAL PRIMARY KEY, author INTEGER NOT NULL REFERENCES users (id), title TEXT NOT NULL)`,
		`INSERT INTO users (username, email, password_hash, profile_picture, role, created_at) VALUES
			('Ada', 'Ada@Example.org', '` + hash + `', 'https://pictures.example/ada.jpg', 'admin', '2019-05-04 12:00'),
			('bob', 'bob@example.org', '` + hash + `', NULL, NULL, '2020-02-29 23:59:59.5'),
			('two words', '"quoted"@example.org', 'plain', '', 'user', '2021-01-01'),
			('Łukasz', 'józef@example.org', '', NULL, 'user', '2021-07-01')`,
		`INSERT INTO posts (author, title) SELECT id, 'Hello from ' || username FROM users ORDER BY id`,
	}
}

// wantRows wants a row in every table.
func (p place) wantRows(t testing.TB) {
	t.Helper()
	db := p.raw(t)
	tables := p.tables(t, db)
	if len(tables) < 12 {
		t.Errorf("only the tables %v", tables)
	}
	for _, table := range tables {
		if one[int](t, db, "SELECT count(*) FROM "+table) == 0 {
			t.Errorf("the table %s is empty", table)
		}
	}
}

// wantCodeOf keeps a dump from saying that it is of another commit's code.
func wantCodeOf(t testing.TB, commit string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "diff", "--stat", commit, "--", "*.go", "*.sql", "go.mod", ":(exclude)*_test.go")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "" {
		t.Fatalf("the code is not that of %s: %v\n%s", commit, err, out)
	}
}
