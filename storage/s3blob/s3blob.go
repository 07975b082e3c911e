// Package s3blob keeps pictures in Amazon S3 or any store that speaks its
// protocol. The host brings its own client, with its credentials, region and
// endpoint:
//
//	client := s3.New(s3.Options{Region: "eu-central-1", Credentials: credentials})
//	pics, err := s3blob.New(client, "my-pictures", s3blob.Options{})
//
// The credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and
// s3:ListBucket; without the last, S3 answers 403 for a missing object and a
// missing picture looks like a mistake in the set-up.
//
// The bucket should not be public: profilekit serves private pictures through
// itself, to those who may see them. When public pictures are to come straight
// from the bucket or a CDN before it, name its address in Options.PublicBase
// and let it read objects, but never list them: the random key is the only
// thing that keeps a private picture from being fetched there.
package s3blob

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Options of a Store; the zero Options are good.
type Options struct {
	// Prefix stands before every key in the bucket, "pictures/" or "". It is
	// made of what storage.ValidKey allows and ends with a slash.
	Prefix string
	// PublicBase is the address under which the bucket's objects are public,
	// "https://cdn.example.org"; "" when they are not.
	PublicBase string
	// Timeout bounds each call, with its retries; of Open it bounds the time
	// until the first byte. 0 is 30 s.
	Timeout time.Duration
}

// Store implements storage.BlobStore, storage.Lister, storage.PublicURLer,
// storage.SignedURLer and storage.DirectUploader. It is safe for concurrent
// use.
type Store struct {
	*blobs.Bucket
	objects *objects
}

var (
	_ storage.BlobStore      = (*Store)(nil)
	_ storage.Lister         = (*Store)(nil)
	_ storage.PublicURLer    = (*Store)(nil)
	_ storage.SignedURLer    = (*Store)(nil)
	_ storage.DirectUploader = (*Store)(nil)
)

const (
	// A call is tried three times at most, with a random wait of at most a
	// second between: a store that is overloaded must not be hit harder.
	maxAttempts = 3
	maxBackoff  = time.Second
)

// New returns a store over a bucket that exists. It does not connect.
func New(client *s3.Client, bucket string, opts Options) (*Store, error) {
	if client == nil || bucket == "" {
		return nil, errors.New("s3blob: New needs a client and the name of a bucket")
	}
	if err := blobs.CheckPrefix(opts.Prefix); err != nil {
		return nil, fmt.Errorf("s3blob: Options.Prefix %w", err)
	}
	if b := opts.PublicBase; b != "" {
		u, err := url.Parse(b)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, errors.New("s3blob: Options.PublicBase must be an address such as https://cdn.example.org")
		}
	}
	s := &objects{
		client: client, presign: s3.NewPresignClient(client), bucket: bucket,
		prefix: opts.Prefix, public: strings.TrimRight(opts.PublicBase, "/"),
	}
	retryer := retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = maxAttempts
		o.MaxBackoff = maxBackoff
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{tidying: {}}})
	})
	s.calls = []func(*s3.Options){func(o *s3.Options) { o.Retryer = retryer }}
	// The body is read once to be sent, and once before for the SHA-256 of the
	// signature where nothing else protects it on its way. A further checksum
	// adds nothing but work, and not every store knows it.
	s.puts = append(s.calls[:1:1], func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired })
	if overTLS(client.Options()) {
		s.puts = append(s.puts, s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
	}
	timeout := cmp.Or(max(opts.Timeout, 0), blobs.DefaultTimeout)
	return &Store{blobs.New("s3blob", s, blobs.Options{Timeout: timeout, Failure: failure}), s}, nil
}

// overTLS reports whether all requests surely go over TLS.
func overTLS(o s3.Options) bool {
	if o.EndpointOptions.DisableHTTPS {
		return false
	}
	return o.BaseEndpoint == nil || strings.HasPrefix(aws.ToString(o.BaseEndpoint), "https://")
}

// slash stands for the slash of a key: stores that keep objects as files
// cannot hold both "a" and "a/b", which a BlobStore must.
const slash = "!"

func (s *objects) object(key string) *string { return aws.String(s.name(key)) }

func (s *objects) name(key string) string {
	return s.prefix + strings.ReplaceAll(key, "/", slash)
}

// PublicURL implements storage.PublicURLer.
func (s *Store) PublicURL(key string) string {
	return blobs.PublicURL(key, func(key string) string {
		if s.objects.public == "" {
			return ""
		}
		return s.objects.public + "/" + s.objects.name(key)
	})
}
