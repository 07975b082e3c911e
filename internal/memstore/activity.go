package memstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/storage"
)

type activityStore struct{ s *Store }

func (a activityStore) Append(ctx context.Context, events ...activity.Event) error {
	return a.s.write(ctx, func(st *state) error { return st.record(events) })
}

// record adds events to the state; an ID that is there is storage.ErrTaken.
func (st *state) record(events []activity.Event) error {
	for _, e := range events {
		if _, there := st.events.get(e.ID); there {
			return fmt.Errorf("memstore: event ID: %w", storage.ErrTaken)
		}
		e.At = stored(e.At)
		e.Detail = maps.Clone(e.Detail)
		st.events.put(st, e.ID, e)
	}
	return nil
}

func (a activityStore) Page(ctx context.Context, q activity.Query) ([]activity.Event, error) {
	var page []activity.Event
	err := a.s.read(ctx, func(st *state) error {
		for _, e := range st.events.rows {
			if e.UserID == q.UserID && (q.Kind == "" || e.Kind == q.Kind) && after(e, q.After) {
				page = append(page, e)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(page, func(x, y activity.Event) int {
		if c := y.At.Compare(x.At); c != 0 {
			return c
		}
		return strings.Compare(y.ID, x.ID)
	})
	page = page[:min(len(page), max(q.Limit, 0))]
	for i := range page {
		page[i].Detail = maps.Clone(page[i].Detail)
	}
	return page, nil
}

// after reports whether e comes after p, newest first.
func after(e activity.Event, p activity.Position) bool {
	if p == (activity.Position{}) {
		return true
	}
	if c := e.At.Compare(p.At); c != 0 {
		return c < 0
	}
	return e.ID < p.ID
}

func (a activityStore) Purge(ctx context.Context, before time.Time, limit int) (int, error) {
	n := 0
	err := a.s.write(ctx, func(st *state) error {
		for id, e := range maps.Clone(st.events.rows) {
			if n < limit && e.At.Before(before) {
				st.events.remove(st, id)
				n++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (a activityStore) Erase(ctx context.Context, userID string) error {
	return a.s.write(ctx, func(st *state) error {
		for id, e := range maps.Clone(st.events.rows) {
			if e.UserID == userID {
				st.events.remove(st, id)
			}
		}
		return nil
	})
}
