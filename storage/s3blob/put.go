package s3blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/storage"
)

// putID is the metadata that tells one Put from another.
const putID = "put"

// Put implements storage.BlobStore.
func (s *Store) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	size, err := remaining(body)
	if err != nil {
		return fmt.Errorf("s3blob: put: reading the body: %w", err)
	}
	own, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	id := rand.Text()
	watched := &watchedBody{ReadSeeker: body}
	var sent io.Reader = watched
	if b, ok := body.(*bytes.Reader); ok {
		sent = b // which does not fail, and is copied without a buffer
	}
	in := &s3.PutObjectInput{
		Bucket: &s.bucket, Key: s.object(key), Body: sent, ContentLength: &size,
		ContentType: &meta.ContentType, Metadata: map[string]string{putID: id},
	}
	if meta.CacheControl != "" {
		in.CacheControl = &meta.CacheControl
	}
	if !meta.Overwrite {
		in.IfNoneMatch = aws.String("*")
	}
	_, err = s.client.PutObject(own, in, s.puts...)
	switch {
	case err == nil:
		return nil
	case watched.err != nil:
		return fmt.Errorf("s3blob: put: reading the body: %w", watched.err)
	case !meta.Overwrite && isConflict(err):
		return s.conflict(ctx, key, id)
	}
	return failure(ctx, "put", err)
}

// conflict decides what a refused precondition means. When an answer was lost
// and the SDK tried again, the object that is in the way may be our own.
func (s *Store) conflict(ctx context.Context, key, id string) error {
	own, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	head, err := s.client.HeadObject(own, &s3.HeadObjectInput{Bucket: &s.bucket, Key: s.object(key)}, s.calls...)
	switch {
	case err == nil && head.Metadata[putID] == id:
		return nil
	case err == nil, isMissing(err):
		// Missing is one that another Put is about to finish, or that was
		// deleted since: it was there when it was asked for.
		return fmt.Errorf("s3blob: put: %w", fs.ErrExist)
	}
	return failure(ctx, "put", err)
}

// remaining is how many bytes are left from body's position.
func remaining(body io.Seeker) (int64, error) {
	at, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	end, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	_, err = body.Seek(at, io.SeekStart)
	return end - at, err
}

// watchedBody keeps the error of the body, which the SDK wraps beyond
// recognition and would try again for.
type watchedBody struct {
	io.ReadSeeker
	err error
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.ReadSeeker.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}
