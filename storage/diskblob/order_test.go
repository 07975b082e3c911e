package diskblob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/profilekit/profilekit/storage"
)

// watched is the real file system with a record of the calls that change
// something; the one numbered failAt fails with err, and with dead all after
// it do too, as when the machine went down.
type watched struct {
	files
	log    []string
	calls  int
	failAt int
	err    error
	dead   bool
	down   bool
	onlyOn string // when set, calls of this name fail instead of a number
}

func (w *watched) call(name, on string) error {
	if strings.HasPrefix(on, tempDir+"/") {
		on = "temp"
	}
	w.log = append(w.log, name+" "+on)
	w.calls++
	if w.down || w.calls == w.failAt || w.onlyOn != "" && w.onlyOn == name {
		w.down = w.dead
		return &fs.PathError{Op: name, Path: on, Err: w.err}
	}
	return nil
}

func (w *watched) Create(name string) (file, error) {
	if err := w.call("create", name); err != nil {
		return nil, err
	}
	f, err := w.files.Create(name)
	if err != nil {
		return nil, err
	}
	return &watchedFile{f, w}, nil
}

func (w *watched) Mkdir(name string) error {
	if err := w.call("mkdir", name); err != nil {
		return err
	}
	return w.files.Mkdir(name)
}

func (w *watched) Link(old, name string) error {
	if err := w.call("link", name); err != nil {
		return err
	}
	return w.files.Link(old, name)
}

func (w *watched) Rename(old, name string) error {
	if err := w.call("rename", name); err != nil {
		return err
	}
	return w.files.Rename(old, name)
}

func (w *watched) Remove(name string) error {
	if err := w.call("remove", name); err != nil {
		return err
	}
	return w.files.Remove(name)
}

func (w *watched) SyncDir(name string) error {
	if err := w.call("syncdir", name); err != nil {
		return err
	}
	return w.files.SyncDir(name)
}

type watchedFile struct {
	file
	w *watched
}

func (f *watchedFile) Write(p []byte) (int, error) {
	if err := f.w.call("write", "temp"); err != nil {
		n, _ := f.file.Write(p[:len(p)/2]) // what a full disk does
		return n, err
	}
	return f.file.Write(p)
}

func (f *watchedFile) Sync() error {
	if err := f.w.call("sync", "temp"); err != nil {
		return err
	}
	return f.file.Sync()
}

func (f *watchedFile) Close() error {
	err := f.w.call("close", "temp")
	if closing := f.file.Close(); err == nil {
		err = closing
	}
	return err
}

func watch(t *testing.T, dir string) (*Store, *watched) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	w := &watched{files: rootFiles{root}, err: syscall.EIO}
	s, err := openFiles(dir, w, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.log, w.calls = nil, 0
	return s, w
}

func putBody(t *testing.T, s *Store, key, body string, overwrite bool) error {
	t.Helper()
	return s.Put(t.Context(), key, strings.NewReader(body), storage.Meta{ContentType: "image/jpeg", Overwrite: overwrite})
}

func readBody(t *testing.T, s *Store, key string) string {
	t.Helper()
	r, _, err := s.Open(t.Context(), key)
	if errors.Is(err, fs.ErrNotExist) {
		return "(none)"
	}
	if err != nil {
		return "(broken: " + err.Error() + ")"
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return "(broken: " + err.Error() + ")"
	}
	return string(b)
}

// The order that durability rests on: everything is written and synced before
// the blob has its name, and the name is synced before Put returns.
func TestWriteOrder(t *testing.T) {
	s, w := watch(t, t.TempDir())
	name := fileName("a")
	shard := path.Dir(name)
	twin := ""
	for i := 0; dirOf(fileName(twin)) != shard || twin == ""; i++ {
		twin = fmt.Sprintf("twin-%d", i)
	}
	for _, step := range []struct {
		what string
		do   func() error
		want []string
	}{
		{"put", func() error { return putBody(t, s, "a", "first", false) }, []string{
			"create temp", "write temp", "write temp", "sync temp", "close temp",
			"mkdir " + shard, "syncdir .", "link " + name, "remove temp", "syncdir " + shard,
		}},
		{"put of another key in the folder", func() error { return putBody(t, s, twin, "twin", false) }, []string{
			"create temp", "write temp", "write temp", "sync temp", "close temp", "link " + fileName(twin), "remove temp", "syncdir " + shard,
		}},
		{"put of an existing key", func() error {
			if err := putBody(t, s, "a", "second", false); !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%w; want fs.ErrExist", err)
			}
			return nil
		}, nil},
		{"overwrite", func() error { return putBody(t, s, "a", "third", true) }, []string{
			"create temp", "write temp", "write temp", "sync temp", "close temp", "link temp", "rename " + name, "syncdir " + shard, "remove temp",
		}},
		{"delete", func() error { return s.Delete(t.Context(), "a") }, []string{"remove " + name, "syncdir " + shard}},
		{"delete again", func() error { return s.Delete(t.Context(), "a") }, []string{"remove " + name}},
	} {
		w.log = nil
		if err := step.do(); err != nil {
			t.Errorf("%s: %v", step.what, err)
		}
		if !slices.Equal(w.log, step.want) {
			t.Errorf("%s did\n%s\nwant\n%s", step.what, strings.Join(w.log, "\n"), strings.Join(step.want, "\n"))
		}
	}
}

