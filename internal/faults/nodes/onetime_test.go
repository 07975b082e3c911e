package nodes

import (
	"fmt"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
)

// TestR16P43_EmailChangesOnTwoNodes begins changes of an address to A on one node
// and to B on the other, at once, and then follows what both people got, at once
// and on the node that did not begin it: one link is good, and the address is then
// the one that it was sent to.
func TestR16P43_EmailChangesOnTwoNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		nodes := []*node{s.start(), s.start()}
		people := s.people(nodes[0], "r", rounds(20, 200))
		goal := func(p *person, i int) string { return fmt.Sprintf("%s-%c@example.org", p.name, 'a'+i) }
		for _, p := range people {
			for i, err := range conform.Together(2, func(i int) error {
				return expect(p.at(nodes[i]), 202, "/api/auth/email/change", map[string]any{"email": goal(p, i)})
			}) {
				if err != nil {
					t.Fatalf("%s: %v", goal(p, i), err)
				}
			}
		}
		var sent map[string]string
		waitFor(t, "mail", func() bool {
			sent = s.tokens(t, "email")
			return len(sent) == 2*len(people)
		})
		db, won := s.store(), [2]int{}
		for _, p := range people {
			before := p.profile()
			nobody := person{t: t}
			good := -1
			for i, err := range conform.Together(2, func(i int) error {
				return expect(nobody.at(nodes[1-i]), 204, "/api/auth/email/change/confirm", map[string]any{"token": sent[goal(p, i)]})
			}) {
				if err == nil {
					if good >= 0 {
						t.Errorf("%s: both links were good", p.name)
					}
					good = i
				}
			}
			if good < 0 {
				t.Fatalf("%s: no link was good", p.name)
			}
			won[good]++
			u, err := db.Users().User(t.Context(), before.ID)
			if err != nil || u.Email != goal(p, good) {
				t.Errorf("%s: the address is %q (%v) by the link to %q", p.name, u.Email, err, goal(p, good))
			}
		}
		t.Logf("the links to A won %d times, those to B %d times", won[0], won[1])
	})
}

// expect sends a request; another status is an error.
func expect(p *person, want int, path string, body map[string]any) error {
	r, err := p.send(p.t.Context(), "POST", path, object(body))
	if err == nil && r.status != want {
		err = fmt.Errorf("%s", r)
	}
	return err
}

// TestR15_OneResetOnTwoNodes redeems one link of a forgotten password a hundred
// times at once, on two nodes and each time for another password: one is set, and
// none of the others opens anything.
func TestR15_OneResetOnTwoNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		nodes := []*node{s.start(), s.start()}
		p := nodes[0].signUp("ada")
		nodes[0].must(202, "POST", "/api/auth/password/forgot", "", object(map[string]any{"email": "ada@example.org"}))
		var token string
		waitFor(t, "mail", func() bool {
			token = s.tokens(t, "reset")["ada@example.org"]
			return token != ""
		})
		const count = 100
		chosen := func(i int) string { return fmt.Sprintf("the password of try %d", i) }
		replies := make([]reply, count)
		var running sync.WaitGroup
		for i := range count {
			running.Go(func() {
				r, err := nodes[i%2].send(t.Context(), "POST", "/api/auth/password/reset", "", object(map[string]any{"token": token, "password": chosen(i)}))
				if err != nil {
					t.Error(err)
				}
				replies[i] = r
			})
		}
		running.Wait()
		set := -1
		for i, r := range replies {
			switch {
			case r.status == 204 && set >= 0:
				t.Errorf("try %d and %d were both done", set, i)
			case r.status == 204:
				set = i
			case r.status != 422 && r.status != 503:
				t.Errorf("a loser heard %s", r)
			}
		}
		if set < 0 {
			t.Fatal("nobody's password was set")
		}
		nodes[1].must(200, "POST", "/api/auth/login", "", signInBody("ada", chosen(set)))
		nodes[1].must(401, "POST", "/api/auth/login", "", signInBody("ada", chosen((set+1)%count)))
		p.at(nodes[1]).must(401, "GET", "/api/profile", "")
		nodes[1].must(422, "POST", "/api/auth/password/reset", "", object(map[string]any{"token": token, "password": chosen(count)}))
	})
}
