package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/sqlite"
)

// holder is a tool beside the program: it says "reading" when it holds a
// transaction that reads, ends that at an order, says "writing" when it holds
// the write lock, and ends at another.
func holder(path string, orders io.Reader) error {
	db, err := sql.Open("sqlite", "file:"+path+"?_txlock=deferred&_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()
	read, err := db.Begin()
	if err != nil {
		return err
	}
	var n int
	if err := read.QueryRow("SELECT count(*) FROM users").Scan(&n); err != nil {
		return err
	}
	fmt.Println("reading")
	one := make([]byte, 1)
	if _, err := orders.Read(one); err != nil {
		return err
	}
	if err := read.Rollback(); err != nil {
		return err
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(context.Background(), "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	fmt.Println("writing")
	if _, err := orders.Read(one); err != nil {
		return err
	}
	_, err = conn.ExecContext(context.Background(), "COMMIT")
	return err
}

// guest opens the database, writes to it and closes it.
func guest(path string, _ io.Reader) error {
	ctx := context.Background()
	db, err := open(ctx, path)
	if err != nil {
		return err
	}
	if _, err := account(ctx, db, "guest"); err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	fmt.Println("closed")
	return nil
}

// A transaction that reads in another process holds nobody up; one that writes
// only as long as it lasts, and no client is told.
func TestR11_AnotherProcessHoldsTheDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	db := mustOpen(t, path)
	ctx := t.Context()
	u, err := account(ctx, db, "ada")
	if err != nil {
		t.Fatal(err)
	}
	write := func(bio string) error {
		_, err := db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio})
		return err
	}
	p := start(t, "holder", path)
	if got := p.line(); got != "reading" {
		t.Fatalf("the tool says %q", got)
	}
	for i := range 200 { // enough for several checkpoints to be tried
		if err := write(fmt.Sprint(i, padding)); err != nil {
			t.Fatalf("writing beside a reader: %v", err)
		}
	}
	p.order()
	if got := p.line(); got != "writing" {
		t.Fatalf("the tool says %q", got)
	}
	if _, err := db.Users().User(ctx, u.ID); err != nil {
		t.Errorf("reading beside a writer: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	bio := "too late"
	if _, err := db.Users().Update(short, u.ID, profile.Patch{Bio: &bio}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a write that ends with its context: %v", err)
	}
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if err := write(fmt.Sprint("after the tool ", i)); err != nil {
				t.Errorf("a write that waited: %v", err)
			}
		})
	}
	p.order()
	all.Wait()
	if got, err := db.Users().User(ctx, u.ID); err != nil || got.Bio == bio {
		t.Errorf("bio %.20q (%v), want one of those that waited", got.Bio, err)
	}
	sound(t, path)
}

// Who waits longer than the busy timeout is told that the database is busy.
func TestR11_ALockThatIsHeldTooLong(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	mustOpen(t, path)
	p := start(t, "holder", path)
	p.line()
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{BusyTimeout: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p.order()
	if got := p.line(); got != "writing" {
		t.Fatalf("the tool says %q", got)
	}
	if _, err := account(t.Context(), db, "ada"); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("%v, want storage.ErrUnavailable", err)
	}
	p.order()
	p.line() // its end
	if _, err := account(t.Context(), db, "ada"); err != nil {
		t.Errorf("after the lock was given up: %v", err)
	}
	sound(t, path)
}

// A process that opens and closes the database leaves the log to those that have
// it open, whatever they did meanwhile, and they see what it wrote.
func TestAGuestLeavesTheLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "app.db")
	db := mustOpen(t, path)
	if _, err := account(t.Context(), db, "ada"); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, path)
	sound(t, path)
	if err := sqlite.Backup(t.Context(), path, filepath.Join(dir, "backup.db"), sqlite.BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	again.Close()
	for range 3 {
		p := start(t, "guest", path)
		if got := p.line(); got != "closed" {
			t.Fatalf("the guest says %q", got)
		}
		p.kill()
		if _, err := os.Stat(path + "-wal"); err != nil {
			t.Fatalf("the guest took the log away: %v", err)
		}
		if _, err := account(t.Context(), db, "bob"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Users().ByUsername(t.Context(), "guest"); err != nil {
		t.Errorf("what the guest wrote: %v", err)
	}
	db.Close()
	sound(t, path)
}
