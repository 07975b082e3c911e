package settingstest

import (
	"context"
	"errors"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

type ignoresVersion struct{ settings.Store }

func (s ignoresVersion) Put(ctx context.Context, user string, r settings.Record, ev ...activity.Event) (settings.Record, error) {
	present, err := s.Store.Get(ctx, user)
	if err != nil {
		return present, err
	}
	r.Version = present.Version
	return s.Store.Put(ctx, user, r, ev...)
}

// looksThenWrites compares versions itself, before it writes.
type looksThenWrites struct {
	settings.Store
	meet conform.Meeting
}

func (s looksThenWrites) Put(ctx context.Context, user string, r settings.Record, ev ...activity.Event) (settings.Record, error) {
	for {
		present, err := s.Store.Get(ctx, user)
		if err != nil {
			return present, err
		}
		if present.Version != r.Version {
			return settings.Record{}, storage.ErrStale
		}
		s.meet.Wait()
		// An unconditional write, over a store that has none.
		next, err := ignoresVersion{s.Store}.Put(ctx, user, r, ev...)
		if !errors.Is(err, storage.ErrStale) {
			return next, err
		}
	}
}

type forgetsEvents struct{ settings.Store }

func (s forgetsEvents) Put(ctx context.Context, user string, r settings.Record, _ ...activity.Event) (settings.Record, error) {
	return s.Store.Put(ctx, user, r)
}

type eventsApart struct {
	settings.Store
	events activity.Store
}

func (s eventsApart) Put(ctx context.Context, user string, r settings.Record, ev ...activity.Event) (settings.Record, error) {
	next, err := s.Store.Put(ctx, user, r)
	if err == nil {
		err = s.events.Append(ctx, ev...)
	}
	return next, err
}

type erasesNothing struct{ settings.Store }

func (s erasesNothing) Erase(ctx context.Context, _ string) error { return ctx.Err() }

func TestBrokenStoresAreFound(t *testing.T) {
	over := func(name, finds string, breakIt func(m *memstore.Store) settings.Store) conform.Broken {
		return conform.Broken{Name: name, Finds: finds, Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				return Harness{Store: breakIt(m), Tx: m, Activity: m.Activity()}
			})
		}}
	}
	conform.FindsBroken(t,
		conform.Broken{Name: "ignores the transaction", Finds: "transaction/Put/rollback leaves nothing", Suite: func(t *testing.T) {
			Run(t, func(*testing.T) Harness {
				m := memstore.New()
				return Harness{Store: m.Settings(), Tx: memstore.New(), Activity: m.Activity()}
			})
		}},
		over("ignores the version", "version/a stale version changes nothing",
			func(m *memstore.Store) settings.Store { return ignoresVersion{m.Settings()} }),
		over("looks at the version and then writes", "version/of 50 concurrent first puts one wins",
			func(m *memstore.Store) settings.Store { return looksThenWrites{m.Settings(), conform.NewMeeting()} }),
		over("forgets its events", "events/put writes its events",
			func(m *memstore.Store) settings.Store { return forgetsEvents{m.Settings()} }),
		over("writes its events apart", "events/an event that cannot be written undoes the put",
			func(m *memstore.Store) settings.Store { return eventsApart{m.Settings(), m.Activity()} }),
		over("erases nothing", "erase/the record goes and no other",
			func(m *memstore.Store) settings.Store { return erasesNothing{m.Settings()} }),
	)
}
