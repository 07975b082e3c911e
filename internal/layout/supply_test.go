package layout

import (
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lowest are the versions without the vulnerabilities that we know to reach
// us: of modules, and of Go itself.
var lowest = map[string]string{
	"golang.org/x/image": "v0.45.0", // CVE-2026-46603
}

const floorOfGo = "1.26.6"

// TestS71_FloorsOfDependencies: no module of ours asks for less.
func TestS71_FloorsOfDependencies(t *testing.T) {
	required := regexp.MustCompile(`(?m)^\s*(?:require )?([a-z0-9./-]+) (v[0-9][^\s]*)`)
	seen := map[string]int{}
	for _, name := range goMods(t) {
		for _, m := range required.FindAllStringSubmatch(read(t, name), -1) {
			floor, ok := lowest[m[1]]
			if !ok {
				continue
			}
			seen[m[1]]++
			if below(m[2], floor) {
				t.Errorf("%s requires %s %s; the floor is %s", name, m[1], m[2], floor)
			}
		}
	}
	for module := range lowest {
		if seen[module] == 0 {
			t.Errorf("nothing requires %s", module)
		}
	}
	if v := strings.TrimPrefix(runtime.Version(), "go"); below(v, floorOfGo) {
		if os.Getenv("CI") != "" {
			t.Errorf("this is Go %s; the floor is %s", v, floorOfGo)
		}
		t.Logf("This Go, %s, has known vulnerabilities: use %s or newer.", v, floorOfGo)
	}
}

// goMods are those of the modules that programs may link. The servers of tests are
// programs of others, which their pins name.
func goMods(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-m", "-f", "{{.GoMod}}")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(out))
	if len(names) < 8 {
		t.Fatalf("only %d modules are looked at: %q", len(names), names)
	}
	return names
}

// below compares versions of the form v1.2.3; what follows a dash or a space is left
// out.
func below(version, floor string) bool {
	numbers := func(v string) (out [3]int) {
		v, _, _ = strings.Cut(strings.TrimPrefix(v, "v"), "-")
		v, _, _ = strings.Cut(v, " ")
		for i, n := range strings.SplitN(v, ".", 3) {
			out[i], _ = strconv.Atoi(n)
		}
		return out
	}
	a, b := numbers(version), numbers(floor)
	return slices.CompareFunc(a[:], b[:], cmp.Compare[int]) < 0
}

func TestVersionsAreCompared(t *testing.T) {
	for _, c := range []struct {
		version, floor string
		below          bool
	}{
		{"v0.45.0", "v0.45.0", false},
		{"v0.47.0", "v0.45.0", false},
		{"v0.9.9", "v0.45.0", true},
		{"v0.45.0-0.20260101000000-abcdefabcdef", "v0.45.0", false},
		{"v1.0.0", "v0.45.0", false},
		{"1.26.5", floorOfGo, true},
		{"1.26.8", floorOfGo, false},
		{"1.27.0 X:some", floorOfGo, false},
	} {
		if below(c.version, c.floor) != c.below {
			t.Errorf("%s is below %s: %v", c.version, c.floor, !c.below)
		}
	}
}

// TestS71_TheBillOfMaterials is of a program that links one of the floors.
func TestS71_TheBillOfMaterials(t *testing.T) {
	program := filepath.Join(t.TempDir(), "minimal")
	for _, args := range [][]string{{"build", "-o", program, "./examples/minimal"}, {"run", ".ci/sbom.go", program}} {
		cmd := exec.Command("go", args...)
		cmd.Dir = "../.."
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go %s: %v", strings.Join(args, " "), err)
		}
		if args[0] == "build" {
			continue
		}
		var bill struct {
			BomFormat  string
			Metadata   struct{ Component struct{ Name string } }
			Components []struct{ Name, Version, Purl string }
		}
		if err := json.Unmarshal(out, &bill); err != nil {
			t.Fatal(err)
		}
		if bill.BomFormat != "CycloneDX" || bill.Metadata.Component.Name != module+"/examples" {
			t.Errorf("it is a %s of %s", bill.BomFormat, bill.Metadata.Component.Name)
		}
		has := map[string]string{}
		for _, c := range bill.Components {
			if c.Version == "" && c.Name != module || c.Purl == "" {
				t.Logf("%+v", c)
			}
			has[c.Name] = c.Version
		}
		for name, floor := range lowest {
			if has[name] == "" || below(has[name], floor) {
				t.Errorf("%s %s is linked; the floor is %s", name, has[name], floor)
			}
		}
		if has["std"] != strings.TrimPrefix(runtime.Version(), "go") {
			t.Errorf("the bill names Go %s", has["std"])
		}
	}
}
