package pgtest_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/pgtest"
)

func open(t *testing.T, dsn string) *sql.DB {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func tables(t *testing.T, dsn string) (n int) {
	t.Helper()
	err := open(t, dsn).QueryRow("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDatabasesAreFresh(t *testing.T) {
	a, b := pgtest.Open(t), pgtest.Open(t)
	if a == b {
		t.Fatal("two calls of Open gave one database")
	}
	if _, err := open(t, a).Exec("CREATE TABLE x (i int)"); err != nil {
		t.Fatal(err)
	}
	if got := tables(t, a); got != 1 {
		t.Errorf("%d tables in the first database, want 1", got)
	}
	if got := tables(t, b); got != 0 {
		t.Errorf("%d tables in the second database, want 0", got)
	}
}

func TestDatabaseIsDropped(t *testing.T) {
	var name string
	t.Run("use", func(t *testing.T) {
		u, err := url.Parse(pgtest.Open(t))
		if err != nil {
			t.Fatal(err)
		}
		name = strings.TrimPrefix(u.Path, "/")
	})
	var found bool
	err := open(t, pgtest.Start(t)).QueryRow("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&found)
	if err != nil {
		t.Fatal(err)
	}
	if found {
		t.Error("the database is still there after its test")
	}
}

func TestOpenFromPreparesOnce(t *testing.T) {
	prepared := 0
	prepare := func(ctx context.Context, dsn string) error {
		prepared++
		db, err := sql.Open("postgres", dsn)
		if err != nil {
			return err
		}
		_, err = db.ExecContext(ctx, "CREATE TABLE x (i int)")
		return errors.Join(err, db.Close())
	}
	name, want := rand.Text(), 1
	if os.Getenv("PROFILEKIT_TEST_POSTGRES") != "" {
		want = 2 // no copies are made of what nobody would drop
	}
	a, b := pgtest.OpenFrom(t, name, prepare), pgtest.OpenFrom(t, name, prepare)
	if a == b || prepared != want {
		t.Errorf("same database: %v, prepared %d times; want two databases, prepared %d times", a == b, prepared, want)
	}
	if got := tables(t, a) + tables(t, b); got != 2 {
		t.Errorf("%d tables in the two databases, want 2", got)
	}
}

// TestServerEndsWithItsBinary kills a test binary that has started a server,
// and looks whether the server goes with it.
func TestServerEndsWithItsBinary(t *testing.T) {
	if os.Getenv("PGTEST_CHILD") != "" {
		dir := dataFolder(t)
		if err := os.WriteFile(os.Getenv("PGTEST_CHILD"), []byte(dir), 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // until killed
	}
	if os.Getenv("PROFILEKIT_TEST_POSTGRES") != "" {
		t.Log("the server is not ours to end")
		return
	}
	pgtest.Start(t) // skips where there is none
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(t.TempDir(), "folder")
	child := exec.Command(exe, "-test.run=^TestServerEndsWithItsBinary$")
	child.Env = append(os.Environ(), "PGTEST_CHILD="+note)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var dir string
	until(t, "the child starts its server", func() bool {
		b, err := os.ReadFile(note)
		dir = filepath.Dir(string(b))
		return err == nil && len(b) > 0
	})
	if _, err := os.Stat(dir); err != nil {
		t.Fatalf("before the kill: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	// The folder goes after the server has.
	until(t, "the folder is removed", func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	})
}

func dataFolder(t *testing.T) (dir string) {
	t.Helper()
	if err := open(t, pgtest.Start(t)).QueryRow("SHOW data_directory").Scan(&dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long until %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
