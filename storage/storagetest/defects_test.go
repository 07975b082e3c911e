package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

// altered is a good store of which single methods are replaced.
type altered struct {
	*memblob.Store
	put  func(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error
	open func(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error)
	del  func(ctx context.Context, key string) error
	list func(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error]
}

func (a *altered) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	if a.put != nil {
		return a.put(ctx, key, body, meta)
	}
	return a.Store.Put(ctx, key, body, meta)
}

func (a *altered) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	if a.open != nil {
		return a.open(ctx, key)
	}
	return a.Store.Open(ctx, key)
}

func (a *altered) Delete(ctx context.Context, key string) error {
	if a.del != nil {
		return a.del(ctx, key)
	}
	return a.Store.Delete(ctx, key)
}

func (a *altered) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	if a.list != nil {
		return a.list(ctx, prefix)
	}
	return a.Store.List(ctx, prefix)
}

type defect struct {
	name   string
	store  func(m *memblob.Store) storage.BlobStore
	caught []string
}

func defects() []defect {
	return slices.Concat(putDefects(), openDefects(), failureDefects(), otherDefects())
}

// onPut alters Put alone.
func onPut(put func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error) func(*memblob.Store) storage.BlobStore {
	return func(m *memblob.Store) storage.BlobStore {
		return &altered{Store: m, put: func(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			return put(m, ctx, key, body, meta)
		}}
	}
}

// reread wraps a body that a defect has changed.
func reread(b []byte) io.ReadSeeker { return bytes.NewReader(b) }

func putDefects() []defect {
	type putFunc = func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error
	put := func(name string, f putFunc, caught ...string) defect { return defect{name, onPut(f), caught} }
	changed := func(name string, change func([]byte) []byte, caught ...string) defect {
		return put(name, func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			b, err := io.ReadAll(body)
			if err != nil {
				return err
			}
			return m.Put(ctx, key, reread(change(b)), meta)
		}, caught...)
	}
	return []defect{
		put("stores nothing", func(*memblob.Store, context.Context, string, io.ReadSeeker, storage.Meta) error { return nil },
			"PutThenOpen", "PutAfterDelete", "EveryValidKeyWorks", "HundredKeysAtOnce"),
		changed("cuts at 64 KiB", func(b []byte) []byte { return b[:min(len(b), 64<<10)] }, "TenMiB", "ReadersAreIndependent"),
		changed("adds a newline", func(b []byte) []byte { return append(b, '\n') }, "EmptyBody", "PutThenOpen"),
		put("refuses empty bodies", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			if n, err := body.Seek(0, io.SeekEnd); err == nil && n == 0 {
				return errors.New("empty")
			}
			if _, err := body.Seek(0, io.SeekStart); err != nil {
				return err
			}
			return m.Put(ctx, key, body, meta)
		}, "EmptyBody"),
		put("rewinds the body", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			if _, err := body.Seek(0, io.SeekStart); err != nil {
				return err
			}
			return m.Put(ctx, key, body, meta)
		}, "BodyFromItsPosition"),
		put("reads once", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			b := make([]byte, 12<<20)
			n, err := body.Read(b)
			if err != nil && err != io.EOF {
				return err
			}
			return m.Put(ctx, key, reread(b[:n]), meta)
		}, "BodyInSmallReads"),
		put("forgets the type", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			meta.ContentType = "application/octet-stream"
			return m.Put(ctx, key, body, meta)
		}, "MetaIsKept", "OverwriteReplaces"),
		put("guesses the type from the name", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			if path.Ext(key) == ".jpg" {
				meta.ContentType = "image/jpeg"
			}
			return m.Put(ctx, key, body, meta)
		}, "MetaIsKept"),
		put("forgets the cache header", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			meta.CacheControl = ""
			return m.Put(ctx, key, body, meta)
		}, "MetaIsKept"),
		put("always overwrites", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			meta.Overwrite = true
			return m.Put(ctx, key, body, meta)
		}, "PutExistingIsRefused", "OneOfManyPutsWins"),
		put("never overwrites", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			meta.Overwrite = false
			return m.Put(ctx, key, body, meta)
		}, "OverwriteReplaces", "OpenReaderSeesOneBody", "NeverHalfWritten"),
		put("overwrites only what exists", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			if r, _, err := m.Open(ctx, key); meta.Overwrite && storage.ValidKey(key) && ctx.Err() == nil {
				if err != nil {
					return err
				}
				r.Close()
			}
			return m.Put(ctx, key, body, meta)
		}, "OverwriteOfNothingCreates"),
		put("tells a refusal by another error", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			if err := m.Put(ctx, key, body, meta); errors.Is(err, fs.ErrExist) {
				return errors.New("exists")
			} else if err != nil {
				return err
			}
			return nil
		}, "PutExistingIsRefused", "OneOfManyPutsWins"),
		put("looks, then writes", func(m *memblob.Store, ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
			if r, _, err := m.Open(ctx, key); err == nil && !meta.Overwrite {
				r.Close()
				return fs.ErrExist
			}
			time.Sleep(time.Millisecond) // the gap that is always there, made wide
			meta.Overwrite = true
			return m.Put(ctx, key, body, meta)
		}, "OneOfManyPutsWins"),
		{"remembers deleted keys", func(m *memblob.Store) storage.BlobStore {
			var deleted sync.Map
			return &altered{
				Store: m,
				del:   func(ctx context.Context, key string) error { deleted.Store(key, true); return m.Delete(ctx, key) },
				put: func(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
					if _, ok := deleted.Load(key); ok {
						return fs.ErrExist
					}
					return m.Put(ctx, key, body, meta)
				},
			}
		}, []string{"PutAfterDelete"}},
		{"keeps the caller's bytes", func(m *memblob.Store) storage.BlobStore {
			shared := &aliasing{Store: m}
			return &altered{Store: m, put: shared.put, open: shared.open}
		}, []string{"BodyIsCopied"}},
	}
}

