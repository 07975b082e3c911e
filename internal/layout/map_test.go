package layout

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMap: the map in CONTRIBUTING.md leads to files that are there, and to a name that
// each of them declares.
func TestMap(t *testing.T) {
	_, table, ok := strings.Cut(read(t, "../../CONTRIBUTING.md"), "\n| where … | file | name in it |\n| --- | --- | --- |\n")
	if !ok {
		t.Fatal("CONTRIBUTING.md has no map")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	rows := strings.Split(table, "\n")
	if len(rows) < 10 {
		t.Errorf("the map answers %d questions", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if len(cells) != 3 {
			t.Errorf("a row has %d cells: %s", len(cells), row)
			continue
		}
		src, err := os.ReadFile(filepath.Join("../..", cells[1]))
		if err != nil {
			t.Errorf("where %s: %v", cells[0], err)
			continue
		}
		name := strings.Trim(cells[2], "`")
		declares := regexp.MustCompile(`(?m)^(?:func (?:\([^)]*\) )?|type |var |const |\t)` + name + `\b|\b` + name + ` := func`)
		if !declares.Match(src) {
			t.Errorf("where %s: %s declares no %s", cells[0], cells[1], name)
		}
	}
}
