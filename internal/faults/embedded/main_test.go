package embedded

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// patience bounds whatever a test waits for.
const patience = 60 * time.Second

// roleVariable makes this binary play a role instead of running tests.
const roleVariable = "PROFILEKIT_EMBEDDED_ROLE"

// A role is what another process does; it reads its orders from stdin.
var roles = map[string]func(path string, orders io.Reader) error{
	"writer": writer,
	"holder": holder,
	"guest":  guest,
}

func TestMain(m *testing.M) {
	role, ok := roles[os.Getenv(roleVariable)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := role(os.Args[1], os.Stdin); err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

// long is set by .ci/long.
func long() bool { return os.Getenv("PROFILEKIT_LONG") != "" }

// either is the short or the long form of a parameter.
func either[T any](short, longer T) T {
	if long() {
		return longer
	}
	return short
}

// process is this binary in a role.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	orders io.WriteCloser
	lines  *bufio.Scanner
}

func start(t *testing.T, role, path string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(exe, path)}
	p.cmd.Env = append(os.Environ(), roleVariable+"="+role)
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		p.orders, err = p.cmd.StdinPipe()
	}
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewScanner(out)
	deadline := time.AfterFunc(2*patience, func() { _ = p.cmd.Process.Kill() })
	t.Cleanup(func() {
		deadline.Stop()
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p
}

// order tells the process to go on.
func (p *process) order() {
	p.t.Helper()
	if _, err := io.WriteString(p.orders, "\n"); err != nil {
		p.t.Fatal(err)
	}
}

// line is the next that the process writes, "" at its end.
func (p *process) line() string {
	p.t.Helper()
	if !p.lines.Scan() {
		return ""
	}
	text := p.lines.Text()
	if strings.HasPrefix(text, "failed: ") {
		p.t.Fatal("the other process ", text)
	}
	return text
}

// kill is kill -9; it returns when the process is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	for p.lines.Scan() { // what it wrote before
	}
	_ = p.cmd.Wait()
}

// open returns a migrated database.
func open(ctx context.Context, path string) (*sqlstore.DB, error) {
	db, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
		db.Close() // a removed file that is open takes its room
		return nil, err
	}
	return db, nil
}

func mustOpen(t *testing.T, path string) *sqlstore.DB {
	t.Helper()
	db, err := open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// sound fails the test when the database is damaged.
func sound(t *testing.T, path string) {
	t.Helper()
	if err := sqlite.Check(t.Context(), path); err != nil {
		t.Errorf("integrity: %v", err)
	}
}

// account is the user called name, made when there is none.
func account(ctx context.Context, db *sqlstore.DB, name string) (profile.User, error) {
	if u, err := db.Users().ByUsername(ctx, name); err == nil {
		return u, nil
	}
	return db.Users().Create(ctx, profile.User{Username: name, Email: name + "@example.org"})
}
