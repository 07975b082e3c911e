package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// With -v the program prints every feature, as its clients are told it.
func TestVerboseTellsTheFeatures(t *testing.T) {
	p := start(t, freePort(t), filepath.Join(t.TempDir(), "data"))
	told, _ := newBrowser(t, p).get("/api/capabilities")["features"].(map[string]any)
	p.stop()
	printed := map[string]string{}
	for line := range strings.Lines(p.stdout.String()) {
		if name, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			printed[name] = strings.TrimSpace(rest)
		}
	}
	if len(told) < 20 {
		t.Errorf("clients are told of %d features", len(told))
	}
	for name, on := range told {
		if state, _, _ := strings.Cut(printed[name], " "); (state == "on") != on.(bool) || state == "" {
			t.Errorf("%s is %v to clients, and %q is printed", name, on, printed[name])
		}
	}
	if why := printed["directUpload"]; !strings.Contains(why, "diskblob") {
		t.Errorf("of direct uploads %q is printed, want the reason", why)
	}
}
