// Package variants proves of some tests that they can fail. Each variant is a small
// fault, put into one file, that was green once; the test that it names must not let
// it through again. No variant is ever written into the tree: the go command lays it
// over the file.
package variants

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// variant is a fault, and the test that sees it.
type variant struct {
	// id is the requirement that the fault breaks.
	id   string
	name string
	// file has the text old exactly once, and is broken by new in its place.
	file, old, new string
	// test is a pattern for -run in the package pkg, with whole names.
	pkg, test string
}

// ids are the requirements, and the decisions of docs/design.md, that have a variant at
// least. R32 and S71 have none: their tests read files of the tree, over which nothing
// is laid.
var ids = []string{"D9", "D19", "D20", "D27", "D30", "P24", "R27", "R28", "R31", "R36", "R41", "R42", "S12", "S22", "S31", "S32", "S34", "S39", "S42", "S43", "S49", "S68", "S69", "T01", "T05", "T06", "T08", "T09", "T15"}

// variants are all of them.
var variants = slices.Concat(flows, passkeys, composition, addresses, rule)

// TestVariantsFit: each variant still finds what it breaks, and the test that it names.
func TestVariantsFit(t *testing.T) {
	have, names := map[string]bool{}, map[string]bool{}
	for _, v := range variants {
		have[v.id] = true
		if names[v.name] {
			t.Errorf("two variants are called %q", v.name)
		}
		names[v.name] = true
		if !slices.Contains(ids, v.id) {
			t.Errorf("%s: the id %s is not in the list", v.name, v.id)
		}
		if v.old == v.new {
			t.Errorf("%s: nothing is changed", v.name)
		}
		src, err := os.ReadFile(filepath.Join(root, v.file))
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
		if n := strings.Count(string(src), v.old); n != 1 {
			t.Errorf("%s: %s has the old text %d times, want once:\n%s", v.name, v.file, n, v.old)
		}
		if !v.isTested(t) {
			t.Errorf("%s: there is no test %s in %s", v.name, v.top(), v.pkg)
		}
	}
	for _, id := range ids {
		if !have[id] {
			t.Errorf("%s has no variant", id)
		}
	}
}

// TestVariantsFail: with each variant in its place the test that it names fails, and
// passes without. It builds a package for each, so it is for the long run.
func TestVariantsFail(t *testing.T) {
	if os.Getenv("PROFILEKIT_LONG") == "" {
		t.Log("the variants are tried with PROFILEKIT_LONG=1")
		return
	}
	sound := map[string]bool{} // what passes as it is
	for _, v := range variants {
		t.Run(v.id+" "+v.name, func(t *testing.T) {
			if as := v.pkg + " " + v.test; !sound[as] {
				if out, err := v.run(t, ""); err != nil || !strings.Contains(out, "--- PASS: "+v.top()) {
					t.Fatalf("without the fault: %v\n%s", err, out)
				}
				sound[as] = true
			}
			out, err := v.run(t, v.overlay(t))
			switch {
			case err == nil:
				t.Errorf("%s passes with the fault", v.test)
			case !strings.Contains(out, "--- FAIL: "+v.top()) || strings.Contains(out, "[build failed]"):
				t.Errorf("the fault is not what fails: %v\n%s", err, out)
			}
		})
	}
}

// top is the name of the test function.
func (v variant) top() string {
	name, _, _ := strings.Cut(v.test, "/")
	return name
}

// isTested reports whether the package has the test.
func (v variant) isTested(t *testing.T) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, v.pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Contains(src, []byte("\nfunc "+v.top()+"(t *testing.T) {"))
	})
}

// overlay is a file for the go command that puts the broken file over the sound one.
func (v variant) overlay(t *testing.T) string {
	t.Helper()
	sound, err := filepath.Abs(filepath.Join(root, v.file))
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	broken, at := filepath.Join(dir, filepath.Base(v.file)), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(broken, []byte(strings.Replace(string(src), v.old, v.new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {sound: broken}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

// run runs the test, over the tree as it is or with an overlay.
func (v variant) run(t *testing.T, overlay string) (out string, err error) {
	t.Helper()
	var run []string
	for name := range strings.SplitSeq(v.test, "/") {
		run = append(run, "^"+regexp.QuoteMeta(name)+"$")
	}
	args := []string{"test", "-count=1", "-v", "-run", strings.Join(run, "/")}
	if overlay != "" {
		args = append(args, "-overlay="+overlay)
	}
	cmd := exec.CommandContext(t.Context(), "go", append(args, "./"+v.pkg)...)
	cmd.Dir = root
	// The short form of a test is what has to see the fault.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "PROFILEKIT_LONG=") })
	raw, err := cmd.CombinedOutput()
	return string(raw), err
}
