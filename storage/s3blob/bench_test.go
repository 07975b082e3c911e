package s3blob_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/internal/cloudtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/s3blob"
)

// BenchmarkPut5MiB puts objects of 5 MiB beside the SDK with its defaults and
// beside a bare PUT that is thrown away, in turns. ratio is the SDK's time
// over ours: 1 and more is as good. Over TLS the server throws the bodies away,
// since the S3 servers at hand speak plain HTTP.
func BenchmarkPut5MiB(b *testing.B) {
	data := bytes.Repeat([]byte("profilekit"), 5<<20/10)
	b.Run("versitygw", func(b *testing.B) {
		c := client(cloudtest.S3(b))
		name := bucket(b, c)
		compare(b, c, name, data)
	})
	b.Run("TLS", func(b *testing.B) {
		sink := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
		b.Cleanup(sink.Close)
		c := client(cloudtest.S3Server{Endpoint: sink.URL, Region: "us-east-1", AccessKey: "a", SecretKey: "s"},
			func(o *s3.Options) { o.HTTPClient = sink.Client() })
		compare(b, c, "bucket", data)
	})
}

func compare(b *testing.B, c *s3.Client, name string, data []byte) {
	s, err := s3blob.New(c, name, s3blob.Options{})
	if err != nil {
		b.Fatal(err)
	}
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	b.Cleanup(sink.Close)
	ways := []struct {
		name      string
		put       func(ctx context.Context, key string) error
		took, cpu time.Duration
	}{
		{name: "floor", put: func(ctx context.Context, key string) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodPut, sink.URL+"/"+key, bytes.NewReader(data))
			if err != nil {
				return err
			}
			resp, err := http.DefaultClient.Do(req)
			if err == nil {
				resp.Body.Close()
			}
			return err
		}},
		{name: "sdk", put: func(ctx context.Context, key string) error {
			_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: &name, Key: aws.String(key), Body: bytes.NewReader(data)})
			return err
		}},
		{name: "ours", put: func(ctx context.Context, key string) error {
			return s.Put(ctx, key, bytes.NewReader(data), storage.Meta{ContentType: "image/jpeg", Overwrite: true})
		}},
	}
	n := 0
	for b.Loop() {
		for k := range ways {
			i := (k + n) % len(ways) // each comes first as often
			start, used := time.Now(), cpu()
			if err := ways[i].put(b.Context(), "k"+strconv.Itoa(n%8)); err != nil {
				b.Fatal(ways[i].name, err)
			}
			ways[i].took += time.Since(start)
			ways[i].cpu += cpu() - used
		}
		n++
	}
	for _, w := range ways {
		b.ReportMetric(float64(w.cpu.Microseconds())/float64(n)/1000, w.name+"-cpu-ms")
	}
	b.ReportMetric(float64(ways[1].took)/float64(ways[2].took), "ratio")
	b.ReportMetric(float64(ways[1].cpu)/float64(ways[2].cpu), "cpu-ratio")
}

// cpu is the processor time of this process.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
