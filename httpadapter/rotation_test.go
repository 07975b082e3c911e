package httpadapter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// Two nodes on one database change their keys, one node after the other, while
// people read, page and sign in with codes on both: nobody is signed out, no
// page and no code is refused. The key that was dropped opens nothing then, and
// that fails closed and is told.
func TestR41_KeysAreRotatedUnderLoad(t *testing.T) {
	onDatabase(t, func(t *testing.T, db *sqlstore.DB) {
		r := newRotation(t, db)
		const people = 3
		lost := r.person("lost") // whose seed nobody seals anew
		var load sync.WaitGroup
		done := make(chan struct{})
		rounds := make([]chan struct{}, people)
		for i := range people {
			rounds[i] = make(chan struct{})
			p := r.person(fmt.Sprint("user", i))
			load.Go(func() {
				defer close(rounds[i]) // also when a request failed the test
				for n := 0; ; n++ {
					p.round(n)
					select {
					case rounds[i] <- struct{}{}:
					case <-done:
						return
					}
				}
			})
		}
		each := func() { // everybody is through at least one whole round
			for range 2 {
				for i := range people {
					<-rounds[i]
				}
			}
		}
		a, b := r.keys, keyring.Generate()
		each()
		for _, ring := range [][]keyring.Key{{a, b}, {b, a}} {
			for node := range r.nodes {
				r.restart(node, ring...)
				each()
			}
		}
		old := lost.cursor
		report, err := r.nodes[0].Load().app.Auth.Reseal(t.Context())
		if err != nil || report.Factors != people+1 || report.Resealed != people+1 || len(report.Lost) != 0 {
			t.Errorf("sealing anew: %+v, %v", report, err)
		}
		each()
		if report, err = r.nodes[1].Load().app.Auth.Reseal(t.Context()); err != nil || report.Resealed != 0 {
			t.Errorf("again: %+v, %v", report, err)
		}
		// Put it back as a careless operator would find it.
		r.restart(0, a, b)
		if report, err = r.nodes[0].Load().app.Auth.Reseal(t.Context()); err != nil || report.Resealed != people+1 {
			t.Errorf("back to the old key: %+v, %v", report, err)
		}
		r.restart(0, b, a)
		each()
		if report, err = r.nodes[0].Load().app.Auth.Reseal(t.Context()); err != nil || report.Resealed != people+1 {
			t.Errorf("and anew: %+v, %v", report, err)
		}
		for node := range r.nodes {
			r.restart(node, b)
			each()
		}
		close(done)
		load.Wait()

		got := lost.c.get("/api/activity?limit=1&cursor="+url.QueryEscape(old)).want(t, 400)
		if got.code(t) != "bad_cursor" {
			t.Errorf("a cursor of the dropped key: %s", got.body)
		}
		lost.c.get("/api/profile").want(t, 200)

		// A seed that was not sealed anew.
		r.restart(0, a)
		r.restart(1, a)
		late := r.person("late")
		r.restart(0, b)
		r.restart(1, b)
		half := r.client()
		half.send("POST", "/api/auth/login", login("late", password)).want(t, 200)
		got = half.send("POST", "/api/auth/mfa", answer("totp", late.app.code(), ""))
		if got.StatusCode != 409 || got.code(t) != "factor_unusable" || strings.Contains(string(got.body), "key") {
			t.Errorf("a code of a seed that no key opens: %d %s", got.StatusCode, got.body)
		}
		if log := r.log.String(); !strings.Contains(log, keyring.ErrUnknownKey.Error()) || !strings.Contains(log, a.ID) {
			t.Error("the log does not say why, or which key is missing")
		}
		half.get("/api/profile").want(t, 401)
		report, err = r.nodes[0].Load().app.Auth.Reseal(t.Context())
		if err != nil || len(report.Lost) != 1 || report.Resealed != 0 {
			t.Errorf("the lost one: %+v, %v", report, err)
		}
		half.send("POST", "/api/auth/mfa", answer("recovery_code", late.codes[0], "")).want(t, 200)
		half.get("/api/profile").want(t, 200)
		half.get("/api/auth/mfa").want(t, 200)
	})
}

func onDatabase(t *testing.T, f func(t *testing.T, db *sqlstore.DB)) {
	run := func(t *testing.T, db *sqlstore.DB, err error) {
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		f(t, db)
	}
	t.Run("sqlite", func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "app.db"), sqlite.Options{})
		run(t, db, err)
	})
	t.Run("postgres", func(t *testing.T) {
		db, err := postgres.Open(t.Context(), pgtest.Open(t), postgres.Options{})
		run(t, db, err)
	})
}

// rotation is a world of two nodes, which are restarted with other keys while
// they serve. Requests go to them in turn.
type rotation struct {
	*world
	db    *sqlstore.DB
	keys  keyring.Key
	nodes [2]atomic.Pointer[node]
	turn  atomic.Int64
	codes sync.Mutex // one code at a time, since each takes a time step
}

type node struct {
	app *httpadapter.App
	mux *http.ServeMux
}

func newRotation(t *testing.T, db *sqlstore.DB) *rotation {
	t.Helper()
	_, w := config(t)
	r := &rotation{world: w, db: db, keys: keyring.Generate()}
	for i := range r.nodes {
		r.restart(i, r.keys)
	}
	w.srv = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		r.nodes[r.turn.Add(1)%2].Load().mux.ServeHTTP(rw, req)
	}))
	t.Cleanup(w.srv.Close)
	return r
}

func (r *rotation) restart(i int, keys ...keyring.Key) {
	r.t.Helper()
	c, _ := config(r.t)
	ring, err := keyring.New(keys...)
	if err != nil {
		r.t.Fatal(err)
	}
	world := r.world
	c.Stores = httpadapter.StoresOf(r.db).Unlimited()
	c.Keys, c.Now, c.Auth.Courier = ring, world.clock.Now, world.mail
	c.Logger = r.logger()
	n := &node{mux: http.NewServeMux()}
	fit(&c)
	if n.app, err = httpadapter.New(c); err != nil {
		r.t.Fatal(err)
	}
	n.app.Register(n.mux)
	r.nodes[i].Store(n)
}

// person is somebody with a session, an app and a place in the feed.
type person struct {
	r      *rotation
	name   string
	c      *client
	app    *authenticator
	codes  []any
	cursor string
}

func (r *rotation) person(name string) *person {
	r.t.Helper()
	p := &person{r: r, name: name, c: r.client().register(name)}
	p.app, p.codes = r.enrol(p.c)
	p.page()
	return p
}

// page reads on in the feed by the cursor of the page before.
func (p *person) page() {
	next, _ := p.c.get("/api/activity?limit=1&cursor="+url.QueryEscape(p.cursor)).want(p.r.t, 200).json(p.r.t)["next"].(string)
	p.cursor = next
}

// round does what people do, on a node each.
func (p *person) round(n int) {
	t := p.r.t
	p.c.get("/api/profile").want(t, 200)
	p.page()
	p.c.send("PATCH", "/api/profile", fmt.Sprintf(`{"bio":"round %d"}`, n)).want(t, 200)
	p.page()
	elsewhere := p.r.client()
	elsewhere.send("POST", "/api/auth/login", login(p.name, password)).want(t, 200)
	p.r.codes.Lock()
	p.r.clock.advance(30 * time.Second)
	elsewhere.send("POST", "/api/auth/mfa", answer("totp", p.app.code(), "")).want(t, 200)
	p.r.codes.Unlock()
	elsewhere.get("/api/profile").want(t, 200)
	p.page()
}
