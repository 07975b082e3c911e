package nodes

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestR17_LogoutAgainstParallelRequests: 50 clients use one cookie on two nodes
// without a pause while one of them signs out. No request that starts after the
// answer to that gets a 2xx, on either node, and other sessions live on.
func TestR17_LogoutAgainstParallelRequests(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		a, b := s.start(), s.start()
		other := a.signUp("ada")
		for round := range rounds(4, 50) {
			p := other.signIn()
			var over, late atomic.Int64 // over: when the logout was answered
			var before atomic.Int64
			base := time.Now()
			stop := make(chan struct{})
			var running sync.WaitGroup
			for i := range 50 {
				q, path := p.at([]*node{a, b}[i%2]), []string{"/api/profile", "/api/settings", "/api/activity", "/api/auth/sessions"}[i/2%4]
				running.Go(func() {
					for after := 0; after < 2; { // two full tries after the end
						select {
						case <-stop:
							return
						default:
						}
						ended := over.Load() != 0 // read before the request starts
						r, err := q.send(t.Context(), "GET", path, "")
						switch {
						case err != nil:
							t.Errorf("GET %s: %v", path, err)
							return
						case !ended && r.ok():
							before.Add(1)
						case !ended && r.status != 401 && r.status != 503:
							t.Errorf("round %d: GET %s: %s", round, path, r)
							return
						case ended && r.ok():
							t.Errorf("round %d: GET %s on %s, after the logout: %s", round, path, q.node.addr, r)
							return
						case ended:
							after++
							late.Add(1)
						}
					}
				})
			}
			waitFor(t, "answers before the logout", func() bool { return before.Load() >= 50 || t.Failed() })
			r, err := p.send(t.Context(), "POST", "/api/auth/logout", "")
			over.Store(int64(time.Since(base)))
			if err != nil || r.status != 204 {
				t.Errorf("logout: %v %v", r, err)
				close(stop)
			}
			running.Wait()
			if t.Failed() {
				return
			}
			if late.Load() != 100 {
				t.Fatalf("%d requests after the logout, want 100", late.Load())
			}
			other.must(200, "GET", "/api/profile", "")
			other.at(b).must(200, "GET", "/api/profile", "")
		}
	})
}

// TestR18_PasswordChangeAgainstSignInElsewhere changes the password on one node
// while people sign in with the old one on both: after the change none of the
// sessions that these got is alive, and the old password opens nothing.
func TestR18_PasswordChangeAgainstSignInElsewhere(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		a, b := s.start(), s.start()
		p := a.signUp("ada")
		passwords := []string{password, "staple battery horse correct"}
		made := 0
		for round := range rounds(5, 200) {
			old, next := passwords[round%2], passwords[(round+1)%2]
			var mu sync.Mutex
			var cookies []string
			var over atomic.Bool
			var running sync.WaitGroup
			for _, n := range []*node{a, b} {
				running.Go(func() {
					for !over.Load() {
						r, err := n.send(t.Context(), "POST", "/api/auth/login", "", signInBody("ada", old))
						if err != nil {
							t.Error(err)
							return
						}
						switch r.status {
						case 200:
							mu.Lock()
							cookies = append(cookies, r.cookie())
							mu.Unlock()
						case 401, 503: // changed already; the queue is full
						default:
							t.Errorf("login: %s", r)
							return
						}
					}
				})
			}
			waitFor(t, "sign-in", func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(cookies) > 0 || t.Failed()
			})
			r, err := p.send(t.Context(), "POST", "/api/auth/password", object(map[string]any{"currentPassword": old, "newPassword": next}))
			over.Store(true)
			running.Wait()
			if err != nil || r.status != 204 || t.Failed() {
				t.Fatalf("round %d: password change: %v %v", round, r, err)
			}
			for _, c := range cookies {
				for _, n := range []*node{a, b} {
					if r, err := n.send(t.Context(), "GET", "/api/profile", c, ""); err != nil || r.status != 401 {
						t.Fatalf("round %d: a session made with the old password: %v %v, want 401", round, r, err)
					}
				}
			}
			made += len(cookies)
			b.must(401, "POST", "/api/auth/login", "", signInBody("ada", old))
			p.cookie = r.cookie()
			p.at(b).must(200, "GET", "/api/profile", "") // the session that changed it lives on
		}
		t.Logf("%d sessions were made with an old password", made)
	})
}
