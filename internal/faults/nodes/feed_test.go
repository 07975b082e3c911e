package nodes

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// TestR38_PagingWhileRowsArrive walks the feed page by page, on two nodes in
// turn, while the same person's changes go on adding rows on both. Every walk
// meets each row that was there before it exactly once, in order, and no row
// twice.
func TestR38_PagingWhileRowsArrive(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		nodes := []*node{s.start(), s.start()}
		p := nodes[0].signUp("ada")
		nodes[1].signUp("grace").must(200, "PATCH", "/api/profile", `{"bio":"of somebody else"}`)

		// Each page lets one change begin; it and the next page overlap.
		turn := make(chan struct{}, 1000)
		var arrived atomic.Int64
		var running sync.WaitGroup
		defer running.Wait()
		defer close(turn)
		for i := range 4 {
			field := []string{"displayName", "givenName", "familyName", "pronouns"}[i]
			running.Go(func() {
				for n := 0; ; n++ {
					if _, more := <-turn; !more {
						return
					}
					r, err := p.at(nodes[i%2]).send(t.Context(), "PATCH", "/api/profile", fmt.Sprintf(`{%q:"%d"}`, field, n))
					if err != nil || r.status != 200 {
						t.Errorf("PATCH: %v %v", r, err)
						return
					}
					arrived.Add(1)
				}
			})
		}
		for range 40 {
			turn <- struct{}{}
		}
		waitFor(t, "rows", func() bool { return arrived.Load() >= 40 || t.Failed() })
		met := 0
		for walk := range rounds(6, 40) {
			before := p.feed("") // what is there now, all of it in few pages
			arrivedBefore := arrived.Load()
			seen := map[string]bool{}
			var walked []event
			limit := []int{5, 7, 20, 50}[walk%4]
			for cursor, page := "", 0; ; page++ {
				select {
				case turn <- struct{}{}:
				default: // enough wait already
				}
				items, next := p.at(nodes[page%2]).page(fmt.Sprintf("limit=%d&cursor=%s", limit, cursor))
				if len(items) > limit {
					t.Fatalf("%d rows on a page of %d", len(items), limit)
				}
				for _, e := range items {
					if seen[e.ID] {
						t.Fatalf("walk %d, page %d: the row %s twice", walk, page, e.ID)
					}
					seen[e.ID] = true
				}
				walked = append(walked, items...)
				if next == "" {
					break
				}
				cursor = next
				if len(items) == 0 {
					t.Fatalf("walk %d: an empty page says there is more", walk)
				}
			}
			for _, e := range before {
				if !seen[e.ID] {
					t.Errorf("walk %d by %d: missed %s of %s", walk, limit, e.ID, e.At)
				}
			}
			if !slices.IsSortedFunc(walked, func(x, y event) int { return -compareTimes(t, x.At, y.At) }) {
				t.Errorf("walk %d: not newest first", walk)
			}
			met += len(walked)
			if n := walked[len(walked)-1]; n.Kind != "auth.registered" {
				t.Errorf("walk %d: the oldest row is %s, want auth.registered", walk, n.Kind)
			}
			waitFor(t, "rows during the walk", func() bool { return arrived.Load() > arrivedBefore || t.Failed() })
			if t.Failed() {
				return
			}
		}
		t.Logf("%d rows met while %d arrived", met, arrived.Load())
	})
}
