package profile

import (
	"context"
	"errors"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/batch"
	"github.com/profilekit/profilekit/storage"
)

// renames reports whether p gives up the user's name, which is then held.
// Another spelling of it is the same name.
func (s *Service) renames(u User, p Patch) bool {
	return s.holds != nil && p.Username != nil && asciiLower(*p.Username) != asciiLower(u.Username)
}

// rename is Store.Update for a patch that gives the user another name. The old
// one is that of u, so the version must be u's.
func (s *Service) rename(ctx context.Context, u User, p Patch, event activity.Event) (next User, err error) {
	p.IfVersion = u.Version
	stale := false
	err = s.tx.InTx(ctx, func(ctx context.Context) (err error) {
		next, err = s.store.Update(ctx, u.ID, p, event)
		if stale = errors.Is(err, storage.ErrStale); stale {
			return nil // nothing was done, and a caller's transaction can go on
		}
		if err != nil {
			return err
		}
		now := s.now()
		if err := CheckHolds(ctx, s.holds, u.ID, next.Username, "", now); err != nil || s.nameHold <= 0 {
			return err
		}
		return HoldName(ctx, s.holds, u.ID, u.Username, now, now.Add(s.nameHold))
	})
	if err == nil && stale {
		err = storage.ErrStale
	}
	if err != nil {
		return User{}, err
	}
	return next, nil
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
