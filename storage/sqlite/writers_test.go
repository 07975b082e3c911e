package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// long is set by .ci/long: more rounds, more seconds.
func long() bool { return os.Getenv("PROFILEKIT_LONG") != "" }

// either is the short or the long form of a parameter.
func either[T any](short, longer T) T {
	if long() {
		return longer
	}
	return short
}

// latencies are those of calls that many goroutines make.
type latencies struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, d)
}

func (l *latencies) quantile(q float64) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return 0
	}
	slices.Sort(l.all)
	return l.all[int(q*float64(len(l.all)-1))]
}

func (l *latencies) String() string {
	return fmt.Sprintf("%d calls, p50 %v, p99 %v, max %v", len(l.all), l.quantile(0.5), l.quantile(0.99), l.quantile(1))
}

// writers are users that each get rising numbers for a bio, as fast as the
// store takes them.
func writers(t *testing.T, db *sqlstore.DB, n int) []profile.User {
	t.Helper()
	list := make([]profile.User, n)
	err := db.InTx(t.Context(), func(ctx context.Context) error {
		for i := range list {
			name := fmt.Sprintf("writer%d", i)
			var err error
			if list[i], err = db.Users().Create(ctx, profile.User{Username: name, Email: name + "@example.org"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestR11_64WritersAreAllServed: every commit waits for the disk, and one writer writes at a
// time. No writer is told so, and none waits out of turn. Turns count from when every writer
// was served once: on a busy machine the first begin long before the last.
func TestR11_64WritersAreAllServed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "app.db")
	db := open(t, path)
	users := writers(t, db, 64)
	writing, cancel := context.WithTimeout(t.Context(), either(2*time.Second, time.Minute))
	defer cancel()
	var wrote, read latencies
	last, turns := make([]int, len(users)), make([]int, len(users))
	var begun atomic.Int32
	var all sync.WaitGroup
	for i, u := range users {
		all.Go(func() {
			for n := 1; writing.Err() == nil; n++ {
				bio := fmt.Sprint(n)
				start, counts := time.Now(), int(begun.Load()) == len(users)
				_, err := db.Users().Update(t.Context(), u.ID, profile.Patch{Bio: &bio},
					activity.Event{ID: fmt.Sprint(i, "-", n), Kind: "test", At: start})
				wrote.add(time.Since(start))
				if err != nil {
					t.Errorf("writer %d: %v", i, err)
					return
				}
				last[i] = n
				if n == 1 {
					begun.Add(1)
				}
				if counts {
					turns[i]++
				}
			}
		})
	}
	for i := range 8 {
		all.Go(func() {
			for writing.Err() == nil {
				start := time.Now()
				if _, err := db.Users().User(t.Context(), users[i].ID); err != nil {
					t.Errorf("reader %d: %v", i, err)
					return
				}
				read.add(time.Since(start))
			}
		})
	}
	all.Wait()
	sound(t, path)
	t.Logf("writes: %v", &wrote)
	t.Logf("reads: %v", &read)
	// A disk that others keep busy makes everybody wait; the long form has it to
	// itself.
	limit := either(10*time.Second, time.Second)
	if p99 := wrote.quantile(0.99); p99 >= limit {
		t.Errorf("p99 of a write is %v, want less than %v", p99, limit)
	}
	// Whatever the disk does, all get their turn.
	if least, most := slices.Min(turns), slices.Max(turns); 2*least+4 < most {
		t.Errorf("one writer was served %d times, another %d times", least, most)
	}
	for i, u := range users {
		if got, err := db.Users().User(t.Context(), u.ID); err != nil || got.Bio != fmt.Sprint(last[i]) {
			t.Errorf("writer %d: bio %q after %d was acknowledged (%v)", i, got.Bio, last[i], err)
		}
	}
}
