package firebaseblob

import (
	"context"
	"time"

	gcs "cloud.google.com/go/storage"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// maxSigned is the longest life of a V4 signed address (Cloud Storage
// documentation, "Signed URLs").
const maxSigned = 7 * 24 * time.Hour

// SignedURL implements storage.SignedURLer; ttl is cut to whole seconds, from
// one second to seven days.
func (s *Store) SignedURL(ctx context.Context, key string, ttl time.Duration) (string, error) {
	return blobs.SignedURL(ctx, s.Bucket, key, ttl, maxSigned, s.objects.sign)
}

func (s *objects) sign(_ context.Context, key string, ttl time.Duration) (string, error) {
	// The library counts whole seconds from a moment later than this.
	until := time.Now().Add(ttl + time.Second/2)
	address, err := s.bucket.SignedURL(s.opts.Prefix+key, &gcs.SignedURLOptions{
		GoogleAccessID: s.opts.SignAs, PrivateKey: s.opts.SignKey,
		Method: "GET", Expires: until, Scheme: gcs.SigningSchemeV4,
		Hostname: s.signed.Host, Insecure: s.signed.Scheme == "http",
	})
	if err != nil {
		return "", cannotSign
	}
	return address, nil
}

// DirectUpload implements storage.DirectUploader with a POST policy: Cloud
// Storage itself refuses another key, another type, another length and a later
// time.
func (s *Store) DirectUpload(ctx context.Context, r storage.DirectUpload) (storage.DirectForm, error) {
	return blobs.DirectUpload(ctx, s.Bucket, r, s.objects.form)
}

func (s *objects) form(_ context.Context, r storage.DirectUpload) (storage.DirectForm, error) {
	expires := time.Now().Add(r.TTL).Truncate(time.Second)
	if !expires.After(time.Now()) {
		expires = expires.Add(time.Second) // the library signs only for later
	}
	policy, err := s.bucket.GenerateSignedPostPolicyV4(s.opts.Prefix+r.Key, &gcs.PostPolicyV4Options{
		GoogleAccessID: s.opts.SignAs, PrivateKey: s.opts.SignKey, Expires: expires,
		Hostname: s.signed.Host, Insecure: s.signed.Scheme == "http",
		Fields:     &gcs.PolicyV4Fields{ContentType: r.ContentType},
		Conditions: []gcs.PostPolicyV4Condition{gcs.ConditionContentLengthRange(uint64(r.MinBytes), uint64(r.MaxBytes))},
	})
	if err != nil {
		return storage.DirectForm{}, cannotSign
	}
	return storage.DirectForm{Method: "POST", URL: policy.URL, Fields: policy.Fields, FileField: "file", ExpiresAt: expires}, nil
}

// cannotSign hides the library's text, which may hold parts of a key.
var cannotSign error = &Error{Op: "sign", Reason: "the credentials cannot sign; give Options.SignAs and SignKey"}
