package limittest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
)

// looksThenCounts is a throttle over a map that counts in a second step. It is
// otherwise right about hard limits.
type looksThenCounts struct {
	limit.Store
	meet  conform.Meeting
	mu    *sync.Mutex
	tries map[string][]time.Time
}

func (th looksThenCounts) Take(ctx context.Context, key string, rule limit.Rule, now time.Time) (bool, time.Duration, error) {
	if rule.Wait > 0 || ctx.Err() != nil {
		return th.Store.Take(ctx, key, rule, now)
	}
	th.mu.Lock()
	tries := th.tries[key]
	th.mu.Unlock()
	if len(tries) > 0 && now.Sub(tries[0]) >= rule.Window {
		tries = nil
	}
	if len(tries) >= rule.Limit {
		return false, tries[0].Add(rule.Window).Sub(now), nil
	}
	th.meet.Wait()
	th.mu.Lock()
	defer th.mu.Unlock()
	th.tries[key] = append(tries[:len(tries):len(tries)], now)
	return true, 0, nil
}

// countsRefused lets every refused try count.
type countsRefused struct{ limit.Store }

func (th countsRefused) Take(ctx context.Context, key string, rule limit.Rule, now time.Time) (bool, time.Duration, error) {
	ok, wait, err := th.Store.Take(ctx, key, rule, now)
	if err == nil && !ok {
		if err := th.Reset(ctx, key); err != nil {
			return false, 0, err
		}
		for range rule.Limit {
			if _, _, err := th.Store.Take(ctx, key, rule, now); err != nil {
				return false, 0, err
			}
		}
	}
	return ok, wait, err
}

func TestBrokenStoresAreFound(t *testing.T) {
	over := func(name, finds string, breakIt func(limit.Store) limit.Store) conform.Broken {
		return conform.Broken{Name: name, Finds: finds, Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				return Harness{Store: breakIt(m.Limits()), Tx: m}
			})
		}}
	}
	conform.FindsBroken(t,
		over("looks at a count and then counts", "hard limit/R13 of 100 concurrent tries exactly the limit",
			func(s limit.Store) limit.Store {
				return looksThenCounts{s, conform.NewMeeting(), new(sync.Mutex), map[string][]time.Time{}}
			}),
		over("counts refused tries", "hard limit/refused tries are not counted",
			func(s limit.Store) limit.Store { return countsRefused{s} }),
		conform.Broken{
			Name: "counts tries outside the transaction", Finds: "transaction/Take/rollback leaves nothing",
			Suite: func(t *testing.T) {
				Run(t, func(*testing.T) Harness { return Harness{Store: memstore.New().Limits(), Tx: memstore.New()} })
			},
		},
	)
}