// Whatever call fails, a failed Put leaves the key as it was. When the machine
// goes down at any call, the key has the old body or the new one, and nothing
// else is left once the store was opened again and old enough.
func TestR02_EveryFailurePoint(t *testing.T) {
	for _, overwrite := range []bool{false, true} {
		for _, old := range []string{"(none)", "old"} {
			if !overwrite && old != "(none)" {
				continue // refused before anything is written
			}
			for _, dead := range []bool{false, true} {
				t.Run(fmt.Sprintf("overwrite=%v/old=%s/down=%v", overwrite, old, dead), func(t *testing.T) {
					everyFailurePoint(t, overwrite, old, dead)
				})
			}
		}
	}
}

func everyFailurePoint(t *testing.T, overwrite bool, old string, dead bool) {
	for at := 1; ; at++ {
		dir := t.TempDir()
		s, w := watch(t, dir)
		if old != "(none)" {
			if err := putBody(t, s, "a", old, false); err != nil {
				t.Fatal(err)
			}
		}
		w.calls, w.failAt, w.dead = 0, at, dead
		err := putBody(t, s, "a", "new", overwrite)
		if w.calls < at {
			if err != nil || at < 9 {
				t.Fatalf("%d calls in all, %v; want at least 8 and no error", w.calls, err)
			}
			return
		}
		if dead {
			again, err := Open(dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer again.Close()
			s = again
		}
		got := readBody(t, s, "a")
		switch {
		case err == nil && got != "new":
			t.Errorf("call %d (%s) failed: success was told, but the key has %q", at, w.log[len(w.log)-1], got)
		case err != nil && !dead && got != old:
			t.Errorf("call %d failed (%v): the key has %q; want %q", at, err, got, old)
		case got != old && got != "new":
			t.Errorf("call %d failed: the key has %q", at, got)
		}
	}
}

// The disk's errors arrive as those of package storage, and the body's own
// errors are never taken for the disk's.
func TestR04_DiskErrors(t *testing.T) {
	for _, c := range []struct {
		call string
		err  error
		want error
	}{
		{"create", syscall.ENOSPC, storage.ErrFull},
		{"write", syscall.ENOSPC, storage.ErrFull},
		{"write", syscall.EDQUOT, storage.ErrFull},
		{"sync", syscall.ENOSPC, storage.ErrFull},
		{"close", syscall.ENOSPC, storage.ErrFull},
		{"link", syscall.ENOSPC, storage.ErrFull},
		{"mkdir", syscall.ENOSPC, storage.ErrFull},
		{"syncdir", syscall.ENOSPC, storage.ErrFull},
		{"create", syscall.EMFILE, storage.ErrUnavailable},
		{"create", syscall.ENFILE, storage.ErrUnavailable},
		{"write", syscall.EIO, syscall.EIO},
		{"create", syscall.EROFS, syscall.EROFS},
		{"create", syscall.EACCES, fs.ErrPermission},
	} {
		s, w := watch(t, t.TempDir())
		w.onlyOn, w.err = c.call, c.err
		err := putBody(t, s, "a", "body", false)
		if !errors.Is(err, c.want) {
			t.Errorf("%s fails with %v: %v; want %v", c.call, c.err, err, c.want)
		}
		if errors.Is(err, storage.ErrFull) != (c.want == storage.ErrFull) {
			t.Errorf("%s fails with %v: %v is told as a full store", c.call, c.err, err)
		}
		w.onlyOn = ""
		if got := readBody(t, s, "a"); got != "(none)" {
			t.Errorf("%s fails with %v: afterwards the key has %q", c.call, c.err, got)
		}
		if err := putBody(t, s, "a", "body", false); err != nil {
			t.Errorf("when there is room again: %v", err)
		}
	}
	s, _ := watch(t, t.TempDir())
	err := s.Put(t.Context(), "a", failingBody{}, storage.Meta{})
	if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, storage.ErrFull) {
		t.Errorf("a body that fails with ENOSPC: %v; want it not to be told as a full store", err)
	}
}

type failingBody struct{ io.Seeker }

func (failingBody) Read([]byte) (int, error) { return 0, syscall.ENOSPC }

// A folder that cannot be written is found at Open, and said in one line.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		call string
		err  error
		want string
	}{
		{"create", syscall.EROFS, "read-only file system"},
		{"create", syscall.EACCES, "no permission to write"},
		{"create", syscall.ENOSPC, "no room"},
		{"link", syscall.EPERM, "must have hard links"},
		{"link", syscall.ENOTSUP, "must have hard links"},
		{"syncdir", syscall.EIO, "cannot be used"},
	} {
		dir := t.TempDir()
		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		_, err = openFiles(dir, &watched{files: rootFiles{root}, onlyOn: c.call, err: c.err}, Options{})
		root.Close()
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s fails with %v: %v; want one line with %q and the folder", c.call, c.err, err, c.want)
		}
		if !errors.Is(err, c.err) {
			t.Errorf("%s fails with %v: the cause is lost in %v", c.call, c.err, err)
		}
	}
}
