package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
)

const minute = time.Minute

var contextCases = []testCase{
	{"CancelledBeforeTheCall", func(t testing.TB, s storage.BlobStore) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		endedContext(t, s, ctx, context.Canceled)
	}},
	{"DeadlineBeforeTheCall", func(t testing.TB, s storage.BlobStore) {
		ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
		defer cancel()
		endedContext(t, s, ctx, context.DeadlineExceeded)
	}},
	{"CancelledWhileTheBodyIsRead", cancelledDuringPut},
	{"CancelledDuringOverwrite", cancelledDuringOverwrite},
}

func endedContext(t testing.TB, s storage.BlobStore, ctx context.Context, want error) {
	put(t, s, "there", "kept")
	for _, overwrite := range []bool{false, true} {
		meta := storage.Meta{ContentType: "image/png", Overwrite: overwrite}
		for _, key := range []string{"there", "new"} {
			if err := s.Put(ctx, key, strings.NewReader("late"), meta); !errors.Is(err, want) {
				t.Errorf("Put %q (overwrite %v): %v; want %v", key, overwrite, err, want)
			}
		}
	}
	r, _, err := s.Open(ctx, "there")
	if err == nil {
		r.Close()
	}
	if !errors.Is(err, want) {
		t.Errorf("Open: %v; want %v", err, want)
	}
	if _, _, err := s.Open(ctx, "missing"); !errors.Is(err, want) {
		t.Errorf("Open of a missing key: %v; want %v", err, want)
	}
	if err := s.Delete(ctx, "there"); !errors.Is(err, want) {
		t.Errorf("Delete: %v; want %v", err, want)
	}
	if err := s.Delete(ctx, "missing"); !errors.Is(err, want) {
		t.Errorf("Delete of a missing key: %v; want %v", err, want)
	}
	if l, ok := storage.As[storage.Lister](s); ok {
		var last error
		for info, err := range l.List(ctx, "") {
			if last = err; err == nil {
				t.Errorf("List yielded %q", info.Key)
			}
		}
		if !errors.Is(last, want) {
			t.Errorf("List ended with %v; want %v", last, want)
		}
	}
	if u, ok := storage.As[storage.SignedURLer](s); ok {
		if _, err := u.SignedURL(ctx, "there", minute); !errors.Is(err, want) {
			t.Errorf("SignedURL: %v; want %v", err, want)
		}
	}
	wantBody(t, s, "there", "kept")
	wantMissing(t, s, "new")
}

// cancelling is a body that ends ctx when a part of it has been read.
func cancelling(cancel context.CancelFunc, after int) io.ReadSeeker {
	inner := bytes.NewReader(pattern(bodySize, 5))
	head := io.LimitReader(inner, int64(after))
	return &body{Reader: io.MultiReader(head, &onRead{inner, cancel}), Seeker: inner}
}

type onRead struct {
	io.Reader
	do func()
}

func (r *onRead) Read(p []byte) (int, error) {
	r.do()
	return r.Reader.Read(p)
}

func cancelledDuringPut(t testing.TB, s storage.BlobStore) {
	for _, after := range []int{0, 1, 100_000, bodySize - 1} {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Put(ctx, "cut", cancelling(cancel, after), storage.Meta{ContentType: "image/jpeg"})
		cancel()
		if err == nil && after == bodySize-1 {
			// Too late to notice is allowed; then the blob is whole.
			wantBody(t, s, "cut", string(pattern(bodySize, 5)))
			if err := s.Delete(t.Context(), "cut"); err != nil {
				t.Fatalf("Delete: %v", err)
			}
			continue
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled after %d bytes: %v; want context.Canceled", after, err)
		}
		wantMissing(t, s, "cut")
	}
	wantNothingListed(t, s)
}

func cancelledDuringOverwrite(t testing.TB, s storage.BlobStore) {
	put(t, s, "kept", "the old body")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	meta := storage.Meta{ContentType: "image/png", Overwrite: true}
	if err := s.Put(ctx, "kept", cancelling(cancel, 100_000), meta); !errors.Is(err, context.Canceled) {
		t.Errorf("Put: %v; want context.Canceled", err)
	}
	wantBody(t, s, "kept", "the old body")
}
