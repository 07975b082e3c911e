package httpadapter_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

func withCache(c *httpadapter.Config) { c.Auth.SessionCache = auth.SessionCache{TTL: time.Second} }

// pair are two nodes of one database, each with its own handle on it.
func pair(t *testing.T, open func(t *testing.T) *sqlstore.DB, change func(*httpadapter.Config)) (here, there *world, db *sqlstore.DB) {
	db = open(t)
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	here = newWorld(t, func(c *httpadapter.Config) { c.Stores = httpadapter.StoresOf(db); change(c) })
	other := open(t)
	there = newWorld(t, func(c *httpadapter.Config) { c.Stores, c.Now = httpadapter.StoresOf(other), here.clock.Now; change(c) })
	return here, there, db
}

func onPairs(t *testing.T, run func(t *testing.T, open func(t *testing.T) *sqlstore.DB)) {
	opened := func(t *testing.T, db *sqlstore.DB, err error) *sqlstore.DB {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		return db
	}
	t.Run("SQLite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "test.db")
		run(t, func(t *testing.T) *sqlstore.DB {
			db, err := sqlite.Open(context.WithoutCancel(t.Context()), path, sqlite.Options{})
			return opened(t, db, err)
		})
	})
	t.Run("Postgres", func(t *testing.T) {
		dsn := pgtest.Open(t)
		run(t, func(t *testing.T) *sqlstore.DB {
			db, err := postgres.Open(context.WithoutCancel(t.Context()), dsn, postgres.Options{})
			return opened(t, db, err)
		})
	})
}

// 50 connections read with the cookie while its session ends. Whatever they
// begin after the answer that ended it is refused by this node, and one second
// later by the other.
func TestR17_SigningOutAgainstParallelRequests(t *testing.T) {
	for name, change := range map[string]func(*httpadapter.Config){"cached": withCache, "uncached": func(*httpadapter.Config) {}} {
		t.Run(name, func(t *testing.T) {
			onPairs(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
				here, there, db := pair(t, open, change)
				for name, end := range map[string]func(c *client, u profile.User){
					"logout": func(c *client, _ profile.User) { c.send("POST", "/api/auth/logout", "").want(t, 204) },
					"disabled": func(_ *client, u profile.User) {
						yes := true
						if _, err := db.Users().Update(t.Context(), u.ID, profile.Patch{Disabled: &yes}); err != nil {
							t.Fatal(err)
						}
					},
				} {
					c := here.client().register("ada-" + name)
					u, err := db.Users().ByUsername(t.Context(), "ada-"+name)
					if err != nil {
						t.Fatal(err)
					}
					token := c.cookie(t)
					get := func(w *world) int { return statusOf(t, w, "GET", "/api/profile", token, "", "") }
					if got := get(there); got != 200 {
						t.Fatalf("the other node: %d", got)
					}
					var out atomic.Bool
					var wg sync.WaitGroup
					begun := make(chan struct{}, 50)
					for range 50 {
						wg.Go(func() {
							for i, last := 0, false; !last; i++ {
								last = out.Load()
								if got := get(here); last && got != 401 {
									t.Errorf("after %s: %d", name, got)
								}
								if i == 0 {
									begun <- struct{}{}
								}
							}
						})
					}
					for range 50 {
						<-begun
					}
					end(c, u)
					out.Store(true)
					wg.Wait()
					if got := statusOf(t, there, "PATCH", "/api/profile", token, `{"bio":"late"}`, ""); got != 401 {
						t.Errorf("the other node let a change through after %s: %d", name, got)
					}
					here.clock.advance(time.Second)
					if got := get(there); got != 401 {
						t.Errorf("the other node, a second after %s: %d", name, got)
					}
				}
			})
		})
	}
}

// cookie is the value of the session's cookie.
func (c *client) cookie(t *testing.T) string {
	t.Helper()
	req := httptest.NewRequest("GET", c.w.srv.URL, nil)
	for _, ck := range c.Jar.Cookies(req.URL) {
		if ck.Name == "profilekit" {
			return ck.Value
		}
	}
	t.Fatal("no cookie")
	return ""
}

