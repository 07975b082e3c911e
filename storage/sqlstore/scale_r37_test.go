package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// TestR37_AtScale reads and cleans up a large database: no call that a request
// makes has a p99 of 50 ms, and the clean-up goes in batches that hold nobody
// up, on two nodes at once.
func TestR37_AtScale(t *testing.T) {
	onBothAtScale(t, func(t *testing.T, p place, s scale) {
		db := p.open(t)
		t.Run("reads", func(t *testing.T) { readsAtScale(t, db, s) })
		t.Run("purge of events", func(t *testing.T) { purgeEvents(t, p, s) })
		t.Run("purge of sessions", func(t *testing.T) { purgeSessions(t, p, s) })
	})
}

func readsAtScale(t *testing.T, db *sqlstore.DB, s scale) {
	ctx := t.Context()
	nth := func(i int) string { return strconv.Itoa(i*7919%s.users + 1) }
	deep := func(i int) activity.Position {
		at := scaleStart.Add(time.Duration(i*104729%s.events) * time.Second)
		return activity.Position{At: at, ID: "5"}
	}
	page := func(q activity.Query) error { _, err := db.Activity().Page(ctx, q); return err }
	for _, c := range []struct {
		name string
		call func(i int) error
	}{
		{"first page", func(i int) error { return page(activity.Query{UserID: nth(i), Limit: 51}) }},
		{"first page, busy", func(int) error { return page(activity.Query{UserID: "7", Limit: 51}) }},
		{"any page, busy", func(i int) error { return page(activity.Query{UserID: "7", Limit: 51, After: deep(i)}) }},
		{"any page of a kind, busy", func(i int) error { return page(activity.Query{UserID: "7", Kind: "rare", Limit: 51, After: deep(i)}) }},
		{"user", func(i int) error { _, err := db.Users().User(ctx, nth(i)); return err }},
		{"by user name", func(i int) error { _, err := db.Users().ByUsername(ctx, "U"+nth(i)); return err }},
		{"by e-mail", func(i int) error { _, err := db.Users().ByEmail(ctx, "u"+nth(i)+"@Example.org"); return err }},
		{"password", func(i int) error { _, err := db.Auth().Passwords.PasswordHash(ctx, nth(i)); return err }},
		{"sessions", func(i int) error {
			_, err := db.Auth().Sessions.Sessions(ctx, nth(i), authstore.LevelFull, 100)
			return err
		}},
		{"throttle", func(i int) error {
			_, _, err := db.Limits().Take(ctx, "k"+nth(i), limit.Rule{Limit: 5, Window: time.Minute}, scaleNow)
			return err
		}},
		{"append", func(i int) error {
			return db.Activity().Append(ctx, activity.Event{ID: fmt.Sprintf("append-%d", i), UserID: nth(i), Kind: "auth.sign_in", At: scaleNow})
		}},
	} {
		within(t, 50*time.Millisecond, c.name, 300, c.call)
	}
}

// purger is a store that notes what its batches do.
type purger struct {
	activity.Store
	most atomic.Int64
	took []time.Duration
}

func (p *purger) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	start := time.Now()
	n, err := p.Store.Purge(ctx, before, limit)
	p.took = append(p.took, time.Since(start))
	p.most.Store(max(p.most.Load(), int64(n)))
	return n, err
}

func purgeEvents(t *testing.T, p place, s scale) {
	ctx := t.Context()
	// A fifth goes, of at most a million: the rest is more of the same.
	old := min(s.events/5, 1_000_000)
	before := scaleStart.Add(time.Duration(old) * time.Second) // event number old is not older
	nodes := []*purger{{Store: p.open(t).Activity()}, {Store: p.open(t).Activity()}}
	writer := p.open(t)
	total := count(t, writer, "SELECT count(*) FROM profilekit_activity")

	var removed atomic.Int64
	var waits []time.Duration
	done := make(chan struct{})
	var work []func()
	for _, node := range nodes {
		work = append(work, func() {
			feed, err := activity.New(activity.Config{Store: node, Keys: ring(t)})
			if err != nil {
				t.Error(err)
				return
			}
			// A node stops early when the other is at the last rows.
			n, err := feed.Purge(ctx, before)
			if err != nil {
				t.Errorf("Purge: %v", err)
			}
			removed.Add(int64(n))
		})
	}
	together(
		func() { defer close(done); together(work...) },
		func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				start := time.Now()
				e := activity.Event{ID: fmt.Sprintf("writer-%d", i), UserID: "7", Kind: "auth.sign_in", At: scaleNow}
				if err := writer.Activity().Append(ctx, e); err != nil {
					t.Errorf("Append: %v", err)
					return
				}
				waits = append(waits, time.Since(start))
			}
		})
	if removed.Load() != int64(old-1) {
		t.Errorf("%d events removed, want %d", removed.Load(), old-1)
	}
	if left := count(t, writer, "SELECT count(*) FROM profilekit_activity"); left != total-(old-1)+len(waits) {
		t.Errorf("%d events are left, want %d and the %d that were written meanwhile", left, total-(old-1), len(waits))
	}
	var took []time.Duration
	for _, node := range nodes {
		if node.most.Load() > 250 {
			t.Errorf("a batch of %d", node.most.Load())
		}
		took = append(took, node.took...)
	}
	hold(t, took, waits)
	// Nothing is left to do: one batch finds that out without a look at the
	// events that were removed, though no VACUUM came by.
	within(t, 100*time.Millisecond, "a purge of nothing", 20, func(int) error {
		n, err := nodes[0].Store.Purge(ctx, before, 250)
		if n != 0 {
			t.Errorf("%d more were removed", n)
		}
		return err
	})
}

