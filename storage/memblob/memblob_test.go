package memblob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/storagetest"
)

func TestStore(t *testing.T) {
	storagetest.Run(t, func(*testing.T) storage.BlobStore { return memblob.New(memblob.Options{}) })
}

func TestCapacity(t *testing.T) {
	s := memblob.New(memblob.Options{Capacity: 100})
	put := func(key string, n int, overwrite bool) error {
		return s.Put(t.Context(), key, bytes.NewReader(make([]byte, n)), storage.Meta{ContentType: "image/png", Overwrite: overwrite})
	}
	for _, step := range []struct {
		key       string
		n         int
		overwrite bool
		want      error
	}{
		{"a", 60, false, nil},
		{"b", 41, false, storage.ErrFull},
		{"b", 40, false, nil},
		{"c", 1, false, storage.ErrFull},
		{"c", 0, false, nil},
		{"a", 61, true, storage.ErrFull},
		{"a", 10, true, nil}, // a smaller one makes room
		{"d", 50, false, nil},
		{"e", 1 << 20, false, storage.ErrFull},
	} {
		if err := put(step.key, step.n, step.overwrite); !errors.Is(err, step.want) {
			t.Errorf("put %d bytes as %s: %v; want %v", step.n, step.key, err, step.want)
		}
	}
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := put("e", 10, false); err != nil {
		t.Errorf("after Delete: %v", err)
	}
	if s.Len() != 4 {
		t.Errorf("Len is %d; want 4", s.Len())
	}
}

// endless never runs out; only the capacity stops it.
type endless struct{ io.Seeker }

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestCapacityStopsAnEndlessBody(t *testing.T) {
	s := memblob.New(memblob.Options{Capacity: 1 << 20})
	if err := s.Put(t.Context(), "a", endless{}, storage.Meta{}); !errors.Is(err, storage.ErrFull) {
		t.Errorf("Put: %v; want storage.ErrFull", err)
	}
}

func TestReaderSeeks(t *testing.T) {
	s := memblob.New(memblob.Options{Now: func() time.Time { return time.Unix(1000, 0) }})
	if err := s.Put(t.Context(), "a", strings.NewReader("0123456789"), storage.Meta{}); err != nil {
		t.Fatal(err)
	}
	r, info, err := s.Open(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	seeker, ok := r.(io.ReadSeeker)
	if !ok {
		t.Fatal("the reader does not seek")
	}
	if _, err := seeker.Seek(-3, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if tail, _ := io.ReadAll(r); string(tail) != "789" {
		t.Errorf("read %q after seeking", tail)
	}
	if !info.ModTime.Equal(time.Unix(1000, 0)) {
		t.Errorf("ModTime is %v; want that of Options.Now", info.ModTime)
	}
}

func Example() {
	ctx := context.Background()
	pics := memblob.New(memblob.Options{})
	meta := storage.Meta{ContentType: "image/jpeg", CacheControl: "no-cache"}
	if err := pics.Put(ctx, "me.jpg", strings.NewReader("not really a picture"), meta); err != nil {
		fmt.Println(err)
		return
	}
	r, info, err := pics.Open(ctx, "me.jpg")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	body, _ := io.ReadAll(r)
	fmt.Println(info.ContentType, info.Size, string(body))
	// Output: image/jpeg 20 not really a picture
}
