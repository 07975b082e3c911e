package storagetest_test

import (
	"testing"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/storagetest"
)

// A host runs the suite over its own store in a test of its own.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestMyStore(t *testing.T)
		storagetest.Run(t, func(t *testing.T) storage.BlobStore {
			return memblob.New(memblob.Options{}) // a fresh, empty store each time
		})
	}
	// Output:
}
