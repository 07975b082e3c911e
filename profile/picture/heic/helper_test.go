package heic

import (
	"bytes"
	"image"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// compiled is one engine for all tests: compiling takes a second.
var compiled = sync.OnceValue(func() *engine { return &engine{} })

// heifEnc makes a HEIC file of what imagetest made. Debian's package is
// libheif-examples.
func heifEnc(t testing.TB, data []byte, ext string, args ...string) []byte {
	t.Helper()
	tool(t, "heif-enc")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in."+ext), filepath.Join(dir, "out.heic")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "heif-enc", append(args, "-o", out, in)...)
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("heif-enc: %v: %s", err, msg)
	}
	made, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// heifConvert is another decoder's view of a file, upright.
func heifConvert(t *testing.T, data []byte) image.Image {
	t.Helper()
	tool(t, "heif-convert")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.heic"), filepath.Join(dir, "out.jpg")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.CommandContext(t.Context(), "heif-convert", "-q", "100", in, out).CombinedOutput(); err != nil {
		t.Fatalf("heif-convert: %v: %s", err, msg)
	}
	made, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(bytes.NewReader(made))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func tool(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing (Debian: libheif-examples)", name)
		}
		t.Skipf("NOT RUN: %s is missing (Debian: libheif-examples)", name)
	}
}

func cardHEIC(t testing.TB, w, h int, args ...string) []byte {
	return heifEnc(t, imagetest.PNG(imagetest.Card(w, h)), "png", args...)
}


func mustParse(t testing.TB, data []byte) *still {
	t.Helper()
	s, err := parse(data, 50_000_000)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
