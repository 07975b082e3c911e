//go:build cloud

package cloudinaryblob_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
	"github.com/profilekit/profilekit/storage/storagetest"
)

// TestRealCloud runs the suite in a real account, in fresh folders:
//
//	CLOUDINARY_URL=cloudinary://key:secret@cloud go test -tags cloud -run RealCloud ./storage/cloudinaryblob
//
// It needs an account that takes raw files of 10 MiB and 512 bytes, which free
// ones do not, and about 100 calls of the Admin API. Listings that lag behind
// can fail its list cases.
func TestRealCloud(t *testing.T) {
	address := os.Getenv("CLOUDINARY_URL")
	if address == "" {
		t.Fatal("the tag cloud needs CLOUDINARY_URL")
	}
	storagetest.Run(t, func(t *testing.T) storage.BlobStore {
		s, err := cloudinaryblob.FromURL(address, cloudinaryblob.Options{Folder: "test-" + strings.ToLower(rand.Text()) + "/"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			for info, err := range s.List(context.Background(), "") {
				if err != nil {
					return
				}
				_ = s.Delete(context.Background(), info.Key)
			}
		})
		return s
	})
}
