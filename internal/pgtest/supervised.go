//go:build unix

package pgtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// obey starts and crashes a program as its standard input asks, a line each,
// and answers with a line. When the input ends, because the test or its binary
// has, the program is ended and the folder removed. $1 is the folder, $2 the
// signal that crashes the program, $3 the one that ends it for good, and the
// rest is the program.
const obey = `dir=$1
crash=$2
end=$3
shift 3
pid=
stop() {
	[ -n "$pid" ] || return 0
	kill -"$1" "$pid"
	wait "$pid"
	pid=
}
while read -r order; do
	case $order in
	start) "$@" >>"$dir/log" 2>&1 </dev/null & pid=$! ;;
	crash) stop "$crash" ;;
	esac
	echo "$order done"
done
stop "$end"
rm -rf "$dir"`

// supervised is a program that can be crashed and started again.
type supervised struct {
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

// newBouncer makes a PgBouncer with that configuration, which listens on port.
func newBouncer(config func(port int) string) (p *supervised, h *home, port int, err error) {
	if h, err = newHome("pgbouncer"); err != nil {
		return nil, nil, 0, err
	}
	defer func() {
		if err != nil {
			h.remove()
		}
	}()
	if port, err = steadyPort(); err != nil {
		return nil, nil, 0, err
	}
	file := filepath.Join(h.dir, "pgbouncer.ini")
	// Readable for the other user; the folder is not for anybody else.
	if err = os.WriteFile(file, []byte(config(port)), 0o644); err != nil {
		return nil, nil, 0, err
	}
	// PgBouncer keeps nothing, and its versions mean different things by the
	// other signals.
	p, err = h.supervise("KILL", "KILL", h.program, file)
	return p, h, port, err
}

// supervise makes a supervisor of a program in h, which is not started yet.
func (h *home) supervise(crash, end string, program ...string) (*supervised, error) {
	args := append([]string{"-c", obey, "pgtest", h.dir, crash, end}, program...)
	cmd := h.command("/bin/sh", args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &supervised{in: in, out: bufio.NewReader(out), cmd: cmd}, nil
}

// order sends start or crash and waits until it is done.
func (s *supervised) order(what string) error {
	if _, err := fmt.Fprintln(s.in, what); err != nil {
		return err
	}
	// A supervisor that hangs is ended, which ends the read.
	late := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	line, err := s.out.ReadString('\n')
	if err != nil {
		return fmt.Errorf("%s: the supervisor does not answer: %w", what, err)
	}
	if line != what+" done\n" {
		return fmt.Errorf("%s: the supervisor says %q", what, line)
	}
	return nil
}

// end ends the program, removes the folder and waits for both.
func (s *supervised) end() {
	_ = s.in.Close()
	late := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() })
	defer late.Stop()
	_, _ = io.Copy(io.Discard, s.out)
	_ = s.cmd.Wait()
}

// newServer makes a server without files in a home of its own.
func newServer() (*Server, error) {
	h, err := newHome("postgres")
	if err != nil {
		return nil, err
	}
	port, err := steadyPort()
	if err != nil {
		h.remove()
		return nil, err
	}
	s := &Server{port: port, home: h}
	// SIGQUIT is the immediate shutdown, SIGINT the fast one. After a promotion
	// an immediate one can take 5 s, until a child that has missed it is killed.
	s.program, err = h.supervise("QUIT", "INT", h.program, "-D", h.data(), "-p", strconv.Itoa(port), "-k", h.dir, "-h", "127.0.0.1",
		"-c", "max_connections=200", "-c", "shared_buffers=32MB", "-c", "max_wal_senders=10",
		"-c", "wal_receiver_status_interval=1", "-c", "wal_retrieve_retry_interval=100ms")
	if err != nil {
		h.remove()
		return nil, err
	}
	return s, nil
}

// copyOf fills the home of s with a copy of primary, which s will follow.
func (s *Server) copyOf(primary *Server) error {
	return s.home.run("pg_basebackup", "-h", "127.0.0.1", "-p", strconv.Itoa(primary.port), "-U", "postgres",
		"-D", s.home.data(), "-R", "-X", "stream", "-c", "fast", "-N")
}

// logFile is what the programs of s have said.
func (h *home) logFile() string { return filepath.Join(h.dir, "log") }
