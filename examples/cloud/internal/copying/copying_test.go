package copying_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/examples/cloud/internal/copying"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

// TestRunAgainCopiesNothing: more keys than a page has, twice.
func TestRunAgainCopiesNothing(t *testing.T) {
	const n = 1203
	from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
	live := fill(t, from, n)
	var seen []int
	cfg := copying.Config{From: from, To: to, Keys: live, Progress: func(r copying.Report) { seen = append(seen, r.Done()) }}
	r, err := copying.Run(t.Context(), cfg)
	if err != nil || r.Copied != n || r.Present != 0 || r.Failed != 0 {
		t.Fatalf("first: %+v %v", r, err)
	}
	whole(t, to, n)
	if len(seen) != n || seen[n-1] != n {
		t.Errorf("progress was told %d times, %d at last", len(seen), seen[len(seen)-1])
	}
	var puts atomic.Int64
	cfg.To = &faulty{BlobStore: to, put: func(_ string, put func() error) error { puts.Add(1); return put() }}
	for _, verify := range []bool{false, true} {
		cfg.Verify = verify
		r, err = copying.Run(t.Context(), cfg)
		if err != nil || r.Copied != 0 || r.Present != n || puts.Load() != 0 {
			t.Fatalf("again, verify %v: %+v %v, %d puts", verify, r, err, puts.Load())
		}
	}
}

// TestDryRunChangesNothing: it says what the real run then does.
func TestDryRunChangesNothing(t *testing.T) {
	const n = 40
	from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
	live := fill(t, from, n)
	fill(t, to, 10)
	cfg := copying.Config{From: from, To: to, Keys: live, DryRun: true, DeleteSource: true}
	dry, err := copying.Run(t.Context(), cfg)
	if err != nil || dry.Copied != n-10 || dry.Present != 10 || dry.Deleted != 0 {
		t.Fatalf("dry: %+v %v", dry, err)
	}
	if got := present(t, to, n); got != 10 {
		t.Fatalf("a dry run left %d blobs", got)
	}
	cfg.DryRun, cfg.DeleteSource = false, false
	real, err := copying.Run(t.Context(), cfg)
	if err != nil || real.Copied != dry.Copied || real.Bytes != dry.Bytes {
		t.Fatalf("dry %+v, real %+v %v", dry, real, err)
	}
}

// TestUploadsMeanwhileAreCopied: each key that a run puts brings another,
// which sorts before it, up to 30.
func TestUploadsMeanwhileAreCopied(t *testing.T) {
	from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
	live := fill(t, from, 30)
	for i := range 29 {
		live.drop(key(i))
	}
	hooked := &faulty{BlobStore: to, put: func(_ string, put func() error) error {
		err := put()
		live.add(key(0), key(28))
		return err
	}}
	r, err := copying.Run(t.Context(), copying.Config{From: from, To: hooked, Keys: live})
	if err != nil || r.Copied != 3 {
		t.Fatalf("%+v %v", r, err)
	}
}

// TestRemovedMeanwhile: what its owner removes while it is copied is not left
// in To, and what was removed before is not missed.
func TestRemovedMeanwhile(t *testing.T) {
	from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
	live := fill(t, from, 3)
	before := &faulty{BlobStore: from, open: func(k string) error {
		if k == key(1) {
			live.drop(k)
			return from.Delete(context.Background(), k)
		}
		return nil
	}}
	after := &faulty{BlobStore: to, put: func(k string, put func() error) error {
		if k == key(2) {
			live.drop(k)
		}
		return put()
	}}
	r, err := copying.Run(t.Context(), copying.Config{From: before, To: after, Keys: live})
	if err != nil || r.Copied != 1 || r.Gone != 2 {
		t.Fatalf("%+v %v", r, err)
	}
	if got := present(t, to, 3); got != 1 {
		t.Errorf("%d blobs in To, want 1", got)
	}
}

