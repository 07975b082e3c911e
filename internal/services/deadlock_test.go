package services

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// slowUsers is a host's users table that takes a while for each write.
type slowUsers struct {
	profile.DeletableStore
	on *atomic.Bool
}

// Unwrap consents to being passed: only Update is slow.
func (s slowUsers) Unwrap() profile.Store { return s.DeletableStore }

func (s slowUsers) Update(ctx context.Context, id string, p profile.Patch, e ...activity.Event) (profile.User, error) {
	if s.on.Load() {
		time.Sleep(300 * time.Millisecond)
		defer time.Sleep(300 * time.Millisecond)
	}
	return s.DeletableStore.Update(ctx, id, p, e...)
}

// A restore and a report at once, with users of the host's own, lock in one order:
// neither waits for the other in a circle.
func TestRestoreAndReportLockInOneOrder(t *testing.T) {
	dsn := pgtest.OpenFrom(t, "services", func(ctx context.Context, dsn string) error {
		db, err := postgres.Open(ctx, dsn, postgres.Options{})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Migrate(ctx, sqlstore.MigrateOptions{})
	})
	db, err := postgres.Open(t.Context(), dsn, postgres.Options{})
	db = migrated(t, db, err)
	on := &atomic.Bool{}
	users := slowUsers{db.Users().(profile.DeletableStore), on}
	deletions, err := profile.NewDeletions(profile.DeletionsConfig{Users: users, Tx: db, LimitStore: db.Limits()})
	if err != nil {
		t.Fatal(err)
	}
	svc, err := auth.New(auth.Config{
		Users: users, Stores: db.Auth(), LimitStore: db.Limits(), Activity: db.Activity(), Tx: db, Deletions: deletions,
		Policy: auth.Policy{Hashers: hash.New(hash.Argon2id{Memory: 64, Time: 1, Threads: 1}), Courier: &post{}, Links: authmail.DefaultLinks(origin)},
	})
	if err != nil {
		t.Fatal(err)
	}
	in, err := svc.Register(t.Context(), home, auth.Registration{Username: "ada", Email: "ada@example.org", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	link, err := svc.ReportLink(t.Context(), in.User.ID, in.User.Email)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := deletions.Request(t.Context(), profile.Caller{User: in.User, ProvedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	var halves [2]auth.SignIn
	for i := range halves {
		if halves[i], err = svc.SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password}); err != nil {
			t.Fatal(err)
		}
	}
	half, err := svc.AuthenticateHalf(t.Context(), halves[0].Token)
	if err != nil {
		t.Fatal(err)
	}
	on.Store(true)
	began := time.Now()
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := svc.Restore(t.Context(), home, half)
		t.Logf("Restore after %v: %v", time.Since(began), err)
	})
	wg.Go(func() {
		time.Sleep(100 * time.Millisecond)
		err := svc.Report(t.Context(), home, link[lastSep(link)+1:])
		t.Logf("Report after %v: %v", time.Since(began), err)
	})
	wg.Wait()
	var n int
	_ = db.InTx(t.Context(), func(ctx context.Context) error {
		tx, _ := sqlstore.Tx(ctx)
		time.Sleep(1500 * time.Millisecond)
		return tx.GetContext(ctx, &n, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	})
	if n > 0 {
		t.Errorf("%d deadlocks", n)
	}
}

func lastSep(s string) int {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '=' || s[i] == '#' {
			return i
		}
	}
	return -1
}
