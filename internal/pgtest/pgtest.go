// Package pgtest gives tests fresh Postgres databases. It starts a private
// server from the installed binaries, one for a test binary, on a free port of
// 127.0.0.1 and a socket in a temporary folder:
//
//	dsn := pgtest.Open(t)
//	db, err := postgres.Open(t.Context(), dsn)
//
// With the environment variable PROFILEKIT_TEST_POSTGRES, the DSN (a URL) of a
// server whose user may create databases, it uses that one instead.
//
// When there is neither, the test is skipped with a loud message, or fails when
// the variable CI is set.
//
// New starts a server of a test's own instead, that may be crashed and followed
// by a replica:
//
//	s := pgtest.New(t)
//	r := s.Replica()
//	s.Crash()
//	r.Promote()
//
// Bouncer puts a PgBouncer in front of a server.
//
// A server ends with the test binary, however that ends: it is the child of a
// shell that waits for the end of a pipe which only the binary holds open.
package pgtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver
)

// patience bounds whatever pgtest waits for.
const patience = 30 * time.Second

// Open returns the DSN of a new, empty database, which is dropped at the end of
// the test. For a benchmark the private server keeps its promise of durability
// (fsync); for a test it does without.
func Open(t testing.TB) (dsn string) {
	t.Helper()
	return create(t, "template0")
}

var templates struct {
	sync.Mutex
	made map[string]string // name -> database
}

// OpenFrom is Open with a database that prepare has filled. On a private server
// prepare runs once for a name, and later databases are copies, which is
// quicker.
func OpenFrom(t testing.TB, name string, prepare func(ctx context.Context, dsn string) error) (dsn string) {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	if templates.made == nil {
		templates.made = map[string]string{}
	}
	server := start(t)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if !server.private { // nobody would drop the template
		dsn := create(t, "template0")
		if err := prepare(ctx, dsn); err != nil {
			t.Fatalf("pgtest: prepare %s: %v", name, err)
		}
		return dsn
	}
	if _, ok := templates.made[name]; !ok {
		db := databaseName()
		server.exec(t, "CREATE DATABASE "+db+" TEMPLATE template0")
		if err := prepare(ctx, server.dsn(db)); err != nil {
			t.Fatalf("pgtest: prepare %s: %v", name, err)
		}
		templates.made[name] = db
	}
	return create(t, templates.made[name])
}

func create(t testing.TB, template string) string {
	t.Helper()
	server := start(t)
	if _, bench := t.(*testing.B); bench {
		server.durable(t)
	}
	db := databaseName()
	server.exec(t, "CREATE DATABASE "+db+" TEMPLATE "+template)
	t.Cleanup(func() { server.exec(t, "DROP DATABASE IF EXISTS "+db+" WITH (FORCE)") })
	return server.dsn(db)
}

// databaseName is letters and digits only, so it needs no quotes.
func databaseName() string { return "profilekit_" + strings.ToLower(rand.Text()[:16]) }

// Start returns the DSN of the server's maintenance database, for tests that
// look at the server itself.
func Start(t testing.TB) (dsn string) {
	t.Helper()
	return start(t).base
}

// server is a running Postgres.
type server struct {
	base    string // URL of its maintenance database
	private bool
	admin   *sql.DB
	sync    sync.Once
}

var one struct {
	sync.Mutex
	server *server
	err    error
}

// start returns the server of this test binary, starting it at the first call.
func start(t testing.TB) *server {
	t.Helper()
	one.Lock()
	defer one.Unlock()
	if one.server == nil && one.err == nil {
		one.server, one.err = find()
	}
	if one.err == nil {
		return one.server
	}
	missing(t, one.err)
	return nil // not reached
}

// missing ends a test that has no server.
func missing(t testing.TB, err error) {
	t.Helper()
	without(t, "Postgres", "Install postgresql or set PROFILEKIT_TEST_POSTGRES.", err)
}

func without(t testing.TB, what, advice string, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("pgtest: no %s, and CI is set: %v", what, err)
	}
	fmt.Fprintf(os.Stderr, "\n*** SKIPPED %s: no %s. %s (%v)\n\n", t.Name(), what, advice, err)
	t.Skipf("no %s: %v", what, err)
}

// find connects to the given server or starts one.
func find() (*server, error) {
	if base := os.Getenv("PROFILEKIT_TEST_POSTGRES"); base != "" {
		if u, err := url.Parse(base); err != nil || u.Scheme == "" {
			return nil, errors.New("PROFILEKIT_TEST_POSTGRES is not a URL")
		}
		s := &server{base: base}
		return s, s.connect("")
	}
	var err error
	// Between choosing a free port and using it another program may take it.
	for range 3 {
		var p *process
		if p, err = launch(); err != nil {
			return nil, err
		}
		s := &server{base: p.base, private: true}
		if err = s.connect(p.data); err == nil {
			return s, nil
		}
		p.stop()
	}
	return nil, err
}

// connect waits until the server answers, and makes sure that it is the one
// with that data folder, when one is given.
func (s *server) connect(data string) error {
	admin, err := sql.Open("postgres", s.base)
	if err != nil {
		return errors.New("the DSN cannot be read")
	}
	admin.SetMaxOpenConns(2)
	s.admin = admin
	if err := s.wait(); err != nil || data == "" {
		return err
	}
	var found string
	if err := admin.QueryRow("SHOW data_directory").Scan(&found); err != nil {
		return err
	}
	if found != data {
		return errors.New("another server took the port")
	}
	return nil
}

// wait waits until the server answers.
func (s *server) wait() error {
	return until(func() (bool, error) {
		_, err := s.admin.Exec("SELECT 1")
		return err == nil, err
	})
}

// until waits until done, and returns the last error when it takes too long.
func until(done func() (bool, error)) error {
	deadline := time.Now().Add(patience)
	for {
		ok, err := done()
		if ok {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v; the last error: %w", patience, err)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// tellLog shows the last lines that the programs of h wrote.
func tellLog(t testing.TB, h *home, what string) {
	log, _ := os.ReadFile(h.logFile())
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	t.Logf("the log of %s:\n%s", what, strings.Join(lines[max(0, len(lines)-30):], "\n"))
}

func (s *server) exec(t testing.TB, statement string) {
	t.Helper()
	// Not t.Context(), which has ended when a test cleans up.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := s.admin.ExecContext(ctx, statement); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
}

// durable turns fsync on, from now on, for figures that mean something.
func (s *server) durable(t testing.TB) {
	if !s.private {
		return
	}
	s.sync.Do(func() {
		s.exec(t, "ALTER SYSTEM SET fsync = on")
		s.exec(t, "ALTER SYSTEM SET synchronous_commit = on")
		s.exec(t, "ALTER SYSTEM SET full_page_writes = on")
		s.exec(t, "SELECT pg_reload_conf()")
	})
}

func (s *server) dsn(database string) string {
	u, _ := url.Parse(s.base)
	u.Path = "/" + database
	return u.String()
}
