package layout

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFigures: docs/figures.md is what the command prints, so that a number that
// grows is seen by whoever makes it grow. With PROFILEKIT_WRITE_FIGURES=1 it is
// written anew.
func TestFigures(t *testing.T) {
	const doc = "../../docs/figures.md"
	want, err := Figures("../..")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("PROFILEKIT_WRITE_FIGURES") != "" {
		if err := os.WriteFile(doc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, doc) != want {
		t.Error("docs/figures.md is out of date: PROFILEKIT_WRITE_FIGURES=1 go test ./internal/layout")
	}
}

// TestFloors: an import leads to a lower floor, so that whoever reads from the ground up
// meets nothing that is explained later. A floor is a package's own and not its folder's.
func TestFloors(t *testing.T) {
	all, err := folders("../..")
	if err != nil {
		t.Fatal(err)
	}
	floors, err := floors("../..")
	if err != nil {
		t.Fatal(err)
	}
	imports := map[string][]string{}
	for _, f := range all {
		imports[f.path] = f.imports
	}
	for _, f := range all {
		if f.path == "." || suite(f.path) || top(f.path) == "internal" || top(f.path) == "examples" {
			continue
		}
		if floors[f.path] == 0 {
			t.Errorf("%s stands on no floor in docs/design.md", f.path)
		}
		for _, to := range reach(imports, f.path) {
			if floors[to] >= floors[f.path] {
				t.Errorf("%s, floor %d, imports %s, floor %d", f.path, floors[f.path], to, floors[to])
			}
		}
	}
	for p := range floors {
		if _, ok := imports[p]; !ok {
			t.Errorf("docs/design.md has a floor for %s, which is not there", p)
		}
	}
}

// reach returns the public packages that p imports, also through internal ones.
func reach(imports map[string][]string, p string) (out []string) {
	seen := map[string]bool{}
	var walk func(string)
	walk = func(p string) {
		for _, to := range imports[p] {
			switch {
			case seen[to]:
			case top(to) == "internal":
				seen[to] = true
				walk(to)
			default:
				seen[to] = true
				out = append(out, to)
			}
		}
	}
	walk(p)
	return out
}

// row is one of the table of packages in docs/design.md.
type row struct {
	packages []string
	may      string // what it may import, in words
}

// packageTable reads the table.
func packageTable(t *testing.T) []row {
	t.Helper()
	_, table, ok := strings.Cut(read(t, "../../docs/design.md"), "\n| package | holds | may import (besides std) |\n| --- | --- | --- |\n")
	if !ok {
		t.Fatal("docs/design.md has no table of packages")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	name := regexp.MustCompile("`([^`]+)`")
	var rows []row
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 3 {
			t.Fatalf("a row has %d cells: %s", len(cells), line)
		}
		r := row{may: cells[2]}
		for _, m := range name.FindAllStringSubmatch(cells[0], -1) {
			p := m[1]
			if !strings.Contains(p, "/") && len(r.packages) > 0 { // `storage/a`, `b` is storage/b too
				p = path.Dir(r.packages[0]) + "/" + p
			}
			r.packages = append(r.packages, strings.TrimPrefix(p, "./"))
		}
		rows = append(rows, r)
	}
	return rows
}

// TestPackageTable: the table of packages in docs/design.md has every package, and says
// of each what it imports, of ours and of others, no less and no more.
func TestPackageTable(t *testing.T) {
	all, err := folders("../..")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]row{}
	for _, r := range packageTable(t) {
		for _, p := range r.packages {
			if _, twice := listed[p]; twice {
				t.Errorf("%s has two rows", p)
			}
			listed[p] = r
		}
	}
	seen := map[string]bool{}
	for _, f := range all {
		if f.path == "." { // doc.go alone
			continue
		}
		p, r, ok := rowOf(listed, f.path)
		if !ok {
			t.Errorf("docs/design.md has no row for %s", f.path)
			continue
		}
		seen[p] = true
		if p != f.path || wide(r.may) {
			continue
		}
		for _, what := range missing(f, r.may) {
			t.Errorf("%s imports %s, and its row says %q", f.path, what, r.may)
		}
	}
	for p, r := range listed {
		if _, err := os.Stat("../../" + p); err != nil && !seen[p] && p != "*test" {
			t.Errorf("docs/design.md has a row for %s, which is not there", p)
		}
		if wide(r.may) || strings.HasPrefix(p, "internal/") { // what only tests import

			continue
		}
		for _, word := range words(r.may) {
			if !slices.ContainsFunc(all, func(f folder) bool { return slices.Contains(r.packages, f.path) && imports(f, word) }) {
				t.Errorf("the row of %s says that it imports %s, and it does not", p, word)
			}
		}
	}
}

// rowOf finds the row of a package, or of the nearest folder above it that has one for
// all of its packages.
func rowOf(listed map[string]row, p string) (string, row, bool) {
	if r, ok := listed[p]; ok {
		return p, r, true
	}
	if strings.HasSuffix(p, "test") && !strings.HasPrefix(p, "internal") {
		return "*test", listed["*test"], true
	}
	for up := path.Dir(p); up != "."; up = path.Dir(up) {
		if r, ok := listed[up]; ok && (strings.HasPrefix(up, "examples") || strings.HasPrefix(up, "internal")) {
			return up, r, true
		}
	}
	return "", row{}, false
}

// wide reports whether a row speaks of more than names of packages.
func wide(may string) bool {
	return slices.ContainsFunc([]string{"anything", "tests only", "the domain packages", "parent", "its SDK"}, func(s string) bool { return strings.Contains(may, s) })
}

// words are the names in a cell; those of two packages in one cell are parted by ";".
func words(may string) []string {
	if may == "-" {
		return nil
	}
	return strings.FieldsFunc(may, func(r rune) bool { return r == ',' || r == ';' || r == ' ' })
}

// missing are the imports of f that the cell does not name. What is below internal and
// used everywhere needs no word.
func missing(f folder, may string) (out []string) {
	for _, p := range slices.Concat(f.imports, f.outside) {
		if strings.HasPrefix(p, "internal/") || strings.HasPrefix(p, f.path+"/") && len(f.path) > 1 {
			continue
		}
		if !slices.ContainsFunc(words(may), func(w string) bool { return named(p, w) }) {
			out = append(out, p)
		}
	}
	return out
}

// imports reports whether f imports what word names.
func imports(f folder, word string) bool {
	return slices.ContainsFunc(slices.Concat(f.imports, f.outside), func(p string) bool { return named(p, word) })
}

// named reports whether word is short for the package p: "limit" for activity/limit,
// "x/text" for packages below golang.org/x/text.
func named(p, word string) bool {
	p = "/" + p + "/"
	if !strings.Contains(top(p[1:]), ".") {
		return strings.HasSuffix(p, "/"+word+"/")
	}
	return strings.Contains(p, "/"+word+"/") || strings.Contains(p, "/"+word+".v")
}
