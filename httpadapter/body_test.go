package httpadapter_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/httpadapter"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// TestR35_BrokenBodiesAreTheClientsFault: a body whose chunks are malformed is
// 400, and a connection that is reset in the middle of a body is no error of
// the server; its log has no address of a client.
func TestR35_BrokenBodiesAreTheClientsFault(t *testing.T) {
	log := &lines{}
	w := newWorld(t, func(c *httpadapter.Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", w.srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(time.Minute))
		return conn
	}
	const head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"

	conn := dial()
	fmt.Fprint(conn, head+"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\nno number\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 400 {
		t.Errorf("malformed chunks: %d %s %v, want 400", resp.StatusCode, body, err)
	}

	conn = dial()
	fmt.Fprint(conn, head+"Content-Length: 100\r\nExpect: 100-continue\r\n\r\n")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("%q %v, want 100 Continue", line, err)
	}
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil { // a reset
		t.Fatal(err)
	}
	conn.Close()
	w.srv.Close() // waits for both
	said := log.String()
	if n := strings.Count(said, "msg=request "); n != 2 {
		t.Fatalf("%d requests in the log, want 2:\n%s", n, said)
	}
	if strings.Contains(said, "level=ERROR") || strings.Contains(said, "level=WARN") || strings.Contains(said, "127.0.0.1") {
		t.Errorf("the log says:\n%s", said)
	}
}