// hold judges, in the long form, how long batches took, and with them their
// locks, and how long a writer beside them waited. The short form has the size
// of the batches and, by the plans, what they read.
func hold(t *testing.T, batches, waits []time.Duration) {
	t.Helper()
	for what, took := range map[string][]time.Duration{"a batch": batches, "a write beside it": waits} {
		slices.Sort(took)
		if len(took) == 0 {
			t.Errorf("%s: never", what)
			continue
		}
		t.Logf("%s: %d, median %v, p99 %v, longest %v", what, len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
		if m := took[len(took)/2]; m >= 100*time.Millisecond && long() {
			t.Errorf("%s: median %v, want less than 100 ms", what, m)
		}
	}
}

func purgeSessions(t *testing.T, p place, s scale) {
	ctx := t.Context()
	nodes := []*sqlstore.DB{p.open(t), p.open(t)}
	var removed atomic.Int64
	purge := func(db *sqlstore.DB) func() {
		return func() {
			for {
				n, err := db.Auth().Sessions.PurgeSessions(ctx, scaleNow, 250)
				if err != nil || n > 250 {
					t.Errorf("PurgeSessions: %d, %v", n, err)
					return
				}
				removed.Add(int64(n))
				if n < 250 {
					return
				}
			}
		}
	}
	together(purge(nodes[0]), purge(nodes[1]))
	purge(nodes[0])() // the last few, if both stopped at them
	if want := s.sessions / 2; removed.Load() != int64(want) {
		t.Errorf("%d sessions removed, want %d", removed.Load(), want)
	}
	if left := count(t, nodes[0], "SELECT count(*) FROM profilekit_sessions"); left != s.sessions-s.sessions/2 {
		t.Errorf("%d sessions are left, want %d", left, s.sessions-s.sessions/2)
	}
}

// TestR37_PurgeLeavesWhatIsInUse holds a session and a limit in a transaction
// that renews them, while another node cleans up: it neither waits nor removes
// them, and what the first wrote is there when it is done.
func TestR37_PurgeLeavesWhatIsInUse(t *testing.T) {
	p := place{postgres: true, at: migrated(t)}
	db, node := p.open(t), p.open(t)
	ctx := patient(t)
	at := scaleNow
	var hash [32]byte
	hash[0] = 1
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(db.Auth().Sessions.CreateSession(ctx, authstore.Session{
		ID: "held", UserID: "1", TokenHash: hash, Level: authstore.LevelFull,
		CreatedAt: at, ProvedAt: at, LastUsedAt: at, IdleUntil: at.Add(time.Hour), ExpiresAt: at.Add(24 * time.Hour),
	}))
	rule := limit.Rule{Limit: 2, Window: time.Hour}
	_, _, err := db.Limits().Take(ctx, "key", rule, at)
	must(err)

	later := at.Add(2 * time.Hour) // both have ended by then
	must(db.InTx(ctx, func(ctx context.Context) error {
		if err := db.Auth().Sessions.TouchSession(ctx, "held", later, later.Add(time.Hour), activity.Source{}); err != nil {
			return err
		}
		if _, _, err := db.Limits().Take(ctx, "key", rule, later); err != nil {
			return err
		}
		apart := patient(t)
		sessions, err1 := node.Auth().Sessions.PurgeSessions(apart, later, 1000)
		limits, err2 := node.Limits().PurgeLimits(apart, later, 1000)
		if sessions != 0 || limits != 0 {
			t.Errorf("%d sessions and %d limits removed that are in use", sessions, limits)
		}
		return errors.Join(err1, err2)
	}))
	if s, err := db.Auth().Sessions.Session(ctx, hash); err != nil || !s.IdleUntil.Equal(later.Add(time.Hour)) {
		t.Errorf("the session: %v, error %v", s.IdleUntil, err)
	}
	// The try in the transaction was the first of two of a new window.
	for try, want := range []bool{true, false} {
		if ok, _, err := db.Limits().Take(ctx, "key", rule, later); err != nil || ok != want {
			t.Errorf("try %d: %t, error %v, want %t", try+2, ok, err, want)
		}
	}
}
