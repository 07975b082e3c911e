package conform

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// Broken is a store with one fault, and the suite run over it.
type Broken struct {
	// Name says the fault.
	Name string
	// Finds is a subtest of the suite that must fail, as a path below the
	// suite's own test: "update/a stale version changes nothing".
	Finds string
	// Suite runs the suite over the broken store.
	Suite func(t *testing.T)
}

const childEnv = "PROFILEKIT_CONFORM_BROKEN"

// FindsBroken proves that a suite can fail: it runs each faulty store in a
// child process of this test binary, where the suite must fail in the subtest
// that Finds names and must pass in some other. A test calls it and nothing
// else.
func FindsBroken(t *testing.T, stores ...Broken) {
	t.Helper()
	if name, child := os.LookupEnv(childEnv); child {
		i := slices.IndexFunc(stores, func(b Broken) bool { return b.Name == name })
		if i < 0 {
			t.Fatalf("no broken store %q", name)
		}
		stores[i].Suite(t)
		return
	}
	for _, b := range stores {
		t.Run(b.Name, func(t *testing.T) {
			out, failed := runChild(t, b.Name)
			parent, _, _ := strings.Cut(t.Name(), "/")
			want := "--- FAIL: " + parent + "/" + strings.ReplaceAll(b.Finds, " ", "_") + " ("
			switch {
			case !failed:
				t.Errorf("the suite passes over a store that %s", b.Name)
			case !strings.Contains(out, want):
				t.Errorf("the suite fails over a store that %s, but not in %q:\n%s", b.Name, b.Finds, failures(out))
			case !strings.Contains(out, "--- PASS: "+parent+"/"):
				t.Errorf("everything fails over a store that %s: that proves nothing\n%s", b.Name, failures(out))
			}
		})
	}
}

// failures is what of a test's output tells why it failed.
func failures(out string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word != "===" && !strings.Contains(line, "--- PASS: ") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// runChild runs the calling test in a child process, as the child of name.
func runChild(t *testing.T, name string) (out string, failed bool) {
	t.Helper()
	exe, err := os.Executable()
	Must(t, "os.Executable", err)
	test, _, _ := strings.Cut(t.Name(), "/")
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, exe, "-test.run=^"+test+"$", "-test.v", "-test.timeout=4m")
	cmd.Env = append(os.Environ(), childEnv+"="+name)
	var buf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &buf, &buf
	err = cmd.Run()
	if err != nil && cmd.ProcessState == nil {
		t.Fatalf("run the suite in a child process: %v", err)
	}
	return buf.String(), err != nil
}

// Meeting makes callers wait for one another in twos, for a short while. A
// broken store uses it between looking and writing, so that another is sure to
// come in between when the suite calls it concurrently.
type Meeting struct{ c chan struct{} }

// NewMeeting returns a Meeting.
func NewMeeting() Meeting { return Meeting{make(chan struct{})} }

// Wait returns when another caller waits too, or soon when there is none.
func (m Meeting) Wait() {
	alone := time.NewTimer(10 * time.Millisecond)
	defer alone.Stop()
	select {
	case m.c <- struct{}{}:
	case <-m.c:
	case <-alone.C:
	}
}
