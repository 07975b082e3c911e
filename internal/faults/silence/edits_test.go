package silence

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// editors is how many requests change one profile at a time.
const editors = 50

// flat are fields of a profile that hold a short text, one inside another.
var flat = []string{
	"displayName", "givenName", "familyName", "pronouns", "bio",
	"address.line1", "address.line2", "address.city", "address.region", "address.postalCode",
}

// onBothDatabases runs f with a server over each database, whose requests have
// time enough for a loaded machine.
func onBothDatabases(t *testing.T, f func(t *testing.T, a *app)) {
	patient := func(c *httpadapter.Config) {
		c.HTTP.RequestTimeout, c.HTTP.BodyTimeout = 30*time.Second, 30*time.Second
	}
	t.Run("postgres", func(t *testing.T) {
		db, err := postgres.Open(t.Context(), fresh(t), postgres.Options{MaxWait: 30 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		f(t, serve(t, db, nil, patient))
	})
	t.Run("sqlite", func(t *testing.T) {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "app.db"), sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		f(t, serve(t, db, nil, patient))
	})
}

// at sends n requests at the same moment and returns their answers.
func at(n int, send func(i int) answer) []answer {
	got := make([]answer, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			got[i] = send(i)
		})
	}
	close(start)
	all.Wait()
	return got
}

// nested spells {"a":{"b":value}} for "a.b".
func nested(field, value string) string {
	if outer, inner, ok := strings.Cut(field, "."); ok {
		return fmt.Sprintf(`{%q:%s}`, outer, nested(inner, value))
	}
	return fmt.Sprintf(`{%q:%q}`, field, value)
}

// dig reads what nested wrote.
func dig(p map[string]any, field string) any {
	outer, inner, ok := strings.Cut(field, ".")
	if !ok {
		return p[field]
	}
	o, _ := p[outer].(map[string]any)
	return dig(o, inner)
}

// profile reads the own profile and its ETag.
func (a *app) profile(token string) (map[string]any, string) {
	a.t.Helper()
	r := a.json("GET", "/api/profile", token, "")
	var p map[string]any
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || r.status != http.StatusOK {
		a.t.Fatalf("GET profile: %d %s", r.status, r.body)
	}
	return p, r.header.Get("ETag")
}

// updates counts the rows of the feed that tell of a changed profile.
func (a *app) updates(token string) (n int) {
	a.t.Helper()
	next := "/api/activity?limit=100&kind=profile.updated"
	for next != "" {
		r := a.json("GET", next, token, "")
		var page struct {
			Items []json.RawMessage
			Next  string
		}
		if err := json.Unmarshal([]byte(r.body), &page); err != nil || r.status != http.StatusOK {
			a.t.Fatalf("GET activity: %d %s", r.status, r.body)
		}
		n += len(page.Items)
		next = ""
		if page.Next != "" {
			next = "/api/activity?limit=100&kind=profile.updated&cursor=" + page.Next
		}
	}
	return n
}

// R12: changes of different fields at one time do not undo each other: each
// field ends as the value that one of its own writers sent. I6: as many
// rows in the feed as changes.
func TestR12_ParallelEditsOfDifferentFieldsAllStay(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, a *app) {
		for round := range times(1, 20) {
			token := a.user(fmt.Sprintf("alice%d", round))
			sent := map[string]map[any]bool{}
			for i := range editors {
				f := flat[i%len(flat)]
				if sent[f] == nil {
					sent[f] = map[any]bool{}
				}
				sent[f][fmt.Sprint("v", i)] = true
			}
			for i, r := range at(editors, func(i int) answer {
				return a.json("PATCH", "/api/profile", token, nested(flat[i%len(flat)], fmt.Sprint("v", i)))
			}) {
				if r.status != http.StatusOK {
					t.Errorf("PATCH of %s: %d %s", flat[i%len(flat)], r.status, r.body)
				}
			}
			p, _ := a.profile(token)
			for f, values := range sent {
				if got := dig(p, f); !values[got] {
					t.Errorf("%s is %v; want one of %v", f, got, values)
				}
			}
			if n := a.updates(token); n != editors {
				t.Errorf("%d rows in the feed, want one for each of %d changes", n, editors)
			}
		}
	})
}

// R12: of changes that all name one version exactly one is made, and it is the
// one whose answer says so.
func TestR12_OneEditPerVersion(t *testing.T) {
	onBothDatabases(t, func(t *testing.T, a *app) {
		for round := range times(2, 40) {
			token := a.user(fmt.Sprintf("bob%d", round))
			_, version := a.profile(token)
			won := -1
			for i, r := range at(editors, func(i int) answer {
				return a.json("PATCH", "/api/profile", token, nested("bio", fmt.Sprint("v", i)), "If-Match", version)
			}) {
				switch {
				case r.status == http.StatusOK && won < 0:
					won = i
				case r.status == http.StatusOK:
					t.Errorf("%d and %d both changed version %s", won, i, version)
				case r.status != http.StatusPreconditionFailed:
					t.Errorf("PATCH: %d %s; want 200 or 412", r.status, r.body)
				}
			}
			p, next := a.profile(token)
			if want := fmt.Sprint("v", won); p["bio"] != want || next == version {
				t.Errorf("bio is %v at version %s, want %s at another than %s", p["bio"], next, want, version)
			}
			if n := a.updates(token); n != 1 {
				t.Errorf("%d rows in the feed, want 1", n)
			}
		}
	})
}
