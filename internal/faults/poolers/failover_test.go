package poolers_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// recovery is how long writers may fail after the promotion; the row names 5 s,
// and a loaded machine gets some more.
const recovery = 10 * time.Second

// TestR03_FailoverToAReplica crashes the primary under writers and promotes its
// synchronous replica. The writers, which have a URL with both hosts, come back
// by themselves, and nothing that was acknowledged is lost (I1, I6).
func TestR03_FailoverToAReplica(t *testing.T) {
	rounds := 1
	if long() {
		rounds = 5
	}
	for range rounds {
		t.Run("lib/pq", func(t *testing.T) {
			failover(t, func(dsn string) *sqlstore.DB {
				return open(t, dsn, postgres.Options{ConnectTimeout: 2 * time.Second})
			})
		})
		if long() {
			t.Run("pgx", func(t *testing.T) {
				failover(t, func(dsn string) *sqlstore.DB { return openPgx(t, dsn+"&connect_timeout=2", false) })
			})
		}
	}
}

func failover(t *testing.T, connect func(dsn string) *sqlstore.DB) {
	primary, replica := pair(t)
	synchronous(t, primary)
	db := connect(bothHosts(t, primary, replica))
	list := make([]*writer, workers)
	for i := range list {
		list[i] = newWriter(t, db, i)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var all sync.WaitGroup
	for _, w := range list {
		all.Go(func() { w.run(ctx) })
	}
	each(t, "writes before the crash", list, func(w *writer) bool { return w.acked.Load() >= 20 })
	primary.Crash()
	each(t, "fails after the crash", list, func(w *writer) bool { return w.failed.Load() > 0 })
	replica.Promote()
	promoted := time.Now()
	at := make([]int64, len(list))
	for i, w := range list {
		at[i] = w.acked.Load()
	}
	each(t, "writes again", list, func(w *writer) bool { return w.acked.Load() > at[w.n]+5 })
	if took := time.Since(promoted); took > recovery {
		t.Errorf("the writers came back after %v, want at most %v", took, recovery)
	} else {
		t.Logf("the writers came back %v after the promotion", took.Round(time.Millisecond))
	}
	stop()
	all.Wait()
	direct := open(t, replica.DSN(), postgres.Options{})
	for _, w := range list {
		w.check(t, direct)
	}
}

// TestR03_DemotedUnderLivingConnections: a server that becomes read-only while
// its connections live, as some managed services do it, is left for the one
// that takes changes.
func TestR03_DemotedUnderLivingConnections(t *testing.T) {
	primary, replica := pair(t)
	db := open(t, bothHosts(t, primary, replica), postgres.Options{MaxOpen: 4})
	w := newWriter(t, db, 0)
	must(t, w.write(t.Context()))
	caughtUp(t, w, replica)
	replica.Promote()
	exec(t, primary.DSN(), "ALTER SYSTEM SET default_transaction_read_only = on")
	exec(t, primary.DSN(), "SELECT pg_reload_conf()")
	// The first changes may still be taken by the old one, until its
	// connections have read the configuration.
	deadline := time.Now().Add(time.Minute)
	found := open(t, replica.DSN(), postgres.Options{})
	for {
		err := w.write(t.Context())
		if err != nil && !errors.Is(err, storage.ErrUnavailable) {
			t.Fatal(err)
		}
		if u, err := found.Users().User(t.Context(), w.id); err == nil && u.Bio == strconv.FormatInt(w.sent, 10) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no change arrives at the new primary; the last error: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// pair is a migrated server and its replica.
func pair(t *testing.T) (primary, replica *pgtest.Server) {
	t.Helper()
	primary = pgtest.New(t)
	db, err := postgres.Open(t.Context(), primary.DSN(), postgres.Options{})
	must(t, err)
	must(t, db.Migrate(t.Context(), sqlstore.MigrateOptions{}))
	must(t, db.Close())
	return primary, primary.Replica()
}

// synchronous makes commits on primary wait for its replica.
func synchronous(t *testing.T, primary *pgtest.Server) {
	t.Helper()
	exec(t, primary.DSN(), "ALTER SYSTEM SET synchronous_standby_names = '*'")
	exec(t, primary.DSN(), "SELECT pg_reload_conf()")
	db, err := sql.Open("postgres", primary.DSN())
	must(t, err)
	defer db.Close()
	until(t, "the replica is synchronous", func() bool {
		var state string
		return db.QueryRow("SELECT sync_state FROM pg_stat_replication").Scan(&state) == nil && state == "sync"
	})
}

// bothHosts is a URL of a and b, of which one takes changes.
func bothHosts(t *testing.T, a, b *pgtest.Server) string {
	t.Helper()
	u, err := url.Parse(a.DSN())
	must(t, err)
	u.Host = a.Address() + "," + b.Address()
	return u.String() + "&target_session_attrs=read-write"
}

// caughtUp waits until replica has the user of w.
func caughtUp(t *testing.T, w *writer, replica *pgtest.Server) {
	t.Helper()
	db := open(t, replica.DSN(), postgres.Options{})
	until(t, "the replica has the user", func() bool {
		u, err := db.Users().User(t.Context(), w.id)
		return err == nil && u.Bio == "1"
	})
}

// writer counts up in the bio of one user, with an event for every change.
type writer struct {
	n             int
	db            *sqlstore.DB
	id            string
	sent          int64 // the last number sent
	acked, failed atomic.Int64
	strange       error
}

func newWriter(t *testing.T, db *sqlstore.DB, n int) *writer {
	t.Helper()
	name := "writer" + strconv.Itoa(n)
	u, err := db.Users().Create(t.Context(), profile.User{Username: name, Email: name + "@example.org"})
	must(t, err)
	return &writer{n: n, db: db, id: u.ID}
}

// event is the ID of the event of change i.
func (w *writer) event(i int64) string { return fmt.Sprintf("w%d-%d", w.n, i) }

// write sends the next number, by a statement or in a unit of work.
func (w *writer) write(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	w.sent++
	bio := strconv.FormatInt(w.sent, 10)
	change := func(ctx context.Context) error {
		_, err := w.db.Users().Update(ctx, w.id, profile.Patch{Bio: &bio},
			activity.Event{ID: w.event(w.sent), Kind: "test.write", At: time.Now()})
		return err
	}
	var err error
	if w.sent%2 == 0 {
		err = w.db.InTx(ctx, change)
	} else {
		err = change(ctx)
	}
	if err != nil {
		w.failed.Add(1)
		return err
	}
	w.acked.Store(w.sent)
	return nil
}

// run writes until ctx ends.
func (w *writer) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := w.write(ctx)
		switch {
		case err == nil, ctx.Err() != nil:
		case errors.Is(err, storage.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
			time.Sleep(5 * time.Millisecond) // as a client does
		case w.strange == nil:
			w.strange = err
		}
	}
}

// check compares what the database has with what w was told.
func (w *writer) check(t *testing.T, db *sqlstore.DB) {
	t.Helper()
	if w.strange != nil {
		t.Errorf("writer %d: %v, want ErrUnavailable while there is no primary", w.n, w.strange)
	}
	u, err := db.Users().User(t.Context(), w.id)
	must(t, err)
	bio, _ := strconv.ParseInt(u.Bio, 10, 64)
	if acked := w.acked.Load(); bio < acked || bio > w.sent {
		t.Errorf("I1: writer %d reads %d; acknowledged %d, sent %d", w.n, bio, acked, w.sent)
	}
	events, last := int64(0), ""
	q := activity.Query{UserID: w.id, Limit: 100}
	for {
		page, err := db.Activity().Page(t.Context(), q)
		must(t, err)
		if len(page) == 0 {
			break
		}
		if last == "" {
			last = page[0].ID
		}
		events += int64(len(page))
		q.After = activity.Position{At: page[len(page)-1].At, ID: page[len(page)-1].ID}
	}
	if want := u.Version - 1; events != want || last != w.event(bio) {
		t.Errorf("I6: writer %d has %d events of %d changes; the last event is %s, the last change %d", w.n, events, want, last, bio)
	}
}

// each waits until every writer is so.
func each(t *testing.T, what string, list []*writer, so func(*writer) bool) {
	t.Helper()
	for _, w := range list {
		until(t, fmt.Sprintf("writer %d %s", w.n, what), func() bool { return so(w) })
	}
}

func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long until %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}
