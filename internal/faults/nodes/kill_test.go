package nodes

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// writer changes one field of a profile to rising numbers and remembers which
// of them were sent and which were acknowledged, or seen after a kill.
type writer struct {
	p             *person
	field         string
	sent, acked   int64
	before, limbo int64         // sent when the node was killed, and not acknowledged
	acknowledged  *atomic.Int64 // of all writers
}

// write goes on until the node is gone. An answer that is no success (the
// database was busy) acknowledges nothing.
func (w *writer) write() error {
	for {
		w.sent++
		r, err := w.p.send(w.p.t.Context(), "PATCH", "/api/profile", fmt.Sprintf(`{%q:"%d"}`, w.field, w.sent))
		switch {
		case err != nil:
			w.limbo = w.sent
			return nil
		case r.status == 200:
			w.acked = w.sent
			w.acknowledged.Add(1)
		case r.status != 503:
			return fmt.Errorf("PATCH: %s", r)
		}
	}
}

// TestR01_KillNineLosesNoAcknowledgedWrite kills the program while it writes:
// after each start every profile holds the last number that was acknowledged,
// or a later one that was sent (I1), and has an activity row for each change
// and no other (I6).
func TestR01_KillNineLosesNoAcknowledgedWrite(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		const writers = 32
		fields := []string{"displayName", "givenName", "familyName", "pronouns"}
		kills := rounds(5, 200)
		n := s.start()
		db := s.query()
		var acknowledged atomic.Int64
		people := n.crowd("writer", writers/len(fields))
		var list []*writer
		before := map[string]int64{} // versions at the beginning
		for _, p := range people {
			before[p.name] = version(t, p.profile().etag)
			for _, f := range fields {
				list = append(list, &writer{p: p, field: f, acknowledged: &acknowledged})
			}
		}
		var slowest time.Duration
		for kill := range kills {
			var running sync.WaitGroup
			for _, w := range list {
				running.Go(func() {
					if err := w.write(); err != nil {
						t.Error(err)
					}
				})
			}
			// At a random moment of full load: never before every writer could
			// have had an answer in this round.
			goal := acknowledged.Load() + writers + rand.Int64N(10*writers)
			waitFor(t, "acknowledged writes", func() bool { return acknowledged.Load() >= goal })
			n.kill()
			running.Wait()
			if s.name == "Postgres" {
				s.deserted()
			}

			began := time.Now()
			n = s.start()
			took := time.Since(began)
			slowest = max(slowest, took)
			if took > 5*time.Second {
				t.Errorf("kill %d: the start took %s, want at most 5 s", kill, took)
			}
			if s.name == "SQLite" {
				var verdict string
				if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
					t.Fatalf("kill %d: integrity_check: %q %v", kill, verdict, err)
				}
			}
			for _, p := range people {
				p.node = n
			}
			for _, w := range list {
				w.check(kill)
			}
			if t.Failed() {
				return
			}
		}
		for _, p := range people {
			changes := version(t, p.profile().etag) - before[p.name]
			if events := int64(len(p.feed("profile.updated"))); events != changes {
				t.Errorf("%s: %d changes, but %d rows in the feed", p.name, changes, events)
			}
		}
		t.Logf("%d kills, %d acknowledged writes, slowest start %s", kills, acknowledged.Load(), slowest)
	})
}

// check reads what the field holds after a start.
func (w *writer) check(kill int) {
	t := w.p.t
	t.Helper()
	var fields map[string]any
	w.p.must(200, "GET", "/api/profile", "").into(t, &fields)
	got, _ := fields[w.field].(string)
	if got == "" {
		got = "0"
	}
	n, err := strconv.ParseInt(got, 10, 64)
	switch {
	case err != nil:
		t.Errorf("kill %d, %s of %s holds %q", kill, w.field, w.p.name, got)
	case n < w.acked:
		t.Errorf("kill %d, %s of %s holds %d, but %d was acknowledged; in limbo was %d", kill, w.field, w.p.name, n, w.acked, w.before)
	case n > w.sent:
		t.Errorf("kill %d, %s of %s holds %d, but only %d was sent", kill, w.field, w.p.name, n, w.sent)
	}
	w.before = w.limbo
	w.acked = n // what was seen may not go away any more
}

// version is the number in an ETag.
func version(t *testing.T, etag string) int64 {
	t.Helper()
	v, err := strconv.ParseInt(strings.Trim(etag, `"`), 10, 64)
	if err != nil {
		t.Fatalf("the ETag %q holds no version", etag)
	}
	return v
}

// waitFor waits until done, which it asks often.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %s", what, patience)
		}
		time.Sleep(2 * time.Millisecond)
	}
}
