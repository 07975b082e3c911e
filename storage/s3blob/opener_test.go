package s3blob_test

import (
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/cloudtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
	"github.com/profilekit/profilekit/storage/s3blob"
)

// TestOpenerRefusesWithoutSecrets: one line that names what is wrong, and nothing of the
// address that could be a secret.
func TestOpenerRefusesWithoutSecrets(t *testing.T) {
	const secret = "hunter2hunter2"
	keys := map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": secret, "AWS_REGION": "eu-central-1"}
	for name, c := range map[string]struct {
		address string
		env     map[string]string
		want    string
	}{
		"without region":    {"s3://bucket", map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": secret}, "AWS_REGION"},
		"without key":       {"s3://bucket?region=eu-central-1", nil, "AWS_SECRET_ACCESS_KEY"},
		"half a key":        {"s3://bucket?region=eu-central-1", map[string]string{"AWS_SECRET_ACCESS_KEY": secret}, "AWS_ACCESS_KEY_ID"},
		"with a key in it":  {"s3://id:" + secret + "@bucket", keys, "credentials are in AWS_ACCESS_KEY_ID"},
		"without bucket":    {"s3:///pictures", keys, "s3://bucket"},
		"misspelt":          {"s3://bucket?pubilc=https://cdn.example.org", keys, "region, endpoint, public, style"},
		"unescaped secret":  {"s3://bucket?" + secret, keys, "region, endpoint, public, style"},
		"twice":             {"s3://bucket?region=a&region=b", keys, "region is given twice"},
		"endpoint with key": {"s3://bucket?endpoint=https://u:" + secret + "@example.org", keys, "endpoint"},
		"endpoint":          {"s3://bucket?endpoint=" + secret, keys, "endpoint"},
		"style":             {"s3://bucket?style=" + secret, keys, "style is path or host"},
		"public":            {"s3://bucket?public=" + secret, keys, "PublicBase"},
		"prefix":            {"s3://bucket/Pictures", keys, "Prefix"},
		"fragment":          {"s3://bucket#" + secret, keys, "question mark"},
	} {
		s, done, err := blobs.Open(t.Context(), c.address, s3blob.Opener{Env: func(name string) string { return c.env[name] }})
		if err == nil || s != nil || done != nil {
			t.Errorf("%s: %v, %v; want an error alone", name, s, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, c.want) || strings.Contains(text, secret) || strings.Contains(text, "\n") {
			t.Errorf("%s: %v; want %q and no secret", name, err, c.want)
		}
	}
}

// TestOpenerOpens: the store of an address is the one that New makes, with variables from
// the environment where no other source is given.
func TestOpenerOpens(t *testing.T) {
	server := cloudtest.S3(t)
	name := bucket(t, client(server))
	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
	t.Setenv("AWS_SESSION_TOKEN", "")
	t.Setenv("AWS_REGION", server.Region)
	s, done, err := blobs.Open(t.Context(), "s3://"+name+"/some/pictures?public=https://cdn.example.org/&endpoint="+server.Endpoint, s3blob.Opener{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "a.jpg", strings.NewReader("x"), storage.Meta{ContentType: "image/jpeg"}); err != nil {
		t.Error(err)
	}
	same, err := s3blob.New(client(server), name, s3blob.Options{Prefix: "some/pictures/"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := content(t, same, "a.jpg"); got != "x" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if p, ok := storage.As[storage.PublicURLer](s); !ok || p.PublicURL("a.jpg") != "https://cdn.example.org/some/pictures/a.jpg" {
		t.Error("the store has not the public address that was given")
	}
	if err := done(); err != nil {
		t.Error(err)
	}
}
