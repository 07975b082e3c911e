package layout

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list -deps -json` says of a package.
type pkg struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	Deps         []string
	GoFiles      []string
	CgoFiles     []string
	TestGoFiles  []string
	XTestGoFiles []string
}

func list(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Imports,Deps,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = "../.."
	// One module alone: what a consumer of it gets.
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	pkgs := map[string]pkg{}
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatal(err)
		}
		pkgs[p.ImportPath] = p
	}
}

// Groups of the rules. A name stands for itself and everything below it.
var (
	domain  = []string{"storage", "activity", "settings", "profile", "auth"}
	drivers = []string{"github.com/lib/pq", "modernc.org/sqlite", "github.com/jackc/pgx", "github.com/mattn/go-sqlite3"}
	sdks    = []string{"github.com/aws", "cloud.google.com/go", "firebase.google.com/go", "github.com/cloudinary", "google.golang.org"}
	sqlSide = []string{module + "/storage/sqlstore", module + "/storage/sqlite", module + "/storage/postgres"}
)

func own(names ...string) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = module + "/" + n
	}
	return out
}

// rule: no package in from, but those in except, may depend on one in never.
type rule struct {
	why          string
	from, except []string
	never        []string
}

var rules = []rule{
	{
		why:    "a domain package knows no HTTP adapter, SQL, driver or SDK",
		from:   own(domain...),
		except: append(slices.Clone(sqlSide), testPackages()...),
		never:  slices.Concat(own("httpadapter"), sqlSide, drivers, sdks, []string{"github.com/jmoiron/sqlx", "github.com/pressly/goose"}),
	},
	{
		why:   "the adapter knows stores by their interfaces only",
		from:  own("httpadapter"),
		never: slices.Concat(sqlSide, drivers, sdks, []string{"github.com/go-webauthn", "github.com/jmoiron/sqlx"}),
	},
	{
		why:   "sqlstore names no driver and decodes no image",
		from:  own("storage/sqlstore"),
		never: append([]string{"golang.org/x/image"}, drivers...),
	},
	{
		why:    "pictures are the only place with decoders",
		from:   own("storage", "activity", "settings", "profile", "auth"),
		except: append(own("profile/picture"), testPackages()...),
		never:  []string{"golang.org/x/image", "github.com/bep/imagemeta"},
	},
	{why: "what is wrong with an input needs nothing", from: own("settings/input"), never: []string{"github.com", "golang.org"}},
}

// testPackages may look wherever their subject needs.
func testPackages() []string {
	return own("storage/storagetest", "storage/personal/personaltest", "activity/activitytest", "settings/settingstest", "settings/notify/notifytest", "profile/profiletest", "profile/picture/picturetest", "auth/authtest", "internal")
}

// under reports whether path is one of roots or below one.
func under(path string, roots []string) bool {
	return slices.ContainsFunc(roots, func(r string) bool { return path == r || strings.HasPrefix(path, r+"/") })
}

func TestImportRules(t *testing.T) {
	pkgs := list(t)
	for _, r := range rules {
		checked := 0
		for path, p := range pkgs {
			if !under(path, r.from) || under(path, r.except) {
				continue
			}
			checked++
			for _, d := range p.Deps {
				if under(d, r.never) {
					t.Errorf("%s depends on %s: %s", path, d, r.why)
				}
			}
		}
		if checked == 0 {
			t.Errorf("rule %q covers no package", r.why)
		}
	}
}

// TestNoTestPackageInProduction: what hosts link never contains "testing".
func TestNoTestPackageInProduction(t *testing.T) {
	pkgs := list(t)
	for path, p := range pkgs {
		if !strings.HasPrefix(path, module) || strings.HasSuffix(path, "test") || under(path, own("internal")) {
			continue
		}
		for _, d := range p.Deps {
			if d == "testing" || strings.HasPrefix(d, module) && strings.HasSuffix(d, "test") {
				t.Errorf("%s links %s into hosts", path, d)
			}
		}
	}
}

// TestLightCore: a host that imports profile compiles nothing but the standard
// library, this module and the few packages for names in other scripts.
func TestLightCore(t *testing.T) {
	for _, d := range list(t)[module+"/profile"].Deps {
		first, _, _ := strings.Cut(d, "/")
		if !strings.Contains(first, ".") || strings.HasPrefix(d, module) || strings.HasPrefix(d, "golang.org/x/text/") ||
			strings.HasPrefix(d, "golang.org/x/net/idna") || strings.HasPrefix(d, "golang.org/x/crypto/") || strings.HasPrefix(d, "golang.org/x/sys/cpu") ||
			strings.HasPrefix(d, "vendor/") {
			continue
		}
		t.Errorf("profile compiles %s", d)
	}
}

// TestTopLevel: the public top level is fixed.
func TestTopLevel(t *testing.T) {
	allowed := []string{"profile", "storage", "auth", "settings", "activity", "httpadapter", "examples", "internal", "docs"}
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) && e.Name() != "data" {
			t.Errorf("new top-level folder %s", e.Name())
		}
	}
}

// TestPackageDocs: every package says in a doc comment what it is for.
func TestPackageDocs(t *testing.T) {
	for path, p := range list(t) {
		if !strings.HasPrefix(path, module) || len(p.GoFiles) == 0 {
			continue
		}
		dir := filepath.Join("../..", strings.TrimPrefix(strings.TrimPrefix(path, module), "/"))
		if !slices.ContainsFunc(p.GoFiles, func(f string) bool {
			src, err := os.ReadFile(filepath.Join(dir, f))
			return err == nil && (bytes.Contains(src, []byte("// Package ")) || bytes.Contains(src, []byte("// Command ")) || bytes.Contains(src, []byte("/*\nPackage ")))
		}) {
			t.Errorf("%s has no package comment", path)
		}
	}
}

// TestExamples: every public package shows its use in an Example.
func TestExamples(t *testing.T) {
	for path, p := range list(t) {
		if path == module || !strings.HasPrefix(path, module) || strings.Contains(path, "/internal") {
			continue
		}
		dir := filepath.Join("../..", strings.TrimPrefix(path, module))
		if !slices.ContainsFunc(append(p.TestGoFiles, p.XTestGoFiles...), func(f string) bool {
			src, err := os.ReadFile(filepath.Join(dir, f))
			return err == nil && bytes.Contains(src, []byte("\nfunc Example"))
		}) {
			t.Errorf("%s has no Example", path)
		}
	}
}

// TestNoLongFiles: a file is one subject.
func TestNoLongFiles(t *testing.T) {
	const limit = 450
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if n := bytes.Count(src, []byte("\n")); n > limit {
			t.Errorf("%s has %d lines", path, n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
