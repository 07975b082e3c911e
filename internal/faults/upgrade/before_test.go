package upgrade

import (
	"bytes"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// root is the repository's, as seen from this package.
const root = "../../.."

const folder = "storage/sqlstore/migrations"

// TestR32_TheBinaryBeforePassesItsSuiteOnTheNewestSchema builds the commit
// before the one that last added a migration and runs its API suite. On
// Postgres each database that the suite asks for is a copy of one that today's
// Migrate made, with the versions that it recorded. On SQLite, where the suite
// makes its own files, they are made by today's migrations under the code of
// then.
//
// Building it takes a minute, and a clone without history has none, so that the
// short form asks only what every earlier program asks, which is kept in files.
func TestR32_TheBinaryBeforePassesItsSuiteOnTheNewestSchema(t *testing.T) {
	if os.Getenv("PROFILEKIT_LONG") == "" {
		statements(t)
		return
	}
	before := commitBefore(t)
	t.Logf("the commit before the newest migration is %s", before)
	tree := checkOut(t, before)
	template := newest(t)

	// The suite's databases are copies of ours.
	hijacked := 0
	sources, err := filepath.Glob(filepath.Join(tree, "internal/pgtest/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		hijacked += replace(t, name, "TEMPLATE template0", "TEMPLATE "+template)
		hijacked += replace(t, name, `"template0"`, `"`+template+`"`)
	}
	if hijacked == 0 {
		t.Fatal("nothing in internal/pgtest of that commit names template0: the suite would not use our schema")
	}
	ours, err := filepath.Glob(filepath.Join(root, folder, "sqlite", "*.sql"))
	if err != nil || len(ours) == 0 {
		t.Fatalf("today's migrations: %v, %v", ours, err)
	}
	sqlite := filepath.Join(tree, folder, "sqlite")
	if err := os.RemoveAll(sqlite); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(sqlite, os.DirFS(filepath.Join(root, folder, "sqlite"))); err != nil {
		t.Fatal(err)
	}

	for dir, args := range map[string][]string{
		"internal/contract": {"./..."},
		"storage/postgres":  {"-run", "Conformance|Suite", "."},
		"storage/sqlite":    {"-run", "Conformance|Suite", "."},
	} {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", "-count=1", "-v"}, args...)...)
			cmd.Dir = filepath.Join(tree, dir)
			cmd.Env = append(os.Environ(), "PROFILEKIT_TEST_POSTGRES="+pgtest.Start(t), "PROFILEKIT_LONG=", "CI=true", "GOFLAGS=-mod=readonly")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("go test %s: %v\n%s", strings.Join(args, " "), err, failures(out))
			}
			passed := strings.Count(string(out), "--- PASS: ")
			t.Logf("%d tests passed", passed)
			if passed < 10 {
				t.Errorf("only %d tests passed: this is not the suite\n%s", passed, failures(out))
			}
		})
	}
}

// commitBefore is the parent of the commit that last added a migration.
func commitBefore(t *testing.T) string {
	t.Helper()
	added := git(t, "log", "-1", "--diff-filter=A", "--format=%H", "--", folder)
	if added == "" {
		t.Fatal("R32 needs the repository's history, and this clone has no commit that added a migration")
	}
	return git(t, "rev-parse", "--verify", added+"^")
}

func git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("R32 needs the repository's history: git %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

// checkOut writes the files of a commit to a folder of the test's own.
func checkOut(t *testing.T, commit string) string {
	t.Helper()
	dir := t.TempDir()
	archive := filepath.Join(t.TempDir(), "commit.tar")
	git(t, "archive", "--format=tar", "--output="+archive, commit)
	if out, err := exec.CommandContext(t.Context(), "tar", "-xf", archive, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	return dir
}

// newest makes a database with today's schema and returns its name. Nobody is
// connected to it, so that it can be copied.
func newest(t *testing.T) string {
	t.Helper()
	dsn := pgtest.Open(t)
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func replace(t *testing.T, file, from, to string) int {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	n := bytes.Count(text, []byte(from))
	if n > 0 {
		if err := os.WriteFile(file, bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// failures is what of the output of go test -v tells why it failed.
func failures(out []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(strings.TrimSpace(line), "=== ") && !strings.Contains(line, "--- PASS: ") {
			b.WriteString(line)
		}
	}
	text := b.String()
	return text[max(0, len(text)-8000):]
}
