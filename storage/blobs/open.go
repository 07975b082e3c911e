package blobs

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/profilekit/profilekit/storage"
)

// Opener opens the stores of one kind by their addresses. The drivers of this module
// each have one, a struct whose zero value is good; a host can write its own.
type Opener interface {
	// Schemes are those of the addresses that it opens, such as "s3", in lower
	// case.
	Schemes() []string
	// Open opens the store at address, which it does not change. The address may
	// hold a secret, so that no error repeats its user, its query or values of its
	// parameters, even where they make no sense. The function returned with a
	// store releases what was opened for it, and is never nil then.
	Open(ctx context.Context, address *url.URL) (storage.BlobStore, func() error, error)
}

// Open opens the store that address names, by the first of the openers that has its
// scheme. What the store can do beyond storage.BlobStore is found by storage.As. Call
// the function that comes with the store when the store is used no more; the store must
// not be used after that.
//
// Errors are one line, begin with "blobs: " and never repeat what may be a secret in the
// address.
func Open(ctx context.Context, address string, openers ...Opener) (storage.BlobStore, func() error, error) {
	u, err := url.Parse(address) // whose error has the address
	if err != nil || u.Opaque != "" || !strings.HasPrefix(address[len(u.Scheme):], "://") {
		return nil, nil, errors.New("blobs: that is not an address such as file:///var/lib/pictures")
	}
	for _, o := range openers {
		if !slices.Contains(o.Schemes(), u.Scheme) {
			continue
		}
		store, done, err := o.Open(ctx, u)
		if err != nil {
			return nil, nil, fmt.Errorf("blobs: %w", err)
		}
		return store, done, nil
	}
	return nil, nil, fmt.Errorf("blobs: this program has no store for the scheme %q", u.Scheme)
}

// Parameters are what follows the question mark of an address, for an Opener. A name
// that is not in known, or comes twice, is an error: a typing mistake must not make a
// bucket public, or keep it from being so.
func Parameters(address *url.URL, known ...string) (map[string]string, error) {
	all, err := url.ParseQuery(address.RawQuery)
	if err != nil || address.Fragment != "" {
		return nil, errors.New("what follows the question mark is not name=value&name=value")
	}
	out := make(map[string]string, len(all))
	for name, values := range all {
		if !slices.Contains(known, name) {
			// The name may be part of a secret that was not escaped.
			if len(known) == 0 {
				return nil, fmt.Errorf("%s:// has no parameters", address.Scheme)
			}
			return nil, fmt.Errorf("a parameter of %s:// is none of %s", address.Scheme, strings.Join(known, ", "))
		}
		if len(values) != 1 {
			return nil, fmt.Errorf("the parameter %s is given twice", name)
		}
		out[name] = values[0]
	}
	return out, nil
}

// Prefix makes a path of an address what stands before keys, for an Opener: "" or
// "pictures/". Whether CheckPrefix accepts it is the driver's to ask.
func Prefix(path string) string {
	p := strings.Trim(path, "/")
	if p == "" {
		return ""
	}
	return p + "/"
}
