package nodes

import (
	"fmt"
	"sync"
	"testing"
)

// TestT12e_RenamesAreLimitedOnTwoNodes: somebody who asks for one name after another, on two
// nodes at once, hears of ten an hour whether they are free, whoever has them.
func TestT12e_RenamesAreLimitedOnTwoNodes(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		nodes := []*node{s.start(), s.start()}
		people := nodes[0].crowd("taken", 5)
		eve := nodes[0].signUp("eve")
		said := make([]int, 60)
		var wg sync.WaitGroup
		for i := range said {
			name := fmt.Sprintf("free%d", i)
			if i%3 == 0 {
				name = people[i%5].name
			}
			wg.Go(func() {
				r, err := eve.at(nodes[i%2]).send(t.Context(), "PATCH", "/api/profile", object(map[string]any{"username": name}))
				if err != nil {
					t.Error(err)
				}
				said[i] = r.status
			})
		}
		wg.Wait()
		told := 0
		for i, status := range said {
			switch status {
			case 200, 409:
				told++
			case 429:
			default:
				t.Errorf("asked for name %d: %d", i, status)
			}
		}
		if told != 10 {
			t.Errorf("of 60 names %d were answered, want 10", told)
		}
		// Other changes, and another spelling of the own name, go on.
		eve.must(200, "PATCH", "/api/profile", `{"bio":"still here"}`)
		people[0].at(nodes[1]).must(200, "PATCH", "/api/profile", `{"username":"TAKEN0"}`)
	})
}
