package diskblob_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/diskblob"
)

// Somebody who can plant links in the folder still reaches nothing outside.
func TestS62P55_SymlinksDoNotEscape(t *testing.T) {
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := open(t, dir, diskblob.Options{})
	put(t, s, "victim", "inside")
	put(t, s, "other", "inside too")
	victim := fileOf(t, dir, "victim")

	for name, target := range map[string]string{
		"absolute": secret,
		"relative": "../../" + filepath.Base(outside) + "/secret",
		"inside":   fileOf(t, dir, "other"),
		"dangling": filepath.Join(outside, "new"),
	} {
		if err := os.Remove(victim); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, victim); err != nil {
			t.Fatal(err)
		}
		if got, err := get(t, s, "victim"); err == nil {
			t.Errorf("%s link: read %q", name, got)
		}
		err := s.Put(t.Context(), "victim", strings.NewReader("written"), storage.Meta{})
		if !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s link: Put %v; want fs.ErrExist", name, err)
		}
		// Replacing replaces the link, not what it points to.
		if err := s.Put(t.Context(), "victim", strings.NewReader("written"), storage.Meta{Overwrite: true}); err != nil {
			t.Errorf("%s link: Put with Overwrite: %v", name, err)
		}
		if got, err := get(t, s, "victim"); err != nil || got != "written" {
			t.Errorf("%s link: after Put %q, %v", name, got, err)
		}
	}
	// A folder that is a link.
	shard := filepath.Dir(victim)
	if err := os.RemoveAll(shard); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, shard); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "victim", strings.NewReader("x"), storage.Meta{}); err == nil {
		t.Error("Put through a linked folder worked")
	}
	if err := s.Delete(t.Context(), "victim"); err == nil {
		t.Error("Delete through a linked folder worked")
	}
	if got := names(t, outside); got != "secret" {
		t.Errorf("outside there is %q; want only the secret", got)
	}
	if b, err := os.ReadFile(secret); err != nil || string(b) != "outside" {
		t.Errorf("the file outside holds %q, %v", b, err)
	}
}

// A pipe would hang the reader, a folder would fail later.
func TestOnlyRegularFilesAreServed(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, diskblob.Options{})
	put(t, s, "a", "x")
	path := fileOf(t, dir, "a")
	for name, plant := range map[string]func() error{
		"pipe":   func() error { return syscall.Mkfifo(path, 0o600) },
		"folder": func() error { return os.Mkdir(path, 0o700) },
	} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := plant(); err != nil {
			t.Fatal(err)
		}
		if _, err := get(t, s, "a"); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v; want an error that is not ErrNotExist", name, err)
		}
	}
}

// Fifty-five names a browser may send never become a path: the store takes
// none of them, and its folder holds nothing new.
func TestS62_HostileNamesWriteNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, diskblob.Options{})
	before := tree(t, dir)
	for _, name := range []string{
		"../../etc/cron.d/x", "..\\..\\x", "/etc/passwd", "C:\\x.jpg", "a/../../x", "photo.jpg/../../x", "%2e%2e%2fx", "..%2fx",
		"....//x", ".htaccess", ".ssh/authorized_keys", "x.jpg\x00.php", "x\r\nSet-Cookie: a=b", "con:", "x:y", "~root/x", "$(id)", "`id`",
		"x;rm -rf", "x|y", "x&y", "x>y", "<script>", "\"x\"", "'x'", "x y.jpg", " x", "x ", "X.JPG", "é.jpg", "日本.jpg", "\u202egpj.exe",
		"x\\y", "//host/share", "\\\\host\\share", "file:///etc/passwd", "http://x/y", "x?y=z", "x#y", "x%00", "x\t", "\x7f", "\xff\xfe",
		"*", "?", "[a]", "{a}", "!", "x\x1b[2J", strings.Repeat("a", 5000), strings.Repeat("../", 60) + "x", "", ".", "..", "/",
	} {
		for _, overwrite := range []bool{false, true} {
			err := s.Put(t.Context(), name, strings.NewReader("x"), storage.Meta{Overwrite: overwrite})
			if !errors.Is(err, storage.ErrInvalidKey) {
				t.Errorf("Put %.40q: %v; want storage.ErrInvalidKey", name, err)
			}
		}
	}
	if after := tree(t, dir); after != before {
		t.Errorf("the folder changed:\n%s", after)
	}
}

func tree(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Dir(dir), func(path string, _ fs.DirEntry, err error) error {
		all.WriteString(path + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
