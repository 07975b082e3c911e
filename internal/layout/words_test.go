package layout

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// synonym is a word that no exported name has, because the glossary has another word for
// the same thing.
type synonym struct {
	word, instead string
	except        []string // names that have the word for a reason; "WebAuthn…" is a beginning
}

// allows reports whether name is an exception.
func (s synonym) allows(name string) bool {
	return slices.ContainsFunc(s.except, func(e string) bool {
		begin, open := strings.CutSuffix(e, "…")
		return name == e || open && strings.HasPrefix(name, begin)
	})
}

// glossary reads the tables of docs/design.md.
func glossary(t *testing.T) (out []synonym) {
	t.Helper()
	_, text, ok := strings.Cut(read(t, "../../docs/design.md"), "\n## Glossary\n")
	if !ok {
		t.Fatal("docs/design.md has no glossary")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	never := regexp.MustCompile(`^([a-z]+)(?: \((.*)\))?$`)
	name := regexp.MustCompile("`([^`]+)`")
	for row := range strings.SplitSeq(text, "\n") {
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if !strings.HasPrefix(row, "| ") || len(cells) != 3 || cells[2] == "never" || cells[2] == "---" {
			continue
		}
		for _, w := range splitList(cells[2]) {
			m := never.FindStringSubmatch(w)
			if m == nil {
				t.Fatalf("the glossary's row of %s forbids %q, which is no word", cells[0], w)
			}
			s := synonym{word: m[1], instead: cells[0]}
			for _, e := range name.FindAllStringSubmatch(m[2], -1) {
				s.except = append(s.except, e[1])
			}
			out = append(out, s)
		}
	}
	return out
}

// splitList cuts at commas outside brackets.
func splitList(s string) (out []string) {
	depth, from := 0, 0
	for i, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			out = append(out, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return append(out, strings.TrimSpace(s[from:]))
}

// exportedNames calls f with each exported name that is declared below root in packages
// for hosts, those of fields and of methods of interfaces too.
func exportedNames(t *testing.T, root string, f func(file, name string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if n := d.Name(); p != root && (n == "internal" || n == "examples" || n == "node_modules" || strings.HasPrefix(n, ".") || n == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return nil
		}
		src, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range src.Decls {
			for _, n := range declared(d) {
				if n.IsExported() {
					f(p, n.Name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// declared are the names that d declares, with those of fields and methods.
func declared(d ast.Decl) (out []*ast.Ident) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		out = append(out, d.Name)
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.ValueSpec:
				out = append(out, s.Names...)
			case *ast.TypeSpec:
				out = append(out, s.Name)
				ast.Inspect(s.Type, func(n ast.Node) bool {
					if f, ok := n.(*ast.Field); ok {
						out = append(out, f.Names...)
					}
					return true
				})
			}
		}
	}
	return out
}

// wordsOf splits a name where a capital begins: "EndOtherSessions" is end, other,
// sessions, and "SMSCode" sms and code.
func wordsOf(name string) (out []string) {
	r := []rune(name)
	from := 0
	for i := 1; i <= len(r); i++ {
		begins := i == len(r) || unicode.IsUpper(r[i]) && (!unicode.IsUpper(r[i-1]) || i+1 < len(r) && unicode.IsLower(r[i+1]))
		if begins {
			out = append(out, strings.ToLower(string(r[from:i])))
			from = i
		}
	}
	return out
}

// TestOneWordForEachThing: no exported name has a word for which the glossary in
// docs/design.md has another one.
func TestOneWordForEachThing(t *testing.T) {
	words := glossary(t)
	if len(words) < 50 {
		t.Fatalf("the glossary forbids %d words only", len(words))
	}
	used := map[string]bool{}
	exportedNames(t, "../..", func(file, name string) {
		has := wordsOf(name)
		for _, s := range words {
			if !slices.Contains(has, s.word) && !slices.Contains(has, s.word+"s") {
				continue
			}
			if s.allows(name) {
				used[s.word] = true
				continue
			}
			t.Errorf("%s: %s says %q; the glossary says %s", file, name, s.word, s.instead)
		}
	})
	for _, s := range words {
		if len(s.except) > 0 && !used[s.word] {
			t.Errorf("the glossary excepts %q, which no name needs", s.except)
		}
	}
}

func TestNamesAreSplit(t *testing.T) {
	for name, want := range map[string]string{
		"EndOtherSessions": "end other sessions", "SMSCode": "sms code", "ID": "id", "PBKDF2": "pbkdf2", "SendSMS": "send sms", "HTTP": "http",
	} {
		if got := strings.Join(wordsOf(name), " "); got != want {
			t.Errorf("%s is split into %q, want %q", name, got, want)
		}
	}
}
