package sqlstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/postgres"
)

// R09: who finds all connections in use waits for MaxWait and no longer, or as
// long as the context lasts where there is no MaxWait.
func TestR09_NobodyWaitsForAConnectionForEver(t *testing.T) {
	dsn := migrated(t)
	for name, c := range map[string]struct {
		maxWait, deadline time.Duration
		want              error
	}{
		"bounded":      {50 * time.Millisecond, time.Minute, storage.ErrUnavailable},
		"by default":   {0, time.Minute, storage.ErrUnavailable},
		"by a context": {time.Minute, 50 * time.Millisecond, context.DeadlineExceeded},
		"unbounded":    {-1, 50 * time.Millisecond, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, err := postgres.Open(t.Context(), dsn, postgres.Options{MaxOpen: 1, MaxWait: c.maxWait})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			calls := map[string]func(context.Context) error{
				"read":        func(ctx context.Context) error { _, err := db.Users().User(ctx, "1"); return err },
				"write":       func(ctx context.Context) error { return db.Ledger().Purge(ctx, []string{"none"}) },
				"transaction": func(ctx context.Context) error { return db.InTx(ctx, func(context.Context) error { return nil }) },
				"ping":        db.Ping,
			}
			if c.maxWait == 0 { // 2 s a call; one tells
				calls = map[string]func(context.Context) error{"read": calls["read"]}
			}
			begun, done := make(chan struct{}), make(chan struct{})
			held := make(chan error, 1)
			go func() {
				held <- db.InTx(t.Context(), func(context.Context) error {
					close(begun)
					<-done
					return nil
				})
			}()
			<-begun
			for name, call := range calls {
				ctx, cancel := context.WithTimeout(t.Context(), c.deadline)
				start := time.Now()
				if err := call(ctx); !errors.Is(err, c.want) {
					t.Errorf("%s: %v, want %v", name, err, c.want)
				}
				if took := time.Since(start); took > 10*time.Second {
					t.Errorf("%s took %v", name, took)
				}
				cancel()
			}
			close(done)
			if err := <-held; err != nil {
				t.Error(err)
			}
			for name, call := range calls { // nobody kept a turn
				if err := call(t.Context()); err != nil && !errors.Is(err, storage.ErrNotFound) {
					t.Errorf("%s afterwards: %v", name, err)
				}
			}
		})
	}
}
