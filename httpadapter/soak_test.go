package httpadapter_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/lib/pq"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

const (
	soakRate    = 50 // requests a second
	soakPeople  = 8
	soakRounds  = 8                   // in each of which much time passes
	soakJump    = 45 * 24 * time.Hour // more than a session lives
	soakSlope   = 1.0                 // MB a minute
	soakAtLeast = 5 * time.Minute     // below that a slope is noise
)

// soakTime is how long each database is under load: 4 s, in the long form 10 minutes,
// or what PROFILEKIT_SOAK says; a release takes 30m.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	switch text := os.Getenv("PROFILEKIT_SOAK"); {
	case text != "":
		d, err := time.ParseDuration(text)
		if err != nil || d < time.Second {
			t.Fatalf("PROFILEKIT_SOAK=%q: %v", text, err)
		}
		return d
	case os.Getenv("PROFILEKIT_LONG") != "":
		return 10 * time.Minute
	}
	return 4 * time.Second
}

// R36: people use an app for a long time, in which days pass. What it holds of
// goroutines and descriptors stays as it is, memory too in the long form, nobody gets
// an error of the server's, and rows that are over go.
func TestR36_Soak(t *testing.T) {
	soak := func(t *testing.T, db *sqlstore.DB, err error, hand *sql.DB, handErr error) {
		t.Helper()
		if err := errors.Join(err, handErr); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close(); hand.Close() })
		if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
			t.Fatal(err)
		}
		newSoak(t, db, hand).run(soakTime(t))
	}
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "app.db")
		db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		hand, handErr := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)&_pragma=query_only(1)")
		soak(t, db, err, hand, handErr)
	})
	t.Run("postgres", func(t *testing.T) {
		dsn := pgtest.Open(t)
		db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
		hand, handErr := sql.Open("postgres", dsn)
		soak(t, db, err, hand, handErr)
	})
}

// soak is an app with everything that leaves rows, and its users.
type soak struct {
	*world
	hand    *sql.DB
	photo   []byte
	letters atomic.Int64
	answers [6]atomic.Int64 // by the first digit of the status
	tell    sync.Once
	held    []held
	// days is held while time passes: an upload that took 45 days would be purged.
	days sync.RWMutex
}

// held is what the process had at a moment.
type held struct {
	at                      time.Duration
	goroutines, descriptors int
	heap                    uint64
}

// Send makes soak the Sender of its letters.
func (s *soak) Send(context.Context, notify.Letter) error {
	s.letters.Add(1)
	return nil
}

func newSoak(t *testing.T, db *sqlstore.DB, hand *sql.DB) *soak {
	t.Helper()
	c, w := config(t)
	s := &soak{world: w, hand: hand, photo: imagetest.JPEG(imagetest.Photo(90, 70, 1), 80)}
	hand.SetMaxOpenConns(1)
	blobs, err := diskblob.Open(t.TempDir(), diskblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c.Stores, c.Blobs, c.Pictures.Direct, c.Auth.Courier = httpadapter.StoresOf(db), blobs, false, nil
	c.Logger = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelWarn})) // which nobody should need
	c.Mail.Senders = map[authmail.Channel]notify.Sender{authmail.ByEmail: s}
	c.Activity.Retention = soakJump
	if w.app, err = httpadapter.New(c); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	w.app.Register(mux)
	w.srv = httptest.NewServer(mux)
	t.Cleanup(w.srv.Close)
	return s
}

// runs has the app work until the function that it returns is called.
func (s *soak) runs() (end func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	var run sync.WaitGroup
	run.Go(func() { s.app.Run(ctx) })
	return func() {
		cancel()
		run.Wait()
	}
}

func (s *soak) run(d time.Duration) {
	t := s.t
	transport := &http.Transport{MaxIdleConnsPerHost: soakPeople, MaxConnsPerHost: soakPeople}
	people := make([]*client, soakPeople)
	for i := range people {
		people[i] = s.client()
		people[i].Transport = transport
		people[i].register(fmt.Sprint("user", i))
	}

	ctx, cancel := context.WithCancel(t.Context())
	var load sync.WaitGroup
	pace := time.NewTicker(time.Second / soakRate)
	defer pace.Stop()
	for i, c := range people {
		load.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-ctx.Done():
					return
				case <-pace.C:
					s.request(c, fmt.Sprint("user", i), i, n)
				}
			}
		})
	}
	start := time.Now()
	for round := range soakRounds {
		stop := s.runs() // which cleans first, and then sends
		for part := range 4 {
			time.Sleep(d / soakRounds / 4)
			if round > 1 && part > 0 { // pools are full, and what is kept is made
				s.note(time.Since(start))
			}
		}
		stop()
		s.days.Lock()
		s.clock.advance(soakJump)
		s.days.Unlock()
	}
	cancel()
	load.Wait()

	s.flat(d)
	s.idle(transport)
	s.pruned()
	total := int64(0)
	for class := range s.answers {
		total += s.answers[class].Load()
	}
	t.Logf("%d answers in %s: 2xx %d, 3xx %d, 4xx %d, 5xx %d; %d letters", total, d, s.answers[2].Load(), s.answers[3].Load(), s.answers[4].Load(), s.answers[5].Load(), s.letters.Load())
	if s.answers[5].Load() != 0 || s.answers[0].Load() != 0 {
		t.Errorf("the server failed, or did not answer: %s", s.log)
	}
	if s.answers[2].Load() < total/2 || s.letters.Load() == 0 {
		t.Error("little of the load was served: this is no soak")
	}
}

