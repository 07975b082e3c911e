package sqlstore_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// benchScale has a user with 200 thousand events among a million, or among ten
// in the long form.
func benchScale() scale {
	if long() {
		return scale{events: 10_000_000, busy: 50, users: 1_000_000, sessions: 1000}
	}
	return scale{events: 1_000_000, busy: 5, users: 10_000, sessions: 1000}
}

// BenchmarkFeedPage reads pages of 50 of a user who has 200 thousand events:
// the first, and the one at a depth of 100 thousand, by our statement, by the
// same written by hand, and by OFFSET. deep/first is the goal of row 9.
func BenchmarkFeedPage(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) { feedPage(b, kind, benchScale()) })
	}
}

func feedPage(b *testing.B, kind string, s scale) {
	const size, depth = 50, 100_000
	p := atScale(b, s, kind == "postgres")
	store, ctx := p.open(b).Activity(), b.Context()
	hand, err := sql.Open(kind, p.at)
	if err != nil {
		b.Fatal(err)
	}
	defer hand.Close()
	hand.SetMaxOpenConns(1)
	prepare := func(tail string) *sql.Stmt {
		st, err := hand.PrepareContext(ctx, p.bind(`SELECT id, kind, at, ip, device, place, detail FROM profilekit_activity WHERE user_id = $1 `+tail))
		if err != nil {
			b.Fatal(err)
		}
		return st
	}
	keyset := prepare(`AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT 50`)
	offset := prepare(`ORDER BY at DESC, id DESC LIMIT 50 OFFSET $2`)
	read := func(st *sql.Stmt, args ...any) (n int) {
		rows, err := st.QueryContext(ctx, args...)
		if err != nil {
			b.Fatal(err)
		}
		defer rows.Close()
		var id, kind, ip, device, place, detail string
		var at any
		for rows.Next() {
			if err := rows.Scan(&id, &kind, &at, &ip, &device, &place, &detail); err != nil {
				b.Fatal(err)
			}
			n++
		}
		if err := rows.Err(); err != nil {
			b.Fatal(err)
		}
		return n
	}
	// Event i is i seconds after the start, and every busy-th is the user's. The
	// depth moves a little, so that it is not one page that is read again and
	// again.
	position := func(after int) (time.Time, string) {
		i := s.events - after*s.busy
		return scaleStart.Add(time.Duration(i) * time.Second), fmt.Sprintf("%032d", i)
	}
	bound := func(at time.Time) any {
		if kind == "sqlite" {
			return at.UnixMicro()
		}
		return at
	}
	round := 0
	ours := func(after int) func() int {
		return func() int {
			q := activity.Query{UserID: "7", Limit: size}
			q.After.At, q.After.ID = position(after + round%1000)
			page, err := store.Page(ctx, q)
			if err != nil {
				b.Fatal(err)
			}
			return len(page)
		}
	}
	byHand := func(after int) func() int {
		return func() int {
			at, id := position(after + round%1000)
			return read(keyset, "7", bound(at), id)
		}
	}
	ways := []struct {
		name  string
		page  func() int
		every int // rounds
	}{
		{"first", ours(0), 1},
		{"deep", ours(depth), 1},
		{"hand-first", byHand(0), 1},
		{"hand-deep", byHand(depth), 1},
		{"offset-deep", func() int { return read(offset, "7", depth+round%1000) }, 50},
	}
	took := map[string]time.Duration{}
	times := map[string]int{}
	for b.Loop() {
		for _, w := range ways {
			if round%w.every != 0 {
				continue
			}
			start := time.Now()
			n := w.page()
			took[w.name] += time.Since(start)
			times[w.name]++
			if n != size {
				b.Fatalf("%s: a page of %d", w.name, n)
			}
		}
		round++
	}
	mean := func(name string) float64 { return float64(took[name].Nanoseconds()) / float64(max(times[name], 1)) }
	for _, w := range ways {
		b.ReportMetric(mean(w.name), w.name+"-ns")
	}
	b.ReportMetric(mean("deep")/mean("first"), "deep/first")
	b.ReportMetric(mean("hand-deep")/mean("deep"), "x-of-floor")
	b.ReportMetric(mean("offset-deep")/mean("deep"), "offset/deep")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkAppend writes events one by one and in batches, beside COPY on
// Postgres and, on SQLite, a prepared insert in a transaction. batch/single is
// the goal of row 10: how many times as many events a second.
func BenchmarkAppend(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		for _, size := range []int{100, 1000} {
			b.Run(fmt.Sprintf("%s/%d", kind, size), func(b *testing.B) { appends(b, kind, size) })
		}
	}
}