// aliasing keeps a reader that it was given and reads it anew at each Open.
type aliasing struct {
	*memblob.Store
	mu     sync.Mutex
	bodies map[string]*bytes.Reader
}

func (a *aliasing) put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	r, ok := body.(*bytes.Reader)
	if ok {
		a.mu.Lock()
		if a.bodies == nil {
			a.bodies = map[string]*bytes.Reader{}
		}
		a.bodies[key] = r
		a.mu.Unlock()
	}
	return a.Store.Put(ctx, key, body, meta)
}

func (a *aliasing) open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	r, info, err := a.Store.Open(ctx, key)
	a.mu.Lock()
	defer a.mu.Unlock()
	if b := a.bodies[key]; err == nil && b != nil {
		return io.NopCloser(io.NewSectionReader(b, 0, b.Size())), info, nil
	}
	return r, info, err
}

func copyAll(w io.Writer, r io.Reader) { _, _ = io.Copy(w, r) }

// folded maps keys onto others, as stores with another idea of names do.
func folded(fold func(string) string) func(*memblob.Store) storage.BlobStore {
	return func(m *memblob.Store) storage.BlobStore {
		return &altered{
			Store: m,
			put: func(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
				if err := storage.CheckKey(key); err != nil {
					return err
				}
				return m.Put(ctx, fold(key), body, meta)
			},
			open: func(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
				if err := storage.CheckKey(key); err != nil {
					return nil, storage.BlobInfo{}, err
				}
				r, info, err := m.Open(ctx, fold(key))
				info.Key = key
				return r, info, err
			},
			del: func(ctx context.Context, key string) error {
				if err := storage.CheckKey(key); err != nil {
					return err
				}
				return m.Delete(ctx, fold(key))
			},
		}
	}
}

func otherDefects() []defect {
	del := func(name string, f func(m *memblob.Store, ctx context.Context, key string) error, caught ...string) defect {
		return defect{name, func(m *memblob.Store) storage.BlobStore {
			return &altered{Store: m, del: func(ctx context.Context, key string) error { return f(m, ctx, key) }}
		}, caught}
	}
	list := func(name string, f func(m *memblob.Store, ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error], caught ...string) defect {
		return defect{name, func(m *memblob.Store) storage.BlobStore {
			return &altered{Store: m, list: func(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] { return f(m, ctx, prefix) }}
		}, caught}
	}
	return []defect{
		del("deletes nothing", func(_ *memblob.Store, ctx context.Context, key string) error {
			return errors.Join(ctx.Err(), storage.CheckKey(key))
		}, "DeleteRemoves", "ListAfterDelete"),
		del("misses what is missing", func(m *memblob.Store, ctx context.Context, key string) error {
			r, _, err := m.Open(ctx, key)
			if err != nil {
				return err
			}
			r.Close()
			return m.Delete(ctx, key)
		}, "DeleteMissing", "DeletesAtOnce"),
		del("deletes all that begins so", func(m *memblob.Store, ctx context.Context, key string) error {
			for info := range m.List(ctx, key) {
				if err := m.Delete(ctx, info.Key); err != nil {
					return err
				}
			}
			return m.Delete(ctx, key)
		}, "DeleteRemoves", "LikeKeysStayApart"),
		del("deletes with an ended context", func(m *memblob.Store, _ context.Context, key string) error {
			return m.Delete(context.Background(), key)
		}, "CancelledBeforeTheCall", "DeadlineBeforeTheCall"),
		{"slashes are dashes", folded(func(k string) string { return strings.ReplaceAll(k, "/", "-") }), []string{"LikeKeysStayApart"}},
		{"names of 100 bytes", folded(func(k string) string { return k[:min(len(k), 100)] }), []string{"EveryValidKeyWorks"}},
		{"takes any key", func(m *memblob.Store) storage.BlobStore {
			clean := func(k string) string { return "x" + strings.ToLower(strings.Trim(path.Clean("/"+k), "/.")) }
			f := folded(clean)(m).(*altered)
			f.put = func(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
				return nilIfInvalid(m.Put(ctx, clean(key), body, meta))
			}
			return f
		}, []string{"InvalidKeysAreRefused"}},
		list("lists nothing", func(*memblob.Store, context.Context, string) iter.Seq2[storage.BlobInfo, error] {
			return func(func(storage.BlobInfo, error) bool) {}
		}, "ListEverything", "ListByPrefix", "ListCanStop", "CancelledBeforeTheCall"),
		list("ignores the prefix", func(m *memblob.Store, ctx context.Context, _ string) iter.Seq2[storage.BlobInfo, error] {
			return m.List(ctx, "")
		}, "ListByPrefix"),
		list("lists a file of its own", func(m *memblob.Store, ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
			return func(yield func(storage.BlobInfo, error) bool) {
				if yield(storage.BlobInfo{Key: "index"}, nil) {
					m.List(ctx, prefix)(yield)
				}
			}
		}, "ListOfNothing", "ListEverything", "ListAfterDelete"),
	}
}

func nilIfInvalid(err error) error {
	if errors.Is(err, storage.ErrInvalidKey) {
		return nil
	}
	return err
}
