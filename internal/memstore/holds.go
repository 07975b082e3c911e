package memstore

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/profilekit/profilekit/profile"
)

// hold is for whom what is kept; the table has until when.
type hold struct{ key, userID string }

type holds struct{ s *Store }

// Holds returns the profile.HoldStore.
func (s *Store) Holds() profile.HoldStore { return holds{s} }

func (h holds) Hold(ctx context.Context, userID string, keys []string, until time.Time) error {
	return h.s.write(ctx, func(st *state) error {
		for _, key := range keys {
			st.hold(hold{key, userID}, stored(until))
		}
		return nil
	})
}

// hold keeps k until the given time at least.
func (st *state) hold(k hold, until time.Time) {
	if present, there := st.holds.get(k); !there || until.After(present) {
		st.holds.put(st, k, until)
	}
}

func (h holds) Held(ctx context.Context, userID string, keys []string, now time.Time) (held []string, err error) {
	err = h.s.read(ctx, func(st *state) error {
		for k, until := range st.holds.rows {
			if slices.Contains(keys, k.key) && k.userID != userID && until.After(stored(now)) && !slices.Contains(held, k.key) {
				held = append(held, k.key)
			}
		}
		return nil
	})
	return held, err
}

func (k hold) name() bool { return strings.HasPrefix(k.key, profile.NameHoldPrefix) }

func (h holds) HeldNames(ctx context.Context, userID string, now time.Time) (n int, err error) {
	err = h.s.read(ctx, func(st *state) error {
		for k, until := range st.holds.rows {
			if k.userID == userID && k.name() && until.After(stored(now)) {
				n++
			}
		}
		return nil
	})
	return n, err
}

func (h holds) EraseHolds(ctx context.Context, userID string) error {
	return h.s.write(ctx, func(st *state) error {
		for k, until := range maps.Clone(st.holds.rows) {
			if userID == "" || k.userID != userID {
				continue
			}
			if k.name() {
				st.hold(hold{key: k.key}, until)
			}
			st.holds.remove(st, k)
		}
		return nil
	})
}

func (h holds) PurgeHolds(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = h.s.write(ctx, func(st *state) error {
		for k, until := range maps.Clone(st.holds.rows) {
			if n < limit && until.Before(stored(before)) {
				st.holds.remove(st, k)
				n++
			}
		}
		return nil
	})
	return n, err
}

var _ profile.HoldStore = holds{}
