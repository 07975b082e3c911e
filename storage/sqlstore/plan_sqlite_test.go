package sqlstore_test

import (
	"context"
	"database/sql"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage/sqlstore"
)

// SQLite plans without values always, and here without statistics, as it does
// in the field: nothing runs ANALYZE.
func TestR37_EveryStatementGoesByAnIndexSQLite(t *testing.T) {
	db := place{at: filepath.Join(t.TempDir(), "app.db")}.open(t)
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	// An alias of one letter is a table of ours; json_each and the like are not.
	table := regexp.MustCompile(`SCAN (\w|users|profilekit_\w+)\s`)
	parameter := regexp.MustCompile(`\?([0-9]+)`)
	for _, name := range slices.Sorted(maps.Keys(sqlstore.Statements())) {
		text, want := sqlstore.Statements()[name].SQLite, expected(t, name)[1]
		if text == "" {
			continue
		}
		highest := 0
		for _, m := range parameter.FindAllStringSubmatch(text, -1) {
			n := 0
			for _, digit := range m[1] {
				n = 10*n + int(digit-'0')
			}
			highest = max(highest, n)
		}
		plan := explainSQLite(t, db, text, highest)
		if found := table.FindString(plan); (found != "") != slices.Contains(readsAll, name) || strings.Contains(plan, "FOR ORDER BY") && name != "selectSessions" && name != "trimSessions" && name != "selectTickets" {
			// A user's sessions and tickets are few.
			t.Errorf("%s reads or sorts a table:\n%s", name, plan)
		}
		for index := range strings.SplitSeq(want, ",") {
			index = map[string]string{"pk": "INTEGER PRIMARY KEY", "auto": "sqlite_autoindex_"}[index] + strings.TrimSuffix(strings.TrimSuffix(index, "pk"), "auto")
			if !strings.Contains(plan, index) {
				t.Errorf("%s: the plan does not use %s:\n%s", name, index, plan)
			}
		}
		if uses := strings.Contains(plan, "SEARCH"); uses != (want != "") {
			t.Errorf("%s: goes by an index: %t, by what is expected of it %t:\n%s", name, uses, want != "", plan)
		}
	}
}

func explainSQLite(t *testing.T, db *sqlstore.DB, text string, args int) string {
	t.Helper()
	var plan strings.Builder
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		rows, err := tx.QueryContext(ctx, "EXPLAIN QUERY PLAN "+text, make([]any, args)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused sql.NullInt64
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				return err
			}
			plan.WriteString(detail + "\n")
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return plan.String()
}

// TestR37_NoStatementIsLeftOut compares the statements that the plans are
// asked of with those that the sources declare.
func TestR37_NoStatementIsLeftOut(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			for i, value := range spec.Values {
				if call, ok := value.(*ast.CallExpr); ok && declares(call) {
					declared = append(declared, spec.Names[i].Name)
				}
			}
			return true
		})
	}
	if len(declared) < 40 {
		t.Errorf("only %d statements found in the sources: %v", len(declared), declared)
	}
	known := sqlstore.Statements()
	for _, name := range declared {
		if _, ok := known[name]; !ok {
			t.Errorf("statement %s is not among sqlstore.Statements of export_test.go", name)
		}
		expected(t, name)
	}
	for name := range plans {
		if !slices.Contains(declared, name) {
			t.Errorf("a plan is expected of %s, which is no statement", name)
		}
	}
}

func declares(call *ast.CallExpr) bool {
	name, ok := call.Fun.(*ast.Ident)
	return ok && slices.Contains([]string{"read", "write", "readEach", "writeEach", "changing", "changingEach"}, name.Name)
}
