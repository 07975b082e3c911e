// Package copying moves pictures from one store to another while both are in
// use:
//
//	report, err := copying.Run(ctx, copying.Config{From: disk, To: bucket, Keys: live})
//
// It goes through the keys that users point to, and puts into To what is not
// there yet. Nothing but the two stores says how far it came, so a run that was
// killed is continued by running it again, on any machine.
//
// A picture never changes under its key, so one that is in To is done once its
// size, type and cache header are those of From; Config.Verify compares all
// bytes. What differs is told, never overwritten.
//
// Passes follow each other until one finds nothing new, so that what was
// uploaded meanwhile is copied as well. A picture that its owner removes after
// it was copied, but before the program writes to To, stays there: what nobody
// points to is for a repair by listing, not for this package.
package copying

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// Keys are the blobs that somebody points to.
type Keys interface {
	// Page returns up to limit keys that come after the key after, in an order
	// that does not change; "" begins, and no keys are the end.
	Page(ctx context.Context, after string, limit int) ([]string, error)
	// Live reports whether somebody still points to key.
	Live(ctx context.Context, key string) (bool, error)
}

// Config of Run. From, To and Keys are required.
type Config struct {
	From, To storage.BlobStore
	Keys     Keys
	// Parallel is how many blobs are under way at once, each in memory; 0 is 8.
	Parallel int
	// Attempts is how often a blob is tried in a pass while a store is
	// unavailable; 0 is 4. Backoff is the first wait between, which doubles up
	// to 30 s unless the store names one; 0 is 500 ms.
	Attempts int
	Backoff  time.Duration
	// MaxBytes is the largest blob that is copied; 0 is 64 MiB.
	MaxBytes int64
	// MaxFailed ends the run early: that many keys failed in a pass; 0 is 100.
	MaxFailed int
	// DryRun changes nothing; Copied and Bytes are what would be copied.
	DryRun bool
	// Verify reads every blob in To and compares it with From.
	Verify bool
	// DeleteSource deletes from From, once everything is in To without a
	// failure, each blob that has the same bytes in To. It is for when no
	// program uses From any more.
	DeleteSource bool
	// Progress, if not nil, is called after every key, one call at a time.
	Progress func(Report)
}

// Report is what a run did.
type Report struct {
	Copied  int   // put into To
	Bytes   int64 // of those
	Present int   // there already
	Gone    int   // nobody points to them any more
	Failed  int   // in the last pass
	Deleted int   // from From
	// Failures are the errors of the last pass, at most Config.MaxFailed.
	Failures map[string]error
}

// Done is how many keys need nothing more.
func (r Report) Done() int { return r.Copied + r.Present + r.Gone }

// ErrIncomplete is what Run returns when keys failed; Report has them. The rest
// was copied, unless there were Config.MaxFailed.
var ErrIncomplete = errors.New("copying: some blobs were not copied")

// maxPasses bounds the passes: where pictures are uploaded all the time, some
// pass has to be the last.
const maxPasses = 5

// Run copies, and returns what it did also with an error. The error is
// ErrIncomplete, that of ctx, of Keys, or of a store that has no room left.
func Run(ctx context.Context, cfg Config) (Report, error) {
	if cfg.From == nil || cfg.To == nil || cfg.Keys == nil {
		return Report{}, errors.New("copying: Config.From, To and Keys are required")
	}
	cfg.Parallel = or(cfg.Parallel, 8)
	cfg.Attempts = or(cfg.Attempts, 4)
	cfg.Backoff = or(cfg.Backoff, 500*time.Millisecond)
	cfg.MaxBytes = or(cfg.MaxBytes, 64<<20)
	cfg.MaxFailed = or(cfg.MaxFailed, 100)
	r := &run{Config: cfg, done: map[digest]struct{}{}}
	err := r.all(ctx)
	return r.snapshot(), err
}

func or[T int | int64 | time.Duration](given, standard T) T {
	if given > 0 {
		return given
	}
	return standard
}

func (r *run) all(ctx context.Context) error {
	for pass := 1; pass <= maxPasses; pass++ {
		before := r.snapshot().Copied
		if err := r.pass(ctx, r.copy, true); err != nil {
			return err
		}
		// The first pass is never the last: a key that came meanwhile may sort
		// before those that it was at.
		if r.DryRun || pass > 1 && r.snapshot().Copied == before {
			break
		}
	}
	if r.snapshot().Failed > 0 {
		return ErrIncomplete
	}
	if !r.DeleteSource || r.DryRun {
		return nil
	}
	if err := r.apart(ctx); err != nil {
		return err
	}
	if err := r.pass(ctx, r.remove, false); err != nil {
		return err
	}
	if r.snapshot().Failed > 0 {
		return ErrIncomplete
	}
	return nil
}

// Explain is the failures as lines, in the order of their keys.
func (r Report) Explain() string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(r.Failures)) {
		fmt.Fprintf(&b, "%s: %v\n", key, r.Failures[key])
	}
	return b.String()
}
