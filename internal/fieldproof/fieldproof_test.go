// Package fieldproof proves what a new field of the profile costs. It adds the field
// company to a copy of the tree, by the few changes that somebody has to make by hand,
// has .ci/generate write the rest, and runs the tests. For each change that is left out
// one test has to fail. Nothing is ever written into the tree itself.
package fieldproof

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestCompanyByHand is the short form: the changes still fit, are few, are those of
// CONTRIBUTING.md, and what they make compiles.
func TestCompanyByHand(t *testing.T) {
	if len(byHand) > limit {
		t.Errorf("a field costs %d files by hand, want at most %d", len(byHand), limit)
	}
	s := newScratch(t)
	var want []string
	for _, f := range byHand {
		s.apply(t, f)
		want = append(want, f.path)
	}
	slices.Sort(want)
	if got := s.changed(t); !slices.Equal(got, want) {
		t.Errorf("changed by hand are\n%q, want\n%q", got, want)
	}
	// Laid over the tree, what does not depend on profiles need not be compiled again; of
	// the rest these are the packages that the changes are in.
	overlay := s.overlay(t)
	for dir, packages := range map[string][]string{".": {"./profile", "./httpadapter", "./storage/sqlstore"}, "internal/contract": {"./blackbox"}} {
		cmd := exec.CommandContext(t.Context(), "go", append([]string{"vet", "-overlay=" + overlay}, packages...)...)
		cmd.Dir = filepath.Join(root, dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s with the field: %v\n%s", dir, err, out)
		}
	}
}

// TestContributingListsTheFiles: the section of CONTRIBUTING.md is made of the changes.
func TestContributingListsTheFiles(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "By hand, %d files:\n", len(byHand))
	for _, f := range byHand {
		fmt.Fprintf(&b, "- `%s`: %s\n", f.path, f.why)
	}
	b.WriteString("\nBy `.ci/generate`:\n")
	for _, path := range generated {
		fmt.Fprintf(&b, "- `%s`\n", path)
	}
	if text := read(t, root+"/CONTRIBUTING.md"); !strings.Contains(text, "\n## Adding a profile field\n") || !strings.Contains(text, "\n"+b.String()) {
		t.Errorf("CONTRIBUTING.md does not have in its section \"Adding a profile field\":\n%s", b.String())
	}
}

// TestCompanyEndToEnd is the long form: the tests of all that the field is seen in pass
// with it, and for each file that is left out one fails.
func TestCompanyEndToEnd(t *testing.T) {
	if os.Getenv("PROFILEKIT_LONG") == "" {
		t.Log("the field is added and tested with PROFILEKIT_LONG=1")
		return
	}
	s := newScratch(t)
	for _, f := range byHand {
		s.apply(t, f)
	}
	s.must(t, ".", ".ci/generate")
	made := map[string]bool{}
	for _, path := range s.changed(t) {
		by := slices.IndexFunc(generated, func(g string) bool { return g == path || strings.HasSuffix(g, "/") && strings.HasPrefix(path, g) })
		if by >= 0 {
			made[generated[by]] = true
		} else if !slices.ContainsFunc(byHand, func(f handFile) bool { return f.path == path }) {
			t.Errorf("%s is changed, and neither by hand nor listed as generated", path)
		}
	}
	for _, g := range generated {
		if !made[g] {
			t.Errorf("%s is listed as generated, and is as it was", g)
		}
	}
	for _, f := range byHand {
		t.Run("without "+f.path, func(t *testing.T) {
			s.must(t, f.dir, f.test[0], f.test[1:]...)
			s.forget(t, f)
			defer s.apply(t, f)
			out, err := s.run(t, f.dir, f.test[0], f.test[1:]...)
			if err == nil {
				t.Errorf("%s passes:\n%s", strings.Join(f.test, " "), out)
			}
			t.Logf("%s fails:\n%.600s", strings.Join(f.test, " "), out)
		})
	}
	for _, m := range touched {
		t.Run("tests of "+m.dir, func(t *testing.T) {
			s.must(t, m.dir, "go", append([]string{"test", "-timeout=1h"}, m.packages...)...)
		})
	}
	t.Run("tests of the page", func(t *testing.T) { s.must(t, "examples/web", "npm", "test", "--silent") })
}
