package layout

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// httpOnly are the security checks that are about HTTP itself, each with what it is
// about. Every other one has a test that runs without httpadapter, so that a rule
// which only an adapter keeps is missed.
var httpOnly = map[string]string{
	"S10": "headers of proxies", "S12": "classes of routes", "S35": "cookies", "S46": "origins and content types", "S47": "CORS",
	"S48": "caches", "S49": "headers", "S50": "methods", "S67": "one record a request",
}

// overHTTP are the packages whose tests come in through httpadapter.
var overHTTP = []string{"httpadapter", "internal/contract", "internal/contract/blackbox", "examples/quickstart", "internal/faults/nodes"}

func TestSecurityChecksRunWithoutHTTP(t *testing.T) {
	row := regexp.MustCompile(`(?m)^\| (S\d\d) \| (.*) \|$`)
	pkg := regexp.MustCompile("`([^`]+)`:")
	for _, m := range row.FindAllStringSubmatch(checksTable(t), -1) {
		below := slices.ContainsFunc(pkg.FindAllStringSubmatch(m[2], -1), func(p []string) bool { return !slices.Contains(overHTTP, p[1]) })
		if _, ok := httpOnly[m[1]]; ok == below {
			t.Errorf("%s: a test without httpadapter: %v; it is listed as HTTP's own: %v", m[1], below, ok)
		}
	}
}

// TestServicesKnowNoAdapter: the tests of the services by themselves link no adapter.
func TestServicesKnowNoAdapter(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-test", "./internal/services")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	deps := strings.Fields(string(out))
	if !slices.Contains(deps, module+"/auth") {
		t.Errorf("the tests of the services link nothing of ours: %d packages", len(deps))
	}
	if slices.Contains(deps, module+"/httpadapter") {
		t.Error("internal/services links httpadapter")
	}
}
