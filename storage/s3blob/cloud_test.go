//go:build cloud

package s3blob_test

import (
	"context"
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/cloudtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/s3blob"
	"github.com/profilekit/profilekit/storage/storagetest"
)

// TestRealCloud runs the suite against a real bucket, below a fresh prefix:
//
//	S3_ENDPOINT=https://s3.eu-central-1.amazonaws.com S3_BUCKET=… AWS_REGION=… \
//	AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… go test -tags cloud -run RealCloud ./storage/s3blob
func TestRealCloud(t *testing.T) {
	env := func(name string) string {
		v := os.Getenv(name)
		if v == "" {
			t.Fatalf("the tag cloud needs %s", name)
		}
		return v
	}
	c := client(cloudtest.S3Server{
		Endpoint: env("S3_ENDPOINT"), Region: env("AWS_REGION"),
		AccessKey: env("AWS_ACCESS_KEY_ID"), SecretKey: env("AWS_SECRET_ACCESS_KEY"),
	})
	storagetest.Run(t, func(t *testing.T) storage.BlobStore {
		s, err := s3blob.New(c, env("S3_BUCKET"), s3blob.Options{Prefix: "test-" + strings.ToLower(rand.Text()) + "/"})
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
