package pgtest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/pgtest"
)

// nowhere is no server. (One that refuses would be waited for.)
const nowhere = "nowhere"

// TestMissingServer: without a server a test is skipped, loudly, and with CI
// set it fails. The test runs itself in a process where there is none.
func TestMissingServer(t *testing.T) {
	if os.Getenv("PGTEST_MISSING") != "" {
		pgtest.Open(t)
		return
	}
	run := func(ci string) (string, error) {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMissingServer$", "-test.v")
		cmd.Env = append(os.Environ(), "PGTEST_MISSING=1", "PROFILEKIT_TEST_POSTGRES="+nowhere, "CI="+ci)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := run(""); err != nil || !strings.Contains(out, "--- SKIP: TestMissingServer") || !strings.Contains(out, "*** SKIPPED") {
		t.Errorf("without CI: %v\n%s", err, out)
	}
	if out, err := run("true"); err == nil || !strings.Contains(out, "--- FAIL: TestMissingServer") {
		t.Errorf("with CI: %v\n%s", err, out)
	}
}
