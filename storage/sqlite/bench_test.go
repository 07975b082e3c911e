package sqlite_test

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// people makes n users with a session each and returns the sessions.
func people(b *testing.B, db *sqlstore.DB, n int) []authstore.Session {
	b.Helper()
	ctx, now := b.Context(), time.Now()
	list := make([]authstore.Session, n)
	for i := range list {
		name := "user" + strconv.Itoa(i)
		u, err := db.Users().Create(ctx, profile.User{Username: name, Email: name + "@example.org", Bio: "About me.", DisplayName: "A Name"})
		if err != nil {
			b.Fatal(err)
		}
		list[i] = authstore.Session{
			ID: rand.Text(), UserID: u.ID, TokenHash: sha256.Sum256([]byte(name)), Level: authstore.LevelFull,
			CreatedAt: now, ProvedAt: now, LastUsedAt: now, IdleUntil: now.Add(time.Hour), ExpiresAt: now.Add(24 * time.Hour),
		}
		if err := db.Auth().Sessions.CreateSession(ctx, list[i]); err != nil {
			b.Fatal(err)
		}
	}
	return list
}

// BenchmarkSignedInRead is what a signed-in GET asks of the database, beside
// a hand-written statement that reads a seventh of the columns.
func BenchmarkSignedInRead(b *testing.B) {
	path := filepath.Join(b.TempDir(), "app.db")
	db := open(b, path)
	list := people(b, db, 1000)
	store := db.Auth().Sessions.(authstore.SessionUserStore)
	hand := handWritten(b, path)
	floor, err := hand.Prepare(`SELECT u.id, u.username, u.email, u.display_name, s.expires_at
		FROM profilekit_sessions s JOIN users u ON u.id = CAST(s.user_id AS INTEGER) WHERE s.token_hash = ?`)
	if err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	compare(b, func(b *testing.B) error {
		var id, until int64
		var name, email, display string
		h := list[int(next.Add(1))%len(list)].TokenHash
		return floor.QueryRowContext(b.Context(), h[:]).Scan(&id, &name, &email, &display, &until)
	}, func(b *testing.B) error {
		_, _, err := store.SessionWithUser(b.Context(), list[int(next.Add(1))%len(list)].TokenHash)
		return err
	})
}

func handWritten(b testing.TB, path string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(4)
	return db
}

// compare runs floor and ours in turns, on 16 connections, and reports how
// many times as long ours takes.
func compare(b *testing.B, floor, ours func(*testing.B) error) {
	run := func(n int, f func(*testing.B) error) time.Duration {
		start := time.Now()
		var left atomic.Int64
		left.Store(int64(n))
		done := make(chan error, 16)
		for range 16 {
			go func() {
				for left.Add(-1) >= 0 {
					if err := f(b); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
		}
		for range 16 {
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		}
		return time.Since(start)
	}
	run(500, floor)
	run(500, ours)
	const round = 1000
	var floorTime, ourTime time.Duration
	n := 0
	for b.Loop() {
		floorTime += run(round, floor)
		ourTime += run(round, ours)
		n += round
	}
	b.ReportMetric(float64(floorTime.Nanoseconds())/float64(n), "floor-ns/op")
	b.ReportMetric(float64(ourTime.Nanoseconds())/float64(n), "ours-ns/op")
	b.ReportMetric(float64(floorTime)/float64(ourTime), "x-of-floor")
	b.ReportMetric(0, "ns/op")
}
