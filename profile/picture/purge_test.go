package picture_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
)

// A purge of whatever age beside uploads: some of them may have to be
// repeated, and none ends up broken.
func TestPurgeBesideUploads(t *testing.T) {
	w := newWorld(t)
	var uploads, purges sync.WaitGroup
	done := make(chan struct{})
	purges.Go(func() {
		for {
			if _, err := w.svc.PurgeBlobs(t.Context(), 0); err != nil {
				t.Errorf("PurgeBlobs: %v", err)
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for i := range 4 {
		uploads.Go(func() {
			for j := range 5 {
				_, err := w.svc.Put(t.Context(), w.user.ID, small(byte(10*i+j)), picture.PutOptions{})
				if err != nil && !errors.Is(err, storage.ErrUnavailable) {
					t.Errorf("Put: %v", err)
				}
				w.checkWholeOrReplaced(t)
			}
		})
	}
	uploads.Wait()
	close(done)
	purges.Wait()
	w.checkWhole(t)
	w.checkPurged(t)
}

// checkWholeOrReplaced is checkWhole while others replace the picture: a blob
// that is missing must not be referenced any more.
func (w *world) checkWholeOrReplaced(t *testing.T) {
	for _, key := range w.referenced(t) {
		r, _, err := w.blobs.Open(t.Context(), key)
		switch {
		case err == nil:
			r.Close()
		case !errors.Is(err, fs.ErrNotExist) || slices.Contains(w.referenced(t), key):
			t.Errorf("the user's picture is broken: %v", err)
		}
	}
}

func TestPurgeLeavesYoungUploads(t *testing.T) {
	w := newWorld(t)
	begun := []string{"begun-64.jpg"}
	if err := w.db.Ledger().Reserve(t.Context(), w.user.ID, begun, w.now); err != nil {
		t.Fatal(err)
	}
	put := func() error {
		return w.blobs.Put(t.Context(), begun[0], strings.NewReader("x"), storage.Meta{})
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		age  time.Duration
		want int
	}{{0, 0}, {59 * time.Minute, 0}, {time.Minute, 1}, {3 * time.Hour, 0}} {
		w.now = w.now.Add(step.age)
		if n, err := w.svc.PurgeBlobs(t.Context(), picture.DefaultPendingAge); n != step.want || err != nil {
			t.Errorf("%v later the purge deleted %d, %v; want %d", step.age, n, err, step.want)
		}
	}
}

func TestPurgeInBatches(t *testing.T) {
	w := newWorld(t)
	var all []string
	for i := range 250 {
		all = append(all, fmt.Sprintf("dead-%d", i))
	}
	if err := w.db.Ledger().Reserve(t.Context(), w.user.ID, all, w.now); err != nil {
		t.Fatal(err)
	}
	if err := w.db.Ledger().Dead(t.Context(), all, w.now); err != nil {
		t.Fatal(err)
	}
	if n, err := w.svc.PurgeBlobs(t.Context(), picture.DefaultPendingAge); n != 250 || err != nil {
		t.Errorf("purge deleted %d, %v; want 250", n, err)
	}
	if left, err := w.db.Ledger().Keys(t.Context(), w.user.ID); len(left) != 0 || err != nil {
		t.Errorf("%d keys are left, %v", len(left), err)
	}
}

// badDelete cannot delete some keys.
type badDelete struct {
	storage.BlobStore
	bad func(key string) error
}

func (b *badDelete) Delete(ctx context.Context, key string) error {
	if err := b.bad(key); err != nil {
		return err
	}
	return b.BlobStore.Delete(ctx, key)
}

func TestPurgeGoesOnAfterAFailedDelete(t *testing.T) {
	w := newWorld(t)
	if _, err := w.svc.Put(t.Context(), w.user.ID, small(1), picture.PutOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.svc.Remove(t.Context(), w.user.ID, 0); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	deletes := &badDelete{BlobStore: w.blobs, bad: func(key string) error {
		if strings.Contains(key, "-128.") {
			return broken
		}
		return nil
	}}
	svc := w.service(t, func(c *picture.Config) { c.Blobs = deletes })
	if n, err := svc.PurgeBlobs(t.Context(), 0); n != 3 || !errors.Is(err, broken) {
		t.Errorf("purge deleted %d, %v; want 3 and the error", n, err)
	}
	if n, err := svc.PurgeBlobs(t.Context(), 0); n != 0 || err != nil {
		t.Errorf("at once again: %d, %v; want nothing, the claim is held", n, err)
	}
	calls := 0
	deletes.bad = func(string) error { calls++; return &storage.UnavailableError{} }
	w.now = w.now.Add(61 * time.Minute)
	if n, err := svc.PurgeBlobs(t.Context(), 0); n != 0 || !errors.Is(err, storage.ErrUnavailable) || calls != 1 {
		t.Errorf("with the store down: %d, %v after %d calls", n, err, calls)
	}
	w.checkPurged(t)
}
