package copying_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"google.golang.org/api/option"

	"github.com/profilekit/profilekit/examples/cloud/internal/copying"
	"github.com/profilekit/profilekit/internal/cloudinarytest"
	"github.com/profilekit/profilekit/internal/cloudtest"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/firebaseblob"
	"github.com/profilekit/profilekit/storage/s3blob"
)

func disk(t *testing.T) storage.BlobStore {
	s, err := diskblob.Open(t.TempDir(), diskblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func bucket(t *testing.T) storage.BlobStore {
	server := cloudtest.S3(t)
	client := s3.New(s3.Options{
		Region: server.Region, BaseEndpoint: aws.String(server.Endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(server.AccessKey, server.SecretKey, ""),
	})
	name := "t" + strings.ToLower(rand.Text())
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	s, err := s3blob.New(client, name, s3blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func firebase(t *testing.T) storage.BlobStore {
	client, err := gcs.NewClient(context.Background(), option.WithEndpoint(cloudtest.GCS(t)+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	b := client.Bucket("t" + strings.ToLower(rand.Text()))
	if err := b.Create(t.Context(), "project", nil); err != nil {
		t.Fatal(err)
	}
	s, err := firebaseblob.New(b, firebaseblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func cloudinary(t *testing.T) storage.BlobStore {
	server := cloudinarytest.New(t)
	s, err := cloudinaryblob.New(server.Cloud, server.Key, server.Secret, cloudinaryblob.Options{APIBase: server.URL, DeliveryBase: server.Delivery()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestR25_CopyFromStoreToStore: one after the other, what is at the end is what
// was at the beginning, with types and cache headers; and back on disk.
func TestR25_CopyFromStoreToStore(t *testing.T) {
	const n = 40
	from := disk(t)
	live := fill(t, from, n)
	// Real pictures are kept as pictures where a store knows such.
	picture := imagetest.JPEG(imagetest.Photo(256, 256, 7), 80)
	m := storage.Meta{ContentType: "image/jpeg", CacheControl: cloudinaryblob.Immutable}
	if err := from.Put(t.Context(), "picture-256.jpg", strings.NewReader(string(picture)), m); err != nil {
		t.Fatal(err)
	}
	live.add("picture-256.jpg")
	for i, open := range []func(*testing.T) storage.BlobStore{bucket, firebase, cloudinary, disk} {
		to := open(t)
		name := fmt.Sprintf("step %d, %T", i, to)
		for round, want := range []copying.Report{{Copied: n + 1}, {Present: n + 1}, {Present: n + 1, Deleted: n + 1}} {
			r, err := copying.Run(t.Context(), copying.Config{From: from, To: to, Keys: live, Verify: round > 0, DeleteSource: round == 2})
			if err != nil || r.Copied != want.Copied || r.Present != want.Present || r.Deleted != want.Deleted {
				t.Fatalf("%s, run %d: %+v %v\n%s", name, round, r, err, r.Explain())
			}
		}
		whole(t, to, n)
		if left := present(t, from, n); left != 0 {
			t.Fatalf("%s: %d blobs left in the source", name, left)
		}
		from = to
	}
}
