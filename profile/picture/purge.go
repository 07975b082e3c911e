package picture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// DefaultPendingAge is how long the blobs of an upload may wait to be used
// before PurgeBlobs takes them: longer than any upload lasts.
const DefaultPendingAge = time.Hour

// purgeBatch is how many keys are claimed at a time.
const purgeBatch = 100

// PurgeBlobs deletes the blobs of pictures that were replaced or removed, and those
// of uploads that began pendingAge ago or earlier and never finished, and
// returns how many it deleted. The usual age is DefaultPendingAge; with 0 the
// uploads that run at this moment fail and have to be repeated, but nothing
// that a user points to is ever deleted.
//
// It may run on several nodes and beside uploads. A blob whose deletion fails
// is tried again by a PurgeBlobs an hour later; the first such error is returned
// when the rest is done, unless the store is down.
func (s *Service) PurgeBlobs(ctx context.Context, pendingAge time.Duration) (deleted int, err error) {
	var first error
	for {
		now := s.cfg.Now()
		// Stores keep microseconds, and "before" is strict: what happened at
		// this very moment is meant too.
		moment := now.Add(time.Microsecond)
		claimed, err := s.cfg.Ledger.Claim(ctx, now, moment, moment.Add(-max(pendingAge, 0)), purgeBatch)
		if err != nil {
			return deleted, fmt.Errorf("picture: purge: %w", err)
		}
		gone, err := s.deleteBlobs(ctx, claimed)
		if ferr := s.cfg.Ledger.Purge(ctx, gone); ferr != nil {
			return deleted, fmt.Errorf("picture: purge: %w", errors.Join(ferr, err))
		}
		deleted += len(gone)
		if first == nil {
			first = err
		}
		if len(claimed) < purgeBatch || stops(err) {
			return deleted, first
		}
	}
}

// deleteBlobs returns the keys that are certainly gone, and the first error.
func (s *Service) deleteBlobs(ctx context.Context, claimed []string) (gone []string, first error) {
	for _, key := range claimed {
		err := s.cfg.Blobs.Delete(ctx, key)
		if err == nil {
			gone = append(gone, key)
			continue
		}
		if first == nil {
			first = fmt.Errorf("picture: purge: %w", err)
		}
		s.cfg.Logger.WarnContext(ctx, "picture: could not delete a blob", "key", key, "error", err)
		if stops(err) {
			break
		}
	}
	return gone, first
}

// stops reports errors that the next blob would meet as well.
func stops(err error) bool {
	return errors.Is(err, storage.ErrUnavailable) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
