package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/keyring"
)

func ring(t testing.TB) *keyring.Ring {
	t.Helper()
	r, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Error(err)
	}
	return r
}

// TestR38_PagesWhileTransactionsCommit reads a history again and again while
// writers add to it in transactions of several events, some of them older than
// what was read, and take some of the transactions back. A history repeats no
// event, has none that was taken back, and misses none that was committed
// before it was begun.
func TestR38_PagesWhileTransactionsCommit(t *testing.T) {
	onBoth(t, func(t *testing.T, p place) {
		rounds := 40
		if long() {
			rounds = 1000
		}
		reader, ctx := p.open(t), t.Context()
		feed, err := activity.New(activity.Config{Store: reader.Activity(), Keys: ring(t)})
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		committed := map[string]bool{}
		add := func(ids ...string) {
			mu.Lock()
			defer mu.Unlock()
			for _, id := range ids {
				committed[id] = true
			}
		}
		for i := range 200 {
			e := activity.Event{ID: fmt.Sprintf("old-%03d", i), UserID: "7", Kind: "test.one", At: scaleStart.Add(time.Duration(i) * time.Minute)}
			if err := feed.Record(ctx, e); err != nil {
				t.Fatal(err)
			}
			add(e.ID)
		}

		undone := errors.New("taken back")
		write := func(w int) func() {
			db, random := p.open(t), rand.New(rand.NewPCG(uint64(w), 38))
			return func() {
				for round := range rounds {
					back := random.IntN(4) == 0
					var ids []string
					err := db.InTx(ctx, func(ctx context.Context) error {
						ids = nil
						for i := range 3 {
							at := scaleStart.Add(300 * time.Minute).Add(time.Duration(round) * time.Second)
							if i == 1 { // in the midst of what is being read
								at = scaleStart.Add(time.Duration(random.IntN(200*60)) * time.Second)
							}
							e := activity.Event{ID: fmt.Sprintf("%d-%d-%d-%t", w, round, i, back), UserID: "7", Kind: "test.one", At: at}
							if err := db.Activity().Append(ctx, e); err != nil {
								return err
							}
							ids = append(ids, e.ID)
						}
						if back {
							return undone
						}
						return nil
					})
					switch {
					case err == nil:
						add(ids...)
					case !errors.Is(err, undone):
						t.Errorf("writer %d: %v", w, err)
						return
					}
				}
			}
		}

		read := func() {
			mu.Lock()
			want := maps.Clone(committed)
			mu.Unlock()
			seen := map[string]bool{}
			var last activity.Event
			for cursor := ""; ; {
				page, err := feed.Page(ctx, "7", activity.PageRequest{Limit: 20, Cursor: cursor})
				if err != nil {
					t.Error(err)
					return
				}
				for _, e := range page.Items {
					if seen[e.ID] {
						t.Errorf("%s is there twice", e.ID)
					}
					if last.ID != "" && (e.At.After(last.At) || e.At.Equal(last.At) && e.ID >= last.ID) {
						t.Errorf("%s at %v follows %s at %v", e.ID, e.At, last.ID, last.At)
					}
					seen[e.ID], last = true, e
				}
				if cursor = page.Next; cursor == "" {
					break
				}
			}
			for id := range want {
				if !seen[id] {
					t.Errorf("%s was there before the first page and is missed", id)
				}
			}
			for id := range seen {
				if len(id) > 5 && id[len(id)-5:] == "-true" {
					t.Errorf("%s was taken back", id)
				}
			}
		}

		done := make(chan struct{})
		histories := 0
		writers := []func(){write(1), write(2), write(3)}
		together(
			func() { defer close(done); together(writers...) },
			func() {
				for running := true; running; histories++ {
					select {
					case <-done:
						running = false // and once more, when all is there
					default:
					}
					read()
				}
			})
		if histories < 2 {
			t.Errorf("only %d histories were read", histories)
		}
	})
}
