// Package firebaseblob keeps pictures in Firebase Storage, which is a bucket of
// Google Cloud Storage. The host brings its own app or bucket, with its
// credentials:
//
//	app, err := firebase.NewApp(ctx, &firebase.Config{StorageBucket: "my-app.appspot.com"})
//	pics, err := firebaseblob.FromApp(ctx, app, "", firebaseblob.Options{TokenKey: secret})
//
// or, without Firebase:
//
//	client, err := storage.NewClient(ctx) // cloud.google.com/go/storage
//	pics, err := firebaseblob.New(client.Bucket("my-pictures"), firebaseblob.Options{})
//
// # Addresses
//
// With Options.TokenKey every object gets a download token, as Firebase's own
// clients give it, and PublicURL names the address that they would. The token
// is made from the key of the object and TokenKey, so it is known without
// asking, and nobody else can make it. Whoever has such an address can read the
// object as long as it exists, whatever the bucket's rules say; a picture that
// goes private is stored anew under another key, and the old object deleted.
//
// SignedURL and DirectUpload need credentials that can sign: a service account
// key, or the permission iam.serviceAccounts.signBlob.
package firebaseblob

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	gcs "cloud.google.com/go/storage"
	firebase "firebase.google.com/go/v4"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Options of a Store; the zero Options are good.
type Options struct {
	// Prefix stands before every key in the bucket, "pictures/" or "". It is
	// made of what storage.ValidKey allows and ends with a slash.
	Prefix string
	// TokenKey makes the download tokens, with at least 16 bytes; nil gives the
	// objects none, and PublicURL is "". All nodes need the same.
	TokenKey []byte
	// DownloadBase is where addresses with a token lead;
	// "" is https://firebasestorage.googleapis.com.
	DownloadBase string
	// SignedBase is where signed addresses lead; "" is https://storage.googleapis.com.
	SignedBase string
	// SignAs and SignKey are the e-mail address of a service account and its
	// private key in PEM, when the client's own credentials cannot sign.
	SignAs  string
	SignKey []byte
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
	downloadBase = "https://firebasestorage.googleapis.com"
	signedBase   = "https://storage.googleapis.com"
	minTokenKey  = 16
)

// FromApp returns a store over a bucket of a Firebase app; "" is the default
// bucket of its configuration.
func FromApp(ctx context.Context, app *firebase.App, bucket string, opts Options) (*Store, error) {
	if app == nil {
		return nil, errors.New("firebaseblob: FromApp needs an app")
	}
	client, err := app.Storage(ctx)
	if err != nil {
		return nil, fmt.Errorf("firebaseblob: %w", err)
	}
	handle, err := client.DefaultBucket()
	if bucket != "" {
		handle, err = client.Bucket(bucket)
	}
	if err != nil {
		return nil, fmt.Errorf("firebaseblob: %w", err)
	}
	return New(handle, opts)
}

// New returns a store over a bucket that exists. It does not connect.
func New(bucket *gcs.BucketHandle, opts Options) (*Store, error) {
	if bucket == nil || bucket.BucketName() == "" {
		return nil, errors.New("firebaseblob: New needs a bucket")
	}
	// The library's own retries have no bound but the context's.
	s := &objects{name: bucket.BucketName(), bucket: bucket.Retryer(gcs.WithPolicy(gcs.RetryNever)), opts: opts}
	if err := blobs.CheckPrefix(s.opts.Prefix); err != nil {
		return nil, fmt.Errorf("firebaseblob: Options.Prefix %w", err)
	}
	if k := s.opts.TokenKey; k != nil && len(k) < minTokenKey {
		return nil, fmt.Errorf("firebaseblob: Options.TokenKey must have at least %d bytes", minTokenKey)
	}
	if (s.opts.SignAs == "") != (len(s.opts.SignKey) == 0) {
		return nil, errors.New("firebaseblob: Options.SignAs and SignKey belong together")
	}
	download, err := base(s.opts.DownloadBase, downloadBase)
	if err != nil {
		return nil, errors.New("firebaseblob: Options.DownloadBase must be an origin such as " + downloadBase)
	}
	s.opts.DownloadBase = download.String()
	if s.signed, err = base(s.opts.SignedBase, signedBase); err != nil {
		return nil, errors.New("firebaseblob: Options.SignedBase must be an origin such as " + signedBase)
	}
	timeout := cmp.Or(max(s.opts.Timeout, 0), blobs.DefaultTimeout)
	return &Store{blobs.New("firebaseblob", s, blobs.Options{Timeout: timeout, Failure: failure}), s}, nil
}

// base reads an origin.
func base(given, otherwise string) (*url.URL, error) {
	if given == "" {
		given = otherwise
	}
	u, err := url.Parse(strings.TrimRight(given, "/"))
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("not an origin")
	}
	return u, nil
}

// token is the download token of key, or "". It has the form of a version 4
// UUID (RFC 9562), which Firebase's clients use.
func (s *objects) token(key string) string {
	if s.opts.TokenKey == nil {
		return ""
	}
	mac := hmac.New(sha256.New, s.opts.TokenKey)
	mac.Write([]byte(s.name + "/" + s.opts.Prefix + key))
	b := mac.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// PublicURL implements storage.PublicURLer.
func (s *Store) PublicURL(key string) string { return blobs.PublicURL(key, s.objects.publicURL) }

func (s *objects) publicURL(key string) string {
	token := s.token(key)
	if token == "" {
		return ""
	}
	return s.opts.DownloadBase + "/v0/b/" + url.PathEscape(s.name) + "/o/" + url.PathEscape(s.opts.Prefix+key) + "?alt=media&token=" + token
}
