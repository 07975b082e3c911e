//go:build unix

package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/lib/pq"
	sqlitedriver "modernc.org/sqlite"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// The environment of a process that only migrates: the database, and the number
// of the call to its driver before which it is killed, 0 for none.
const (
	childDatabase = "PROFILEKIT_TEST_MIGRATE"
	childDeath    = "PROFILEKIT_TEST_MIGRATE_DEATH"
)

// TestMigratingChild is that process; alone it has nothing to migrate and tests
// the counting. One that is not to be killed opens its database as hosts do: SQLite
// refuses the change of a new file to a log at once when another process makes it
// too, whatever the busy timeout says, and sqlite.Open waits for its turn then, while
// the driver that counts does not.
func TestMigratingChild(t *testing.T) {
	at := os.Getenv(childDatabase)
	if at == "" {
		at = filepath.Join(t.TempDir(), "app.db")
	}
	death, _ := strconv.Atoi(os.Getenv(childDeath))
	if death == 0 && os.Getenv(childDatabase) != "" {
		if err := asHostsDo(t, at).Migrate(t.Context(), inUTC); err != nil {
			t.Fatal(err)
		}
		return
	}
	mortal := &mortal{death: death}
	dialect := sqlstore.SQLite
	if strings.HasPrefix(at, "postgres:") {
		dialect, mortal.next = sqlstore.Postgres, &pq.Driver{}
	} else {
		at = "file:" + at + "?_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=busy_timeout(20000)"
		mortal.next = &sqlitedriver.Driver{}
	}
	pool := sql.OpenDB(connector{mortal, at})
	if dialect == sqlstore.SQLite {
		pool.SetMaxOpenConns(1)
	}
	db := sqlstore.New(sqlx.NewDb(pool, "any"), dialect, sqlstore.Options{})
	defer db.Close()
	if err := db.Migrate(t.Context(), inUTC); err != nil {
		t.Fatal(err)
	}
	if mortal.calls == 0 {
		t.Error("no call was counted")
	}
}

// asHostsDo opens a database, on a machine where twenty processes at once take their
// time.
func asHostsDo(t *testing.T, at string) *sqlstore.DB {
	t.Helper()
	var db *sqlstore.DB
	var err error
	if strings.HasPrefix(at, "postgres:") {
		db, err = postgres.Open(t.Context(), at, postgres.Options{})
	} else {
		db, err = sqlite.Open(t.Context(), at, sqlite.Options{BusyTimeout: 20 * time.Second})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// child starts the process above.
func child(t *testing.T, at string, death int) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestMigratingChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), childDatabase+"="+at, childDeath+"="+strconv.Itoa(death))
	return cmd
}

