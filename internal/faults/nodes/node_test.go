package nodes

import (
	"bytes"
	"database/sql"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	_ "github.com/lib/pq"
	_ "modernc.org/sqlite"
)

// patience bounds whatever a test waits for on a loaded machine.
const patience = 60 * time.Second

// place is what nodes share: a database, and a folder with keys and pictures.
type place struct {
	t    *testing.T
	name string
	data string
	env  []string
}

func site(t *testing.T, database string) *place {
	t.Helper()
	return &place{t: t, name: database, data: filepath.Join(t.TempDir(), "data"), env: databases[database](t)}
}

// with adds to the environment of the nodes that start from now on.
func (s *place) with(env ...string) *place {
	s.env = append(slices.Clone(s.env), env...)
	return s
}

// dsn is that of Postgres, or "".
func (s *place) dsn() string {
	for _, e := range s.env {
		if dsn, ok := strings.CutPrefix(e, "DATABASE_URL="); ok {
			return dsn
		}
	}
	return ""
}

// file is SQLite's.
func (s *place) file() string { return filepath.Join(s.data, "profilekit.db") }

// query is a connection of the test's own to the database, past the nodes.
func (s *place) query() *sql.DB {
	s.t.Helper()
	driver, dsn := "sqlite", "file:"+s.file()+"?_pragma=busy_timeout(5000)"
	if d := s.dsn(); d != "" {
		driver, dsn = "postgres", d
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { db.Close() })
	return db
}

// output collects what a process says; it is read while the process writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

// tail is the end of the output, for messages.
func (o *output) tail() string {
	lines := strings.Split(strings.TrimSpace(o.String()), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

// node is one process.
type node struct {
	t     *testing.T
	addr  string // known when it is ready
	url   string
	cmd   *exec.Cmd
	said  *output       // on stdout
	log   *output       // on stderr
	ended chan struct{} // closed when the process is gone
	err   error         // of its end; read after ended
}

// start starts a node and waits until it is ready.
func (s *place) start(env ...string) *node {
	s.t.Helper()
	n := s.run(exec.Command(binary, s.flags()...), env...)
	n.ready()
	return n
}

// gated starts a node that does nothing until gate is at its end: closing the
// other end lets all of them begin at one moment.
func (s *place) gated(gate *os.File) *node {
	s.t.Helper()
	cmd := exec.Command("sh", slices.Concat([]string{"-c", `read -r x; exec "$0" "$@"`, binary}, s.flags())...)
	cmd.Stdin = gate
	return s.run(cmd)
}

// flags let the system choose the port, so that nobody else has it.
func (s *place) flags() []string { return []string{"-addr", "127.0.0.1:0", "-data", s.data} }

func (s *place) run(cmd *exec.Cmd, env ...string) *node {
	s.t.Helper()
	n := &node{t: s.t, cmd: cmd, said: &output{}, log: &output{}, ended: make(chan struct{})}
	n.cmd.Env = slices.Concat(os.Environ(), s.env, env)
	n.cmd.Stdout, n.cmd.Stderr = n.said, n.log
	if err := startTied(n.cmd); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		n.err = n.cmd.Wait()
		close(n.ended)
	}()
	s.t.Cleanup(func() {
		_ = n.cmd.Process.Kill() // it may be gone
		<-n.ended
		if said := n.log.String(); strings.Contains(said, "DATA RACE") || strings.Contains(said, "handler panicked") {
			s.t.Errorf("the node says:\n%s", said)
		}
	})
	return n
}

// ready waits until the node has told its port and its /readyz is 200.
func (n *node) ready() {
	n.t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if m := opened.FindStringSubmatch(n.said.String()); m != nil {
			n.addr, n.url = "127.0.0.1:"+m[1], "http://127.0.0.1:"+m[1]
			resp, err := client.Get(n.url + "/readyz")
			if err == nil {
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					return
				}
			}
		}
		select {
		case <-n.ended:
			n.t.Fatalf("the node stopped at start: %v\n%s", n.err, n.log.tail())
		case <-time.After(2 * time.Millisecond):
		}
	}
	n.t.Fatalf("the node is not ready after %s:\n%s", patience, n.log.tail())
}

// opened is how the program says where it listens.
var opened = regexp.MustCompile(`open http://localhost:(\d+) `)

// kill ends the process as kill -9 does.
func (n *node) kill() {
	n.t.Helper()
	if err := n.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		n.t.Fatal(err)
	}
	<-n.ended
}

// terminate asks the process to end.
func (n *node) terminate() {
	n.t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		n.t.Fatal(err)
	}
}

// gone waits for the end of the process, which must be a clean one.
func (n *node) gone() {
	n.t.Helper()
	select {
	case <-n.ended:
		if n.err != nil {
			n.t.Errorf("the node ended with %v:\n%s", n.err, n.log.tail())
		}
	case <-time.After(patience):
		n.t.Fatal("the node does not end")
	}
}
