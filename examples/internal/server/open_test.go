package server

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/auth/keyring"
)

// TestR31_FirstStartsAgreeOnTheKeys opens the keys of a new data folder many
// times at once: each gets the same, and nothing else is left in the folder.
func TestR31_FirstStartsAgreeOnTheKeys(t *testing.T) {
	for range 50 {
		path := filepath.Join(t.TempDir(), "secret-keys")
		const starts = 16
		rings := make([]*keyring.Ring, starts)
		errs := make([]error, starts)
		gate := make(chan struct{})
		var running sync.WaitGroup
		for i := range starts {
			running.Go(func() {
				<-gate
				rings[i], errs[i] = openKeys("", path)
			})
		}
		close(gate)
		running.Wait()
		for i := range starts {
			if errs[i] != nil {
				t.Fatalf("start %d: %v", i, errs[i])
			}
			if !bytes.Equal(rings[i].MAC("test", nil), rings[0].MAC("test", nil)) {
				t.Fatalf("start %d has other keys", i)
			}
		}
		left, err := os.ReadDir(filepath.Dir(path))
		if err != nil || len(left) != 1 {
			t.Fatalf("left in the folder: %v %v", left, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("the keys' file: %v %v", info.Mode(), err)
		}
	}
}
