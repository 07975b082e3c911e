package settings

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/storage"
)

// Change is the change of one section's value for one user, defaults filled in.
type Change[T any] struct {
	UserID   string
	Old, New T
}

// Observer acts when the value of a section changes, whoever changes it. A function
// that is nil does nothing.
type Observer[T any] struct {
	// Before is called before the change is written and outside any transaction, so
	// that it may call a network. An error keeps the change from being made. The
	// change may fail after it, and Before may be called again for it, with another
	// Old, when somebody else was faster. A change inside a transaction of the caller
	// is storage.ErrInTransaction. It needs Config.Tx.
	Before func(ctx context.Context, c Change[T]) error
	// In is called in the transaction of the change, after it was written. An error
	// undoes it. It may be called again for one change. It needs Config.Tx.
	In func(ctx context.Context, c Change[T]) error
	// After is called once for a call of Patch or Set in which Before was to be
	// called, also after a panic: err is nil when the change was made, else why it was
	// not, or may not have been (storage.ErrUnknownOutcome).
	After func(ctx context.Context, c Change[T], err error)
}

// Observe adds o to those who act on every later change of the section, in the
// order of the calls. A change that changes nothing is none. The section must be
// declared, and Config.Tx be there for o.In.
//
// Observers belong to what must never be forgotten: package profile/picture is one
// of the section "privacy", which takes a picture's public addresses away before its
// owner's profile goes private.
func Observe[T any](s *Service, sec Section[T], o Observer[T]) error {
	d, err := declared(s, sec)
	if err != nil {
		return err
	}
	if (o.Before != nil || o.In != nil) && s.tx == nil {
		return errors.New("settings: an Observer with Before or In needs Config.Tx")
	}
	s.watch(sec.Name, func(userID string, old, next json.RawMessage) (observed, error) {
		was, err := sec.read(d.defaults, old)
		if err != nil {
			return observed{}, under(sec.Name, err)
		}
		is, err := sec.read(d.defaults, next)
		if err != nil {
			return observed{}, under(sec.Name, err)
		}
		c := Change[T]{UserID: userID, Old: was, New: is}
		out := observed{}
		if o.Before != nil {
			out.before = func(ctx context.Context) error { return o.Before(ctx, c) }
		}
		if o.In != nil {
			out.in = func(ctx context.Context) error { return o.In(ctx, c) }
		}
		if o.After != nil {
			out.after = func(ctx context.Context, err error) { o.After(ctx, c, err) }
		}
		return out, nil
	})
	return nil
}

// observed is an Observer with the change that it is to act on.
type observed struct {
	section    string
	index      int // of those of the section
	before, in func(context.Context) error
	after      func(context.Context, error)
}

// watcher makes the observed of a change.
type watcher func(userID string, old, next json.RawMessage) (observed, error)

// watch adds w to the watchers of a section, also beside calls in progress.
func (s *Service) watch(section string, w watcher) {
	for {
		old := s.watchers.Load()
		next := map[string][]watcher{}
		if old != nil {
			next = maps.Clone(*old)
		}
		next[section] = append(slices.Clone(next[section]), w)
		if s.watchers.CompareAndSwap(old, &next) {
			return
		}
	}
}

// watching are those who act on the change of the sections of these names.
func (s *Service) watching(userID string, names []string, before, after members) ([]observed, error) {
	all := s.watchers.Load()
	if all == nil {
		return nil, nil
	}
	var list []observed
	for _, name := range names {
		for i, w := range (*all)[name] {
			d := s.sections[s.byName[name]]
			o, err := w(userID, before.get(d), after.get(d))
			if err != nil {
				return nil, err
			}
			o.section, o.index = name, i
			list = append(list, o)
		}
	}
	return list, nil
}

// owing adds those of more to list, in the place of what the same observer was owed
// for an earlier try.
func owing(list, more []observed) []observed {
	for _, o := range more {
		i := slices.IndexFunc(list, func(e observed) bool { return e.section == o.section && e.index == o.index })
		if i < 0 {
			list = append(list, o)
		} else {
			list[i] = o
		}
	}
	return list
}

// errPanicked is what After hears when a panic kept the change from being made.
var errPanicked = errors.New("settings: a panic kept the change from being made")

// begin calls every Before, and notes in owed whose After is to come.
func (s *Service) begin(ctx context.Context, list []observed, owed *[]observed) error {
	if slices.ContainsFunc(list, func(o observed) bool { return o.before != nil }) && s.tx.InTransaction(ctx) {
		return fmt.Errorf("settings: a change that is observed before it is made: %w", storage.ErrInTransaction)
	}
	for _, o := range list {
		*owed = owing(*owed, []observed{o})
		if o.before == nil {
			continue
		}
		if err := o.before(ctx); err != nil {
			return err
		}
	}
	return nil
}

// put writes the record with its event, and calls every In and Config.Recorder in one
// transaction with it. What needs neither is one statement.
func (s *Service) put(ctx context.Context, list []observed, next Record, event activity.Event) (r Record, err error) {
	if s.recorder == nil && !slices.ContainsFunc(list, func(o observed) bool { return o.in != nil }) {
		return s.store.Put(ctx, event.UserID, next, event)
	}
	stale := false
	err = s.tx.InTx(ctx, func(ctx context.Context) error {
		r, err = s.store.Put(ctx, event.UserID, next, event)
		if stale = errors.Is(err, storage.ErrStale); stale {
			return nil // nothing was done, and a caller's transaction can go on
		}
		if err != nil {
			return err
		}
		for _, o := range list {
			if o.in == nil {
				continue
			}
			if err := o.in(ctx); err != nil {
				return err
			}
		}
		if s.recorder == nil {
			return nil
		}
		return s.recorder.Record(ctx, event)
	})
	if err == nil && stale {
		err = storage.ErrStale
	}
	return r, err
}
