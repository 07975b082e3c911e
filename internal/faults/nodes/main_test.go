package nodes

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
)

// root is the repository's, as seen from this package.
const root = "../../.."

// binary is the quickstart, built once for all tests.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "profilekit-nodes")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "quickstart")
	args := []string{"build", "-o", binary}
	if raceEnabled && long() {
		args = append(args, "-race") // the processes look for races, too
	}
	build := exec.Command("go", append(args, "./examples/quickstart")...)
	build.Dir = root
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the quickstart:", err)
		return 1
	}
	return m.Run()
}

// long reports whether there is time for many rounds.
func long() bool { return os.Getenv("PROFILEKIT_LONG") != "" }

// rounds is short, or many when there is time. The race detector makes hashing
// ten times as slow, so with it a tenth of them has to do.
func rounds(short, many int) int {
	switch {
	case long() && raceEnabled:
		return max(short, many/10)
	case long():
		return many
	}
	return short
}

// databases are the environments that a node gets for its database.
var databases = map[string]func(t *testing.T) []string{
	"SQLite":   func(*testing.T) []string { return nil },
	"Postgres": func(t *testing.T) []string { return []string{"DATABASE_URL=" + pgtest.Open(t)} },
}

// onBoth runs f on a fresh site of each database.
func onBoth(t *testing.T, f func(t *testing.T, s *place)) {
	for _, name := range []string{"SQLite", "Postgres"} {
		t.Run(name, func(t *testing.T) { f(t, site(t, name)) })
	}
}
