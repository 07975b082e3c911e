package embedded

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/profilekit/profilekit/storage/sqlite"
)

// closedDatabase is one that nobody has open, in a folder of its own.
func closedDatabase(t *testing.T, dir string) (path string) {
	t.Helper()
	path = filepath.Join(dir, "app.db")
	db, err := open(t.Context(), path)
	if err == nil {
		_, err = account(t.Context(), db, "ada")
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// refuses checks that Open says why in one line.
func refuses(t *testing.T, what, path string, is error, says string) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err == nil {
		db.Close()
		t.Errorf("%s: Open succeeded", what)
		return
	}
	if !errors.Is(err, is) {
		t.Errorf("%s: %v does not match %v", what, err, is)
	}
	if text := err.Error(); !strings.HasPrefix(text, "sqlite: ") || strings.Contains(text, "\n") || !strings.Contains(text, says) {
		t.Errorf("%s: %q is not one line that says %q", what, text, says)
	}
}

func TestOpenWhatMayNotBeWritten(t *testing.T) {
	if !again(t, nobodySpecial()) {
		return
	}
	folder := t.TempDir()
	path := closedDatabase(t, folder)
	mode := func(name string, m fs.FileMode) {
		t.Helper()
		if err := os.Chmod(name, m); err != nil {
			t.Fatal(err)
		}
	}
	mode(folder, 0o500)
	defer mode(folder, 0o700)
	refuses(t, "a database in a folder that is read-only", path, fs.ErrPermission, "in the folder")
	refuses(t, "a new one in such a folder", filepath.Join(folder, "new.db"), fs.ErrPermission, "permission denied")
	mode(folder, 0o700)
	mode(path, 0o400)
	refuses(t, "a file that is read-only", path, fs.ErrPermission, "permission denied")
	mode(path, 0o000)
	refuses(t, "a file that may not be read", path, fs.ErrPermission, "permission denied")
	mode(path, 0o600)
	again := mustOpen(t, path)
	if _, err := again.Users().ByUsername(t.Context(), "ada"); err != nil {
		t.Errorf("when it may be written again: %v", err)
	}
	sound(t, path)
}

func TestOpenOnAReadOnlyDisk(t *testing.T) {
	if !again(t, ownMounts()) {
		return
	}
	d := mount(t, diskSize)
	path := closedDatabase(t, d.dir)
	db := mustOpen(t, path)
	remount := func(flags uintptr) error {
		return syscall.Mount("tmpfs", d.dir, "tmpfs", syscall.MS_REMOUNT|flags, "")
	}
	if err := remount(syscall.MS_RDONLY); !errors.Is(err, syscall.EBUSY) {
		t.Fatalf("a disk with open files: %v", err)
	}
	db.Close()
	if err := remount(syscall.MS_RDONLY); err != nil {
		t.Fatal(err)
	}
	refuses(t, "a database on a read-only disk", path, syscall.EROFS, "read-only file system")
	refuses(t, "a new one on such a disk", d.path("new.db"), syscall.EROFS, "read-only file system")
	if err := sqlite.Backup(t.Context(), path, filepath.Join(t.TempDir(), "backup.db"), sqlite.BackupOptions{}); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a backup from a read-only disk: %v, want one line", err)
	}
	if err := remount(0); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, path).Close()
	sound(t, path)
}
