//go:build cloud

package firebaseblob_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/firebaseblob"
	"github.com/profilekit/profilekit/storage/storagetest"
)

// TestRealCloud runs the suite against a real bucket, below a fresh prefix:
//
//	FIREBASE_BUCKET=my-app.appspot.com GOOGLE_APPLICATION_CREDENTIALS=key.json \
//	go test -tags cloud -run RealCloud ./storage/firebaseblob
func TestRealCloud(t *testing.T) {
	name := os.Getenv("FIREBASE_BUCKET")
	if name == "" {
		t.Fatal("the tag cloud needs FIREBASE_BUCKET")
	}
	client, err := gcs.NewClient(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	storagetest.Run(t, func(t *testing.T) storage.BlobStore {
		s := open(t, client.Bucket(name), firebaseblob.Options{Prefix: "test-" + strings.ToLower(rand.Text()) + "/", TokenKey: tokenKey})
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
