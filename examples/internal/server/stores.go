package server

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// openBlobs opens the store that BLOB_URL names; "" is a folder below the data.
func openBlobs(ctx context.Context, opt options) (storage.BlobStore, func() error, error) {
	if opt.blobURL != "" {
		b, done, err := blobs.Open(ctx, opt.blobURL, opt.stores...)
		if err != nil {
			return nil, nil, fmt.Errorf("BLOB_URL: %w", err)
		}
		return b, done, nil
	}
	b, err := diskblob.Open(filepath.Join(opt.data, "pictures"), diskblob.Options{})
	if err != nil {
		return nil, nil, fmt.Errorf("pictures: %w", err)
	}
	return b, b.Close, nil
}

// OpenDatabase opens the database that address names; "" is SQLite in the
// folder data.
func OpenDatabase(ctx context.Context, address, data string) (*sqlstore.DB, error) {
	if address == "" {
		db, err := sqlite.Open(ctx, filepath.Join(data, "profilekit.db"), sqlite.Options{})
		if err != nil {
			return nil, fmt.Errorf("database: %w", err)
		}
		return db, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, errors.New("DATABASE_URL must be postgres://user:password@host/name")
	}
	db, err := postgres.Open(ctx, address, postgres.Options{})
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL: %w", err)
	}
	return db, nil
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
