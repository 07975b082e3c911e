package silence

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/faults/proxy"
	"github.com/profilekit/profilekit/storage/postgres"
)

// limit is when a request must have been answered: its deadline and a second, and the slack
// of a loaded machine, on which all routes are asked at once.
func (r route) limit() time.Duration {
	d := requestTime + time.Second + slack
	if len(r.body) > 0 {
		d += bodyTime
	}
	return d
}

// everyRoute asks every route at once, signed in and anonymously, and checks
// that the answers come in time and say what they should.
func everyRoute(t *testing.T, a *app, dsn, token string) {
	t.Helper()
	var all sync.WaitGroup
	for _, r := range routes(t, "alice") {
		for _, who := range []string{token, ""} {
			all.Go(func() {
				got := a.do(r.method, r.path, who, nil, r.contentType, r.body)
				if got.took > r.limit() {
					t.Errorf("%v: answered after %v; want %v at most", r, got.took, r.limit())
				}
				switch {
				case r.free && got.status != http.StatusOK:
					t.Errorf("%v: %d; it needs no database", r, got.status)
				case !r.free && got.status < 400:
					t.Errorf("%v: %d without a database", r, got.status)
				case got.status == http.StatusServiceUnavailable:
					unavailable(t, r, got)
				case got.status >= 500 && !strings.Contains(r.path, "upload-profile"): // whose server faults are 500
					t.Errorf("%v: %d %s", r, got.status, got.body)
				}
				if who != "" && !r.free && got.status < 500 {
					t.Errorf("%v: %d %s; want a fault of the server", r, got.status, got.body)
				}
				a.discreet(dsn, got)
			})
		}
	}
	all.Wait()
}

// recovers asks until a read works, for 5 s.
func (a *app) recovers(token string) {
	a.t.Helper()
	begin := time.Now()
	for {
		r := a.json("GET", "/api/profile", token, "")
		if r.status == http.StatusOK {
			return
		}
		if time.Since(begin) > 5*time.Second {
			a.t.Fatalf("not usable %v after it healed: %d %s", time.Since(begin), r.status, r.body)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// The database falls silent under living connections, and new ones get no
// answer either.
func TestR06_SilentDatabase(t *testing.T) {
	p, dsn := proxy.For(t, fresh(t))
	a := start(t, dsn, nil, postgres.Options{})
	token := a.user("alice")
	everyOK(t, a, token)
	base, _ := ours()
	p.Silence(t)
	for range times(1, 20) {
		everyRoute(t, a, dsn, token)
	}
	settled(t, base, 60*time.Second)
	p.Heal(t)
	a.recovers(token)
}

// Connections are refused first, so that all are gone, and then accepted by
// something that says nothing.
func TestR06_SilentFromTheBeginning(t *testing.T) {
	p, dsn := proxy.For(t, fresh(t))
	a := start(t, dsn, nil, postgres.Options{})
	token := a.user("alice")
	base, _ := ours()
	p.Refuse()
	everyRoute(t, a, dsn, token)
	p.Accept(t)
	p.Silence(t)
	everyRoute(t, a, dsn, token)
	p.Heal(t)
	a.recovers(token)
	settled(t, base, 60*time.Second)
}

// The database is alive when the caller is recognised, and falls silent at the
// change, or at the commit.
func TestR06_SilentInTheMiddle(t *testing.T) {
	for name, strikes := range map[string]func(kind byte, payload string) bool{
		"at the change": func(kind byte, payload string) bool {
			return kind == 'P' && (strings.Contains(payload, "INSERT") || strings.Contains(payload, "UPDATE") || strings.Contains(payload, "DELETE"))
		},
		"at the commit": func(kind byte, payload string) bool { return kind == 'Q' && strings.HasPrefix(payload, "COMMIT") },
	} {
		t.Run(name, func(t *testing.T) {
			w, dsn := proxy.NewWire(t, fresh(t))
			// Unprepared, so that each statement passes with its text.
			a := start(t, dsn, nil, postgres.Options{TransactionPooler: true})
			token, other := a.user("alice"), a.user("bob")
			base, _ := ours()
			w.Judge(func(kind byte, payload []byte) proxy.Verdict {
				if strikes(kind, string(payload)) {
					return proxy.Hang
				}
				return proxy.Pass
			})
			struck := 0
			var all sync.WaitGroup
			var mu sync.Mutex
			for _, r := range routes(t, "alice") {
				all.Go(func() {
					got := a.do(r.method, r.path, token, nil, r.contentType, r.body)
					if got.took > r.limit() {
						t.Errorf("%v: answered after %v; want %v at most", r, got.took, r.limit())
					}
					if got.status >= 500 {
						mu.Lock()
						struck++
						mu.Unlock()
					}
					a.discreet(dsn, got)
				})
			}
			all.Wait()
			if struck < 2 {
				t.Errorf("only %d routes met the fault", struck)
			}
			w.Judge(nil)
			a.recovers(other) // alice may have signed out
			settled(t, base, 60*time.Second)
		})
	}
}

// everyOK warms connections and statements up, and shows that the routes that
// will be asked work when nothing is wrong.
func everyOK(t *testing.T, a *app, token string) {
	t.Helper()
	for _, r := range []string{"/api/profile", "/api/settings", "/api/activity", "/api/auth/sessions"} {
		if got := a.json("GET", r, token, ""); got.status != http.StatusOK {
			t.Fatalf("GET %s: %d %s", r, got.status, got.body)
		}
	}
}

func TestR05_RefusingDatabase(t *testing.T) {
	p, dsn := proxy.For(t, fresh(t))
	a := start(t, dsn, nil, postgres.Options{})
	token := a.user("alice")
	p.Refuse()
	begin := time.Now()
	for range 3 {
		everyRoute(t, a, dsn, token)
	}
	if took := time.Since(begin); took > 6*time.Second {
		t.Errorf("three rounds took %v; want at most 2 s each", took)
	}
	if err := a.db.Ping(t.Context()); err == nil {
		t.Error("Ping works without a database")
	}
	p.Accept(t)
	a.recovers(token)
	if err := a.db.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
}
