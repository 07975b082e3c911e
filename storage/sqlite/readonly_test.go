//go:build unix

package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/profilekit/profilekit/storage/sqlite"
)

// A folder that may be read only: the log cannot be created beside the file.
func TestOpenInAReadOnlyFolder(t *testing.T) {
	folder := readOnlyFolder(t)
	if _, err := sqlite.Open(t.Context(), filepath.Join(folder, "new.db"), sqlite.Options{}); !errors.Is(err, fs.ErrPermission) && !isReadOnly(err) {
		t.Errorf("a new file: %v, want one that says that it may not be written", err)
	}
}

// readOnlyFolder is a folder without the right to write. Permissions do not
// bind root, for whom a folder of the kernel does.
func readOnlyFolder(t *testing.T) string {
	t.Helper()
	if os.Geteuid() == 0 {
		return "/proc/self/fdinfo"
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	return dir
}

// isReadOnly is how such folders refuse: the kernel's own has no new files.
func isReadOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.ENOENT)
}
