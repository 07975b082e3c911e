package notifytest

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings/notify"
)

// changed is a store that is right but for what it writes.
type changed struct {
	notify.OutboxStore
	item func(notify.Item) notify.Item
}

func (s changed) AddItem(ctx context.Context, i notify.Item) error {
	return s.OutboxStore.AddItem(ctx, s.item(i))
}

// firstCome is the outbox of before: who came first goes first, whatever it is and
// whosever. It is otherwise right about claims.
type firstCome struct {
	notify.OutboxStore
	mu   *sync.Mutex
	real map[string]notify.Item
}

func (s firstCome) AddItem(ctx context.Context, i notify.Item) error {
	s.mu.Lock()
	s.real[i.ID] = i
	s.mu.Unlock()
	i.Class, i.Group = 0, ""
	return s.OutboxStore.AddItem(ctx, i)
}

func (s firstCome) ClaimItems(ctx context.Context, now, until time.Time, limit int) ([]notify.Item, error) {
	list, err := s.OutboxStore.ClaimItems(ctx, now, until, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, i := range list {
		list[n].Class, list[n].Group = s.real[i.ID].Class, s.real[i.ID].Group
	}
	return list, err
}

// looksThenClaims sees what may be claimed, and claims it in a second step.
type looksThenClaims struct {
	notify.OutboxStore
	meet conform.Meeting
	mu   *sync.Mutex
	free map[string]notify.Item
}

func (s looksThenClaims) AddItem(ctx context.Context, i notify.Item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free[i.ID] = i
	return s.OutboxStore.AddItem(ctx, i)
}

func (s looksThenClaims) ClaimItems(ctx context.Context, now, until time.Time, limit int) (list []notify.Item, err error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.mu.Lock()
	for _, i := range s.free {
		i.Attempts = 1
		list = append(list, i)
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b notify.Item) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	list = list[:min(len(list), limit)]
	s.meet.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range list {
		delete(s.free, i.ID)
	}
	return list, nil
}

// endsAnyClaim retries also what another one has claimed since.
type endsAnyClaim struct{ notify.OutboxStore }

func (s endsAnyClaim) RetryItem(ctx context.Context, id string, attempts int, at time.Time) error {
	for n := range 5 {
		if err := s.OutboxStore.RetryItem(ctx, id, attempts+n, at); err != nil {
			return err
		}
	}
	return nil
}

// keepsClaimed retries by claiming until then, so that others of the group wait as long.
type keepsClaimed struct {
	notify.OutboxStore
	until map[string]time.Time
	items map[string]notify.Item
}

func (s keepsClaimed) AddItem(ctx context.Context, i notify.Item) error {
	s.items[i.ID] = i
	return s.OutboxStore.AddItem(ctx, i)
}

func (s keepsClaimed) RetryItem(ctx context.Context, id string, attempts int, at time.Time) error {
	s.until[s.items[id].Group] = at
	return s.OutboxStore.RetryItem(ctx, id, attempts, at)
}

func (s keepsClaimed) ClaimItems(ctx context.Context, now, until time.Time, limit int) ([]notify.Item, error) {
	for _, at := range s.until {
		if now.Before(at) {
			return nil, ctx.Err()
		}
	}
	return s.OutboxStore.ClaimItems(ctx, now, until, limit)
}

// remembers keeps in a dead letter of which group it was.
type remembers struct {
	notify.OutboxStore
	groups map[string]string
}

func (s remembers) AddItem(ctx context.Context, i notify.Item) error {
	s.groups[i.ID] = i.Group
	return s.OutboxStore.AddItem(ctx, i)
}

func (s remembers) DeadItems(ctx context.Context, limit int) ([]notify.Item, error) {
	list, err := s.OutboxStore.DeadItems(ctx, limit)
	for n, i := range list {
		list[n].Group = s.groups[i.ID]
	}
	return list, err
}

// purgesAll removes every dead letter, however new.
type purgesAll struct{ notify.OutboxStore }

func (s purgesAll) PurgeItems(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.OutboxStore.PurgeItems(ctx, before.Add(time.Hour), limit)
}

func TestBrokenStoresAreFound(t *testing.T) {
	over := func(name, finds string, breakIt func(notify.OutboxStore) notify.OutboxStore) conform.Broken {
		return conform.Broken{Name: name, Finds: finds, Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				return Harness{Store: breakIt(m.Outbox()), Tx: m}
			})
		}}
	}
	come := func(s notify.OutboxStore) notify.OutboxStore {
		return firstCome{s, new(sync.Mutex), map[string]notify.Item{}}
	}
	looks := func(s notify.OutboxStore) notify.OutboxStore {
		return looksThenClaims{s, conform.NewMeeting(), new(sync.Mutex), map[string]notify.Item{}}
	}
	conform.FindsBroken(t,
		over("knows no classes", "order/a lower class goes first", come),
		over("has one line for all", "order/a group with many lets others go first", come),
		over("hands out all of a group at once", "order/of one group and class one is claimed at a time", come),
		over("makes those without a group one", "order/those without a group have nothing to do with one another", func(s notify.OutboxStore) notify.OutboxStore {
			return changed{s, func(i notify.Item) notify.Item {
				i.Group = cmp.Or(i.Group, "nobody")
				return i
			}}
		}),
		over("goes by the time alone", "order/those of one group keep their order", func(s notify.OutboxStore) notify.OutboxStore {
			return changed{s, func(i notify.Item) notify.Item {
				i.Group = ""
				return i
			}}
		}),
		over("looks and then claims", "claim/R28 each item goes to one of many callers", looks),
		over("ends the claims of others", "retry/the claim of another is not ended", func(s notify.OutboxStore) notify.OutboxStore { return endsAnyClaim{s} }),
		over("has all wait for a retry", "retry/who waits for a retry holds up none, and keeps its turn", func(s notify.OutboxStore) notify.OutboxStore {
			return keepsClaimed{s, map[string]time.Time{}, map[string]notify.Item{}}
		}),
		over("remembers the group of a dead letter", "dead letters/it says why, and not what or of which group", func(s notify.OutboxStore) notify.OutboxStore {
			return remembers{s, map[string]string{}}
		}),
		over("purges what is new", "dead letters/old ones are purged, and nothing else", func(s notify.OutboxStore) notify.OutboxStore { return purgesAll{s} }),
		conform.Broken{
			Name: "writes outside the transaction", Finds: "transaction/AddItem/rollback leaves nothing",
			Suite: func(t *testing.T) {
				Run(t, func(*testing.T) Harness { return Harness{Store: memstore.New().Outbox(), Tx: memstore.New()} })
			},
		},
	)
}
