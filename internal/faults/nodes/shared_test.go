package nodes

import (
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestR31_TwentyFirstStarts starts 20 nodes at the same moment on a database
// that holds nothing: it is migrated once, all become ready, all have the same
// keys, and an account made on one is known on all.
func TestR31_TwentyFirstStarts(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		const count = 20
		wait, open, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer wait.Close()
		list := make([]*node, count)
		for i := range list {
			list[i] = s.gated(wait)
		}
		if err := open.Close(); err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			n.ready()
		}
		db := s.query()
		var versions, distinct int
		if err := db.QueryRow("SELECT count(*), count(DISTINCT version_id) FROM profilekit_migrations").Scan(&versions, &distinct); err != nil {
			t.Fatal(err)
		}
		if versions != distinct || versions < 2 {
			t.Errorf("%d rows of migrations, %d versions: each must have run once", versions, distinct)
		}
		if s.name == "SQLite" {
			var verdict string
			if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
				t.Errorf("integrity_check: %q %v", verdict, err)
			}
		}
		p := list[0].signUp("ada")
		for range 3 { // so that the feed has a second page
			p.must(200, "PATCH", "/api/profile", object(map[string]any{"bio": time.Now().String()}))
		}
		_, cursor := p.page("limit=1")
		for _, n := range list {
			q := p.at(n)
			q.must(200, "GET", "/api/profile", "")
			if items, _ := q.page("limit=1&cursor=" + cursor); len(items) != 1 { // sealed by the keys of another
				t.Errorf("%d events on the second page", len(items))
			}
		}
		var running sync.WaitGroup
		for i, n := range list { // all write, none is locked out
			running.Go(func() {
				r, err := p.at(n).send(t.Context(), "PATCH", "/api/settings", object(map[string]any{"appearance": map[string]any{"fontScale": 0.8 + float64(i)/100}}))
				if err != nil || r.status != 200 {
					t.Errorf("PATCH: %v %v", r, err)
				}
			})
		}
		running.Wait()
		for _, n := range list {
			n.terminate()
		}
		for _, n := range list {
			n.gone()
		}
	})
}

// TestR31_LimitsAreShared guesses a password on two nodes, one try after the
// other and then all at once: together they evaluate exactly as many as one
// would (10), and then refuse the right one too, until the window is over.
func TestR31_LimitsAreShared(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		a, b := s.start(), s.start()
		for name, together := range map[string]bool{"inturn": false, "atonce": true} {
			a.signUp(name)
			var wrong, limited atomic.Int64
			guess := func(n *node) {
				r, err := n.send(t.Context(), "POST", "/api/auth/login", "", signInBody(name, "not the right one, it is"))
				switch {
				case err != nil:
					t.Error(err)
				case r.status == 401:
					wrong.Add(1)
				case r.status == 429 && r.header.Get("Retry-After") != "":
					limited.Add(1)
				default:
					t.Errorf("%s: %s", name, r)
				}
			}
			const guesses = 30
			var running sync.WaitGroup
			for i := range guesses {
				n := []*node{a, b}[i%2]
				if together {
					running.Go(func() { guess(n) })
				} else {
					guess(n)
				}
			}
			running.Wait()
			if wrong.Load() != 10 || limited.Load() != guesses-10 {
				t.Errorf("%s: %d guesses evaluated and %d refused, want 10 and %d", name, wrong.Load(), limited.Load(), guesses-10)
			}
			for _, n := range []*node{a, b} {
				n.must(429, "POST", "/api/auth/login", "", signInBody(name, password))
			}
			c := s.start() // nor does a node forget that starts now
			c.must(429, "POST", "/api/auth/login", "", signInBody(name, password))
		}
	})
}

// TestR31_RevocationIsSeenByTheOtherNodeAtOnce ends sessions on one node in each
// way there is; the other node's very next answer is 401 (I8), also that of one
// that was started later.
func TestR31_RevocationIsSeenByTheOtherNodeAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		a, b := s.start(), s.start()
		owner := a.signUp("ada")
		ways := []struct {
			name string
			end  func(p *person)
		}{
			{"logout", func(p *person) { p.must(204, "POST", "/api/auth/logout", "") }},
			{"ended by another session", func(p *person) {
				var list struct {
					Items []struct {
						ID      string `json:"id"`
						Current bool   `json:"current"`
					} `json:"items"`
				}
				owner.must(200, "GET", "/api/auth/sessions", "").into(t, &list)
				for _, s := range list.Items {
					if !s.Current {
						owner.must(204, "DELETE", "/api/auth/sessions/"+s.ID, "")
					}
				}
			}},
			{"all others ended", func(*person) { owner.must(204, "DELETE", "/api/auth/sessions", "") }},
			{"password changed", func(*person) {
				r := owner.must(204, "POST", "/api/auth/password", object(map[string]any{"currentPassword": password, "newPassword": password + "!"}))
				owner.cookie = r.cookie()
			}},
		}
		var dead []*person
		for _, w := range ways {
			p := owner.signIn()
			p.at(b).must(200, "GET", "/api/profile", "")
			w.end(p)
			if r, err := p.at(b).send(t.Context(), "GET", "/api/profile", ""); err != nil || r.status != 401 {
				t.Errorf("%s: the other node says %v %v, want 401", w.name, r, err)
			}
			owner.at(b).must(200, "GET", "/api/profile", "")
			dead = append(dead, p)
		}
		c := s.start()
		for i, p := range dead {
			if r, err := p.at(c).send(t.Context(), "GET", "/api/profile", ""); err != nil || r.status != 401 {
				t.Errorf("%s: a later node says %v %v, want 401", ways[i].name, r, err)
			}
		}
	})
}
