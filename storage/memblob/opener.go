package memblob

import (
	"context"
	"errors"
	"net/url"

	"github.com/profilekit/profilekit/storage"
)

// Opener opens mem:// as a new and empty store, for blobs.Open.
type Opener struct{ Options Options }

// Schemes implements blobs.Opener.
func (Opener) Schemes() []string { return []string{"mem"} }

// Open implements blobs.Opener.
func (o Opener) Open(_ context.Context, address *url.URL) (storage.BlobStore, func() error, error) {
	if *address != (url.URL{Scheme: "mem"}) {
		return nil, nil, errors.New("memory is written mem://")
	}
	return New(o.Options), func() error { return nil }, nil
}
