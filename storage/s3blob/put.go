package s3blob

import (
	"context"
	"crypto/rand"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// putID is the metadata that tells one Put from another.
const putID = "put"

func (s *objects) Put(ctx context.Context, key string, body *blobs.Body, meta storage.Meta) error {
	size, err := body.Size()
	if err != nil {
		return err
	}
	id := rand.Text()
	var sent io.Reader = body
	if b, ok := body.InMemory(); ok {
		sent = b // is copied without a buffer
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
	_, err = s.client.PutObject(ctx, in, s.puts...)
	if !meta.Overwrite && isConflict(err) {
		return s.conflict(ctx, key, id)
	}
	return err
}

// conflict decides what a refused precondition means. When an answer was lost
// and the SDK tried again, the object that is in the way may be our own.
func (s *objects) conflict(ctx context.Context, key, id string) error {
	head, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.bucket, Key: s.object(key)}, s.calls...)
	switch {
	case err == nil && head.Metadata[putID] == id:
		return nil
	case err == nil, isMissing(err):
		// Missing is one that another Put is about to finish, or that was
		// deleted since: it was there when it was asked for.
		return fs.ErrExist
	}
	return err
}
