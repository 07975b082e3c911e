package nodes

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// marker is what a user's data holds and nobody else's.
func marker(name string) string { return "~" + name + "~" }

// foreign is the marker of another user in what this one was told, or "".
func foreign(said []byte, name string, all []*person) string {
	for _, p := range all {
		if p.name != name && (strings.Contains(string(said), marker(p.name)) || strings.Contains(string(said), `"`+p.name+`"`)) {
			return p.name
		}
	}
	return ""
}

// TestR35P54_ClientsCutAtRandom: 50 users read and change their data while their
// connections are cut at random moments, in the middle of a request, of the work
// on it or of the answer. No answer holds another user's data; afterwards no
// transaction is left open, no connection is lost to the pool, none to a client
// is left open, and everybody is served.
func TestR35P54_ClientsCutAtRandom(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		if s.name == "Postgres" {
			s.with("DATABASE_URL=" + s.dsn() + "&application_name=node")
		}
		n := s.start()
		const users = 50
		people := s.people(n, "user", users)
		for _, p := range people {
			m := marker(p.name)
			p.must(200, "PATCH", "/api/profile", object(map[string]any{"bio": m, "displayName": m}))
		}
		before := make([]int64, users) // versions, less what is in the feed
		for i, p := range people {
			before[i] = version(t, p.profile().etag) - int64(len(p.feed("profile.updated")))
		}
		client.CloseIdleConnections()
		waitFor(t, "end of the idle connections", func() bool { return n.sockets() == 0 })

		cuts := rounds(200, 1000)
		var started, cut, whole atomic.Int64
		var running sync.WaitGroup
		for i := range 16 {
			running.Go(func() {
				rnd := rand.New(rand.NewPCG(uint64(i), 35))
				for j := 0; cut.Load() < int64(cuts) && !t.Failed(); j++ {
					p := people[rnd.IntN(users)]
					method, path, body := "GET", []string{"/api/profile", "/api/activity", "/api/settings", "/api/auth/sessions"}[rnd.IntN(4)], ""
					if rnd.IntN(2) == 0 {
						method, path, body = "PATCH", "/api/profile", object(map[string]any{"pronouns": fmt.Sprintf("%s %d.%d", marker(p.name), i, j)})
					}
					started.Add(1)
					ctx, cancel := context.WithCancel(t.Context())
					switch rnd.IntN(4) {
					case 0:
						cancel()
						if err := n.half(p, method, path, body, rnd); err != nil {
							t.Error(err)
							return
						}
						cut.Add(1)
						continue
					case 1: // read to the end
					default:
						time.AfterFunc(time.Duration(rnd.IntN(15000))*time.Microsecond, cancel)
					}
					r, err := p.send(ctx, method, path, body)
					cancelled := ctx.Err() != nil
					cancel()
					if err != nil {
						if !cancelled {
							t.Errorf("%s %s: %v", method, path, err)
							return
						}
						cut.Add(1)
						continue
					}
					whole.Add(1)
					if r.status != 200 {
						t.Errorf("%s %s: %s", method, path, r)
					}
					if other := foreign(r.body, p.name, people); other != "" {
						t.Errorf("%s %s of %s holds the data of %s: %s", method, path, p.name, other, r)
					}
				}
			})
		}
		running.Wait()
		if whole.Load() < int64(cuts/10) {
			t.Errorf("only %d requests came through: the cuts are too early to show anything", whole.Load())
		}
		client.CloseIdleConnections()
		waitFor(t, "end of the clients' connections at the node", func() bool { return n.sockets() == 0 })
		if s.name == "Postgres" {
			s.poolIsWhole()
		}
		// More at once than the pool has connections, each its own data.
		for _, p := range people {
			running.Go(func() {
				r, err := p.send(t.Context(), "GET", "/api/profile", "")
				if err != nil || r.status != 200 || !strings.Contains(string(r.body), marker(p.name)) || foreign(r.body, p.name, people) != "" {
					t.Errorf("afterwards %s reads %v %v", p.name, r, err)
				}
			})
		}
		running.Wait()
		for i, p := range people { // I6, also for what nobody heard the answer of
			if now := version(t, p.profile().etag) - int64(len(p.feed("profile.updated"))); now != before[i] {
				t.Errorf("%s: %d more changes than rows in the feed", p.name, now-before[i])
			}
		}
		if said := n.log.String(); strings.Contains(said, "level=ERROR") {
			t.Errorf("a client that goes away is no error of the server:\n%s", said)
		}
		t.Logf("%d requests, %d cut, %d whole", started.Load(), cut.Load(), whole.Load())
	})
}

// half sends a request, or a part of it, and cuts the connection without
// reading the answer; half of the time by a reset.
func (n *node) half(p *person, method, path, body string, rnd *rand.Rand) error {
	conn, err := net.Dial("tcp", n.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	request := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, n.addr, cookieName, p.cookie, len(body), body)
	part := len(request)
	if rnd.IntN(2) == 0 {
		part = rnd.IntN(part)
	}
	if _, err := conn.Write([]byte(request[:part])); err != nil {
		return err
	}
	if rnd.IntN(2) == 0 {
		return conn.(*net.TCPConn).SetLinger(0)
	}
	return nil
}
