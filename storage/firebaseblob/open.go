package firebaseblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"github.com/profilekit/profilekit/storage"
)

// Open implements storage.BlobStore.
func (s *Store) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	if err := begin(ctx, key); err != nil {
		return nil, storage.BlobInfo{}, err
	}
	// The body is read with this context, so its limit is lifted once the
	// answer is there.
	own, cancel := context.WithCancel(ctx)
	limit := time.AfterFunc(s.opts.Timeout, cancel)
	var r *gcs.Reader
	err := s.try(ctx, func(context.Context) (err error) {
		r, err = s.object(key).ReadCompressed(true).NewReader(own)
		return err
	})
	if err == nil && !limit.Stop() {
		r.Close()
		err = context.Canceled
	}
	if err != nil {
		limit.Stop()
		cancel()
		return nil, storage.BlobInfo{}, failure(ctx, "open", err)
	}
	return &body{ctx: ctx, ReadCloser: r, cancel: cancel}, storage.BlobInfo{
		Key: key, Size: r.Attrs.Size, ContentType: r.Attrs.ContentType, CacheControl: r.Attrs.CacheControl, ModTime: r.Attrs.LastModified,
	}, nil
}

// body is a blob being read.
type body struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = failure(b.ctx, "read", err)
	}
	return n, err
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// Delete implements storage.BlobStore.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	err := s.try(ctx, func(own context.Context) error { return s.object(key).Delete(own) })
	if err != nil && !errors.Is(err, gcs.ErrObjectNotExist) {
		return failure(ctx, "delete", err)
	}
	return nil
}

// List implements storage.Lister.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return func(yield func(storage.BlobInfo, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(storage.BlobInfo{}, err)
			return
		}
		for token := ""; ; {
			var page []*gcs.ObjectAttrs
			err := s.try(ctx, func(own context.Context) (err error) {
				page = nil
				objects := s.bucket.Objects(own, &gcs.Query{Prefix: s.opts.Prefix + prefix})
				next, err := iterator.NewPager(objects, 1000, token).NextPage(&page)
				if err == nil {
					token = next
				}
				return err
			})
			if err != nil {
				yield(storage.BlobInfo{}, failure(ctx, "list", err))
				return
			}
			for _, o := range page {
				key := strings.TrimPrefix(o.Name, s.opts.Prefix)
				if !storage.ValidKey(key) {
					continue // not one of ours
				}
				info := storage.BlobInfo{Key: key, Size: o.Size, ContentType: o.ContentType, CacheControl: o.CacheControl, ModTime: o.Updated}
				if !yield(info, nil) {
					return
				}
			}
			if token == "" {
				return
			}
		}
	}
}

// begin refuses what no call starts with.
func begin(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := storage.CheckKey(key); err != nil {
		return fmt.Errorf("firebaseblob: %w", err)
	}
	return nil
}
