package diskblob

import (
	"context"
	"errors"
	"net/url"

	"github.com/profilekit/profilekit/storage"
)

// Opener opens file:///var/lib/pictures, the absolute path of a folder, for blobs.Open.
type Opener struct{ Options Options }

// Schemes implements blobs.Opener.
func (Opener) Schemes() []string { return []string{"file"} }

// Open implements blobs.Opener.
func (o Opener) Open(_ context.Context, address *url.URL) (storage.BlobStore, func() error, error) {
	if address.Host != "" || address.User != nil || address.Path == "" || address.RawQuery != "" || address.Fragment != "" {
		return nil, nil, errors.New("a folder is written file:///var/lib/pictures")
	}
	s, err := Open(address.Path, o.Options)
	if err != nil {
		return nil, nil, err
	}
	return s, s.Close, nil
}
