// Package batch cleans up large tables in small pieces.
//
//	removed, err := batch.Each(ctx, 1000, func(ctx context.Context, limit int) (int, error) {
//		return store.Purge(ctx, before, limit)
//	})
package batch

import (
	"context"
	"time"
)

// maxPause bounds a pause, so that one slow batch does not make the rest wait.
const maxPause = time.Second

// Each calls remove, which removes up to limit rows and says how many, until
// that is fewer than limit. After each full batch it pauses for as long as the
// batch took, up to a second, so that whoever else uses the database has it at
// least half of the time. It returns the rows removed, also when it stops early
// with remove's error or that of ctx.
func Each(ctx context.Context, limit int, remove func(ctx context.Context, limit int) (int, error)) (removed int, err error) {
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		start := time.Now()
		n, err := remove(ctx, limit)
		removed += n
		if err != nil || n < limit {
			return removed, err
		}
		pause.Reset(min(time.Since(start), maxPause))
		select {
		case <-ctx.Done():
			return removed, ctx.Err()
		case <-pause.C:
		}
	}
}
