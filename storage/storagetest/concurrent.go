package storagetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/storage"
)

var concurrentCases = []testCase{
	{"OneOfManyPutsWins", oneWins},
	{"HundredKeysAtOnce", hundredKeys},
	{"NeverHalfWritten", neverHalfWritten},
	{"OpenReaderSeesOneBody", openReaderSeesOneBody},
	{"DeletesAtOnce", deletesAtOnce},
}

func oneWins(t testing.TB, s storage.BlobStore) {
	for round := range 5 {
		key := fmt.Sprintf("race-%d", round)
		var won atomic.Int32
		winner := make(chan byte, 16)
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				body := bytes.Repeat([]byte{byte('a' + i)}, 50_000)
				err := s.Put(t.Context(), key, bytes.NewReader(body), storage.Meta{ContentType: "image/jpeg"})
				switch {
				case err == nil:
					won.Add(1)
					winner <- byte('a' + i)
				case !errors.Is(err, fs.ErrExist):
					t.Errorf("a losing Put: %v; want fs.ErrExist", err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d Puts of one key won; want exactly 1", won.Load())
		}
		wantBody(t, s, key, strings.Repeat(string(rune(<-winner)), 50_000))
	}
}

func hundredKeys(t testing.TB, s storage.BlobStore) {
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			key := fmt.Sprintf("many/%d", i)
			want := pattern(1000+i, byte(i))
			if err := s.Put(t.Context(), key, bytes.NewReader(want), storage.Meta{ContentType: "image/png"}); err != nil {
				t.Errorf("Put %s: %v", key, err)
				return
			}
			if got, err := read(t, s, key); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, %v; want the %d bytes put", key, len(got), err, len(want))
			}
		})
	}
	wg.Wait()
}

// neverHalfWritten overwrites and deletes one key while it is read: a reader
// gets a whole body, of one writer, or no blob.
func neverHalfWritten(t testing.TB, s storage.BlobStore) {
	const size = 300_000
	whole := func(b []byte) bool {
		return len(b) == size && bytes.Count(b, b[:1]) == size
	}
	var writers, readers sync.WaitGroup
	done := make(chan struct{})
	for w := range 3 {
		writers.Go(func() {
			for i := range 8 {
				body := bytes.Repeat([]byte{byte('a' + w*8 + i)}, size)
				meta := storage.Meta{ContentType: "image/jpeg", Overwrite: true}
				if err := s.Put(t.Context(), "hot", bytes.NewReader(body), meta); err != nil {
					t.Errorf("Put: %v", err)
				}
				if i%4 == 3 {
					if err := s.Delete(t.Context(), "hot"); err != nil {
						t.Errorf("Delete: %v", err)
					}
				}
			}
		})
	}
	for range 3 {
		readers.Go(func() {
			for {
				got, err := read(t, s, "hot")
				switch {
				case errors.Is(err, fs.ErrNotExist):
				case err != nil:
					t.Errorf("read: %v", err)
				case !whole(got):
					t.Errorf("read %d bytes that no single Put wrote", len(got))
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	writers.Wait()
	close(done)
	readers.Wait()
	put2 := storage.Meta{ContentType: "image/jpeg", Overwrite: true}
	if err := s.Put(t.Context(), "hot", strings.NewReader("last"), put2); err != nil {
		t.Fatalf("Put: %v", err)
	}
	wantBody(t, s, "hot", "last")
}

// openReaderSeesOneBody: a reader opened before a replacement goes on with the
// old body or fails; it never continues in the new one.
func openReaderSeesOneBody(t testing.TB, s storage.BlobStore) {
	const size = 2 << 20
	old, fresh := bytes.Repeat([]byte("o"), size), bytes.Repeat([]byte("n"), size)
	put(t, s, "swap", string(old))
	r, info, err := s.Open(t.Context(), "swap")
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer r.Close()
	if info.Size != size {
		t.Errorf("size %d; want %d", info.Size, size)
	}
	head := make([]byte, 1000)
	if _, err := io.ReadFull(r, head); err != nil {
		t.Fatalf("read: %v", err)
	}
	meta := storage.Meta{ContentType: "image/jpeg", Overwrite: true}
	if err := s.Put(t.Context(), "swap", bytes.NewReader(fresh), meta); err != nil {
		t.Fatalf("Put: %v", err)
	}
	if rest, err := io.ReadAll(r); err == nil && !bytes.Equal(append(head, rest...), old) {
		t.Errorf("the open reader mixed two bodies (%d bytes)", len(head)+len(rest))
	}
	wantBody(t, s, "swap", string(fresh))
}

func deletesAtOnce(t testing.TB, s storage.BlobStore) {
	put(t, s, "once", "x")
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := s.Delete(t.Context(), "once"); err != nil {
				t.Errorf("Delete: %v", err)
			}
		})
	}
	wg.Wait()
	wantMissing(t, s, "once")
}

// read is get for goroutines: it does not end the test.
func read(t testing.TB, s storage.BlobStore, key string) ([]byte, error) {
	r, _, err := s.Open(t.Context(), key)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
