package silence

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/faults/proxy"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// cuts are the ways to lose a connection around one message, and whether the
// server got it.
var cuts = map[string]struct {
	verdict proxy.Verdict
	arrives bool
}{
	"before": {proxy.CutBefore, false},
	"after":  {proxy.CutAfter, true},
	"end":    {proxy.EndAfter, true},
}

// armed strikes once, at the first message that match takes.
func armed(w *proxy.Wire, verdict proxy.Verdict, match func(kind byte, payload string) bool) (struck *atomic.Bool) {
	struck = new(atomic.Bool)
	w.Judge(func(kind byte, payload []byte) proxy.Verdict {
		if match(kind, string(payload)) && struck.CompareAndSwap(false, true) {
			return verdict
		}
		return proxy.Pass
	})
	return struck
}

func isCommit(kind byte, payload string) bool {
	return kind == 'Q' && strings.HasPrefix(payload, "COMMIT")
}

// isSync takes the end of a statement that runs by itself: with it the server
// commits.
func isSync(kind byte, _ string) bool { return kind == 'S' }

// edited is a user whose changes are counted.
type edited struct {
	t      *testing.T
	direct *sqlstore.DB
	id     string
}

func (e edited) version() int64 {
	e.t.Helper()
	u, err := e.direct.Users().User(e.t.Context(), e.id)
	if err != nil {
		e.t.Fatal(err)
	}
	return u.Version
}

func (e edited) events() int {
	e.t.Helper()
	page, err := e.direct.Activity().Page(e.t.Context(), activity.Query{UserID: e.id, Limit: 100})
	if err != nil {
		e.t.Fatal(err)
	}
	return len(page)
}

func event() activity.Event { return activity.Event{ID: rand.Text(), Kind: "test", At: time.Now()} }

// lost checks how a lost connection is told, and that the change happened at
// most once, with its event (I6).
func (e edited) lost(what string, err error, first int64, arrived bool) {
	e.t.Helper()
	if !errors.Is(err, storage.ErrUnknownOutcome) || !errors.Is(err, storage.ErrUnavailable) {
		e.t.Errorf("%s: %v; want ErrUnknownOutcome and ErrUnavailable", what, err)
	}
	want := first
	if arrived { // the server may need a moment after the connection is gone
		want++
		until(e.t, what+": the server has committed", func() bool { return e.version() >= want })
	}
	if v := e.version(); v != want {
		e.t.Errorf("%s: version %d after the cut, want %d", what, v, want)
	}
	if n := e.events(); int64(n) != want-1 {
		e.t.Errorf("%s: %d events at version %d", what, n, want)
	}
}

// R08: the connection is lost at COMMIT, or at a change that is a transaction of
// its own. The outcome is told as unknown; nothing is tried again behind the
// caller's back; the same change for the same version has one effect.
func TestR08_ConnectionLostAtTheCommit(t *testing.T) {
	for mode, o := range map[string]postgres.Options{"prepared": {MaxOpen: 1}, "unprepared": {MaxOpen: 1, TransactionPooler: true}} {
		t.Run(mode, func(t *testing.T) {
			dsn := fresh(t)
			w, through := proxy.NewWire(t, dsn)
			db, direct := connect(t, through, o), connect(t, dsn, postgres.Options{})
			for name, cut := range cuts {
				for i := range times(2, 17) {
					u, err := direct.Users().Create(t.Context(), profile.User{Username: fmt.Sprint(name, i), Email: fmt.Sprint(name, i, "@example.org")})
					if err != nil {
						t.Fatal(err)
					}
					e := edited{t, direct, u.ID}
					for _, c := range []struct {
						name  string
						match func(byte, string) bool
						run   func(ctx context.Context, change func(context.Context) error) error
					}{
						{"transaction", isCommit, db.InTx},
						{"statement", isSync, func(ctx context.Context, change func(context.Context) error) error { return change(ctx) }},
					} {
						what := name + " " + c.name
						first, bio, calls := e.version(), rand.Text(), 0
						change := func(ctx context.Context) error {
							calls++
							_, err := db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio, IfVersion: first}, event())
							return err
						}
						// The statement is prepared on this connection, which the cut ends.
						if err := c.run(t.Context(), func(ctx context.Context) error {
							_, err := db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio, IfVersion: first + 1000}, event())
							return err
						}); !errors.Is(err, storage.ErrStale) {
							t.Fatalf("%s: %v, want ErrStale", what, err)
						}
						struck := armed(w, cut.verdict, c.match)
						err := c.run(t.Context(), change)
						if !struck.Load() {
							t.Fatalf("%s: nothing was cut: %v", what, err)
						}
						e.lost(what, err, first, cut.arrives)
						if calls != 1 {
							t.Errorf("%s: ran %d times, want once", what, calls)
						}
						switch err := c.run(t.Context(), change); {
						case cut.arrives && !errors.Is(err, storage.ErrStale):
							t.Errorf("%s, repeated: %v, want ErrStale", what, err)
						case !cut.arrives && err != nil:
							t.Errorf("%s, repeated: %v", what, err)
						}
						if v := e.version(); v != first+1 || int64(e.events()) != v-1 {
							t.Errorf("%s: version %d with %d events after the repetition, want %d", what, v, e.events(), first+1)
						}
					}
				}
			}
		})
	}
}

// R08 from the outside: 503, and the same request with the same If-Match has one
// effect.
func TestR08_RepeatedRequestHasOneEffect(t *testing.T) {
	dsn := fresh(t)
	w, through := proxy.NewWire(t, dsn)
	// Unprepared, so that the change is recognised by its text.
	a := start(t, through, nil, postgres.Options{TransactionPooler: true})
	for name, cut := range cuts {
		token := a.user(name + "er")
		for range times(3, 34) {
			_, version := a.profile(token)
			first, rows := number(t, version), a.updates(token)
			body := fmt.Sprintf(`{"bio":%q}`, rand.Text())
			var changing atomic.Bool
			struck := armed(w, cut.verdict, func(kind byte, payload string) bool {
				if kind == 'P' {
					changing.Store(strings.Contains(payload, "UPDATE users"))
				}
				return kind == 'S' && changing.Load()
			})
			r := a.json("PATCH", "/api/profile", token, body, "If-Match", version)
			if !struck.Load() {
				t.Fatalf("%s: nothing was cut: %d %s", name, r.status, r.body)
			}
			unavailable(t, route{method: "PATCH", path: "/api/profile"}, r)
			a.discreet(through, r)
			want := http.StatusOK
			if cut.arrives {
				want = http.StatusPreconditionFailed
				until(t, "the server has committed", func() bool { _, v := a.profile(token); return v != version })
			}
			if r := a.json("PATCH", "/api/profile", token, body, "If-Match", version); r.status != want {
				t.Errorf("%s, repeated: %d %s; want %d", name, r.status, r.body, want)
			}
			if _, v := a.profile(token); number(t, v) != first+1 || a.updates(token) != rows+1 {
				t.Errorf("%s: from %s to %s with %d rows more; want one change", name, version, v, a.updates(token)-rows)
			}
		}
	}
}

func connect(t *testing.T, dsn string, o postgres.Options) *sqlstore.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
