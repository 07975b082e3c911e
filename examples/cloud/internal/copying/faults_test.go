package copying_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/examples/cloud/internal/copying"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

// fails is a fault of the first n calls for a key.
func fails(n int, err error) func(key string) error {
	var mu sync.Mutex
	calls := map[string]int{}
	return func(key string) error {
		mu.Lock()
		defer mu.Unlock()
		if calls[key]++; calls[key] <= n {
			return err
		}
		return nil
	}
}

// TestR24_CopyOutlastsFailingStores: each blob meets two failures at reading,
// at writing before it is stored, or after; all of it arrives, in time.
func TestR24_CopyOutlastsFailingStores(t *testing.T) {
	down := &storage.UnavailableError{Err: errors.New("SlowDown")}
	slow := &storage.UnavailableError{RetryAfter: 20 * time.Second, Err: errors.New("SlowDown")}
	for name, c := range map[string]struct {
		spoil    func(from, to *faulty)
		min, max time.Duration // of the whole run
	}{
		"reading": {func(from, _ *faulty) { from.open = fails(2, down) }, time.Second, time.Minute},
		"looking": {func(_, to *faulty) { to.open = fails(2, down) }, time.Second, time.Minute},
		"writing": {func(_, to *faulty) {
			f := fails(2, down)
			to.put = func(k string, put func() error) error {
				if err := f(k); err != nil {
					return err
				}
				return put()
			}
		}, time.Second, time.Minute},
		"answers lost": {func(_, to *faulty) {
			f := fails(1, down)
			to.put = func(k string, put func() error) error { return errors.Join(put(), f(k)) }
		}, time.Second, time.Minute},
		"asked to wait": {func(_, to *faulty) { to.open = fails(1, slow) }, 20 * time.Second, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const n = 60
				from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
				live := fill(t, from, n)
				a, b := &faulty{BlobStore: from}, &faulty{BlobStore: to}
				c.spoil(a, b)
				start := time.Now()
				r, err := copying.Run(t.Context(), copying.Config{From: a, To: b, Keys: live})
				if err != nil || r.Done() != n || r.Failed != 0 {
					t.Fatalf("%+v %v", r, err)
				}
				whole(t, to, n)
				if took := time.Since(start); took < c.min || took > c.max {
					t.Errorf("took %v, want %v to %v", took, c.min, c.max)
				}
			})
		})
	}
}

// TestR24_CopyTellsWhatFailed: three blobs that never work are tried as often
// as they should be and told, without stopping the rest.
func TestR24_CopyTellsWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 50
		from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
		live := fill(t, from, n)
		broken := map[string]error{
			key(3):  &storage.UnavailableError{Err: errors.New("SlowDown")},
			key(30): fmt.Errorf("AccessDenied: %w", fs.ErrPermission),
			key(31): &storage.UnavailableError{RetryAfter: time.Hour, Err: errors.New("later")},
		}
		var mu sync.Mutex
		tries := map[string]int{}
		b := &faulty{BlobStore: to, put: func(k string, put func() error) error {
			mu.Lock()
			defer mu.Unlock()
			if err := broken[k]; err != nil {
				tries[k]++
				return err
			}
			return put()
		}}
		r, err := copying.Run(t.Context(), copying.Config{From: from, To: b, Keys: live, Attempts: 3})
		if !errors.Is(err, copying.ErrIncomplete) || r.Copied != n-3 || r.Failed != 3 || len(r.Failures) != 3 {
			t.Fatalf("%+v %v", r, err)
		}
		// Two passes; what waiting does not help is tried once in each.
		if tries[key(3)] != 6 || tries[key(31)] != 6 || tries[key(30)] != 2 {
			t.Errorf("tries: %v", tries)
		}
		for k, e := range broken {
			if !errors.Is(r.Failures[k], e) {
				t.Errorf("%s: %v", k, r.Failures[k])
			}
		}
		// They are mended: only they are copied.
		r, err = copying.Run(t.Context(), copying.Config{From: from, To: to, Keys: live})
		if err != nil || r.Copied != 3 || r.Present != n-3 {
			t.Fatalf("again: %+v %v", r, err)
		}
	})
}

// TestR24_CopyEndsWhenItIsNoUse: a store without room, and one that refuses
// everything, end the run early.
func TestR24_CopyEndsWhenItIsNoUse(t *testing.T) {
	const n = 400
	from := memblob.New(memblob.Options{})
	live := fill(t, from, n)
	full := memblob.New(memblob.Options{Capacity: 20_000})
	r, err := copying.Run(t.Context(), copying.Config{From: from, To: full, Keys: live})
	if !errors.Is(err, storage.ErrFull) || r.Copied == 0 || r.Copied > 100 || r.Failed == 0 {
		t.Errorf("full: %+v %v", r, err)
	}
	var calls int
	var mu sync.Mutex
	refusing := &faulty{BlobStore: memblob.New(memblob.Options{}), open: func(string) error {
		mu.Lock()
		defer mu.Unlock()
		calls++
		return fs.ErrPermission
	}}
	r, err = copying.Run(t.Context(), copying.Config{From: from, To: refusing, Keys: live, MaxFailed: 10})
	if !errors.Is(err, copying.ErrIncomplete) || r.Failed < 10 || calls > 10+8 {
		t.Errorf("refused: %+v %v, %d calls", r, err, calls)
	}
}

// brokenKeys fail at the second page.
type brokenKeys struct{ *keys }

func (k brokenKeys) Page(ctx context.Context, after string, limit int) ([]string, error) {
	if after != "" {
		return nil, storage.ErrUnavailable
	}
	return k.keys.Page(ctx, after, limit)
}

// TestKeysThatFail: the list breaks off, which must not look like its end.
func TestKeysThatFail(t *testing.T) {
	from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
	live := fill(t, from, 5)
	r, err := copying.Run(t.Context(), copying.Config{From: from, To: to, Keys: brokenKeys{live}, DeleteSource: true})
	if !errors.Is(err, storage.ErrUnavailable) || r.Deleted != 0 || r.Copied != 5 {
		t.Fatalf("%+v %v", r, err)
	}
}

// TestBlobsCutShort: half a blob is not a blob.
func TestBlobsCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
		live := fill(t, from, 12)
		r, err := copying.Run(t.Context(), copying.Config{From: cutting{from}, To: to, Keys: live})
		if !errors.Is(err, copying.ErrIncomplete) || r.Failed != 11 || !strings.Contains(r.Explain(), "whole") {
			t.Fatalf("%+v %v", r, err)
		}
		if got := present(t, to, 12); got != 1 { // the one of one byte
			t.Errorf("%d blobs arrived", got)
		}
	})
}
