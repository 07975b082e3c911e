package activitytest

import (
	"context"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
)

type oneByOne struct{ activity.Store }

func (s oneByOne) Append(ctx context.Context, events ...activity.Event) error {
	for _, e := range events {
		if err := s.Store.Append(ctx, e); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// timeOnly pages by time and forgets that instants can be shared.
type timeOnly struct{ activity.Store }

func (s timeOnly) Page(ctx context.Context, q activity.Query) ([]activity.Event, error) {
	q.After.ID = ""
	return s.Store.Page(ctx, q)
}

// byOffset takes a place in the list for a place in the history: what arrives
// meanwhile moves it.
type byOffset struct {
	activity.Store
	offsets map[activity.Position]int
}

func (s byOffset) Page(ctx context.Context, q activity.Query) ([]activity.Event, error) {
	skip := s.offsets[q.After]
	limit := q.Limit
	q.Limit, q.After = skip+limit, activity.Position{}
	page, err := s.Store.Page(ctx, q)
	page = page[min(skip, len(page)):]
	if len(page) > 0 {
		s.offsets[position(page[len(page)-1])] = skip + len(page)
	}
	return page, err
}

type anyKind struct{ activity.Store }

func (s anyKind) Page(ctx context.Context, q activity.Query) ([]activity.Event, error) {
	q.Kind = ""
	return s.Store.Page(ctx, q)
}

type purgesTheLine struct{ activity.Store }

func (s purgesTheLine) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.Store.Purge(ctx, before.Add(time.Microsecond), limit)
}

// milliseconds keeps times as some databases do by default.
type milliseconds struct{ activity.Store }

func (s milliseconds) Append(ctx context.Context, events ...activity.Event) error {
	cut := make([]activity.Event, len(events))
	for i, e := range events {
		e.At = e.At.Truncate(time.Millisecond)
		cut[i] = e
	}
	return s.Store.Append(ctx, cut...)
}

// forgivesInner is a Transactor that commits although an inner call failed.
type forgivesInner struct{ *memstore.Store }

type innerKey struct{}

func (f forgivesInner) InTx(ctx context.Context, fn func(context.Context) error) error {
	if ctx.Value(innerKey{}) != nil {
		return fn(ctx)
	}
	return f.Store.InTx(ctx, func(ctx context.Context) error { return fn(context.WithValue(ctx, innerKey{}, true)) })
}

// noTx is a Transactor that only calls fn.
type noTx struct{}

func (noTx) InTx(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) }
func (noTx) InTransaction(context.Context) bool                             { return false }

func TestBrokenStoresAreFound(t *testing.T) {
	over := func(name, finds string, breakIt func(activity.Store) activity.Store) conform.Broken {
		return conform.Broken{Name: name, Finds: finds, Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				return Harness{Store: breakIt(m.Activity()), Tx: m}
			})
		}}
	}
	conform.FindsBroken(t,
		conform.Broken{Name: "ignores the transaction", Finds: "transaction/Erase/rollback leaves nothing", Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness { return Harness{Store: memstore.New().Activity(), Tx: memstore.New()} })
		}},
		conform.Broken{Name: "forgives an inner transaction", Finds: "transaction/Append/an inner error dooms the outer", Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				return Harness{Store: m.Activity(), Tx: forgivesInner{m}}
			})
		}},
		conform.Broken{Name: "has no transactions", Finds: "transaction/Append/rollback leaves nothing", Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness { return Harness{Store: memstore.New().Activity(), Tx: noTx{}} })
		}},
		over("writes events one by one", "append/an ID that exists is taken and none is written",
			func(s activity.Store) activity.Store { return oneByOne{s} }),
		over("pages by time only", "page/pages hold each event once at every limit",
			func(s activity.Store) activity.Store { return timeOnly{s} }),
		over("pages by offset", "page while rows arrive/R38 no row twice and none missed, one arriving a page",
			func(s activity.Store) activity.Store { return byOffset{s, map[activity.Position]int{}} }),
		over("does not look at the kind", "page/a kind narrows",
			func(s activity.Store) activity.Store { return anyKind{s} }),
		over("purges what is on the line", "purge/only older events went, of all users",
			func(s activity.Store) activity.Store { return purgesTheLine{s} }),
		over("keeps milliseconds", "append/an event comes back as it was",
			func(s activity.Store) activity.Store { return milliseconds{s} }),
	)
}
