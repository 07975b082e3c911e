package sqlite_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/profilekit/profilekit/storage/sqlite"
)

// locked reports whether this process has a lock on the file, by the kernel's
// list: "4: POSIX ADVISORY READ pid major:minor:inode first last".
func locked(t *testing.T, path string) bool {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	list, err := os.ReadFile("/proc/locks")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(list) {
		f := bytes.Fields(line)
		if len(f) >= 6 && string(f[4]) == fmt.Sprint(os.Getpid()) && bytes.HasSuffix(f[5], fmt.Appendf(nil, ":%d", st.Ino)) {
			return true
		}
	}
	return false
}

// Where locks are POSIX's, closing any descriptor of a file releases all that
// the process has on it. Without its lock a database that is open looks
// abandoned to other processes, and the last of them to close it may remove the
// log.
func TestNothingOfOursReleasesTheLocks(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.db")
	open(t, path)
	if !locked(t, path) {
		t.Fatal("an open database has no lock to begin with")
	}
	for _, c := range []struct {
		name string
		do   func() error
	}{
		{"Open and Close", func() error { return open(t, path).Close() }},
		{"Check", func() error { return sqlite.Check(t.Context(), path) }},
		{"Backup", func() error {
			return sqlite.Backup(t.Context(), path, filepath.Join(dir, "backup.db"), sqlite.BackupOptions{})
		}},
	} {
		if err := c.do(); err != nil {
			t.Fatal(err)
		}
		if !locked(t, path) {
			t.Errorf("%s released the locks of the open database", c.name)
		}
	}
}
