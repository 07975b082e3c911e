package firebaseblob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	gcs "cloud.google.com/go/storage"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Opener opens firebase://bucket/prefix and gs://bucket/prefix, for blobs.Open.
//
// The credentials are those that Google's libraries find by themselves: the file that
// the variable GOOGLE_APPLICATION_CREDENTIALS names, the machine's, or none with
// STORAGE_EMULATOR_HOST. An address with credentials is refused. FIREBASE_TOKEN_KEY, a
// secret of 16 bytes or more, is Options.TokenKey.
type Opener struct {
	// Env reads the variable FIREBASE_TOKEN_KEY; nil is os.Getenv. Google's
	// libraries read the process's own environment.
	Env func(name string) string
	// Options are those of the store, but for a prefix in the address and for
	// FIREBASE_TOKEN_KEY.
	Options Options
}

// Schemes implements blobs.Opener.
func (Opener) Schemes() []string { return []string{"firebase", "gs"} }

// Open implements blobs.Opener.
func (o Opener) Open(ctx context.Context, address *url.URL) (storage.BlobStore, func() error, error) {
	if _, err := blobs.Parameters(address); err != nil {
		return nil, nil, err
	}
	if address.Host == "" || address.User != nil {
		return nil, nil, fmt.Errorf("the address is not %s://bucket; credentials are in GOOGLE_APPLICATION_CREDENTIALS", address.Scheme)
	}
	// The client lives longer than the start.
	client, err := gcs.NewClient(context.WithoutCancel(ctx))
	if err != nil { // its text names files
		return nil, nil, errors.New("no credentials of Google: set GOOGLE_APPLICATION_CREDENTIALS to the file of a service account")
	}
	env := o.Env
	if env == nil {
		env = os.Getenv
	}
	opt := o.Options
	opt.Prefix = cmp.Or(blobs.Prefix(address.Path), opt.Prefix)
	if key := env("FIREBASE_TOKEN_KEY"); key != "" {
		opt.TokenKey = []byte(key)
	}
	s, err := New(client.Bucket(address.Host), opt)
	if err != nil {
		client.Close()
		return nil, nil, err
	}
	return s, client.Close, nil
}
