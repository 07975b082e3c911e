package proxy

import (
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Verdict is what becomes of a message.
type Verdict int

const (
	Pass      Verdict = iota
	CutBefore         // the connection is reset; the server never sees the message
	CutAfter          // the server gets the message, the client no answer: its connection is reset
	EndAfter          // as CutAfter, but the connection ends in an orderly way
	Hang              // the server gets the message, the client hears nothing more
)

// Wire stands between a client and Postgres and reads what the client says
// (PostgreSQL manual, 55.7, "Message Formats"), so that a fault can strike at
// one message. The DSN must say sslmode=disable.
type Wire struct {
	mu    sync.Mutex
	judge func(kind byte, payload []byte) Verdict
	sent  map[byte]int
	conns map[net.Conn]bool
}

// NewWire returns a Wire before the server of dsn, and the DSN through it.
func NewWire(t testing.TB, dsn string) (*Wire, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal("proxy: not a URL")
	}
	server := u.Host
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u.Host = l.Addr().String()
	w := &Wire{sent: map[byte]int{}, conns: map[net.Conn]bool{}}
	var all sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		w.mu.Lock()
		for c := range w.conns {
			c.Close()
		}
		w.conns = nil
		w.mu.Unlock()
		all.Wait()
	})
	all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			back, err := net.Dial("tcp", server)
			if err != nil || !w.keep(client, back) {
				client.Close()
				continue
			}
			all.Go(func() { w.serve(client, back) })
		}
	})
	return w, u.String()
}

// Judge decides over each message of the client from now on; nil passes all.
// kind is the message's type, 'Q', 'P', 'B', 'E', …
func (w *Wire) Judge(judge func(kind byte, payload []byte) Verdict) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.judge = judge
}

// Sent is how many messages of these types clients have sent.
func (w *Wire) Sent(kinds string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for i := range len(kinds) {
		n += w.sent[kinds[i]]
	}
	return n
}

func (w *Wire) keep(cs ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.conns == nil {
		return false
	}
	for _, c := range cs {
		w.conns[c] = true
	}
	return true
}

func (w *Wire) drop(c net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.conns, c)
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, not an orderly end
	}
	c.Close()
}

func (w *Wire) serve(client, back net.Conn) {
	deaf := make(chan struct{})
	var answers sync.WaitGroup
	answers.Go(func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := back.Read(buf)
			select {
			case <-deaf: // swallow what is left
			default:
				if n > 0 {
					if _, e := client.Write(buf[:n]); e != nil {
						err = e
					}
				}
			}
			if err != nil {
				return
			}
		}
	})
	verdict := w.requests(client, back, deaf)
	switch verdict {
	case Hang:
		_, _ = io.Copy(io.Discard, client) // until the client gives up
	case EndAfter:
		client.Close()
	}
	if verdict == CutBefore || verdict == CutAfter {
		w.drop(client)
	}
	back.Close()
	answers.Wait()
	w.drop(back)
	w.drop(client)
}

// requests passes messages on until one is judged otherwise or the client
// ends. It closes deaf before it passes on the one whose answer is not to be
// heard.
func (w *Wire) requests(client, back net.Conn, deaf chan<- struct{}) Verdict {
	head := make([]byte, 5)
	for first := true; ; first = false {
		h := head
		if first { // the first message has no type
			h = head[1:]
			head[0] = 0
		}
		if _, err := io.ReadFull(client, h); err != nil {
			return Pass
		}
		length := binary.BigEndian.Uint32(head[1:])
		if length < 4 || length > 64<<20 {
			return CutBefore
		}
		payload := make([]byte, length-4)
		if _, err := io.ReadFull(client, payload); err != nil {
			return Pass
		}
		w.mu.Lock()
		w.sent[head[0]]++
		judge := w.judge
		w.mu.Unlock()
		verdict := Pass
		if judge != nil && !first {
			verdict = judge(head[0], payload)
		}
		if verdict == CutBefore {
			return verdict
		}
		if verdict != Pass {
			close(deaf)
		}
		if _, err := back.Write(append(append([]byte(nil), h...), payload...)); err != nil {
			return Pass
		}
		if verdict != Pass {
			return verdict
		}
	}
}
