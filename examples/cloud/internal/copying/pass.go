package copying

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// pageSize is how many keys are asked for at a time.
const pageSize = 500

// digest stands for a key: 16 bytes, of which no two keys have the same.
type digest [16]byte

func digestOf(key string) digest {
	sum := sha256.Sum256([]byte(key))
	return digest(sum[:16])
}

// outcome is what became of a key.
type outcome int

const (
	none outcome = iota // nothing that is counted
	copied
	present
	gone
	deleted
)

type run struct {
	Config
	mu     sync.Mutex
	report Report
	done   map[digest]struct{} // keys that later passes leave out
}

func (r *run) snapshot() Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.report
	out.Failures = maps.Clone(r.report.Failures)
	return out
}

// step deals with one key; n is how many bytes it moved.
type step func(ctx context.Context, key string) (o outcome, n int64, err error)

// pass takes every key through f, some at a time. With once it leaves out
// those that an earlier pass was done with.
func (r *run) pass(ctx context.Context, f step, once bool) error {
	r.mu.Lock()
	r.report.Failed, r.report.Failures = 0, map[string]error{}
	r.mu.Unlock()
	own, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	keys := make(chan string)
	var workers sync.WaitGroup
	for range r.Parallel {
		workers.Go(func() {
			for key := range keys {
				o, n, err := r.persist(own, f, key)
				if own.Err() != nil && err != nil {
					continue // the run ends, which says nothing about the key
				}
				if end := r.note(key, o, n, err); end != nil {
					stop(end)
				}
			}
		})
	}
	err := r.walk(own, keys, once)
	close(keys)
	workers.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if cause := context.Cause(own); cause != nil {
		return cause
	}
	return err
}

// walk sends all keys, page by page.
func (r *run) walk(ctx context.Context, keys chan<- string, once bool) error {
	for after := ""; ; {
		page, err := r.Keys.Page(ctx, after, pageSize)
		if err != nil {
			return fmt.Errorf("copying: listing the keys: %w", err)
		}
		for _, key := range page {
			after = key
			if once && r.isDone(key) {
				continue
			}
			select {
			case keys <- key:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if len(page) == 0 {
			return ctx.Err()
		}
	}
}

func (r *run) isDone(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.done[digestOf(key)]
	return ok
}

// note counts what became of key, and returns what the whole run ends with.
func (r *run) note(key string, o outcome, n int64, err error) (end error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.done[digestOf(key)] = struct{}{}
	}
	switch {
	case errors.Is(err, storage.ErrFull):
		r.report.Failed++
		r.report.Failures[key] = err
		end = fmt.Errorf("copying: %w", err)
	case err != nil:
		r.report.Failed++
		r.report.Failures[key] = err
		if r.report.Failed >= r.MaxFailed {
			end = ErrIncomplete
		}
	case o == copied:
		r.report.Copied++
		r.report.Bytes += n
	case o == present:
		r.report.Present++
	case o == gone:
		r.report.Gone++
	case o == deleted:
		r.report.Deleted++
	}
	if r.Progress != nil {
		now := r.report
		now.Failures = nil
		r.Progress(now)
	}
	return end
}

// maxBackoff bounds every wait, also those that a store asks for.
const maxBackoff = 30 * time.Second

// persist tries f again while a store is unavailable.
func (r *run) persist(ctx context.Context, f step, key string) (outcome, int64, error) {
	wait := r.Backoff
	for attempt := 1; ; attempt++ {
		o, n, err := f(ctx, key)
		if err == nil || attempt >= r.Attempts || !errors.Is(err, storage.ErrUnavailable) {
			return o, n, err
		}
		pause := wait/2 + rand.N(wait/2+1) // all workers meet the same trouble: not all at once
		var u *storage.UnavailableError
		if errors.As(err, &u) && u.RetryAfter > pause {
			pause = u.RetryAfter
		}
		timer := time.NewTimer(min(pause, maxBackoff))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return none, 0, ctx.Err()
		}
		wait = min(2*wait, maxBackoff)
	}
}
