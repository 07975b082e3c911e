package diskblob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/storagetest"
)

func open(t *testing.T, dir string, opts diskblob.Options) *diskblob.Store {
	t.Helper()
	s, err := diskblob.Open(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func put(t *testing.T, s *diskblob.Store, key, body string) {
	t.Helper()
	meta := storage.Meta{ContentType: "image/jpeg", CacheControl: "no-cache"}
	if err := s.Put(t.Context(), key, strings.NewReader(body), meta); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s *diskblob.Store, key string) (string, error) {
	t.Helper()
	r, _, err := s.Open(t.Context(), key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

// fileOf finds the file that holds the blob, as anybody with a shell would.
func fileOf(t *testing.T, dir, key string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "??", strings.ReplaceAll(key, "/", "+")))
	if err != nil || len(found) != 1 {
		t.Fatalf("files of %s: %v, %v", key, found, err)
	}
	return found[0]
}

func TestStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.BlobStore { return open(t, t.TempDir(), diskblob.Options{}) })
}

func TestReopenKeepsBlobs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pictures") // not there yet
	s := open(t, dir, diskblob.Options{})
	put(t, s, "u/a.jpg", "kept")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir, diskblob.Options{})
	r, info, err := s.Open(t.Context(), "u/a.jpg")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if info.ContentType != "image/jpeg" || info.CacheControl != "no-cache" || info.Size != 4 {
		t.Errorf("after reopening: %+v", info)
	}
	// The body comes first in the file, as it was put.
	if raw, err := os.ReadFile(fileOf(t, dir, "u/a.jpg")); err != nil || !strings.HasPrefix(string(raw), "kept") {
		t.Errorf("the file holds %q, %v", raw, err)
	}
}

func TestFilesAreNotForOthers(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pictures")
	put(t, open(t, dir, diskblob.Options{}), "a", "private")
	for _, path := range []string{dir, fileOf(t, dir, "a")} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v; want nothing for group and others", path, info.Mode())
		}
	}
}

func TestOpenRemovesOldTemporaryFiles(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, diskblob.Options{}).Close()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "young": 23 * time.Hour} {
		path := filepath.Join(dir, ".tmp", name)
		if err := os.WriteFile(path, []byte("half a picture"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	open(t, dir, diskblob.Options{Now: func() time.Time { return now }})
	if left := names(t, filepath.Join(dir, ".tmp")); left != "young" {
		t.Errorf("left in the temporary folder: %q; want only the young one", left)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestNoTemporaryFileStays(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, diskblob.Options{})
	put(t, s, "a", "x")
	for range 2 {
		if err := s.Put(t.Context(), "a", strings.NewReader("y"), storage.Meta{Overwrite: true}); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(t.Context(), "a", strings.NewReader("y"), storage.Meta{}); !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
	}
	if left := names(t, filepath.Join(dir, ".tmp")); left != "" {
		t.Errorf("left in the temporary folder: %q", left)
	}
}

func TestOpenFailsClearly(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{
		"a file":            file,
		"below a file":      filepath.Join(file, "sub"),
		"no parent folder":  filepath.Join(t.TempDir(), "no", "parent"),
		"a name with a NUL": "a\x00b",
	} {
		s, err := diskblob.Open(dir, diskblob.Options{})
		if err == nil {
			s.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if msg := err.Error(); !strings.HasPrefix(msg, "diskblob: the folder ") || strings.Contains(msg, "\n") {
			t.Errorf("%s: %q is not one clear line", name, msg)
		}
	}
}

// A damaged file is an error and never a shorter picture.
func TestDamagedFileIsNotServed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, diskblob.Options{})
	put(t, s, "a", strings.Repeat("picture ", 100))
	path := fileOf(t, dir, "a")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damage := map[string][]byte{
		"empty":        nil,
		"text":         []byte("hello"),
		"longer":       append([]byte("x"), whole...),
		"other length": append(append([]byte{}, whole[:len(whole)-12]...), "\xff\xff\xff\xffpkblob1\n"...),
	}
	for cut := 1; cut < len(whole); cut += 37 {
		damage[fmt.Sprintf("cut to %d", cut)] = whole[:cut]
	}
	for name, content := range damage {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := get(t, s, "a")
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: read %d bytes, %v; want an error that is not ErrNotExist", name, len(got), err)
		}
	}
	// A file moved to another key's name is not that key's blob.
	put(t, s, "b", "other")
	if err := os.WriteFile(fileOf(t, dir, "b"), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := get(t, s, "b"); err == nil {
		t.Error("the blob of one key was served under another")
	}
}

func Example() {
	dir, err := os.MkdirTemp("", "pictures")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	pics, err := diskblob.Open(dir, diskblob.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pics.Close()
	ctx := context.Background()
	meta := storage.Meta{ContentType: "image/jpeg", CacheControl: "public, max-age=31536000, immutable"}
	if err := pics.Put(ctx, "k3v9-512.jpg", strings.NewReader("not really a picture"), meta); err != nil {
		fmt.Println(err)
		return
	}
	err = pics.Put(ctx, "k3v9-512.jpg", strings.NewReader("another"), meta)
	fmt.Println(errors.Is(err, fs.ErrExist))
	r, info, err := pics.Open(ctx, "k3v9-512.jpg")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	fmt.Println(info.Size, info.ContentType)
	// Output:
	// true
	// 20 image/jpeg
}