func TestR31_TwentyProcessesMigrateOnce(t *testing.T) {
	const nodes = 20
	fresh(t, func(t *testing.T, p place) {
		var all sync.WaitGroup
		for i := range nodes {
			all.Go(func() {
				if out, err := child(t, p.at, 0).CombinedOutput(); err != nil {
					t.Errorf("process %d: %v\n%s", i, err, out)
				}
			})
		}
		all.Wait()
		db := p.open(t)
		var versions []int
		ask(t, db, &versions, "SELECT version_id FROM profilekit_migrations ORDER BY version_id")
		if fmt.Sprint(versions) != fmt.Sprint(everyVersion(t)) {
			t.Errorf("recorded versions %v", versions)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestR33_KilledInEachStepOfAMigration(t *testing.T) {
	old := func(t *testing.T) place {
		return place{postgres: true, at: pgtest.OpenFrom(t, "old users", func(ctx context.Context, dsn string) error {
			db, err := sql.Open("postgres", dsn)
			if err != nil {
				return err
			}
			_, err = db.ExecContext(ctx, oldTable+`; INSERT INTO users (username, email, password_hash, created_at)
				SELECT 'u' || n, 'u' || n || '@example.org', '', '2024-01-01' FROM generate_series(1, 50) n`)
			return errors.Join(err, db.Close())
		})}
	}
	for name, c := range map[string]struct {
		open func(t *testing.T) place
		rows int
	}{
		"sqlite":   {func(t *testing.T) place { return place{at: filepath.Join(t.TempDir(), "app.db")} }, 0},
		"postgres": {func(t *testing.T) place { return place{postgres: true, at: pgtest.Open(t)} }, 0},
		"adoption": {old, 50},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := c.open(t)
			db := whole.open(t)
			if err := db.Migrate(t.Context(), inUTC); err != nil {
				t.Fatal(err)
			}
			want := tables(t, db, whole)
			// In the short form not before every call, but in every step.
			stride := 1
			if !long() {
				stride = 4
			}
			kills := 0
			for death := 1; ; death += stride {
				p := c.open(t)
				out, err := child(t, p.at, death).CombinedOutput()
				if err == nil {
					break
				}
				var exit *exec.ExitError
				if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
					t.Fatalf("the process was to be killed before call %d: %v\n%s", death, err, out)
				}
				kills++
				db := p.open(t)
				if err := db.Migrate(t.Context(), inUTC); err != nil {
					t.Fatalf("after a death before call %d: %v", death, err)
				}
				// While Postgres has not noticed the death yet, the name of the
				// sequence that it began to make is taken, and it chooses another.
				got := strings.ReplaceAll(tables(t, db, p), "profilekit_migrations_id_seq1", "profilekit_migrations_id_seq")
				if got != want {
					t.Errorf("after a death before call %d the tables differ:\n%s", death, difference(got, want))
				}
				var rows []int
				if ask(t, db, &rows, "SELECT count(*) FROM users"); rows[0] != c.rows {
					t.Errorf("after a death before call %d there are %d users, want %d", death, rows[0], c.rows)
				}
				_ = db.Close()
			}
			t.Logf("killed %d times", kills)
			if kills < 20/stride {
				t.Errorf("killed only %d times", kills)
			}
		})
	}
}

// tables is all that a database's catalog says.
func tables(t *testing.T, db *sqlstore.DB, p place) string {
	t.Helper()
	if p.postgres {
		return pgtest.Dump(t, p.at, true)
	}
	var lines []string
	ask(t, db, &lines, "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name")
	return strings.Join(lines, "\n")
}

// The server may learn late that a process died: what that process had not
// committed is still there when the next one begins.
func TestR33_AnUnfinishedMigrationOfTheDeadLeavesNoTrace(t *testing.T) {
	p := place{postgres: true, at: pgtest.Open(t)}
	pool, err := sql.Open("postgres", p.at)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	dead, err := pool.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files(t, sqlstore.Postgres)[:2] {
		text, err := fs.ReadFile(sqlstore.Migrations(sqlstore.Postgres), name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dead.Exec(string(text)); err != nil {
			t.Fatal(err)
		}
	}
	db := p.open(t)
	done := make(chan error, 1)
	go func() { done <- db.Migrate(t.Context(), sqlstore.MigrateOptions{}) }()
	for waits := 0; waits == 0; {
		waits = one[int](t, pool, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
		select {
		case err := <-done:
			t.Fatalf("Migrate did not wait: %v", err)
		case <-time.After(5 * time.Millisecond): // not to ask without a pause
		}
	}
	if err := dead.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if got, want := tables(t, db, p), pgtest.Dump(t, migrated(t), true); got != want {
		t.Errorf("the tables differ:\n%s", difference(got, want))
	}
}

// difference is the lines that are in one text alone.
func difference(got, want string) string {
	var b strings.Builder
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for _, line := range g {
		if !slices.Contains(w, line) {
			b.WriteString("+ " + line + "\n")
		}
	}
	for _, line := range w {
		if !slices.Contains(g, line) {
			b.WriteString("- " + line + "\n")
		}
	}
	return b.String()
}

// connector and mortal are a driver that kills its process before the call of
// that number.
type connector struct {
	*mortal
	name string
}

func (c connector) Connect(context.Context) (driver.Conn, error) {
	next, err := c.next.Open(c.name)
	return &mortalConn{next, c.mortal}, err
}

func (c connector) Driver() driver.Driver { return c.next }

type mortal struct {
	next  driver.Driver
	mu    sync.Mutex
	death int
	calls int
}

func (m *mortal) live() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls++
	if m.calls == m.death {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // the signal is on its way
	}
}

type mortalConn struct {
	driver.Conn
	m *mortal
}

func (c *mortalConn) Prepare(query string) (driver.Stmt, error) {
	c.m.live()
	return c.Conn.Prepare(query)
}

func (c *mortalConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.m.live()
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *mortalConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.m.live()
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *mortalConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	c.m.live()
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	return mortalTx{tx, c.m}, err
}

type mortalTx struct {
	driver.Tx
	m *mortal
}

func (t mortalTx) Commit() error {
	t.m.live()
	return t.Tx.Commit()
}
