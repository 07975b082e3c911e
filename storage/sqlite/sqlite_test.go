package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("This is no database. ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path string
		is         error // nil: any
	}{
		{"empty", "", nil},
		{"no folder", filepath.Join(dir, "missing", "app.db"), fs.ErrNotExist},
		{"a folder", dir, nil},
		{"below a file", filepath.Join(text, "app.db"), nil},
		{"no database", text, nil},
		{"a device", os.DevNull, fs.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			db, err := sqlite.Open(t.Context(), c.path, sqlite.Options{})
			if err == nil {
				db.Close()
				t.Fatal("Open succeeded")
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v does not match %v", err, c.is)
			}
			if text := err.Error(); !strings.HasPrefix(text, "sqlite: ") || strings.Contains(text, "\n") {
				t.Errorf("%q is not one clear line", text)
			}
		})
	}
	if b, err := os.ReadFile(text); err != nil || !strings.HasPrefix(string(b), "This is no database. ") {
		t.Errorf("the file that is no database was changed: %v", err)
	}
}

func TestFileIsItsOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	db := open(t, path)
	if _, err := db.Users().Create(t.Context(), profile.User{Username: "ada", Email: "ada@example.org"}); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(path + "*")
	if len(files) < 2 {
		t.Fatalf("files %v, want the database and its log", files)
	}
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v", filepath.Base(name), info.Mode())
		}
	}
}

func TestStrangePaths(t *testing.T) {
	for _, name := range []string{"with space.db", "100%.db", "a?mode=memory.db", "a#b.db", "ünï.db", "a&_pragma=synchronous(0).db"} {
		path := filepath.Join(t.TempDir(), name)
		open(t, path)
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%q: the database is elsewhere (%v)", name, err)
		}
	}
}

func TestPragmas(t *testing.T) {
	db := onFile(t)
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000", "trusted_schema": "0"}
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		for name, want := range want {
			var got string
			if err := tx.GetContext(ctx, &got, "PRAGMA "+name); err != nil {
				return err
			}
			if got != want {
				t.Errorf("%s is %s, want %s", name, got, want)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Two handles on one file are two processes to SQLite. Transactions that read
// and then write must all come through.
func TestR11_WritersWaitForEachOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	dbs := []*sqlstore.DB{open(t, path), open(t, path)}
	u, err := dbs[0].Users().Create(t.Context(), profile.User{Username: "counter", Email: "c@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 16, 10
	var all sync.WaitGroup
	for i := range writers {
		db := dbs[i%2]
		all.Go(func() {
			for j := range each {
				err := db.InTx(t.Context(), func(ctx context.Context) error {
					now, err := db.Users().User(ctx, u.ID)
					if err != nil {
						return err
					}
					bio := now.Bio + "x"
					_, err = db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio, IfVersion: now.Version},
						activity.Event{ID: fmt.Sprint(i, "-", j), Kind: "test", At: time.Now()})
					return err
				})
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
	if got, err := dbs[1].Users().User(t.Context(), u.ID); err != nil || len(got.Bio) != writers*each {
		t.Errorf("%d of %d updates are there (%v)", len(got.Bio), writers*each, err)
	}
}

func TestReadsDoNotWaitForAWriter(t *testing.T) {
	db := onFile(t)
	err := db.InTx(t.Context(), func(inside context.Context) error {
		if _, err := db.Users().Create(inside, profile.User{Username: "new", Email: "new@example.org"}); err != nil {
			return err
		}
		outside, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := db.Users().ByUsername(outside, "new"); err == nil {
			t.Error("a read outside sees what is not committed")
		} else if errors.Is(err, context.DeadlineExceeded) {
			t.Error("a read outside waits for the transaction")
		}
		_, err := db.Users().ByUsername(inside, "new")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
