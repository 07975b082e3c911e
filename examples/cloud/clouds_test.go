package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
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
	"github.com/profilekit/profilekit/storage/blobs"
)

// cloud is a store as a user of the program names it.
type cloud struct {
	address string
	env     []string
	secrets []string
	public  string // origin of public addresses, or ""
}

// clouds are the kinds that there are, each new and empty.
var clouds = map[string]func(t *testing.T) cloud{
	"S3": s3Cloud, "Firebase": firebaseCloud, "Cloudinary": cloudinaryCloud,
	"disk": func(t *testing.T) cloud { return cloud{address: "file://" + t.TempDir()} },
}

func s3Cloud(t *testing.T) cloud {
	s := cloudtest.S3(t)
	client := s3.New(s3.Options{
		Region: s.Region, BaseEndpoint: aws.String(s.Endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
	})
	name := "t" + strings.ToLower(rand.Text())
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		t.Fatal(err)
	}
	return cloud{
		address: "s3://" + name + "/pictures?endpoint=" + url.QueryEscape(s.Endpoint),
		env:     []string{"AWS_ACCESS_KEY_ID=" + s.AccessKey, "AWS_SECRET_ACCESS_KEY=" + s.SecretKey, "AWS_REGION=" + s.Region},
		secrets: []string{s.SecretKey},
	}
}

func firebaseCloud(t *testing.T) cloud {
	at := cloudtest.GCS(t)
	client, err := gcs.NewClient(context.Background(), option.WithEndpoint(at+"/storage/v1/"), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	name := "t" + strings.ToLower(rand.Text())
	if err := client.Bucket(name).Create(t.Context(), "project", nil); err != nil {
		t.Fatal(err)
	}
	return cloud{address: "firebase://" + name + "/pictures", env: []string{"STORAGE_EMULATOR_HOST=" + at}}
}

func cloudinaryCloud(t *testing.T) cloud {
	s := cloudinarytest.New(t)
	q := url.Values{"folder": {"pictures"}, "public": {"true"}, "api": {s.URL}, "delivery": {s.Delivery()}}
	return cloud{
		address: "cloudinary://" + s.Key + ":" + s.Secret + "@" + s.Cloud + "?" + q.Encode(),
		secrets: []string{s.Secret}, public: s.URL,
	}
}

// open opens the store in this process, as the program does.
func (c cloud) open(t *testing.T) storage.BlobStore {
	t.Helper()
	vars := map[string]string{}
	for _, v := range c.env {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
		t.Setenv(name, value) // Google's library looks there itself
	}
	s, done, err := blobs.Open(t.Context(), c.address, stores(func(name string) string { return vars[name] })...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { done() })
	return s
}

// blobs counts what is in the store.
func (c cloud) blobs(t *testing.T) (n int) {
	t.Helper()
	for _, err := range c.open(t).(storage.Lister).List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// quiet fails when a secret was said.
func (c cloud) quiet(t *testing.T, said ...string) {
	t.Helper()
	for _, secret := range c.secrets {
		for _, s := range said {
			if strings.Contains(s, secret) {
				t.Errorf("a secret was told: %s", s)
			}
		}
	}
}

// TestR25_ProgramOnEveryStore: register, upload, see it, replace it, purge:
// exactly the blobs of the last picture are left, and are there after a restart.
func TestR25_ProgramOnEveryStore(t *testing.T) {
	for name, open := range clouds {
		t.Run(name, func(t *testing.T) {
			c := open(t)
			data, env := t.TempDir(), append(c.env, "BLOB_URL="+c.address)
			p := start(t, data, env)
			p.register("ada")
			old := p.upload(1)
			if status, kind, body := p.look(old); status != http.StatusOK || kind != "image/jpeg" || len(body) == 0 {
				t.Fatalf("the picture: %d %s, %d bytes", status, kind, len(body))
			}
			one := c.blobs(t)
			now := p.upload(2)
			if got := c.blobs(t); one == 0 || got != 2*one {
				t.Fatalf("%d blobs, then %d, want twice as many", one, got)
			}
			_, _, want := p.look(now)
			if c.public != "" && !strings.HasPrefix(now, c.public+"/") {
				t.Errorf("the picture is at %s, want one of the store's addresses", now)
			}
			resp, err := http.Get(p.url + "/")
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if policy := resp.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "img-src 'self' data: blob:"+space(c.public)+";") {
				t.Errorf("the page may not show it: %s", policy)
			}
			said := p.stop()

			out, errs, code := command(t, env, "-data", data, "-purge")
			if code != 0 || c.blobs(t) != one {
				t.Fatalf("purge: %d %s %s, %d blobs, want %d", code, out, errs, c.blobs(t), one)
			}
			c.quiet(t, said, out, errs)

			p = start(t, data, env)
			p.do("POST", "/api/auth/login", "application/json", []byte(`{"login":"ada","password":"`+password+`"}`), http.StatusOK)
			if status, _, body := p.look(p.picture()); status != http.StatusOK || string(body) != string(want) {
				t.Errorf("after a restart: %d, %d bytes, want %d", status, len(body), len(want))
			}
			p.stop()
		})
	}
}

func space(origin string) string {
	if origin == "" {
		return ""
	}
	return " " + origin
}
