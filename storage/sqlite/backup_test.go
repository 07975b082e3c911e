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

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// sound fails the test when the database is damaged.
func sound(t *testing.T, path string) {
	t.Helper()
	if err := sqlite.Check(t.Context(), path); err != nil {
		t.Errorf("%s: %v", filepath.Base(path), err)
	}
}

// fill adds a table of so many rows, each of which fills a page of 4 KiB.
func fill(t *testing.T, db *sqlstore.DB, rows int) {
	t.Helper()
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		_, err := tx.ExecContext(ctx, "CREATE TABLE filler (name TEXT UNIQUE, body TEXT)")
		if err == nil {
			_, err = tx.ExecContext(ctx, `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
				INSERT INTO filler SELECT 'filler' || i || '@example.org', ? FROM n`, rows, strings.Repeat("Some text. ", 300))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// two are users whose bios are always equal outside a transaction.
type two [2]profile.User

func (p two) write(ctx context.Context, db *sqlstore.DB, n int) error {
	bio := fmt.Sprint(n)
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, u := range p {
			if _, err := db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (p two) read(t *testing.T, db *sqlstore.DB) string {
	t.Helper()
	var bios [2]string
	for i, u := range p {
		got, err := db.Users().User(t.Context(), u.ID)
		if err != nil {
			t.Fatal(err)
		}
		bios[i] = got.Bio
	}
	if bios[0] != bios[1] {
		t.Errorf("bios %q, which were written together, differ", bios)
	}
	return bios[0]
}

// Four pairs of users are written to without a pause. Every backup is of one
// moment: not before the backup began, and whole.
func TestR11_BackupsWhileWritersWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.db")
	db := open(t, path)
	fill(t, db, either(1000, 20000))
	list := writers(t, db, 10)
	between := two(list[8:])
	var pairs []two
	for i := range 4 {
		pairs = append(pairs, two{list[i], list[i+4]})
	}
	stop := make(chan struct{})
	var all sync.WaitGroup
	var mu sync.Mutex
	acknowledged := make([]int, len(pairs))
	for i, p := range pairs {
		all.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := p.write(t.Context(), db, n); err != nil {
					t.Errorf("writer %d during a backup: %v", i, err)
					return
				}
				mu.Lock()
				acknowledged[i] = n
				mu.Unlock()
			}
		})
	}
	for round := range either(3, 50) {
		mu.Lock()
		before := append([]int(nil), acknowledged...)
		mu.Unlock()
		dest := filepath.Join(dir, fmt.Sprintf("backup%d.db", round))
		steps := 0
		started := time.Now()
		err := sqlite.Backup(t.Context(), path, dest, sqlite.BackupOptions{Progress: func(_, total int) {
			// However quick the backup is, somebody writes between its steps.
			if steps++; steps <= total {
				if err := between.write(t.Context(), db, round*1000+steps); err != nil {
					t.Error(err)
				}
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(dest)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("backup %d: %d KiB in %v", round, info.Size()>>10, time.Since(started))
		if most := int(info.Size()>>20) + 1; steps > most {
			t.Errorf("%d steps of a MiB, want no more than %d: it began anew", steps, most)
		}
		sound(t, dest)
		copied := open(t, dest)
		if got := between.read(t, copied); got == fmt.Sprint(round*1000+1) {
			t.Error("the backup has what was written after it began")
		}
		for i, p := range pairs {
			var n int
			if text := p.read(t, copied); text != "" {
				fmt.Sscan(text, &n)
			}
			if n < before[i] {
				t.Errorf("the backup has %d of pair %d; %d was acknowledged before it began", n, i, before[i])
			}
		}
		copied.Close()
	}
	close(stop)
	all.Wait()
	sound(t, path)
}

func TestRestoreFromABackup(t *testing.T) {
	dir := t.TempDir()
	path, dest := filepath.Join(dir, "app.db"), filepath.Join(dir, "backup.db")
	db := open(t, path)
	p := two(writers(t, db, 2))
	if err := p.write(t.Context(), db, 1); err != nil {
		t.Fatal(err)
	}
	if err := sqlite.Backup(t.Context(), path, dest, sqlite.BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(dest); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has the mode %v (%v), want 0600", info.Mode(), err)
	}
	if err := p.write(t.Context(), db, 2); err != nil {
		t.Fatal(err)
	}
	db.Close()
	// The steps of the package's documentation.
	for _, name := range []string{path + "-wal", path + "-shm"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(dest)
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	sound(t, path)
	again := open(t, path)
	if got := p.read(t, again); got != "1" {
		t.Errorf("restored %q, want what the backup had", got)
	}
	if err := p.write(t.Context(), again, 3); err != nil {
		t.Errorf("writing to a restored database: %v", err)
	}
	again.Close()
	sound(t, path)
}

func TestBackupRefuses(t *testing.T) {
	dir := t.TempDir()
	path, other, text := filepath.Join(dir, "app.db"), filepath.Join(dir, "other.db"), filepath.Join(dir, "text")
	db := open(t, path)
	p := two(writers(t, db, 2))
	open(t, other)
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path, filepath.Join(dir, "link.db")); err != nil {
		t.Fatal(err)
	}
	yes := sqlite.BackupOptions{Replace: true}
	var damaged *sqlite.DamagedError
	for _, c := range []struct {
		name, from, to string
		opts           sqlite.BackupOptions
		is             error
	}{
		{"a file that is there", path, text, sqlite.BackupOptions{}, fs.ErrExist},
		{"the database itself", path, path, yes, fs.ErrExist},
		{"the database by another name", path, filepath.Join(dir, "link.db"), yes, fs.ErrExist},
		{"its log", path, path + "-wal", yes, fs.ErrExist},
		{"its index", path, path + "-shm", yes, fs.ErrExist},
		{"a database that is open", path, other, yes, fs.ErrExist},
		{"a folder", path, dir, yes, fs.ErrExist},
		{"no name", path, "", yes, nil},
		{"memory", path, ":memory:", yes, nil},
		{"from memory", ":memory:", filepath.Join(dir, "new.db"), yes, nil},
		{"from nothing", filepath.Join(dir, "missing.db"), filepath.Join(dir, "new.db"), yes, fs.ErrNotExist},
		{"into no folder", path, filepath.Join(dir, "missing", "new.db"), yes, fs.ErrNotExist},
		{"from a folder", dir, filepath.Join(dir, "new.db"), yes, fs.ErrInvalid},
		{"from no database", text, filepath.Join(dir, "new.db"), yes, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := sqlite.Backup(t.Context(), c.from, c.to, c.opts)
			if err == nil {
				t.Fatal("Backup succeeded")
			}
			if c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v does not match %v", err, c.is)
			}
			if c.from == text && !errors.As(err, &damaged) {
				t.Errorf("%v, want a DamagedError", err)
			}
			if line := err.Error(); !strings.HasPrefix(line, "sqlite: ") || strings.Contains(line, "\n") {
				t.Errorf("%q is not one clear line", line)
			}
		})
	}
	nothingLeft(t, dir)
	if err := p.write(t.Context(), db, 1); err != nil {
		t.Error(err)
	}
	if err := sqlite.Backup(t.Context(), path, text, yes); err != nil {
		t.Errorf("replacing a file: %v", err)
	}
	sound(t, text)
	nothingLeft(t, dir)
}

// nothingLeft looks for what a backup that failed should have removed.
func nothingLeft(t *testing.T, dir string) {
	t.Helper()
	for _, pattern := range []string{"*.partial*", ".*.partial*", "missing.db", "new.db"} {
		if left, _ := filepath.Glob(filepath.Join(dir, pattern)); len(left) > 0 {
			t.Errorf("%v was left", left)
		}
	}
}

func TestBackupEndsWithItsContext(t *testing.T) {
	dir := t.TempDir()
	path, dest := filepath.Join(dir, "app.db"), filepath.Join(dir, "new.db")
	fill(t, open(t, path), 1000)
	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	err := sqlite.Backup(ctx, path, dest, sqlite.BackupOptions{Progress: func(done, total int) {
		calls++
		if done <= 0 || done >= total {
			t.Errorf("after the first step %d of %d pages are done", done, total)
		}
		cancel()
	}})
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("%v after %d steps, want an end after the first", err, calls)
	}
	nothingLeft(t, dir)
	if err := sqlite.Backup(ctx, path, dest, sqlite.BackupOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v", err)
	}
	nothingLeft(t, dir)
}
