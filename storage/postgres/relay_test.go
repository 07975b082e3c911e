package postgres_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// relay stands between a test and the server. It counts what the client asks,
// by the type of the message, and can fall silent without closing anything.
type relay struct {
	dsn string

	mu     sync.Mutex
	sent   map[byte]int
	silent bool
	wake   chan struct{}
}

func newRelay(t testing.TB, dsn string) *relay {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	server := u.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u.Host = l.Addr().String()
	r := &relay{dsn: u.String(), sent: map[byte]int{}, wake: make(chan struct{})}
	var all sync.WaitGroup
	var conns sync.Map
	t.Cleanup(func() {
		l.Close()
		close(r.wake)
		conns.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		all.Wait()
	})
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				return
			}
			conns.Store(client, nil)
			conns.Store(back, nil)
			all.Go(func() {
				defer back.Close()
				r.requests(back, client)
			})
			all.Go(func() {
				defer client.Close()
				_, _ = io.Copy(client, back)
			})
		}
	})
	return r
}

// requests passes messages on, counting them: one without a type first, then
// a byte of type, four of length and the rest.
func (r *relay) requests(to io.Writer, from io.Reader) {
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first {
			head = head[:4]
		}
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		rest := make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)
		if _, err := io.ReadFull(from, rest); err != nil {
			return
		}
		r.mu.Lock()
		if !first {
			r.sent[head[0]]++
		}
		silent := r.silent
		r.mu.Unlock()
		if silent {
			<-r.wake
			return
		}
		if _, err := to.Write(append(head, rest...)); err != nil {
			return
		}
	}
}

// count is how many messages of the types f made the client send.
func (r *relay) count(f func(), types string) (n int) {
	r.mu.Lock()
	r.sent = map[byte]int{}
	r.mu.Unlock()
	f()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range []byte(types) {
		n += r.sent[c]
	}
	return n
}

// hush makes the server look dead from now on.
func (r *relay) hush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent = true
}
