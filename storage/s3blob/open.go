package s3blob

import (
	"context"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

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
	out, err := s.client.GetObject(own, &s3.GetObjectInput{Bucket: &s.bucket, Key: s.object(key)}, s.calls...)
	if err == nil && !limit.Stop() {
		out.Body.Close()
		err = context.Canceled
	}
	if err != nil {
		limit.Stop()
		cancel()
		return nil, storage.BlobInfo{}, failure(ctx, "open", err)
	}
	return &body{ctx: ctx, ReadCloser: out.Body, cancel: cancel}, storage.BlobInfo{
		Key: key, Size: aws.ToInt64(out.ContentLength), ContentType: aws.ToString(out.ContentType),
		CacheControl: aws.ToString(out.CacheControl), ModTime: aws.ToTime(out.LastModified),
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
	own, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	_, err := s.client.DeleteObject(own, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: s.object(key)}, s.calls...)
	if err != nil && !isMissing(err) {
		return failure(ctx, "delete", err)
	}
	return nil
}

// List implements storage.Lister. Types and cache headers are not in a
// listing, so BlobInfo lacks them.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return func(yield func(storage.BlobInfo, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(storage.BlobInfo{}, err)
			return
		}
		asked := s.object(prefix)
		if last := path.Base(*asked); last == "." || last == ".." {
			// MinIO refuses to look there; what is found is chosen from below.
			asked = aws.String(strings.TrimRight(*asked, "."))
		}
		pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: asked})
		for pages.HasMorePages() {
			own, cancel := context.WithTimeout(ctx, s.opts.Timeout)
			page, err := pages.NextPage(own, s.calls...)
			cancel()
			if err != nil {
				yield(storage.BlobInfo{}, failure(ctx, "list", err))
				return
			}
			for _, o := range page.Contents {
				key := strings.ReplaceAll(strings.TrimPrefix(aws.ToString(o.Key), s.opts.Prefix), slash, "/")
				if !storage.ValidKey(key) || !strings.HasPrefix(key, prefix) {
					continue // not one of ours, or not asked for
				}
				if !yield(storage.BlobInfo{Key: key, Size: aws.ToInt64(o.Size), ModTime: aws.ToTime(o.LastModified)}, nil) {
					return
				}
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
		return fmt.Errorf("s3blob: %w", err)
	}
	return nil
}
