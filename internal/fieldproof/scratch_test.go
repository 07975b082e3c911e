package fieldproof

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

// scratch is a copy of the tree that a field is added to.
type scratch struct {
	dir string
	// migration is the number of the next one: "00009".
	migration string
}

// kept are folders and files that no commit has.
var kept = []string{
	".git", "node_modules", "data", "examples/web/legacy/build", "examples/web/e2e/out", "examples/web/src/api/schema.gen.ts",
}

// newScratch copies the tree. The packages that Node installed are linked, not copied.
func newScratch(t *testing.T) scratch {
	t.Helper()
	s := scratch{dir: t.TempDir()}
	for path := range files(t, root) {
		to := filepath.Join(s.dir, path)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		text, mode := read(t, filepath.Join(root, path)), fs.FileMode(0o600)
		if strings.HasPrefix(text, "#!") {
			mode = 0o700
		}
		if err := os.WriteFile(to, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	modules, err := filepath.Abs(filepath.Join(root, "examples/web/node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(modules); err == nil {
		if err := os.Symlink(modules, filepath.Join(s.dir, "examples/web/node_modules")); err != nil {
			t.Fatal(err)
		}
	}
	s.migration = nextMigration(t)
	return s
}

// files are the paths below dir with their texts.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if slices.Contains(kept, rel) || slices.Contains(kept, d.Name()) {
			if d.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if d.Type().IsRegular() {
			all[rel] = read(t, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// nextMigration is the number after the last of either database.
func nextMigration(t *testing.T) string {
	t.Helper()
	last := 0
	for _, database := range []string{"postgres", "sqlite"} {
		entries, err := os.ReadDir(filepath.Join(root, "storage/sqlstore/migrations", database))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			number, _, _ := strings.Cut(e.Name(), "_")
			n, err := strconv.Atoi(number)
			if err != nil {
				t.Fatal(err)
			}
			last = max(last, n)
		}
	}
	return fmt.Sprintf("%05d", last+1)
}

// named puts the number of the migration into a path.
func (s scratch) named(path string) string { return strings.ReplaceAll(path, "NNNNN", s.migration) }

// apply changes one file by hand.
func (s scratch) apply(t *testing.T, f handFile) {
	t.Helper()
	path := filepath.Join(s.dir, s.named(f.path))
	text := f.text
	if text == "" {
		text = read(t, path)
		for _, e := range f.edits {
			if n := strings.Count(text, e.old); n != e.times {
				t.Fatalf("%s has %d times, want %d:\n%s", f.path, n, e.times, e.old)
			}
			text = strings.ReplaceAll(text, e.old, e.new)
		}
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// forget takes the change of one file back.
func (s scratch) forget(t *testing.T, f handFile) {
	t.Helper()
	path := filepath.Join(s.dir, s.named(f.path))
	before, err := os.ReadFile(filepath.Join(root, f.path))
	switch {
	case errors.Is(err, fs.ErrNotExist): // a new file
		err = os.Remove(path)
	case err == nil:
		err = os.WriteFile(path, before, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// changed are the paths whose texts differ from those of the tree, with NNNNN for the
// number of the migration.
func (s scratch) changed(t *testing.T) (paths []string) {
	t.Helper()
	was, is := files(t, root), files(t, s.dir)
	for path, text := range is {
		if old, ok := was[path]; !ok || old != text {
			paths = append(paths, strings.ReplaceAll(path, s.migration, "NNNNN"))
		}
	}
	for path := range was {
		if _, ok := is[path]; !ok {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// overlay is a file for the go command that lays the changes by hand over the tree.
func (s scratch) overlay(t *testing.T) string {
	t.Helper()
	replace := map[string]string{}
	for _, f := range byHand {
		over, err := filepath.Abs(filepath.Join(root, s.named(f.path)))
		if err != nil {
			t.Fatal(err)
		}
		replace[over] = filepath.Join(s.dir, s.named(f.path))
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(at, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

// run runs a command in a folder of the copy. The long forms of tests are left out, and
// paths are, so that what is compiled for one copy serves the next.
func (s scratch) run(t *testing.T, dir, name string, args ...string) (out string, err error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = filepath.Join(s.dir, dir)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "PROFILEKIT_LONG=") })
	cmd.Env = append(cmd.Env, "GOFLAGS=-trimpath")
	raw, err := cmd.CombinedOutput()
	return string(raw), err
}

// record is a line that a program logged.
var record = regexp.MustCompile(`(?m)^\d{4}/\d\d/\d\d .*\n`)

// must ends the test when the command fails, and shows its output without the records of
// the programs that it ran.
func (s scratch) must(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	if out, err := s.run(t, dir, name, args...); err != nil {
		t.Fatalf("%s %s in %s: %v\n%s", name, strings.Join(args, " "), dir, err, record.ReplaceAllString(out, ""))
	}
}
