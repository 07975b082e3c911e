package sqlite_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// rewrite fills the log: each round writes all of the rows again.
func rewrite(t *testing.T, db *sqlstore.DB, rounds int) {
	t.Helper()
	for range rounds {
		err := db.InTx(t.Context(), func(ctx context.Context) error {
			tx, _ := sqlstore.Tx(ctx)
			_, err := tx.ExecContext(ctx, "UPDATE filler SET body = body || '.'")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// A transaction that reads for long keeps the log growing, since it may need
// what is in the database now. The log is small again soon after it ends.
func TestLogIsCutAfterALongReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	db := open(t, path)
	fill(t, db, 1000)
	reader := handWritten(t, path)
	tx, err := reader.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	var users int
	if err := tx.QueryRow("SELECT count(*) FROM users").Scan(&users); err != nil {
		t.Fatal(err)
	}
	rewrite(t, db, 6)
	if grown := size(t, path+"-wal"); grown < 17<<20 {
		t.Fatalf("the log has %d bytes beside a reader, too few to show anything", grown)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	p := two(writers(t, db, 2)) // its commit copies the log, the next starts it again
	if err := p.write(t.Context(), db, 1); err != nil {
		t.Fatal(err)
	}
	if cut := size(t, path+"-wal"); cut > 16<<20 {
		t.Errorf("the log has %d bytes after the reader, want 16 MiB at most", cut)
	}
	db.Close()
	reader.Close()
	sound(t, path)
}

// Reads that overlap without a pause do not keep the log from starting again.
func TestLogIsBoundedUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	db := open(t, path)
	fill(t, db, 500)
	u := writers(t, db, 1)[0]
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 6 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := db.Users().User(t.Context(), u.ID); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	var largest int64
	for range either(30, 600) {
		rewrite(t, db, 1) // 2 MiB
		largest = max(largest, size(t, path+"-wal"))
	}
	close(done)
	readers.Wait()
	t.Logf("the log had %d KiB at most", largest>>10)
	// A reader that the system does not let run for 100 ms counts as long.
	if largest > 40<<20 {
		t.Errorf("the log grew to %d bytes", largest)
	}
}

// Closing the last handle leaves one file, with everything in it.
func TestCloseEmptiesTheLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	db := open(t, path)
	p := two(writers(t, db, 2))
	if err := p.write(t.Context(), db, 5); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Users().Update(t.Context(), p[0].ID, profile.Patch{}); err != nil {
		t.Fatal(err)
	}
	if size(t, path+"-wal") == 0 {
		t.Fatal("there is no log to begin with")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + suffix); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is there after Close (%v)", suffix, err)
		}
	}
	moved := path + ".moved"
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	if got := p.read(t, open(t, moved)); got != "5" {
		t.Errorf("the file alone has %q, want all that was written", got)
	}
}
