package nodes

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// underWay is a request whose handler is running: it has asked for the body.
type underWay struct {
	conn net.Conn
	from *bufio.Reader
	body []byte
}

// begin sends the head of a request and waits until the handler asks for its
// body by 100 Continue (RFC 9110, 10.1.1): from then on it is accepted.
func (n *node) begin(t *testing.T, method, path, cookie, contentType string, body []byte) *underWay {
	t.Helper()
	conn, err := net.Dial("tcp", n.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\nContent-Type: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		method, path, n.addr, cookieName, cookie, contentType, len(body))
	u := &underWay{conn: conn, from: bufio.NewReader(conn), body: body}
	line, err := u.from.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100") {
		t.Fatalf("%s %s: %q %v, want 100 Continue", method, path, line, err)
	}
	if _, err := u.from.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return u
}

// finish sends the body, or a part of it, and reads the answer.
func (u *underWay) finish(part int) (reply, error) {
	if _, err := u.conn.Write(u.body[:part]); err != nil {
		return reply{}, err
	}
	resp, err := http.ReadResponse(u.from, nil)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, header: resp.Header, body: body}, err
}

func photo(t *testing.T) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := jpeg.Encode(&buf, image.NewGray(image.Rect(0, 0, 96, 96)), nil); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestR34_TerminatedWithRequestsInFlight: SIGTERM arrives, twice, while 200
// requests are under way: sign-ins for the hashing queue, changes and pictures
// whose bodies are yet to come, and bodies that never come to their end. Each
// is answered, within 10 s, and the process ends cleanly. What was answered by
// success is there after the next start.
func TestR34_TerminatedWithRequestsInFlight(t *testing.T) {
	for _, name := range []string{"SQLite", "Postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // mostly waiting
			s := site(t, name).with("LIMITS=off")
			n := s.start()
			people := n.crowd("ada", 5)
			picture := photo(t)
			const (
				signIn = iota
				change
				upload
				endless
				kinds
			)
			counts := [kinds]int{signIn: 60, change: 80, upload: 20, endless: 40}
			var flight [kinds][]*underWay
			for kind, count := range counts {
				for i := range count {
					p := people[i%len(people)]
					var u *underWay
					switch kind {
					case signIn:
						u = n.begin(t, "POST", "/api/auth/login", "", "application/json", []byte(signInBody(p.name, password)))
					case change:
						u = n.begin(t, "PATCH", "/api/profile", p.cookie, "application/json", fmt.Appendf(nil, `{"bio":"change %d"}`, i))
					case upload:
						u = n.begin(t, "PUT", "/api/profile/picture", p.cookie, "image/jpeg", picture)
					case endless:
						u = n.begin(t, "PUT", "/api/profile/picture", p.cookie, "image/jpeg", make([]byte, 1<<20))
					}
					flight[kind] = append(flight[kind], u)
				}
			}
			began := time.Now()
			n.terminate()
			// The listener is closed first: until then the news has not arrived.
			waitFor(t, "end of the listener", func() bool {
				conn, err := net.Dial("tcp", n.addr)
				if err == nil {
					conn.Close()
				}
				return err != nil
			})
			n.terminate()

			var mu sync.Mutex
			var statuses [kinds]map[int]int
			var slowest time.Duration
			var running sync.WaitGroup
			for kind, list := range flight {
				statuses[kind] = map[int]int{}
				for _, u := range list {
					running.Go(func() {
						part := len(u.body)
						if kind == endless {
							part = 1000
						}
						r, err := u.finish(part)
						if err != nil {
							t.Errorf("a request of kind %d was dropped: %v", kind, err)
							return
						}
						mu.Lock()
						defer mu.Unlock()
						statuses[kind][r.status]++
						slowest = max(slowest, time.Since(began))
						if r.status == 503 && r.header.Get("Retry-After") == "" {
							t.Errorf("503 without Retry-After")
						}
					})
				}
			}
			running.Wait()
			n.gone()
			if ended := time.Since(began); slowest > 10*time.Second || ended > 11*time.Second {
				t.Errorf("the last answer came after %s, the end after %s", slowest, ended)
			}
			for kind, count := range counts {
				got := statuses[kind]
				switch {
				case kind == endless && got[503] != count:
					t.Errorf("bodies that never end: %v, want %d times 503", got, count)
				case kind != endless && got[200]+got[503] != count:
					t.Errorf("kind %d: %v, want 200, or 503 for what there was no time for", kind, got)
				case kind == change && got[200] == 0: // hashing and pictures may take all of a busy machine's time
					t.Errorf("changes: %v, want some that were made", got)
				}
			}
			t.Logf("answers: %v, the slowest after %s", statuses, slowest.Round(time.Millisecond))

			n = s.start()
			applied := 0
			for _, p := range people {
				q := p.at(n)
				q.profile()
				applied += len(q.feed("profile.updated"))
			}
			if applied < statuses[change][200] {
				t.Errorf("%d changes were answered by 200, %d are in the feed", statuses[change][200], applied)
			}
		})
	}
}
