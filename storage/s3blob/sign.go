package s3blob

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// maxSigned is the longest life of a presigned address (Amazon S3 User Guide,
// "Sharing objects with presigned URLs").
const maxSigned = 7 * 24 * time.Hour

// SignedURL implements storage.SignedURLer; ttl is cut to whole seconds, from
// one second to seven days. An address signed with temporary credentials ends
// with them.
func (s *Store) SignedURL(ctx context.Context, key string, ttl time.Duration) (string, error) {
	return blobs.SignedURL(ctx, s.Bucket, key, ttl, maxSigned, s.objects.sign)
}

func (s *objects) sign(ctx context.Context, key string, ttl time.Duration) (string, error) {
	req, err := s.presign.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: s.object(key)}, s3.WithPresignExpires(ttl))
	if err != nil {
		return "", err
	}
	return req.URL, nil
}

// DirectUpload implements storage.DirectUploader with a POST policy: S3 itself
// refuses another key, another type, another length and a later time.
func (s *Store) DirectUpload(ctx context.Context, r storage.DirectUpload) (storage.DirectForm, error) {
	return blobs.DirectUpload(ctx, s.Bucket, r, s.objects.form)
}

func (s *objects) form(ctx context.Context, r storage.DirectUpload) (storage.DirectForm, error) {
	// The signer takes the time of its own clock a moment later; what is told
	// is the earlier end.
	expires := time.Now().Add(r.TTL).Truncate(time.Second)
	req, err := s.presign.PresignPostObject(ctx, &s3.PutObjectInput{Bucket: &s.bucket, Key: s.object(r.Key)},
		func(o *s3.PresignPostOptions) {
			o.Expires = r.TTL
			o.Conditions = []any{
				[]any{"content-length-range", r.MinBytes, r.MaxBytes},
				[]any{"eq", "$Content-Type", r.ContentType},
			}
		})
	if err != nil {
		return storage.DirectForm{}, err
	}
	fields := req.Values
	fields["Content-Type"] = r.ContentType
	return storage.DirectForm{Method: "POST", URL: req.URL, Fields: fields, FileField: "file", ExpiresAt: expires}, nil
}
