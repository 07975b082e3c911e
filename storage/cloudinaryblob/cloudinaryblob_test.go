package cloudinaryblob_test

import (
	"testing"

	"github.com/profilekit/profilekit/internal/cloudinarytest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
	"github.com/profilekit/profilekit/storage/storagetest"
)

// open returns a store on a server of its own.
func open(t testing.TB, opts cloudinaryblob.Options) (*cloudinarytest.Server, *cloudinaryblob.Store) {
	t.Helper()
	server := cloudinarytest.New(t)
	return server, on(t, server, opts)
}

func on(t testing.TB, server *cloudinarytest.Server, opts cloudinaryblob.Options) *cloudinaryblob.Store {
	t.Helper()
	opts.APIBase, opts.DeliveryBase = server.URL, server.Delivery()
	s, err := cloudinaryblob.New(server.Cloud, server.Key, server.Secret, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestR25_Conformance(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) storage.BlobStore {
		_, s := open(t, cloudinaryblob.Options{})
		return s
	})
}

// withoutPublicURL hides the addresses, which are of images only; they have
// tests of their own.
type withoutPublicURL struct {
	storage.BlobStore
	storage.Lister
	storage.SignedURLer
}

func TestR25_ConformanceFolderAndPublic(t *testing.T) {
	t.Parallel()
	storagetest.Run(t, func(t *testing.T) storage.BlobStore {
		_, s := open(t, cloudinaryblob.Options{Folder: "some/pictures/", Public: true})
		return withoutPublicURL{s, s, s}
	})
}
