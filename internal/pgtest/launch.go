//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// keepAlive runs the server until its standard input ends, which it does when
// the test binary is gone, and then removes the folder. $1 is the server, $2
// the folder, $3 the port.
const keepAlive = `"$1" -D "$2/data" -p "$3" -k "$2" -h 127.0.0.1 \
	-c max_connections=200 -c shared_buffers=64MB \
	>"$2/log" 2>&1 </dev/null &
pid=$!
cat >/dev/null
kill -QUIT "$pid"
wait "$pid"
rm -rf "$2"`

// careless is quick, for data that nobody misses. It stands in the server's
// file and not on its command line, which the ALTER SYSTEM of durable could not
// overrule.
const careless = "\nfsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"

// process is a server that was started.
type process struct {
	base string // URL of its maintenance database
	data string // its data folder
	pipe io.Closer
	cmd  *exec.Cmd
}

// stop ends the server and waits for that.
func (p *process) stop() {
	_ = p.pipe.Close()
	_ = p.cmd.Wait()
}

// running keeps the pipe to the supervisor from being collected and closed.
var running *process

// launch makes a data folder and starts a server on it, which may not answer
// yet.
func launch() (*process, error) {
	h, err := newHome("postgres")
	if err != nil {
		return nil, err
	}
	if err := h.initdb(); err != nil {
		h.remove()
		return nil, err
	}
	if err := h.configure(careless); err != nil {
		h.remove()
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		h.remove()
		return nil, err
	}
	cmd := h.command("/bin/sh", "-c", keepAlive, "pgtest", h.program, h.dir, strconv.Itoa(port))
	// The write end stays open in this process alone, until it is gone.
	pipe, err := cmd.StdinPipe()
	if err != nil {
		h.remove()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		h.remove()
		return nil, err
	}
	running = &process{
		base: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
		data: h.data(), pipe: pipe, cmd: cmd,
	}
	return running, nil
}

// home is the folder of one server, and the user that it runs as.
type home struct {
	dir        string
	program    string // the server
	credential *syscall.Credential
}

func newHome(server string) (*home, error) {
	program, err := binary(server)
	if err != nil {
		return nil, err
	}
	credential, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest")
	if err != nil {
		return nil, err
	}
	h := &home{dir: dir, program: program, credential: credential}
	if credential != nil {
		if err := os.Chown(dir, int(credential.Uid), int(credential.Gid)); err != nil {
			h.remove()
			return nil, err
		}
	}
	return h, nil
}

// data is where the server keeps its files.
func (h *home) data() string { return filepath.Join(h.dir, "data") }

func (h *home) remove() { _ = os.RemoveAll(h.dir) }

func (h *home) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = h.dir // the working folder may be closed to the other user
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8", "TZ=UTC", "HOME=" + h.dir}
	// A group of its own: an interrupt at the terminal must reach the
	// supervisor as the end of the pipe, in its order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: h.credential, Setpgid: true}
	return cmd
}

func (h *home) initdb() error {
	return h.run("initdb", "-D", h.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
}

// configure adds lines to the server's file of settings.
func (h *home) configure(lines string) error {
	f, err := os.OpenFile(filepath.Join(h.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(lines)
	return errors.Join(err, f.Close())
}

// run runs one of Postgres' programs to its end: the one beside the server, of
// the same version. In PATH, Debian has a script of that name.
func (h *home) run(name string, args ...string) error {
	path := filepath.Join(filepath.Dir(h.program), name)
	if out, err := h.command(path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, out)
	}
	return nil
}

// binary finds a program in PATH or where Debian keeps the versions, newest
// first.
func binary(name string) (string, error) {
	places, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	slices.SortFunc(places, func(a, b string) int { return version(b) - version(a) })
	if path, err := exec.LookPath(name); err == nil {
		places = append([]string{path}, places...)
	}
	places = append(places, "/usr/sbin/"+name) // which not everybody's PATH has
	for _, path := range places {
		// Postgres finds its other files from its own place. Debian's wrapper of
		// clients goes by the name it is called with.
		if real, err := filepath.EvalSymlinks(path); err == nil && filepath.Base(real) != "pg_wrapper" {
			return real, nil
		}
	}
	return "", fmt.Errorf("%s is not in PATH, nor where Debian keeps it", name)
}

func version(path string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return n
}

// unprivileged is the user to run the server as: Postgres refuses root. It is
// nil for whoever is not root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("root cannot run Postgres, and there is no user postgres or nobody")
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