// TestWhatIsWrongIsTold: the rest is copied, and nothing is overwritten.
func TestWhatIsWrongIsTold(t *testing.T) {
	from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
	live := fill(t, from, 20)
	put := func(i int, data []byte, m storage.Meta) {
		t.Helper()
		if err := to.Put(t.Context(), key(i), bytes.NewReader(data), m); err != nil {
			t.Fatal(err)
		}
	}
	data, m := content(3)
	put(3, append([]byte("longer"), data...), m)
	data, _ = content(4)
	put(4, data, storage.Meta{ContentType: "text/html"})
	data, m = content(5)
	flipped := bytes.Clone(data)
	flipped[0] ^= 1
	put(5, flipped, m)
	if err := from.Delete(t.Context(), key(6)); err != nil {
		t.Fatal(err)
	}
	want := map[string]error{key(3): copying.ErrDiffers, key(4): copying.ErrDiffers, key(6): copying.ErrMissing, key(19): copying.ErrTooLarge}
	for _, verify := range []bool{false, true} {
		if verify {
			want[key(5)] = copying.ErrDiffers
		}
		r, err := copying.Run(t.Context(), copying.Config{
			From: from, To: to, Keys: live, Verify: verify, DeleteSource: true, MaxBytes: 18*31 + 1,
		})
		if !errors.Is(err, copying.ErrIncomplete) || r.Failed != len(want) || len(r.Failures) != len(want) || r.Deleted != 0 {
			t.Fatalf("verify %v: %+v %v", verify, r, err)
		}
		for k, e := range want {
			if !errors.Is(r.Failures[k], e) || !strings.Contains(r.Explain(), k+": "+e.Error()) {
				t.Errorf("verify %v, %s: %v, want %v", verify, k, r.Failures[k], e)
			}
		}
		if r.Done() != 20-len(want) {
			t.Errorf("verify %v: %+v", verify, r)
		}
	}
	body, info, err := to.Open(t.Context(), key(4))
	if err != nil || info.ContentType != "text/html" {
		t.Errorf("a blob that differs was overwritten: %v %v", info, err)
	}
	body.Close()
}

// TestDeleteSource: only what To has as well goes, never when the stores are
// one, and never after a failure.
func TestDeleteSource(t *testing.T) {
	const n = 25
	from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
	live := fill(t, from, n)
	live.drop(key(0)) // nobody's: not ours to judge
	r, err := copying.Run(t.Context(), copying.Config{From: from, To: from, Keys: live, DeleteSource: true})
	if err == nil || !strings.Contains(err.Error(), "same store") || r.Deleted != 0 || present(t, from, n) != n {
		t.Fatalf("one store: %+v %v", r, err)
	}
	spoilt := &faulty{BlobStore: to, put: func(k string, put func() error) error {
		if k == key(7) {
			return errors.New("no")
		}
		return put()
	}}
	r, err = copying.Run(t.Context(), copying.Config{From: from, To: spoilt, Keys: live, DeleteSource: true})
	if !errors.Is(err, copying.ErrIncomplete) || r.Deleted != 0 || present(t, from, n) != n {
		t.Fatalf("after a failure: %+v %v", r, err)
	}
	stuck := &faulty{BlobStore: from, delete: func(k string) error {
		if k == key(9) {
			return errors.New("no")
		}
		return nil
	}}
	r, err = copying.Run(t.Context(), copying.Config{From: stuck, To: to, Keys: live, DeleteSource: true})
	if !errors.Is(err, copying.ErrIncomplete) || r.Deleted != n-2 || r.Failed != 1 {
		t.Fatalf("a deletion that fails: %+v %v", r, err)
	}
	r, err = copying.Run(t.Context(), copying.Config{From: from, To: to, Keys: live, DeleteSource: true})
	if err != nil || r.Deleted != 1 || present(t, from, n) != 1 || present(t, to, n) != n-1 {
		t.Fatalf("the rest: %+v %v, %d and %d blobs", r, err, present(t, from, n), present(t, to, n))
	}
	// The probe is gone, too.
	for info, err := range to.List(t.Context(), "copying-") {
		t.Errorf("left: %s %v", info.Key, err)
	}
}

// TestStops: a context that ends ends the run, and what was done stays counted.
func TestStops(t *testing.T) {
	from, to := memblob.New(memblob.Options{}), memblob.New(memblob.Options{})
	live := fill(t, from, 200)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var puts atomic.Int64
	hooked := &faulty{BlobStore: to, put: func(_ string, put func() error) error {
		if puts.Add(1) == 50 {
			stop()
		}
		return put()
	}}
	r, err := copying.Run(ctx, copying.Config{From: from, To: hooked, Keys: live, Parallel: 3})
	if !errors.Is(err, context.Canceled) || r.Failed != 0 || r.Copied > 60 {
		t.Fatalf("%+v %v", r, err)
	}
	rest := 200 - present(t, to, 200)
	r, err = copying.Run(t.Context(), copying.Config{From: from, To: to, Keys: live})
	if err != nil || r.Copied != rest || rest < 140 {
		t.Fatalf("%+v %v, want %d copied", r, err, rest)
	}
}
