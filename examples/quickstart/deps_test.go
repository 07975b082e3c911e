package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestLinksNoSDK: a newcomer neither downloads nor compiles the libraries of
// clouds. Cloudinary needs none.
func TestLinksNoSDK(t *testing.T) {
	list := func(args ...string) []string {
		t.Helper()
		cmd := exec.Command("go", append([]string{"list"}, args...)...)
		cmd.Env = append(os.Environ(), "GOWORK=off")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list %v: %v", args, err)
		}
		return strings.Fields(string(out))
	}
	// Modules of google.golang.org stand in the graph of the database's tools;
	// no package of theirs is compiled.
	sdks := []string{"github.com/aws/", "cloud.google.com/", "firebase.google.com/", "github.com/cloudinary/"}
	packages := list("-deps", ".")
	if !slices.Contains(packages, "github.com/profilekit/profilekit/storage/cloudinaryblob") {
		t.Error("the quickstart has no Cloudinary")
	}
	for _, name := range append(packages, list("-m", "-f", "{{.Path}}/", "all")...) {
		if slices.ContainsFunc(sdks, func(sdk string) bool { return strings.HasPrefix(name, sdk) }) {
			t.Errorf("the quickstart needs %s", name)
		}
	}
	for _, name := range packages {
		if strings.HasPrefix(name, "google.golang.org/") {
			t.Errorf("the quickstart compiles %s", name)
		}
	}
}
