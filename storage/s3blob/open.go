package s3blob

import (
	"context"
	"io"
	"iter"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// objects is the driver.
type objects struct {
	client  *s3.Client
	presign *s3.PresignClient
	bucket  string
	prefix  string              // Options.Prefix
	public  string              // Options.PublicBase, without a slash at its end
	calls   []func(*s3.Options) // of every call
	puts    []func(*s3.Options) // of Put
}

func (s *objects) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: s.object(key)}, s.calls...)
	if err != nil {
		return nil, storage.BlobInfo{}, err
	}
	return out.Body, storage.BlobInfo{
		Size: aws.ToInt64(out.ContentLength), ContentType: aws.ToString(out.ContentType),
		CacheControl: aws.ToString(out.CacheControl), ModTime: aws.ToTime(out.LastModified),
	}, nil
}

func (s *objects) Delete(ctx context.Context, key string) error {
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.bucket, Key: s.object(key)}, s.calls...)
	return err
}

// List implements storage.Lister. Types and cache headers are not in a
// listing, so BlobInfo lacks them.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[storage.BlobInfo, error] {
	return blobs.List(ctx, s.Bucket, prefix, s.objects.page)
}

func (s *objects) page(ctx context.Context, p blobs.Page) (infos []storage.BlobInfo, next string, err error) {
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: s.object(p.Prefix)}
	if p.Token != "" {
		in.ContinuationToken = &p.Token
	}
	out, err := s.client.ListObjectsV2(ctx, in, s.calls...)
	if err != nil {
		return nil, "", err
	}
	for _, o := range out.Contents {
		key := strings.ReplaceAll(strings.TrimPrefix(aws.ToString(o.Key), s.prefix), slash, "/")
		infos = append(infos, storage.BlobInfo{Key: key, Size: aws.ToInt64(o.Size), ModTime: aws.ToTime(o.LastModified)})
	}
	if aws.ToBool(out.IsTruncated) {
		next = aws.ToString(out.NextContinuationToken)
	}
	return infos, next, nil
}
