package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlite"
)

// TestR31_FirstOpensAtOnce opens a file that is not there many times at the
// same moment: whoever is second in making it keep a log waits,
// rather than give up, as SQLite itself does at once.
func TestR31_FirstOpensAtOnce(t *testing.T) {
	for range 50 {
		path := filepath.Join(t.TempDir(), "app.db")
		gate := make(chan struct{})
		var running sync.WaitGroup
		for range 12 {
			running.Go(func() {
				<-gate
				db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		close(gate)
		running.Wait()
		if t.Failed() {
			return
		}
	}
}

// Somebody who holds the file for good is waited for as long as BusyTimeout
// says, or until the context ends.
func TestOpenWaitsForItsTurn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	open(t, path).Close()
	holder, err := sql.Open("sqlite", path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	tx, err := holder.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()

	began := time.Now()
	_, err = sqlite.Open(t.Context(), path, sqlite.Options{BusyTimeout: 100 * time.Millisecond})
	if took := time.Since(began); !errors.Is(err, storage.ErrUnavailable) || took < 100*time.Millisecond || took > 10*time.Second {
		t.Errorf("%v after %s, want unavailable after 100 ms", err, took)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began = time.Now()
	if _, err := sqlite.Open(ctx, path, sqlite.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v after %s, want the context's end", err, time.Since(began))
	}
}
