package memstore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/storage"
)

type factors struct{ s *Store }

var (
	_ authstore.FactorStore  = factors{}
	_ authstore.FactorWalker = factors{}
)

func errNoFactor() error { return fmt.Errorf("memstore: factor: %w", storage.ErrNotFound) }

func (fs factors) AddFactor(ctx context.Context, r authstore.FactorRecord, events ...activity.Event) error {
	if err := r.Check(); err != nil {
		return err
	}
	return fs.s.write(ctx, func(st *state) error {
		for id, f := range maps.Clone(st.factors.rows) {
			if r.Pending && f.Pending && f.UserID == r.UserID && f.Kind == r.Kind {
				st.factors.remove(st, id)
			}
		}
		if _, there := st.factors.get(r.ID); there {
			return fmt.Errorf("memstore: factor: %w", storage.ErrTaken)
		}
		for _, f := range st.factors.rows {
			if r.Lookup != "" && f.Lookup == r.Lookup && f.Kind == r.Kind {
				return &storage.TakenError{Field: "lookup"}
			}
		}
		st.putFactor(r)
		return st.record(events)
	})
}

func (st *state) putFactor(r authstore.FactorRecord) {
	r.Data = copyData(r.Data)
	r.CreatedAt, r.LastUsedAt, r.ExpiresAt = stored(r.CreatedAt), stored(r.LastUsedAt), stored(r.ExpiresAt)
	st.factors.put(st, r.ID, r)
}

func (fs factors) Factors(ctx context.Context, userID string) ([]authstore.FactorRecord, error) {
	var list []authstore.FactorRecord
	err := fs.s.read(ctx, func(st *state) error {
		for _, f := range st.factors.rows {
			if f.UserID == userID {
				f.Data = copyData(f.Data)
				list = append(list, f)
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b authstore.FactorRecord) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

func (fs factors) FactorByLookup(ctx context.Context, kind, lookup string) (r authstore.FactorRecord, err error) {
	err = fs.s.read(ctx, func(st *state) error {
		for _, f := range st.factors.rows {
			if lookup != "" && f.Lookup == lookup && f.Kind == kind {
				r = f
				r.Data = copyData(f.Data)
				return nil
			}
		}
		return errNoFactor()
	})
	return r, err
}

func (fs factors) UseFactor(ctx context.Context, r authstore.FactorRecord, was authstore.FactorState, rises bool, events ...activity.Event) error {
	if err := r.Check(); err != nil {
		return err
	}
	return fs.s.write(ctx, func(st *state) error {
		f, there := st.factors.get(r.ID)
		if !there || f.UserID != r.UserID || f.Pending != (was == authstore.Pending) ||
			f.Counter > r.Counter || f.Counter == r.Counter && rises {
			return fmt.Errorf("memstore: factor: %w", storage.ErrStale)
		}
		if r.Data != nil {
			f.Data = r.Data
		}
		f.Counter, f.LastUsedAt, f.Pending, f.ExpiresAt, f.SessionID = r.Counter, r.LastUsedAt, false, time.Time{}, ""
		st.putFactor(f)
		return st.record(events)
	})
}

func (fs factors) FactorsAfter(ctx context.Context, id string, limit int) ([]authstore.FactorRecord, error) {
	var list []authstore.FactorRecord
	err := fs.s.read(ctx, func(st *state) error {
		for _, f := range st.factors.rows {
			if f.ID > id {
				f.Data = copyData(f.Data)
				list = append(list, f)
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b authstore.FactorRecord) int { return cmp.Compare(a.ID, b.ID) })
	return list[:min(limit, len(list))], err
}

func (fs factors) ReplaceFactorData(ctx context.Context, r authstore.FactorRecord, data []byte) error {
	return fs.s.write(ctx, func(st *state) error {
		f, there := st.factors.get(r.ID)
		if !there || !bytes.Equal(f.Data, r.Data) {
			return fmt.Errorf("memstore: factor: %w", storage.ErrStale)
		}
		f.Data = data
		st.putFactor(f)
		return nil
	})
}

// factor returns the user's factor.
func (st *state) factor(userID, id string) (authstore.FactorRecord, error) {
	f, there := st.factors.get(id)
	if !there || f.UserID != userID {
		return authstore.FactorRecord{}, errNoFactor()
	}
	return f, nil
}

func (fs factors) RenameFactor(ctx context.Context, userID, id, name string) error {
	return fs.s.write(ctx, func(st *state) error {
		f, err := st.factor(userID, id)
		if err != nil {
			return err
		}
		f.Name = name
		st.putFactor(f)
		return nil
	})
}

func (fs factors) RemoveFactor(ctx context.Context, userID, id string, events ...activity.Event) error {
	return fs.s.write(ctx, func(st *state) error {
		if _, err := st.factor(userID, id); err != nil {
			return err
		}
		st.factors.remove(st, id)
		return st.record(events)
	})
}

func (fs factors) RemoveFactors(ctx context.Context, userID string) (int, error) {
	return fs.removeWhere(ctx, all, func(f authstore.FactorRecord) bool { return f.UserID == userID })
}

func (fs factors) PurgeFactors(ctx context.Context, before time.Time, limit int) (int, error) {
	return fs.removeWhere(ctx, max(limit, 0), func(f authstore.FactorRecord) bool {
		return f.Pending && !f.ExpiresAt.IsZero() && f.ExpiresAt.Before(before)
	})
}

// all is no limit of removeWhere.
const all = -1

// removeWhere removes up to limit factors that match.
func (fs factors) removeWhere(ctx context.Context, limit int, match func(authstore.FactorRecord) bool) (n int, err error) {
	err = fs.s.write(ctx, func(st *state) error {
		for id, f := range maps.Clone(st.factors.rows) {
			if n != limit && match(f) {
				st.factors.remove(st, id)
				n++
			}
		}
		return nil
	})
	return n, err
}