func appends(b *testing.B, kind string, size int) {
	p := place{postgres: kind == "postgres"}
	if p.postgres {
		p.at = migrated(b)
	} else {
		p.at = filepath.Join(b.TempDir(), "app.db")
	}
	db, ctx := p.open(b), b.Context()
	if err := db.Migrate(ctx, sqlstore.MigrateOptions{}); err != nil {
		b.Fatal(err)
	}
	made := 0
	events := func(n int) []activity.Event {
		list := make([]activity.Event, n)
		for i := range list {
			made++
			list[i] = activity.NewEvent(ctx, "auth.sign_in", fmt.Sprint(made%500), scaleNow.Add(time.Duration(made)*time.Millisecond), map[string]string{"fields": "bio,links"})
			list[i].Source = activity.Source{IP: "203.0.113.0/24", Device: "Firefox on Linux"}
		}
		return list
	}
	insert := func(list []activity.Event) {
		if err := db.Activity().Append(ctx, list...); err != nil {
			b.Fatal(err)
		}
	}
	hand, err := sql.Open(kind, p.at)
	if err != nil {
		b.Fatal(err)
	}
	defer hand.Close()
	hand.SetMaxOpenConns(1)
	insert(events(1000)) // the connections, the statements
	insert(events(1))
	floor(b, hand, kind, events(100))

	var single, batch, hands time.Duration
	singles, batches := 0, 0
	for b.Loop() {
		list := events(50)
		start := time.Now()
		for _, e := range list {
			insert([]activity.Event{e})
		}
		single += time.Since(start)
		singles += len(list)

		list = events(size)
		start = time.Now()
		insert(list)
		batch += time.Since(start)

		list = events(size)
		start = time.Now()
		floor(b, hand, kind, list)
		hands += time.Since(start)
		batches += size
	}
	one, each, bare := float64(single)/float64(singles), float64(batch)/float64(batches), float64(hands)/float64(batches)
	b.ReportMetric(one, "single-ns/event")
	b.ReportMetric(each, "batch-ns/event")
	b.ReportMetric(bare, "floor-ns/event")
	b.ReportMetric(one/each, "batch/single")
	b.ReportMetric(bare/each, "x-of-floor")
	b.ReportMetric(0, "ns/op")
}

// floor writes events as a program that knows its database would.
func floor(b *testing.B, hand *sql.DB, kind string, list []activity.Event) {
	b.Helper()
	ctx := b.Context()
	const columns = "id, user_id, kind, at, ip, device, place, detail"
	tx, err := hand.BeginTx(ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer tx.Rollback()
	text := "COPY profilekit_activity (" + columns + ") FROM STDIN"
	if kind == "sqlite" {
		text = "INSERT INTO profilekit_activity (" + columns + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
	}
	st, err := tx.PrepareContext(ctx, text)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range list {
		var at any = e.At
		if kind == "sqlite" {
			at = e.At.UnixMicro()
		}
		if _, err := st.ExecContext(ctx, e.ID, e.UserID, string(e.Kind), at, e.Source.IP, e.Source.Device, e.Source.Place, `{"fields":"bio,links"}`); err != nil {
			b.Fatal(err)
		}
	}
	if kind == "postgres" { // sends the rest
		if _, err := st.ExecContext(ctx); err != nil {
			b.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		b.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
