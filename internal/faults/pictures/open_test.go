package pictures

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"google.golang.org/api/option"

	"github.com/profilekit/profilekit/internal/cloudinarytest"
	"github.com/profilekit/profilekit/internal/cloudtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/firebaseblob"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/s3blob"
)

// listed is a store whose blobs a test can count.
type listed interface {
	storage.BlobStore
	storage.Lister
}

// stores are the kinds that there are, each empty.
var stores = map[string]func(t *testing.T) listed{
	"memory": func(*testing.T) listed { return memblob.New(memblob.Options{}) },
	"disk": func(t *testing.T) listed {
		s, err := diskblob.Open(t.TempDir(), diskblob.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
	"s3":         s3Store,
	"firebase":   firebaseStore,
	"cloudinary": cloudinaryStore,
}

// cloudinaryStore makes the sizes itself: it has one blob a picture.
func cloudinaryStore(t *testing.T) listed {
	cloud := cloudinarytest.New(t)
	s, err := cloudinaryblob.New(cloud.Cloud, cloud.Key, cloud.Secret, cloudinaryblob.Options{
		Public: true, APIBase: cloud.URL, DeliveryBase: cloud.Delivery(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func s3Store(t *testing.T) listed {
	server := cloudtest.S3(t)
	return s3At(t, server, server.Endpoint, true)
}

// s3At is a new bucket of the server, reached by that address.
func s3At(t *testing.T, server cloudtest.S3Server, endpoint string, public bool) listed {
	client := s3.New(s3.Options{
		Region: server.Region, BaseEndpoint: aws.String(endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(server.AccessKey, server.SecretKey, ""),
	})
	name := "t" + strings.ToLower(rand.Text())
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	var opt s3blob.Options
	if public {
		opt.PublicBase = endpoint + "/" + name
	}
	s, err := s3blob.New(client, name, opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func firebaseStore(t *testing.T) listed {
	client, err := gcs.NewClient(context.Background(), option.WithEndpoint(cloudtest.GCS(t)+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	bucket := client.Bucket("t" + strings.ToLower(rand.Text()))
	if err := bucket.Create(t.Context(), "project", nil); err != nil {
		t.Fatal(err)
	}
	s, err := firebaseblob.New(bucket, firebaseblob.Options{TokenKey: []byte("a secret of the whole fleet")})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
