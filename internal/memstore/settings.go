package memstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage"
)

type settingsStore struct{ s *Store }

func (ss settingsStore) Get(ctx context.Context, userID string) (settings.Record, error) {
	var r settings.Record
	err := ss.s.read(ctx, func(st *state) error {
		r, _ = st.settings.get(userID)
		r.Data = slices.Clone(r.Data)
		return nil
	})
	return r, err
}

func (ss settingsStore) Put(ctx context.Context, userID string, r settings.Record, events ...activity.Event) (settings.Record, error) {
	next := settings.Record{Data: slices.Clone(r.Data), Version: r.Version + 1}
	err := ss.s.write(ctx, func(st *state) error {
		if present, _ := st.settings.get(userID); present.Version != r.Version {
			return fmt.Errorf("memstore: settings: %w", storage.ErrStale)
		}
		st.settings.put(st, userID, next)
		return st.record(events)
	})
	if err != nil {
		return settings.Record{}, err
	}
	next.Data = slices.Clone(next.Data)
	return next, nil
}

func (ss settingsStore) Erase(ctx context.Context, userID string) error {
	return ss.s.write(ctx, func(st *state) error {
		st.settings.remove(st, userID)
		return nil
	})
}
