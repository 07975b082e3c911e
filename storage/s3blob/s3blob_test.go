package s3blob_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/internal/cloudtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/s3blob"
	"github.com/profilekit/profilekit/storage/storagetest"
)

// client speaks to a server as a host's own client would.
func client(s cloudtest.S3Server, opts ...func(*s3.Options)) *s3.Client {
	return s3.New(s3.Options{
		Region: s.Region, BaseEndpoint: aws.String(s.Endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	}, opts...)
}

// bucket makes an empty one.
func bucket(t testing.TB, c *s3.Client) string {
	t.Helper()
	name := "t" + strings.ToLower(rand.Text())
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	return name
}

func open(t testing.TB, c *s3.Client, opts ...s3blob.Options) *s3blob.Store {
	t.Helper()
	s, err := s3blob.New(c, bucket(t, c), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestR25_Conformance(t *testing.T) {
	for name, opts := range map[string]s3blob.Options{"plain": {}, "prefix": {Prefix: "some/pictures/"}} {
		t.Run(name, func(t *testing.T) {
			c := client(cloudtest.S3(t))
			storagetest.Run(t, func(t *testing.T) storage.BlobStore { return open(t, c, opts) })
		})
	}
}
