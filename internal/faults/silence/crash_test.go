package silence

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage/postgres"
)

// writer changes one field of a profile to rising numbers.
type writer struct {
	token, field string
	sent         int64
	acked        atomic.Int64
	served       *atomic.Int64 // of all writers
}

// write goes on until stop. It does not try again what failed: the next number
// is another change.
func (w *writer) write(a *app, stop <-chan struct{}, tick <-chan time.Time) {
	for {
		select {
		case <-stop:
			return
		case <-tick:
		}
		w.sent++
		r := a.json("PATCH", "/api/profile", w.token, fmt.Sprintf(`{%q:"%d"}`, w.field, w.sent))
		switch r.status {
		case http.StatusOK:
			w.acked.Store(w.sent)
			w.served.Add(1)
		case http.StatusServiceUnavailable:
			unavailable(a.t, route{method: "PATCH", path: "/api/profile"}, r)
		default:
			a.t.Errorf("PATCH: %d %s; want 200 or 503", r.status, r.body)
		}
	}
}

// R03: the server of the database is stopped as by a power failure under 50
// requests a second. Nothing that was acknowledged is lost (I1), each change has
// its row in the feed (I6), and the same process answers again within 5 s.
func TestR03_CrashOfTheDatabase(t *testing.T) {
	server := pgtest.New(t)
	if err := migrate(t.Context(), server.DSN()); err != nil {
		t.Fatal(err)
	}
	a := start(t, server.DSN(), nil, postgres.Options{})
	fields := []string{"displayName", "givenName", "familyName", "pronouns"}
	var served atomic.Int64
	var list []*writer
	versions := map[string]int64{}
	for i := range times(2, 8) {
		token := a.user(fmt.Sprintf("writer%d", i))
		_, tag := a.profile(token)
		versions[token] = number(t, tag)
		for _, f := range fields {
			list = append(list, &writer{token: token, field: f, served: &served})
		}
	}
	stop := make(chan struct{})
	tick := time.NewTicker(time.Second / 50)
	defer tick.Stop()
	var writers sync.WaitGroup
	for _, w := range list {
		writers.Go(func() { w.write(a, stop, tick.C) })
	}
	for range times(1, 20) {
		before := served.Load()
		until(t, "writes are acknowledged", func() bool { return served.Load() >= before+50 })
		server.Crash()
		if long {
			time.Sleep(5 * time.Second) // the row's time without a database
		}
		down := a.json("GET", "/api/profile", list[0].token, "")
		unavailable(t, route{method: "GET", path: "/api/profile"}, down)
		a.discreet(server.DSN(), down)
		server.Start()
		back := time.Now()
		a.recovers(list[0].token)
		t.Logf("answers again %v after the database", time.Since(back).Round(time.Millisecond))
	}
	close(stop)
	writers.Wait()
	for _, w := range list {
		p, _ := a.profile(w.token)
		got, err := strconv.ParseInt(fmt.Sprint(p[w.field]), 10, 64)
		if err != nil || got < w.acked.Load() || got > w.sent {
			t.Errorf("%s is %v; want %d to %d", w.field, p[w.field], w.acked.Load(), w.sent)
		}
	}
	for token, first := range versions {
		_, tag := a.profile(token)
		if changes, rows := number(t, tag)-first, a.updates(token); int64(rows) != changes {
			t.Errorf("%d changes, but %d rows in the feed", changes, rows)
		}
	}
}

// number is the version in an ETag.
func number(t *testing.T, tag string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(strings.Trim(tag, `"`), 10, 64)
	if err != nil {
		t.Fatalf("ETag %q", tag)
	}
	return n
}
