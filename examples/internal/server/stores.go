package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// Opener opens the store for pictures that an address names. The address may
// hold a secret, so no error repeats it. A store that has to be closed has
// Close() error.
type Opener func(ctx context.Context, address *url.URL) (storage.BlobStore, error)

// Stores are the openers that a program has, by the scheme of the address.
// file:///folder is always there.
type Stores map[string]Opener

// OpenBlobs opens the store that address names. variable is what its errors
// call the address: "BLOB_URL".
func OpenBlobs(ctx context.Context, variable, address string, stores Stores) (storage.BlobStore, error) {
	u, err := url.Parse(address)
	if err != nil { // its text has the address
		return nil, fmt.Errorf("%s is not an address such as file:///var/lib/pictures", variable)
	}
	open, ok := stores[u.Scheme]
	switch {
	case u.Scheme == "file" && u.Host == "" && u.User == nil && u.Path != "" && u.RawQuery == "":
		return openDisk(u.Path)
	case u.Scheme == "file":
		return nil, fmt.Errorf("%s: a folder is written file:///var/lib/pictures", variable)
	case !ok:
		return nil, fmt.Errorf("%s: this program has no store for the scheme %q", variable, u.Scheme)
	}
	b, err := open(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return b, nil
}

func openBlobs(ctx context.Context, opt options) (storage.BlobStore, error) {
	if opt.blobURL == "" {
		return openDisk(filepath.Join(opt.data, "pictures"))
	}
	return OpenBlobs(ctx, "BLOB_URL", opt.blobURL, opt.stores)
}

func openDisk(path string) (storage.BlobStore, error) {
	b, err := diskblob.Open(path)
	if err != nil {
		return nil, fmt.Errorf("pictures: %w", err)
	}
	return b, nil
}

// OpenDatabase opens the database that address names; "" is SQLite in the
// folder data.
func OpenDatabase(ctx context.Context, address, data string) (*sqlstore.DB, error) {
	if address == "" {
		db, err := sqlite.Open(ctx, filepath.Join(data, "profilekit.db"))
		if err != nil {
			return nil, fmt.Errorf("database: %w", err)
		}
		return db, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("DATABASE_URL must be postgres://user:password@host/name")
	}
	db, err := postgres.Open(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	return db, nil
}

// Parameters are what follows the question mark of address. A name that is not
// in known, or comes twice, is an error: a typing mistake must not make a
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
			return nil, fmt.Errorf("a parameter of %s:// is none of %s", address.Scheme, strings.Join(known, ", "))
		}
		if len(values) != 1 {
			return nil, fmt.Errorf("the parameter %s is given twice", name)
		}
		out[name] = values[0]
	}
	return out, nil
}

// Prefix is the path of address as what stands before keys: "" or "pictures/".
func Prefix(address *url.URL) string {
	p := strings.Trim(address.Path, "/")
	if p == "" {
		return ""
	}
	return p + "/"
}

// imageOrigin is the origin from which the store serves pictures itself, which
// the page has to allow, or "".
func imageOrigin(blobs storage.BlobStore) string {
	p, ok := storage.As[storage.PublicURLer](blobs)
	if !ok {
		return ""
	}
	u, err := url.Parse(p.PublicURL("picture.jpg"))
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
