// Package memblob is a storage.BlobStore in memory, for tests and for trying
// things out. Nothing survives the process, and other nodes see nothing.
//
//	pics := memblob.New()
//
// With Options.Capacity the store refuses what does not fit, as a full disk
// would: the error matches storage.ErrFull.
package memblob

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// Options of a Store; the zero Options are good.
type Options struct {
	// Capacity bounds the sum of all blobs in bytes; 0 is no bound.
	Capacity int64
	// Now is the clock behind BlobInfo.ModTime; nil is time.Now.
	Now func() time.Time
}

// Store implements storage.BlobStore and storage.Lister.
type Store struct {
	opts Options

	mu    sync.RWMutex
	used  int64
	blobs map[string]blob
}

// blob is immutable once it is in the map, so that readers need no lock.
type blob struct {
	data []byte
	info storage.BlobInfo
}

var (
	_ storage.BlobStore = (*Store)(nil)
	_ storage.Lister    = (*Store)(nil)
)

// New returns an empty store. Of opts at most one is used.
func New(opts ...Options) *Store {
	s := &Store{blobs: map[string]blob{}}
	if len(opts) > 0 {
		s.opts = opts[0]
	}
	if s.opts.Now == nil {
		s.opts.Now = time.Now
	}
	return s
}

// Put implements storage.BlobStore.
func (s *Store) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	if err := check(ctx, "put", key); err != nil {
		return err
	}
	// The body is read before the lock is taken: a slow reader must not stop
	// the others.
	data, err := s.read(ctx, body)
	if err != nil {
		return fmt.Errorf("memblob: put %s: %w", key, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old, exists := s.blobs[key]
	if exists && !meta.Overwrite {
		return fmt.Errorf("memblob: put %s: %w", key, fs.ErrExist)
	}
	used := s.used - int64(len(old.data)) + int64(len(data))
	if s.opts.Capacity > 0 && used > s.opts.Capacity {
		return fmt.Errorf("memblob: put %s: %w", key, storage.ErrFull)
	}
	s.used = used
	s.blobs[key] = blob{data: data, info: storage.BlobInfo{
		Key: key, Size: int64(len(data)), ContentType: meta.ContentType, CacheControl: meta.CacheControl, ModTime: s.opts.Now(),
	}}
	return nil
}

// read takes the body into memory, never more than could be kept.
func (s *Store) read(ctx context.Context, body io.Reader) ([]byte, error) {
	var data bytes.Buffer
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		_, err := io.CopyN(&data, body, 64<<10)
		if s.opts.Capacity > 0 && int64(data.Len()) > s.opts.Capacity {
			return nil, storage.ErrFull
		}
		if err == io.EOF {
			return data.Bytes(), ctx.Err()
		}
		if err != nil {
			return nil, err
		}
	}
}

// Open implements storage.BlobStore. The reader is also an io.ReadSeeker and
// an io.ReaderAt.
func (s *Store) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	if err := check(ctx, "open", key); err != nil {
		return nil, storage.BlobInfo{}, err
	}
	s.mu.RLock()
	b, ok := s.blobs[key]
	s.mu.RUnlock()
	if !ok {
		return nil, storage.BlobInfo{}, fmt.Errorf("memblob: open %s: %w", key, fs.ErrNotExist)
	}
	return reader{bytes.NewReader(b.data)}, b.info, nil
}

// reader hides WriteTo of bytes.Reader, which would hand the stored bytes
// themselves to the writer.
type reader struct{ r *bytes.Reader }

func (r reader) Read(p []byte) (int, error)                   { return r.r.Read(p) }
func (r reader) ReadAt(p []byte, off int64) (int, error)      { return r.r.ReadAt(p, off) }
func (r reader) Seek(offset int64, whence int) (int64, error) { return r.r.Seek(offset, whence) }
func (r reader) Close() error                                 { return nil }

// Delete implements storage.BlobStore.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := check(ctx, "delete", key); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used -= int64(len(s.blobs[key].data))
	delete(s.blobs, key)
	return nil
}

// List implements storage.Lister. It yields the blobs of the moment it is
// begun; no lock is held while the loop runs.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return func(yield func(storage.BlobInfo, error) bool) {
		s.mu.RLock()
		var infos []storage.BlobInfo
		for key, b := range s.blobs {
			if strings.HasPrefix(key, prefix) {
				infos = append(infos, b.info)
			}
		}
		s.mu.RUnlock()
		for _, info := range infos {
			if ctx.Err() != nil {
				break
			}
			if !yield(info, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(storage.BlobInfo{}, err)
		}
	}
}

// Len is the number of blobs.
func (s *Store) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.blobs)
}

func check(ctx context.Context, op, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := storage.CheckKey(key); err != nil {
		return fmt.Errorf("memblob: %s: %w", op, err)
	}
	return nil
}
