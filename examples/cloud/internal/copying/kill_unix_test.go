//go:build unix

package copying_test

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/profilekit/profilekit/examples/cloud/internal/copying"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/diskblob"
)

const (
	// victim makes this binary copy from one folder to another, both below
	// this, and kill itself.
	victim = "PROFILEKIT_COPY_VICTIM"
	blobs  = 300
	fatal  = 120 // the Put that is cut half way
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		copyAndDie(dir)
		os.Exit(3) // it should not have lived
	}
	os.Exit(m.Run())
}

func copyAndDie(dir string) {
	from, err1 := diskblob.Open(filepath.Join(dir, "from"), diskblob.Options{})
	to, err2 := diskblob.Open(filepath.Join(dir, "to"), diskblob.Options{})
	if errors.Join(err1, err2) != nil {
		os.Exit(4)
	}
	var live keys
	for i := range blobs {
		live.add(key(i))
	}
	copying.Run(context.Background(), copying.Config{From: from, To: &deadly{BlobStore: to}, Keys: &live, Parallel: 4})
}

// deadly kills the process while a body is being stored.
type deadly struct {
	storage.BlobStore
	puts atomic.Int64
}

func (d *deadly) Put(ctx context.Context, key string, body io.ReadSeeker, m storage.Meta) error {
	if d.puts.Add(1) == fatal {
		body = &halfway{ReadSeeker: body}
	}
	return d.BlobStore.Put(ctx, key, body, m)
}

type halfway struct {
	io.ReadSeeker
	read bool
}

func (h *halfway) Read(p []byte) (int, error) {
	if h.read {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	h.read = true
	return h.ReadSeeker.Read(p[:1])
}

// TestR24_CopyGoesOnAfterKill: a run is killed in the middle of a blob; the
// next copies exactly what is left, and all of it is whole.
func TestR24_CopyGoesOnAfterKill(t *testing.T) {
	dir := t.TempDir()
	open := func(name string) *diskblob.Store {
		s, err := diskblob.Open(filepath.Join(dir, name), diskblob.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	from, to := open("from"), open("to")
	live := fill(t, from, blobs)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victim+"="+dir)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the child was not killed: %v %s", err, out)
	}
	there := present(t, to, blobs)
	if there < fatal-4 || there >= blobs {
		t.Fatalf("the child left %d blobs", there)
	}
	var puts atomic.Int64
	counted := &faulty{BlobStore: to, put: func(_ string, put func() error) error { puts.Add(1); return put() }}
	r, err := copying.Run(t.Context(), copying.Config{From: from, To: counted, Keys: live, Verify: true})
	if err != nil || r.Copied != blobs-there || r.Present != there || int(puts.Load()) != blobs-there {
		t.Fatalf("%+v %v, %d puts, want %d", r, err, puts.Load(), blobs-there)
	}
	whole(t, to, blobs)
}
