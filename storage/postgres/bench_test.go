package postgres_test

import (
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/postgres"
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
	dsn := fresh(b)
	db := open(b, dsn, postgres.Options{})
	list := people(b, db, 1000)
	store := db.Auth().Sessions.(authstore.SessionUserStore)
	hand := handWritten(b, dsn)
	floor, err := hand.Prepare(`SELECT u.id, u.username, u.email, u.display_name, s.expires_at
		FROM profilekit_sessions s JOIN users u ON u.id = s.user_id::bigint WHERE s.token_hash = $1`)
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

// BenchmarkProfileUpdate is a PATCH of one field with its event, beside a
// hand-written statement that writes both.
func BenchmarkProfileUpdate(b *testing.B) {
	dsn := fresh(b)
	db := open(b, dsn, postgres.Options{})
	list := people(b, db, 1000)
	hand := handWritten(b, dsn)
	floor, err := hand.Prepare(`WITH c AS (UPDATE users SET display_name = $2, version = version + 1, updated_at = now() WHERE id = $1
		RETURNING id, username, email, display_name, version),
		e AS (INSERT INTO profilekit_activity (id, user_id, kind, at) SELECT $3, c.id::text, 'profile.updated', now() FROM c)
		SELECT id, username, email, display_name, version FROM c`)
	if err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	compare(b, func(b *testing.B) error {
		i := next.Add(1)
		var id, version int64
		var name, email, display string
		return floor.QueryRowContext(b.Context(), list[int(i)%len(list)].UserID, "Name "+strconv.FormatInt(i, 10), rand.Text()).
			Scan(&id, &name, &email, &display, &version)
	}, func(b *testing.B) error {
		i := next.Add(1)
		name := "Name " + strconv.FormatInt(i, 10)
		_, err := db.Users().Update(b.Context(), list[int(i)%len(list)].UserID, profile.Patch{DisplayName: &name},
			activity.Event{ID: rand.Text(), Kind: "profile.updated", At: time.Now(), Detail: map[string]string{"fields": "displayName"}})
		return err
	})
}

func handWritten(b *testing.B, dsn string) *sql.DB {
	b.Helper()
	db, err := sql.Open("postgres", dsn)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(16)
	db.SetMaxIdleConns(16)
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
