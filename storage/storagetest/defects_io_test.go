package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

func openDefects() []defect {
	open := func(name string, f func(m *memblob.Store, ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error), caught ...string) defect {
		return defect{name, func(m *memblob.Store) storage.BlobStore {
			return &altered{Store: m, open: func(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) { return f(m, ctx, key) }}
		}, caught}
	}
	return []defect{
		open("missing is another error", func(m *memblob.Store, ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
			r, info, err := m.Open(ctx, key)
			if errors.Is(err, fs.ErrNotExist) {
				err = storage.ErrNotFound
			}
			return r, info, err
		}, "OpenMissing", "DeleteRemoves"),
		open("missing is empty", func(m *memblob.Store, ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
			r, info, err := m.Open(ctx, key)
			if errors.Is(err, fs.ErrNotExist) {
				return io.NopCloser(bytes.NewReader(nil)), storage.BlobInfo{Key: key}, nil
			}
			return r, info, err
		}, "OpenMissing"),
		open("no size", func(m *memblob.Store, ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
			r, info, err := m.Open(ctx, key)
			info.Size = -1
			return r, info, err
		}, "PutThenOpen", "OpenReaderSeesOneBody"),
		open("no time", func(m *memblob.Store, ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
			r, info, err := m.Open(ctx, key)
			info.ModTime = info.ModTime.AddDate(-50, 0, 0)
			return r, info, err
		}, "PutThenOpen"),
		open("ignores the context", func(m *memblob.Store, _ context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
			return m.Open(context.Background(), key)
		}, "CancelledBeforeTheCall", "DeadlineBeforeTheCall"),
		{"one reader for all", func(m *memblob.Store) storage.BlobStore {
			var readers sync.Map
			return &altered{Store: m, open: func(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
				r, info, err := m.Open(ctx, key)
				if err != nil {
					return nil, info, err
				}
				shared, _ := readers.LoadOrStore(key, &locked{r: r})
				return shared.(*locked), info, nil
			}}
		}, []string{"ReadersAreIndependent"}},
		{"follows the key", func(m *memblob.Store) storage.BlobStore {
			return &altered{Store: m, open: func(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
				r, info, err := m.Open(ctx, key)
				if err != nil {
					return nil, info, err
				}
				r.Close()
				return &follower{m: m, key: key}, info, nil
			}}
		}, []string{"OpenReaderSeesOneBody"}},
	}
}

// locked is a reader that may be shared without a race, so that only the
// suite, not the race detector, finds the defect.
type locked struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *locked) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

func (l *locked) Close() error { return nil }

// follower opens the key anew for each read, going on at its offset.
type follower struct {
	m   *memblob.Store
	key string
	off int64
}

func (f *follower) Read(p []byte) (int, error) {
	r, _, err := f.m.Open(context.Background(), f.key)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	n, err := r.(io.ReaderAt).ReadAt(p[:min(len(p), 512)], f.off)
	f.off += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (f *follower) Close() error { return nil }

// failureDefects leave something behind when a Put does not succeed.
func failureDefects() []defect {
	// keepsWhatCame stores what was read before the body failed or ctx ended.
	keepsWhatCame := func(tell bool) func(*memblob.Store) storage.BlobStore {
		return onPut(func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			b, err := io.ReadAll(body)
			if perr := m.Put(context.Background(), key, reread(b), meta); perr != nil {
				return perr
			}
			if !tell {
				return nil
			}
			return errors.Join(err, ctx.Err())
		})
	}
	return []defect{
		{"keeps half a body", keepsWhatCame(true), []string{
			"ReaderFailsAtOnce", "ReaderFailsHalfWay", "ReaderFailsAtTheEnd", "FailedOverwriteKeepsTheOld", "PutWorksAfterAFailedOne",
			"CancelledWhileTheBodyIsRead", "CancelledDuringOverwrite",
		}},
		{"hides the body's failure", keepsWhatCame(false), []string{"ReaderFailsHalfWay", "CancelledWhileTheBodyIsRead"}},
		{"drops the body's error", onPut(func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			err := m.Put(ctx, key, body, meta)
			if errors.Is(err, errBody) {
				return errors.New("put failed")
			}
			return err
		}), []string{"ReaderFailsHalfWay", "FailedOverwriteKeepsTheOld"}},
		{"ignores the context", onPut(func(m *memblob.Store, _ context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			return m.Put(context.Background(), key, body, meta)
		}), []string{"CancelledBeforeTheCall", "DeadlineBeforeTheCall", "CancelledWhileTheBodyIsRead", "CancelledDuringOverwrite"}},
		{"deletes before it overwrites", onPut(func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			if meta.Overwrite && ctx.Err() == nil {
				if err := m.Delete(ctx, key); err != nil {
					return err
				}
			}
			return m.Put(ctx, key, body, meta)
		}), []string{"FailedOverwriteKeepsTheOld", "CancelledDuringOverwrite"}},
		{"writes in pieces", onPut(func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			var b bytes.Buffer
			for {
				_, err := io.CopyN(&b, body, 50_000)
				if err != nil && err != io.EOF {
					return err
				}
				if perr := m.Put(ctx, key, reread(b.Bytes()), meta); perr != nil {
					return perr
				}
				meta.Overwrite = true
				if err == io.EOF {
					return nil
				}
				time.Sleep(time.Millisecond) // so that somebody looks in between
			}
		}), []string{"NeverHalfWritten", "ReaderFailsHalfWay"}},
	}
}
