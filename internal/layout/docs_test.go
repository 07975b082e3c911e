package layout

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReadmeProgram: the program in the README is the one that compiles.
func TestReadmeProgram(t *testing.T) {
	readme := read(t, "../../README.md")
	_, program, ok := strings.Cut(read(t, "../../examples/minimal/main.go"), "\n\npackage main")
	if !ok {
		_, program, ok = strings.Cut(read(t, "../../examples/minimal/main.go"), "\npackage main")
	}
	if !ok || !strings.Contains(readme, "```go\npackage main"+program+"```") {
		t.Error("the Go program in README.md is not examples/minimal/main.go")
	}
	for _, command := range []string{"go run ./examples/quickstart", "go test work"} {
		if !strings.Contains(readme, "\n"+command) {
			t.Errorf("README.md does not have the command %q", command)
		}
	}
}

// TestLinks: every relative link of the documents leads somewhere.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)\)`)
	for _, doc := range []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/design.md"} {
		for _, m := range link.FindAllStringSubmatch(read(t, "../../"+doc), -1) {
			if _, err := os.Stat(filepath.Join("../..", filepath.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", doc, m[1], err)
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestChecksTable: docs/checks.md says which test proves which requirement,
// truly. With PROFILEKIT_WRITE_CHECKS=1 it is written anew.
func TestChecksTable(t *testing.T) {
	const path = "../../docs/checks.md"
	want := checksTable(t)
	if os.Getenv("PROFILEKIT_WRITE_CHECKS") != "" {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, path) != want {
		t.Error("docs/checks.md is out of date: PROFILEKIT_WRITE_CHECKS=1 go test ./internal/layout")
	}
}

// testsByID are the names of tests and their packages, by the ids that they carry.
func testsByID(t *testing.T) map[string][]string {
	t.Helper()
	// Ids stand in names of tests, TestS07_Hostile…, and of subtests in quotes.
	name := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)(?:\w*?_)?((?:[SPR]\d\d)+)(?:_\w+|\b))\(|(?:\b(?:Run|test)\((?:t, )?|\{)"(([SPR]\d\d)[ _][^"]*)"`)
	id := regexp.MustCompile(`[SPR]\d\d`)
	tests := map[string][]string{}
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		dir := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../../")
		for _, m := range name.FindAllStringSubmatch(string(src), -1) {
			test := m[1]
			ids := m[2]
			if test == "" {
				test, ids = m[3], m[4]
			}
			for _, i := range id.FindAllString(ids, -1) {
				entry := fmt.Sprintf("`%s`: %s", dir, test)
				if !slices.Contains(tests[i], entry) {
					tests[i] = append(tests[i], entry)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tests
}

func checksTable(t *testing.T) string {
	t.Helper()
	tests := testsByID(t)
	var b strings.Builder
	b.WriteString("# What is checked\n\nWhich tests prove which requirement: S are the security checks, P the failures of peers, R the faults that are\n" +
		"survived. Written by `internal/layout` from the names of the tests; what has none has a reason.\n\n| id | tests |\n| --- | --- |\n")
	for _, i := range everyID() {
		slices.Sort(tests[i])
		if why, ok := untested[i]; ok {
			tests[i] = []string{"*No test of its own.* " + why}
		}
		fmt.Fprintf(&b, "| %s | %s |\n", i, strings.Join(tests[i], "<br>"))
	}
	return b.String()
}
