package directtest_test

import (
	"testing"

	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/storagetest"
)

// The double is as strict as the stores that it stands for.
func TestStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.BlobStore { return directtest.New(t, memblob.New(memblob.Options{})) })
}
