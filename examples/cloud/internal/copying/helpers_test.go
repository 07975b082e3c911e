package copying_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/storage"
)

// keys is a copying.Keys in memory.
type keys struct {
	mu   sync.Mutex
	live map[string]bool
}

func (k *keys) add(all ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.live == nil {
		k.live = map[string]bool{}
	}
	for _, key := range all {
		k.live[key] = true
	}
}

func (k *keys) drop(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.live, key)
}

func (k *keys) Page(ctx context.Context, after string, limit int) ([]string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := slices.Sorted(maps.Keys(k.live))
	i, found := slices.BinarySearch(all, after)
	if found {
		i++
	}
	return all[i:min(i+limit, len(all))], ctx.Err()
}

func (k *keys) Live(ctx context.Context, key string) (bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.live[key], ctx.Err()
}

// content is what blob i holds: of another length each, and some of type PNG.
func content(i int) ([]byte, storage.Meta) {
	sum := sha256.Sum256(fmt.Append(nil, i))
	data := bytes.Repeat(sum[:], 1+i%700)[:1+31*(i%700)]
	m := storage.Meta{ContentType: "image/jpeg", CacheControl: "public, max-age=31536000, immutable"}
	if i%3 == 0 {
		m = storage.Meta{ContentType: "image/png"}
	}
	return data, m
}

func key(i int) string { return fmt.Sprintf("blob%05d-256.bin", i) }

// fill puts blobs 0 to n-1 into s.
func fill(t testing.TB, s storage.BlobStore, n int) *keys {
	t.Helper()
	var k keys
	for i := range n {
		data, m := content(i)
		if err := s.Put(t.Context(), key(i), bytes.NewReader(data), m); err != nil {
			t.Fatal(err)
		}
		k.add(key(i))
	}
	return &k
}

// whole checks that s has the blobs 0 to n-1 as fill put them.
func whole(t testing.TB, s storage.BlobStore, n int) {
	t.Helper()
	for i := range n {
		want, m := content(i)
		body, info, err := s.Open(t.Context(), key(i))
		if err != nil {
			t.Fatalf("blob %d: %v", i, err)
		}
		got, err := io.ReadAll(body)
		body.Close()
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("blob %d: %d bytes, want %d (%v)", i, len(got), len(want), err)
		}
		if info.ContentType != m.ContentType || info.CacheControl != m.CacheControl {
			t.Fatalf("blob %d: type %q and cache %q, want %q and %q", i, info.ContentType, info.CacheControl, m.ContentType, m.CacheControl)
		}
	}
}

// present counts what s has of the blobs 0 to n-1.
func present(t testing.TB, s storage.BlobStore, n int) (count int) {
	t.Helper()
	for i := range n {
		body, _, err := s.Open(t.Context(), key(i))
		switch {
		case err == nil:
			body.Close()
			count++
		case !errors.Is(err, fs.ErrNotExist):
			t.Fatal(err)
		}
	}
	return count
}

// faulty is a store that a test spoils; a func that is nil spoils nothing.
type faulty struct {
	storage.BlobStore
	put    func(key string, put func() error) error
	open   func(key string) error
	delete func(key string) error
}

func (f *faulty) Put(ctx context.Context, key string, body io.ReadSeeker, m storage.Meta) error {
	put := func() error { return f.BlobStore.Put(ctx, key, body, m) }
	if f.put == nil {
		return put()
	}
	return f.put(key, put)
}

func (f *faulty) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	if f.open != nil {
		if err := f.open(key); err != nil {
			return nil, storage.BlobInfo{}, err
		}
	}
	return f.BlobStore.Open(ctx, key)
}

func (f *faulty) Delete(ctx context.Context, key string) error {
	if f.delete != nil {
		if err := f.delete(key); err != nil {
			return err
		}
	}
	return f.BlobStore.Delete(ctx, key)
}

// cutting ends every blob after one byte, as if that were all.
type cutting struct{ storage.BlobStore }

func (c cutting) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	body, info, err := c.BlobStore.Open(ctx, key)
	if err != nil {
		return nil, info, err
	}
	return cut{io.LimitReader(body, 1), body}, info, nil
}

type cut struct {
	io.Reader
	io.Closer
}
