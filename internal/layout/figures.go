// Package layout counts what the structure of the modules is, and holds the tests of the
// rules in docs/design.md: a broken rule is a broken build.
package layout

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/profilekit/profilekit"

// folder is a package of the module or of one nested in it, without its tests.
type folder struct {
	path     string // "settings/notify"
	exported int
	imports  []string // other packages of ours, as "auth/keyring"
	outside  []string // packages of others
	fields   map[string][]field
}

// field is one of an exported struct.
type field struct{ name, typ string }

// Figures are numbers of the structure of the modules below root, as the document
// docs/figures.md: how large Config is, and how much each package exports.
func Figures(root string) (string, error) {
	folders, err := folders(root)
	if err != nil {
		return "", err
	}
	floors, err := floors(root)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("# Figures\n\nThe size of what a host has to read. `go run ./internal/layout/figures` prints it, and `internal/layout` compares.\n\n")
	b.WriteString("## Fields of `httpadapter.Config`\n\n| group | fields |\n| --- | --- |\n")
	total := configFigures(&b, folders)
	fmt.Fprintf(&b, "| all, without the groups themselves | %d |\n", total)
	b.WriteString("\n## Exported identifiers\nConstants, variables, types, functions and methods of exported types.\n\n| package | identifiers |\n| --- | --- |\n")
	sum := 0
	for _, f := range folders {
		if (floors[f.path] > 0 || suite(f.path)) && top(f.path) != "examples" {
			fmt.Fprintf(&b, "| `%s` | %d |\n", f.path, f.exported)
			sum += f.exported
		}
	}
	fmt.Fprintf(&b, "| all | %d |\n", sum)
	return b.String(), nil
}

// configFigures writes a line for each group of Config, and returns how many fields
// there are to be set.
func configFigures(b *strings.Builder, all []folder) (total int) {
	structs := map[string][]field{}
	for _, f := range all {
		for name, fields := range f.fields {
			structs[f.path+"."+name] = fields
		}
	}
	groups := map[string]string{
		"auth.Policy": "auth", "profile.Policy": "profile", "picture.Policy": "profile/picture", "activity.Policy": "activity", "notify.Policy": "settings/notify",
	}
	own := structs["httpadapter.Config"]
	fmt.Fprintf(b, "| `Config` itself | %d |\n", len(own))
	for _, f := range own {
		key := "httpadapter." + f.typ
		if at, ok := groups[f.typ]; ok {
			key = at + ".Policy"
		}
		if inner := structs[key]; len(inner) > 0 {
			fmt.Fprintf(b, "| `%s` | %d |\n", f.name, len(inner))
			total += len(inner)
			continue
		}
		total++
	}
	return total
}

// floors reads from docs/design.md on which floor each public package stands; the
// ground is 1.
func floors(root string) (map[string]int, error) {
	doc, err := os.ReadFile(filepath.Join(root, "docs/design.md"))
	if err != nil {
		return nil, err
	}
	const head = "\n| floor | packages |\n| --- | --- |\n"
	_, table, ok := strings.Cut(string(doc), head)
	if !ok {
		return nil, fmt.Errorf("docs/design.md has no table %q", head)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	out := map[string]int{}
	for i, row := range strings.Split(table, "\n") {
		number, packages, _ := strings.Cut(strings.Trim(row, "| "), " | ")
		floor, err := strconv.Atoi(number)
		if err != nil {
			return nil, fmt.Errorf("docs/design.md: row %d of the floors: %w", i+1, err)
		}
		for name := range strings.SplitSeq(packages, ", ") {
			name = strings.Trim(name, "` ")
			if out[name] != 0 {
				return nil, fmt.Errorf("docs/design.md: %s stands on two floors", name)
			}
			out[name] = floor
		}
	}
	return out, nil
}

// suite reports whether the package p is a conformance suite. A suite stands beside its
// subject and on no floor of its own.
func suite(p string) bool {
	return strings.HasSuffix(p, "test") && top(p) != "internal" && top(p) != "examples"
}

func top(p string) string {
	first, _, _ := strings.Cut(p, "/")
	return first
}

// folders reads every package below root but tests and what is not Go of ours.
func folders(root string) ([]folder, error) {
	found := map[string]*folder{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if name := d.Name(); rel != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "dist") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(rel, ".go") || strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		dir := path.Dir(rel)
		if found[dir] == nil {
			found[dir] = &folder{path: dir, fields: map[string][]field{}}
		}
		return found[dir].read(p)
	})
	if err != nil {
		return nil, err
	}
	out := make([]folder, 0, len(found))
	for _, f := range found {
		slices.Sort(f.imports)
		slices.Sort(f.outside)
		f.imports, f.outside = slices.Compact(f.imports), slices.Compact(f.outside)
		out = append(out, *f)
	}
	slices.SortFunc(out, func(a, b folder) int { return cmp.Compare(a.path, b.path) })
	return out, nil
}

// read adds one file.
func (f *folder) read(file string) error {
	src, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, i := range src.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return err
		}
		switch own, ok := strings.CutPrefix(p, module+"/"); {
		case ok:
			f.imports = append(f.imports, own)
		case strings.Contains(top(p), "."):
			f.outside = append(f.outside, p)
		}
	}
	for _, d := range src.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || receiver(d.Recv.List[0].Type).IsExported()) {
				f.exported++
			}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				f.declare(s)
			}
		}
	}
	return nil
}

// declare counts what s declares.
func (f *folder) declare(s ast.Spec) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.IsExported() {
				f.exported++
			}
		}
	case *ast.TypeSpec:
		if !s.Name.IsExported() {
			return
		}
		f.exported++
		t, ok := s.Type.(*ast.StructType)
		if !ok {
			return
		}
		for _, x := range t.Fields.List {
			for _, n := range x.Names {
				f.fields[s.Name.Name] = append(f.fields[s.Name.Name], field{n.Name, typeName(x.Type)})
			}
		}
	}
}

// receiver is the name of the type of a method.
func receiver(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e
	}
	return ast.NewIdent("_")
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return typeName(e.X) + "." + e.Sel.Name
	}
	return ""
}