// request is one of what people do.
func (s *soak) request(c *client, name string, i, n int) {
	s.days.RLock()
	defer s.days.RUnlock()
	const contentType = "application/json"
	step := func(method, path, kind, body string) int { return s.ask(c, method, path, kind, body) }
	status := 0
	switch (n + i) % 20 {
	case 0, 1:
		status = step("PATCH", "/api/profile", contentType, fmt.Sprintf(`{"bio":"round %d"}`, n))
	case 2:
		status = step("PATCH", "/api/settings", contentType, fmt.Sprintf(`{"appearance":{"theme":%q}}`, []string{"dark", "light"}[n%2]))
	case 3:
		status = step("PUT", "/api/profile/picture", "image/jpeg", string(s.photo))
	case 4:
		step("POST", "/api/auth/login", contentType, login(name, "not the password"))
	case 5:
		step("POST", "/api/auth/logout", "", "")
		status = 401
	case 6:
		step("POST", "/api/auth/password/forgot", contentType, `{"email":"`+name+`@example.org"}`)
	case 7, 8:
		status = step("GET", "/api/activity", "", "")
	case 9, 10:
		status = step("GET", "/api/users/"+name, "", "")
	case 11, 12:
		status = step("GET", "/api/settings", "", "")
	default:
		status = step("GET", "/api/profile", "", "")
	}
	if status == http.StatusUnauthorized {
		step("POST", "/api/auth/login", contentType, login(name, password))
	}
}

// ask sends a request and counts its answer; it never ends the test, since it is not
// of its goroutine.
func (s *soak) ask(c *client, method, path, kind, body string) int {
	var reader io.Reader
	if kind != "" {
		reader = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(context.WithoutCancel(s.t.Context()), method, s.srv.URL+path, reader)
	if err != nil {
		s.answers[0].Add(1)
		return 0
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	resp, err := c.Do(r)
	if err != nil {
		s.answers[0].Add(1)
		s.tell.Do(func() { s.t.Errorf("%s %s: %v", method, path, err) })
		return 0
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 500 {
		s.tell.Do(func() { s.t.Errorf("%s %s: %d, %v: %s", method, path, resp.StatusCode, err, text) })
	}
	s.answers[min(resp.StatusCode/100, 5)].Add(1)
	return resp.StatusCode
}

func (s *soak) note(at time.Duration) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.held = append(s.held, held{at, runtime.NumGoroutine(), descriptors(), m.HeapAlloc})
}

// descriptors are those that this process has open, where the system tells.
func descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list)
}

// flat looks at whether the second half of the time held more than the first.
func (s *soak) flat(d time.Duration) {
	t := s.t
	first, second := s.held[:len(s.held)/2], s.held[len(s.held)/2:]
	most := func(of []held, what func(held) int) int {
		return what(slices.MaxFunc(of, func(a, b held) int { return what(a) - what(b) }))
	}
	for name, what := range map[string]func(held) int{
		"goroutines":  func(h held) int { return h.goroutines },
		"descriptors": func(h held) int { return h.descriptors },
	} {
		before, after := most(first, what), most(second, what)
		t.Logf("%s: at most %d, then %d", name, before, after)
		// What one request has at a moment is up to four of them.
		if after > before+4*soakPeople {
			t.Errorf("%s rose from %d to %d", name, before, after)
		}
	}
	slope := slopeOf(s.held)
	t.Logf("the live heap is %.1f MB and changes by %.2f MB a minute", float64(s.held[len(s.held)-1].heap)/1e6, slope)
	if d >= soakAtLeast && slope > soakSlope {
		t.Errorf("the live heap grows by %.2f MB a minute", slope)
	}
}

// slopeOf is how much the live heap changes, in MB a minute, by least squares.
func slopeOf(list []held) float64 {
	var x, y, xx, xy float64
	n := float64(len(list))
	for _, h := range list {
		minutes, mb := h.at.Minutes(), float64(h.heap)/1e6
		x, y, xx, xy = x+minutes, y+mb, xx+minutes*minutes, xy+minutes*mb
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

// idle looks at what is left when nobody asks any more: no goroutine of a request.
func (s *soak) idle(transport *http.Transport) {
	s.t.Helper()
	transport.CloseIdleConnections()
	s.srv.CloseClientConnections()
	busy := []string{"httpadapter.(*App)", "net/http.(*conn).serve", "settings/notify."}
	var stacks string
	for range 100 {
		buf := make([]byte, 4<<20)
		stacks = string(buf[:runtime.Stack(buf, true)])
		if !slices.ContainsFunc(busy, func(of string) bool { return strings.Contains(stacks, of) }) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Errorf("something still runs:\n%s", stacks)
}

// pruned lets all time pass: of what has an end nothing is left.
func (s *soak) pruned() {
	t := s.t
	rows := func(table string) (n int) {
		if err := s.hand.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	tables := []string{"profilekit_sessions", "profilekit_throttle", "profilekit_tickets", "profilekit_activity", "profilekit_outbox"}
	before := map[string]int{}
	for _, table := range tables {
		before[table] = rows(table)
	}
	t.Logf("rows: %v", before)
	if before["profilekit_sessions"] == 0 || before["profilekit_activity"] == 0 {
		t.Errorf("there is nothing to prune: %v", before)
	}
	// Rows of the first rounds went while the load was on.
	if n := s.answers[2].Load(); before["profilekit_activity"] > int(n)/2 {
		t.Errorf("%d events are left of %d answers", before["profilekit_activity"], n)
	}
	// What waits is sent first: it would expire, and dead letters are kept for a month.
	ended := s.runs()
	for end := time.Now().Add(10 * time.Second); rows("profilekit_outbox WHERE NOT dead") > 0 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	ended()
	s.clock.advance(1000 * 24 * time.Hour)
	defer s.runs()()
	for range 200 {
		left := 0
		for _, table := range tables {
			left += rows(table)
		}
		if left == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	for _, table := range tables {
		if n := rows(table); n != 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
}
