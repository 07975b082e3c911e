package httpadapter_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// front is a host's own sign-in: headers say who it is and when that was proved,
// which is now if they do not.
type front struct{ now func() time.Time }

func (f front) Authenticate(r *http.Request) (httpadapter.Caller, error) {
	id := r.Header.Get("X-Test-User")
	if id == "" {
		return httpadapter.Caller{}, auth.ErrUnauthenticated
	}
	proved := f.now()
	if s := r.Header.Get("X-Test-Proved"); s != "" {
		var err error
		if proved, err = time.Parse(time.RFC3339Nano, s); err != nil {
			return httpadapter.Caller{}, err
		}
	}
	return httpadapter.Caller{UserID: id, ProvedAt: proved}, nil
}

// told is a Recorder that keeps what it was told.
type told struct {
	mu    sync.Mutex
	kinds []activity.Kind
}

func (r *told) Record(_ context.Context, events ...activity.Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range events {
		r.kinds = append(r.kinds, e.Kind)
	}
	return nil
}

func (r *told) all() []activity.Kind {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.kinds)
}

// hosted is a world whose host signs people in by itself. What our sign-in would
// ask fails the test.
type hosted struct {
	*world
	config httpadapter.Config
	told   *told
}

// opener starts a node on the database of its test, each time another.
type opener func(t *testing.T, change ...func(*httpadapter.Config)) *hosted

// onStores runs f on a database in memory and, with every, on SQLite and Postgres.
func onStores(t *testing.T, every bool, f func(t *testing.T, open opener)) {
	on := func(t *testing.T, db httpadapter.Database) {
		f(t, func(t *testing.T, change ...func(*httpadapter.Config)) *hosted {
			t.Helper()
			h := &hosted{told: &told{}}
			h.world = newWorld(t, func(c *httpadapter.Config) {
				c.Stores, c.Authenticator, c.Recorder = httpadapter.StoresOf(db), front{c.Now}, h.told
				for _, ch := range change {
					ch(c)
				}
				h.config = *c
			})
			return h
		})
	}
	t.Run("memory", func(t *testing.T) { on(t, memstore.New()) })
	if !every {
		return
	}
	migrated := func(t *testing.T, db *sqlstore.DB, err error) *sqlstore.DB {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		return db
	}
	t.Run("sqlite", func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "app.db"), sqlite.Options{})
		on(t, migrated(t, db, err))
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := pgtest.OpenFrom(t, "hosted", func(ctx context.Context, dsn string) error {
			db, err := postgres.Open(ctx, dsn, postgres.Options{})
			if err != nil {
				return err
			}
			return errors.Join(db.Migrate(ctx, sqlstore.MigrateOptions{}), db.Close())
		})
		db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
		on(t, migrated(t, db, err))
	})
}

// users is where the host's users are.
func (h *hosted) users() profile.Store {
	return h.config.Stores.Users
}

// join makes a user, as the host's sign-up does, who is signed in.
func (h *hosted) join(name string) (*client, profile.User) {
	h.t.Helper()
	u, err := h.users().Create(h.t.Context(), profile.User{Username: name, Email: name + "@example.org", Role: "user"})
	if err != nil {
		h.t.Fatal(err)
	}
	return h.as(u.ID), u
}

// as is a client whom the host names so.
func (h *hosted) as(id string) *client {
	c := h.client()
	c.header.Set("X-Test-User", id)
	return c
}

// change is what only the host can change of a user.
func (h *hosted) change(id string, p profile.Patch) {
	h.t.Helper()
	if _, err := h.users().Update(h.t.Context(), id, p); err != nil {
		h.t.Fatal(err)
	}
}

// proved are the headers of a proof that is so old.
func (w *world) proved(age time.Duration) (header, at string) {
	return "X-Test-Proved", w.clock.Now().Add(-age).Format(time.RFC3339Nano)
}

// try sends something to the route, which may be refused for what it is.
func (c *client) try(r httpadapter.Route, headers ...string) reply {
	c.w.t.Helper()
	path := strings.NewReplacer("{id}", "x", "{username}", "nobody", "{key}", "x").Replace(r.Pattern)
	return c.send(r.Method, path, `{}`, headers...)
}

// kinds are those of the caller's feed, the newest first.
func (c *client) kinds() (kinds []string) {
	c.w.t.Helper()
	items, _ := c.get("/api/activity?limit=100").want(c.w.t, 200).json(c.w.t)["items"].([]any)
	for _, item := range items {
		kind, _ := item.(map[string]any)["kind"].(string)
		kinds = append(kinds, kind)
	}
	return kinds
}

// row is one of the table in README.md: what proves each of its cells. A cell that
// says nothing is nil.
type row struct {
	name       string
	kept, host func(t *testing.T, open opener)
	// every is for what the database has a part in.
	every bool
}

// rows has what proves the table in README.md.
var rows = slices.Concat(callerRows, ruleRows, endRows, userRows)

// nothing is a cell that says nothing.
const nothing = "–"

// TestAuthenticatorTable: README.md says of each capability who keeps it with an
// Authenticator, and each cell has a test.
func TestAuthenticatorTable(t *testing.T) {
	file, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(file), "\n## What an Authenticator keeps, what it takes over\n")
	if !ok {
		t.Fatal("README.md has no such section")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	left := map[string][]string{}
	for line := range strings.Lines(section) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| ---") || strings.HasPrefix(line, "| |") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 3 || left[cells[0]] != nil {
			t.Errorf("the row %q has %d cells, or is there twice", line, len(cells))
			continue
		}
		left[cells[0]] = cells[1:]
	}
	if len(left) < 20 {
		t.Fatalf("only %d rows were found", len(left))
	}
	for _, r := range rows {
		cells, ok := left[r.name]
		if !ok {
			t.Errorf("README.md has no row %q", r.name)
			continue
		}
		delete(left, r.name)
		for i, proof := range []func(*testing.T, opener){r.kept, r.host} {
			if (proof == nil) != (cells[i] == nothing) {
				t.Errorf("%s: the cell %q has a test: %v", r.name, cells[i], proof != nil)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		t.Errorf("the row %q has no test", name)
	}
}

// TestAuthenticator proves the table in README.md, cell by cell.
func TestAuthenticator(t *testing.T) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if r.kept != nil {
				t.Run("kept by profilekit", func(t *testing.T) { onStores(t, r.every, r.kept) })
			}
			if r.host != nil {
				t.Run("taken over by the host", func(t *testing.T) { onStores(t, r.every, r.host) })
			}
		})
	}
}
