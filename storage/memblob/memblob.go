// Package memblob is a storage.BlobStore in memory, for tests and for trying
// things out. Nothing survives the process, and other nodes see nothing.
//
//	pics := memblob.New(memblob.Options{})
//
// With Options.Capacity the store refuses what does not fit, as a full disk
// would: the error matches storage.ErrFull.
package memblob

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"iter"
	"math"
	"sync"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Options of a Store; the zero Options are good.
type Options struct {
	// Capacity bounds the sum of all blobs in bytes; 0 is no bound.
	Capacity int64
	// Now is the clock behind BlobInfo.ModTime; nil is time.Now.
	Now func() time.Time
}

// Store implements storage.BlobStore and storage.Lister. The reader of Open is also an
// io.ReadSeeker and an io.ReaderAt.
type Store struct {
	*blobs.Bucket
	memory *memory
}

var (
	_ storage.BlobStore = (*Store)(nil)
	_ storage.Lister    = (*Store)(nil)
)

// New returns an empty store.
func New(opts Options) *Store {
	m := &memory{opts: opts, blobs: map[string]blob{}}
	if m.opts.Now == nil {
		m.opts.Now = time.Now
	}
	return &Store{blobs.New("memblob", m, blobs.Options{}), m}
}

// List implements storage.Lister. It yields the blobs of the moment it is
// begun; no lock is held while the loop runs.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return blobs.List(ctx, s.Bucket, prefix, s.memory.page)
}

// Len is the number of blobs.
func (s *Store) Len() int {
	s.memory.mu.RLock()
	defer s.memory.mu.RUnlock()
	return len(s.memory.blobs)
}

// memory is the driver.
type memory struct {
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

func (m *memory) Put(_ context.Context, key string, body *blobs.Body, meta storage.Meta) error {
	// The body is read before the lock is taken: a slow reader must not stop
	// the others.
	data, err := m.read(body)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	old, exists := m.blobs[key]
	if exists && !meta.Overwrite {
		return fs.ErrExist
	}
	used := m.used - int64(len(old.data)) + int64(len(data))
	if m.opts.Capacity > 0 && used > m.opts.Capacity {
		return storage.ErrFull
	}
	m.used = used
	m.blobs[key] = blob{data: data, info: storage.BlobInfo{
		Key: key, Size: int64(len(data)), ContentType: meta.ContentType, CacheControl: meta.CacheControl, ModTime: m.opts.Now(),
	}}
	return nil
}

// read takes the body into memory, never more than could be kept.
func (m *memory) read(body io.Reader) ([]byte, error) {
	most := m.opts.Capacity
	if most <= 0 || most == math.MaxInt64 {
		return io.ReadAll(body)
	}
	data, err := io.ReadAll(io.LimitReader(body, most+1))
	if err == nil && int64(len(data)) > most {
		err = storage.ErrFull
	}
	return data, err
}

func (m *memory) Open(_ context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	m.mu.RLock()
	b, ok := m.blobs[key]
	m.mu.RUnlock()
	if !ok {
		return nil, storage.BlobInfo{}, fs.ErrNotExist
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

func (m *memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used -= int64(len(m.blobs[key].data))
	delete(m.blobs, key)
	return nil
}

// page is everything at once.
func (m *memory) page(_ context.Context, p blobs.Page) ([]storage.BlobInfo, string, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var infos []storage.BlobInfo
	for key, b := range m.blobs {
		if p.Wants(key) {
			infos = append(infos, b.info)
		}
	}
	return infos, "", nil
}