// statusOf sends one request with that cookie and no other state.
func statusOf(t *testing.T, w *world, method, path, token, body, ifMatch string) int {
	r, err := http.NewRequestWithContext(t.Context(), method, w.srv.URL+path, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return 0
	}
	r.AddCookie(&http.Cookie{Name: "profilekit", Value: token})
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if ifMatch != "" {
		r.Header.Set("If-Match", ifMatch)
	}
	resp, err := w.srv.Client().Do(r)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

func TestCachedViewIsThatOfTheUser(t *testing.T) {
	plain, fast := newWorld(t), newWorld(t, withCache)
	views := map[string]reply{}
	for name, w := range map[string]*world{"plain": plain, "fast": fast} {
		c := w.client().register("ada")
		c.get("/api/profile").want(t, 200)
		for i := range 3 { // each change shows at once, by whatever way it came
			old := c.get("/api/profile").Header.Get("ETag")
			c.send("PATCH", "/api/profile", fmt.Sprintf(`{"bio":"%d"}`, i), "If-Match", old).want(t, 200)
			if r := c.get("/api/profile").want(t, 200); r.json(t)["bio"] != fmt.Sprint(i) || r.Header.Get("ETag") == old {
				t.Errorf("%s: after a change: %s, ETag %s", name, r.body, r.Header.Get("ETag"))
			}
			c.send("PATCH", "/api/profile", `{"bio":"lost"}`, "If-Match", old).want(t, 412)
		}
		u, err := w.store.Users().ByUsername(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		bio := "through the service"
		if _, err := w.app.Profiles.Edit(t.Context(), u.ID, profile.Edit{Bio: &bio}, 0); err != nil {
			t.Fatal(err)
		}
		c.get("/api/profile")
		views[name] = c.get("/api/profile").want(t, 200)
		if got := views[name].json(t)["bio"]; got != bio {
			t.Errorf("%s: bio = %v", name, got)
		}
		head := c.do("HEAD", "/api/profile", "", nil).want(t, 200)
		if len(head.body) != 0 || head.ContentLength != int64(len(views[name].body)) || head.Header.Get("ETag") != views[name].Header.Get("ETag") {
			t.Errorf("%s: HEAD: %v", name, head.Header)
		}
	}
	for _, h := range []string{"ETag", "Content-Type", "Cache-Control", "Vary", "X-Content-Type-Options"} {
		if a, b := views["plain"].Header[http.CanonicalHeaderKey(h)], views["fast"].Header[http.CanonicalHeaderKey(h)]; len(a) != 1 || len(b) != 1 || a[0] != b[0] {
			t.Errorf("%s: %q without, %q with the cache", h, a, b)
		}
	}
}

// A condition is judged by the row, not by what a GET was answered from.
func TestIfMatchIsNeverJudgedByTheCache(t *testing.T) {
	onPairs(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		here, there, _ := pair(t, open, withCache)
		c := here.client().register("ada")
		token := c.cookie(t)
		old := c.get("/api/profile").want(t, 200).Header.Get("ETag")
		if got := statusOf(t, there, "GET", "/api/profile", token, "", ""); got != 200 { // there knows the old version
			t.Fatal(got)
		}
		present := c.send("PATCH", "/api/profile", `{"bio":"new"}`).want(t, 200).Header.Get("ETag")
		if got := statusOf(t, there, "PATCH", "/api/profile", token, `{"bio":"lost"}`, old); got != 412 {
			t.Errorf("the version from before: %d", got)
		}
		if got := statusOf(t, there, "PATCH", "/api/profile", token, `{"bio":"newer"}`, present); got != 200 {
			t.Errorf("the present version: %d", got)
		}
	})
}

// RequireRole asks the database, RequireUser the cache when nothing changes.
func TestR17_RolesAreNeverJudgedByTheCache(t *testing.T) {
	onPairs(t, func(t *testing.T, open func(t *testing.T) *sqlstore.DB) {
		here, there, db := pair(t, open, withCache)
		token := here.client().register("ada").cookie(t)
		u, err := db.Users().ByUsername(t.Context(), "ada")
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			role string
			want int
		}{{"admin", 200}, {"user", 403}} {
			if got := statusOf(t, there, "GET", "/host", token, "", ""); got != 200 {
				t.Fatalf("RequireUser: %d", got)
			}
			if _, err := db.Users().Update(t.Context(), u.ID, profile.Patch{Role: &tt.role}); err != nil {
				t.Fatal(err)
			}
			for _, node := range []*world{here, there} {
				if got := statusOf(t, node, "GET", "/admin", token, "", ""); got != tt.want {
					t.Errorf("as %s: %d, want %d", tt.role, got, tt.want)
				}
			}
		}
		yes := true
		if _, err := db.Users().Update(t.Context(), u.ID, profile.Patch{Disabled: &yes}); err != nil {
			t.Fatal(err)
		}
		if got := statusOf(t, here, "GET", "/host", token, "", ""); got != 401 {
			t.Errorf("a disabled user, here: %d", got)
		}
		if got := statusOf(t, there, "POST", "/host", token, "", ""); got != 401 {
			t.Errorf("a disabled user's change, there: %d", got)
		}
	})
}

func TestCacheIsNotForAHostsSignIn(t *testing.T) {
	c, _ := config(t)
	withCache(&c)
	c.Authenticator = nobody{}
	if _, err := httpadapter.New(c); err == nil {
		t.Error("a cache that would do nothing was taken")
	}
}

type nobody struct{}

func (nobody) Authenticate(*http.Request) (httpadapter.Caller, error) {
	return httpadapter.Caller{}, auth.ErrUnauthenticated
}
