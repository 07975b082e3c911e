package poolers_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/lib/pq" // the driver postgres

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// workers ask at the same time; two server connections are fewer.
const workers = 8

// TestR26_WrongRowsWithoutTheOption shows what TransactionPooler guards from:
// with lib/pq's default protocol, which parses in one exchange and executes in
// another, a query gets the rows of somebody else's. Each worker has SQL of its
// own: the same text everywhere would hide it.
func TestR26_WrongRowsWithoutTheOption(t *testing.T) {
	bouncer := pgtest.Bouncer(t, pgtest.Open(t), "transaction")
	asked := rounds() * workers
	// The fault is a race: it is looked for until it is seen.
	const attempts = 20
	var wrong int64
	for n := 0; wrong == 0; n++ {
		if n == attempts {
			t.Fatalf("no wrong answer in %d queries; is the option of no use any more?", attempts*asked)
		}
		wrong = mixed(t, bouncer)
	}
	t.Logf("without binary_parameters: %d of %d answers were wrong", wrong, asked)
	if wrong := mixed(t, bouncer+"&binary_parameters=yes"); wrong != 0 {
		t.Errorf("with binary_parameters: %d of %d answers were wrong", wrong, asked)
	}
}

func rounds() int {
	if long() {
		return 5000
	}
	return 200
}

// mixed asks queries whose answers are known, each worker its own, and returns
// how many were answered wrongly, or not at all.
func mixed(t *testing.T, dsn string) int64 {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	must(t, err)
	defer db.Close()
	db.SetMaxIdleConns(workers)
	var wrong atomic.Int64
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			query := fmt.Sprintf("SELECT $1::int + %d AS worker%d", w*1_000_000, w)
			for i := range rounds() {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				var got int
				if err := db.QueryRowContext(ctx, query, i).Scan(&got); err != nil || got != w*1_000_000+i {
					wrong.Add(1)
				}
				cancel()
			}
		})
	}
	all.Wait()
	return wrong.Load()
}

// TestR26P54_NobodyGetsTheRowsOfAnother runs different calls of the stores at the
// same time through a pooler with fewer connections than callers.
func TestR26P54_NobodyGetsTheRowsOfAnother(t *testing.T) {
	bouncer := pgtest.Bouncer(t, pgtest.Start(t), "transaction")
	dsn := through(t, bouncer, migrated(t))
	t.Run("lib/pq", func(t *testing.T) { apart(t, open(t, dsn, postgres.Options{TransactionPooler: true})) })
	t.Run("pgx", func(t *testing.T) { apart(t, openPgx(t, dsn+"&default_query_exec_mode=exec", true)) })
}

// apart gives each worker a user and checks that it meets nobody else's rows.
func apart(t *testing.T, db *sqlstore.DB) {
	t.Helper()
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			if err := alone(t.Context(), db, t.Name()+strconv.Itoa(w)); err != nil {
				t.Errorf("worker %d: %v", w, err)
			}
		})
	}
	all.Wait()
}

func alone(ctx context.Context, db *sqlstore.DB, seed string) error {
	hash := sha256.Sum256([]byte(seed))
	name := fmt.Sprintf("w%x", hash[:6])
	u, err := db.Users().Create(ctx, profile.User{Username: name, Email: name + "@example.org"})
	if err != nil {
		return err
	}
	now := time.Now()
	session := authstore.Session{
		ID: "session-" + name, UserID: u.ID, TokenHash: hash, Level: authstore.LevelFull,
		CreatedAt: now, ProvedAt: now, LastUsedAt: now, IdleUntil: now.Add(time.Hour), ExpiresAt: now.Add(time.Hour),
	}
	if err := db.Auth().Sessions.CreateSession(ctx, session); err != nil {
		return err
	}
	for i := range rounds() / 5 {
		bio := name + strconv.Itoa(i)
		id := fmt.Sprintf("%s-%d", name, i)
		event := activity.Event{ID: id, Kind: "test.apart", At: now.Add(time.Duration(i) * time.Millisecond)}
		changed, err := db.Users().Update(ctx, u.ID, profile.Patch{Bio: &bio}, event)
		if err != nil || changed.Username != name || changed.Bio != bio {
			return fmt.Errorf("round %d: update: %q has %q, %w", i, changed.Username, changed.Bio, err)
		}
		s, signed, err := db.Auth().Sessions.(authstore.SessionUserStore).SessionWithUser(ctx, hash)
		if err != nil || s.ID != session.ID || signed.Username != name || signed.Bio != bio {
			return fmt.Errorf("round %d: session of %q, %w", i, signed.Username, err)
		}
		page, err := db.Activity().Page(ctx, activity.Query{UserID: u.ID, Limit: 1})
		if err != nil || len(page) != 1 || page[0].ID != id {
			return fmt.Errorf("round %d: a page of %d events, %w", i, len(page), err)
		}
		err = db.InTx(ctx, func(ctx context.Context) error {
			got, err := db.Users().ByEmail(ctx, name+"@example.org")
			if err != nil || got.ID != u.ID {
				return fmt.Errorf("user %q, %w", got.Username, err)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("round %d: in a transaction: %w", i, err)
		}
	}
	return nil
}

// exec runs a statement on the database at dsn.
func exec(t testing.TB, dsn, statement string) {
	t.Helper()
	db, err := sql.Open("postgres", dsn)
	must(t, err)
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// waits holds a user's row in one DB and changes it in another, which must give
// up at its lock_timeout: long before the context ends.
func waits(t *testing.T, holder, waiter *sqlstore.DB, id string) {
	t.Helper()
	bio := "b"
	err := holder.InTx(t.Context(), func(ctx context.Context) error {
		if _, err := holder.Users().Update(ctx, id, profile.Patch{Bio: &bio}); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		_, err := waiter.Users().Update(ctx, id, profile.Patch{Bio: &bio})
		if !errors.Is(err, storage.ErrUnavailable) || ctx.Err() != nil {
			t.Errorf("a wait for a lock: %v, want ErrUnavailable before the context's end", err)
		}
		return nil
	})
	must(t, err)
}
