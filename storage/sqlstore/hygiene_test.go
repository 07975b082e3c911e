package sqlstore_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage/sqlstore"
)

// TestStatementsAreConstant reads the package's source: whatever declares a
// statement is made of string literals and constants, by + and shift alone,
// and nothing but the few runners hands a text to the database.
func TestStatementsAreConstant(t *testing.T) {
	declares := map[string]bool{"read": true, "write": true, "readEach": true, "writeEach": true, "changing": true, "changingEach": true}
	runs := map[string]bool{
		"QueryContext": true, "QueryRowContext": true, "QueryRowxContext": true, "ExecContext": true,
		"GetContext": true, "SelectContext": true, "PrepareContext": true, "PreparexContext": true, "NamedExecContext": true,
		"Query": true, "QueryRow": true, "Exec": true, "Prepare": true, "MustExec": true, "Get": true, "Select": true,
	}
	// Migrations run once and before all else; what defines a table takes no
	// parameters.
	runners := map[string]bool{
		"statement.go": true, "db.go": true, "migrate.go": true, "migrate_plan.go": true, "drift.go": true,
		"adopt.go": true, "adopt_inspect.go": true, "adopt_keys.go": true,
	}

	files := token.NewFileSet()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var parsed []*ast.File
	constants := map[string]bool{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		f, err := parser.ParseFile(files, e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, f)
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
				for _, s := range g.Specs {
					for _, n := range s.(*ast.ValueSpec).Names {
						constants[n.Name] = true
					}
				}
			}
		}
	}
	var constant func(ast.Expr) bool
	constant = func(e ast.Expr) bool {
		switch e := e.(type) {
		case *ast.BasicLit:
			return true
		case *ast.Ident:
			return constants[e.Name]
		case *ast.BinaryExpr:
			return e.Op == token.ADD && constant(e.X) && constant(e.Y)
		case *ast.CallExpr:
			f, ok := e.Fun.(*ast.Ident)
			return ok && f.Name == "shift" && constant(e.Args[0]) && constant(e.Args[1])
		}
		return false
	}
	statements := 0
	for _, f := range parsed {
		name := files.Position(f.Pos()).Filename
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch fn := call.Fun.(type) {
			case *ast.Ident:
				// change.go declares from what it is given.
				if declares[fn.Name] && name != "change.go" {
					statements++
					for _, a := range call.Args {
						if !constant(a) {
							t.Errorf("%s: a statement is not constant", files.Position(a.Pos()))
						}
					}
				}
			case *ast.SelectorExpr:
				if runs[fn.Sel.Name] && !runners[name] {
					t.Errorf("%s: %s runs a text of its own", files.Position(call.Pos()), fn.Sel.Name)
				}
			}
			return true
		})
	}
	if statements < 30 {
		t.Errorf("%d statements found: the test no longer sees them", statements)
	}
}

// R29: the clock of the database decides nothing, so it may be wrong: no statement
// of a request asks for its time.
func TestR29_NoStatementAsksTheDatabaseForItsTime(t *testing.T) {
	clock := regexp.MustCompile(`(?i)\bnow\b|current_(time|date)|localtime|clock_timestamp|(statement|transaction)_timestamp|timeofday|strftime|julianday|unixepoch|\b(date|time|datetime)\(`)
	if !clock.MatchString("SELECT now()") || !clock.MatchString("SELECT datetime('now')") {
		t.Fatal("the test recognises nothing")
	}
	all := sqlstore.Statements()
	if len(all) < 50 {
		t.Fatalf("%d statements are looked at", len(all))
	}
	for name, texts := range all {
		for _, text := range []string{texts.Postgres, texts.SQLite} {
			if found := clock.FindString(text); found != "" {
				t.Errorf("%s asks for the time: %q", name, found)
			}
		}
	}
}
