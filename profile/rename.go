package profile

import (
	"context"
	"errors"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/batch"
	"github.com/profilekit/profilekit/storage"
)

// DefaultRenameLimit is how often one user asks for another user name.
var DefaultRenameLimit = limit.Rule{Limit: 10, Window: time.Hour}

func renameKey(userID string) string { return "rename:user:" + userID }

// mayRename counts one other name that the user asks for. Whether a name is free is told to
// nobody more often: private profiles would be found by it.
func (s *Service) mayRename(ctx context.Context, userID string) error {
	if s.limiter.Store == nil {
		return nil
	}
	return s.limiter.Take(ctx, renameKey(userID), s.renameLimit)
}

// renames reports whether p gives up the user's name. Another spelling of it is the same name.
func renames(u User, p Patch) bool {
	return p.Username != nil && asciiLower(*p.Username) != asciiLower(u.Username)
}

// write is Store.Update with what belongs to the change: the name that is given up is
// held, and Config.Recorder is told. What needs neither is one statement.
func (s *Service) write(ctx context.Context, u User, p Patch, event activity.Event) (next User, err error) {
	renames := s.holds != nil && renames(u, p)
	if !renames && s.recorder == nil {
		return s.store.Update(ctx, u.ID, p, event)
	}
	if renames { // the name that is held is that of u, so the version must be u's
		p.IfVersion = u.Version
	}
	stale := false
	err = s.tx.InTx(ctx, func(ctx context.Context) (err error) {
		next, err = s.store.Update(ctx, u.ID, p, event)
		if stale = errors.Is(err, storage.ErrStale); stale {
			return nil // nothing was done, and a caller's transaction can go on
		}
		if err == nil && renames {
			err = s.holdName(ctx, u, next)
		}
		if err == nil && s.recorder != nil {
			err = s.recorder.Record(ctx, event)
		}
		return err
	})
	if err == nil && stale {
		err = storage.ErrStale
	}
	if err != nil {
		return User{}, err
	}
	return next, nil
}

// holdName keeps the name of u, which next has given up, in the transaction of ctx.
func (s *Service) holdName(ctx context.Context, u, next User) error {
	now := s.now()
	if err := CheckHolds(ctx, s.holds, u.ID, next.Username, "", now); err != nil || s.nameHold <= 0 {
		return err
	}
	return holdFormerName(ctx, s.holds, u.ID, u.Username, now, now.Add(s.nameHold))
}

// purgeBatch is how many rows one statement of PurgeExpired removes.
const purgeBatch = 250

// PurgeExpired removes holds of user names and addresses that have ended, in
// small batches. Nothing depends on it but the space; once an hour is plenty, on
// any number of nodes.
func (s *Service) PurgeExpired(ctx context.Context) error {
	if s.holds == nil {
		return nil
	}
	now := s.now()
	_, err := batch.Each(ctx, purgeBatch, func(ctx context.Context, limit int) (int, error) {
		return s.holds.PurgeHolds(ctx, now, limit)
	})
	return err
}
