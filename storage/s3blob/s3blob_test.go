package s3blob_test

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
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

func open(t testing.TB, c *s3.Client, opts s3blob.Options) *s3blob.Store {
	t.Helper()
	s, err := s3blob.New(c, bucket(t, c), opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestR25_Conformance(t *testing.T) {
	servers := map[string]func(testing.TB) cloudtest.S3Server{"versitygw": cloudtest.S3}
	if os.Getenv("PROFILEKIT_LONG") != "" { // MinIO takes minutes to build
		servers["minio"] = cloudtest.MinIO
	}
	for name, start := range servers {
		t.Run(name, func(t *testing.T) {
			c := client(start(t))
			storagetest.Run(t, func(t *testing.T) storage.BlobStore { return open(t, c, s3blob.Options{}) })
		})
	}
}

// With a prefix, and a network of caches before the bucket that may read it.
func TestR25_ConformancePrefixAndPublic(t *testing.T) {
	c := client(cloudtest.S3(t))
	storagetest.Run(t, func(t *testing.T) storage.BlobStore {
		name := bucket(t, c)
		cdn := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out, err := c.GetObject(r.Context(), &s3.GetObjectInput{Bucket: &name, Key: aws.String(strings.TrimPrefix(r.URL.Path, "/"))})
			if err != nil {
				http.NotFound(w, r)
				return
			}
			defer out.Body.Close()
			w.Header().Set("Content-Type", aws.ToString(out.ContentType))
			w.Header().Set("Cache-Control", aws.ToString(out.CacheControl))
			io.Copy(w, out.Body)
		}))
		t.Cleanup(cdn.Close)
		s, err := s3blob.New(c, name, s3blob.Options{Prefix: "some/pictures/", PublicBase: cdn.URL})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
