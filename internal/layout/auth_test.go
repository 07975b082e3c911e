package layout

import (
	"bytes"
	"os/exec"
	"testing"
)

// These bounds are the most that a reader of package auth has to get through. The package
// had 248 identifiers and 1797 lines before the names that a host implements or filters by
// got packages of their own. Such a name belongs there; a host calls the rest.
const (
	mostOfAuth    = 150 // exported identifiers, as docs/figures.md counts them
	mostDocOfAuth = 900 // lines of go doc -all
)

func TestAuthStaysReadable(t *testing.T) {
	all, err := folders("../..")
	if err != nil {
		t.Fatal(err)
	}
	counted := false
	for _, f := range all {
		if f.path != "auth" {
			continue
		}
		counted = true
		if f.exported == 0 || f.exported > mostOfAuth {
			t.Errorf("auth exports %d identifiers, at most %d are allowed", f.exported, mostOfAuth)
		}
	}
	if !counted {
		t.Error("package auth was not found")
	}
	cmd := exec.Command("go", "doc", "-all", "./auth")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out, []byte("\n")); n < 100 || n > mostDocOfAuth {
		t.Errorf("go doc -all ./auth has %d lines, at most %d are allowed", n, mostDocOfAuth)
	}
}

// TestImplementersNeedNoService: what implements a part of package auth links none of the
// rest of it.
func TestImplementersNeedNoService(t *testing.T) {
	pkgs := list(t)
	for _, p := range own("storage/sqlstore", "settings/notify", "auth/passkey", "auth/totp", "auth/pwned", "auth/hash", "auth/authstore", "auth/authfactor", "auth/authmail", "auth/authevent") {
		if len(pkgs[p].Deps) == 0 {
			t.Errorf("%s was not found", p)
		}
		for _, d := range pkgs[p].Deps {
			if d == module+"/auth" {
				t.Errorf("%s links the service", p)
			}
		}
	}
}
