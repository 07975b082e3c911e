package firebaseblob_test

import (
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	gcs "cloud.google.com/go/storage"
	firebase "firebase.google.com/go/v4"
	"google.golang.org/api/option"

	"github.com/profilekit/profilekit/internal/cloudtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/firebaseblob"
	"github.com/profilekit/profilekit/storage/storagetest"
)

var tokenKey = []byte("a secret of the whole fleet")

func (g *google) options(t testing.TB) firebaseblob.Options {
	return firebaseblob.Options{
		TokenKey: tokenKey, DownloadBase: g.URL, SignedBase: g.URL, SignAs: account, SignKey: g.pemKey(t),
	}
}

func open(t testing.TB, b *gcs.BucketHandle, opts firebaseblob.Options) *firebaseblob.Store {
	t.Helper()
	s, err := firebaseblob.New(b, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestR25_Conformance(t *testing.T) {
	g := newGoogle(t)
	c := g.client(t, "")
	for name, prefix := range map[string]string{"plain": "", "prefix": "some/pictures/"} {
		t.Run(name, func(t *testing.T) {
			opts := g.options(t)
			opts.Prefix = prefix
			storagetest.Run(t, func(t *testing.T) storage.BlobStore { return open(t, bucket(t, c), opts) })
		})
	}
}

// Through a Firebase app, as most hosts come by their bucket.
func TestR25_ConformanceFirebaseApp(t *testing.T) {
	g := newGoogle(t)
	storagetest.Run(t, func(t *testing.T) storage.BlobStore {
		name := bucket(t, g.client(t, "")).BucketName()
		app, err := firebase.NewApp(t.Context(), &firebase.Config{StorageBucket: name, ProjectID: "project"},
			option.WithEndpoint(g.URL+"/storage/v1/"), option.WithoutAuthentication())
		if err != nil {
			t.Fatal(err)
		}
		s, err := firebaseblob.FromApp(t.Context(), app, "", g.options(t))
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

// An address with another token, or none, opens nothing; without TokenKey
// there is no address, and no token that somebody could find.
func TestS64_DownloadTokens(t *testing.T) {
	g := newGoogle(t)
	b := bucket(t, g.client(t, ""))
	with := open(t, b, g.options(t))
	put(t.Context(), with, "a.jpg", "a")
	address := with.PublicURL("a.jpg")
	other := g.options(t)
	other.TokenKey = []byte("a secret of another fleet")
	for name, bad := range map[string]string{
		"none":       address[:strings.Index(address, "&token=")],
		"empty":      address[:strings.Index(address, "token=")+len("token=")],
		"other key":  open(t, b, other).PublicURL("a.jpg"),
		"other blob": with.PublicURL("b.jpg")[:strings.Index(address, "/o/")] + "/o/a.jpg" + with.PublicURL("b.jpg")[strings.Index(address, "?"):],
	} {
		resp, err := http.Get(bad)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s; want 403", name, resp.Status)
		}
	}
	without := open(t, b, firebaseblob.Options{})
	put(t.Context(), without, "b.jpg", "b")
	if got := without.PublicURL("b.jpg"); got != "" {
		t.Errorf("without TokenKey the address is %q", got)
	}
	attrs, _, ok := g.object(b.BucketName(), "b.jpg")
	metadata, _ := attrs["metadata"].(map[string]any)
	if _, has := metadata["firebaseStorageDownloadTokens"]; !ok || has {
		t.Errorf("without TokenKey the object has metadata %v", metadata)
	}
}

// The addresses are those that Google's own code opens: a right token alone gives
// the bytes, and none does after the blob is gone. Its emulator takes minutes to
// install, so that the short form asks our double.
func TestS64_DownloadTokensAsGoogleReadsThem(t *testing.T) {
	var b *gcs.BucketHandle
	opts := firebaseblob.Options{TokenKey: tokenKey}
	if os.Getenv("PROFILEKIT_LONG") != "" {
		at := cloudtest.Firebase(t)
		c, err := gcs.NewClient(t.Context(), option.WithEndpoint(at+"/storage/v1/"), option.WithoutAuthentication())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		b, opts.DownloadBase = c.Bucket("b"+strings.ToLower(rand.Text())), at
	} else {
		g := newGoogle(t)
		b, opts = bucket(t, g.client(t, "")), g.options(t)
	}
	s := open(t, b, opts)
	if err := put(t.Context(), s, "a/b.jpg", "the bytes"); err != nil {
		t.Fatal(err)
	}
	get := func(address string) (status int, body string) {
		t.Helper()
		resp, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(raw)
	}
	address := s.PublicURL("a/b.jpg")
	if status, body := get(address); status != http.StatusOK || body != "the bytes" {
		t.Errorf("%s: %d %q", address, status, body)
	}
	for name, bad := range map[string]string{
		"no token":      address[:strings.Index(address, "&token=")],
		"another token": address[:len(address)-1] + map[bool]string{true: "1", false: "0"}[strings.HasSuffix(address, "0")],
	} {
		if status, body := get(bad); status != http.StatusForbidden || strings.Contains(body, "the bytes") {
			t.Errorf("%s: %d %q; want 403", name, status, body)
		}
	}
	if err := s.Delete(t.Context(), "a/b.jpg"); err != nil {
		t.Fatal(err)
	}
	if status, body := get(address); status == http.StatusOK || strings.Contains(body, "the bytes") {
		t.Errorf("after the blob is gone: %d %q", status, body)
	}
}

func TestNewRefuses(t *testing.T) {
	g := newGoogle(t)
	b := g.client(t, "").Bucket("b")
	for name, opts := range map[string]firebaseblob.Options{
		"prefix":    {Prefix: "pictures"},
		"short key": {TokenKey: []byte("short")},
		"half sign": {SignAs: account},
		"download":  {DownloadBase: "cdn.example.org"},
		"signed":    {SignedBase: "https://example.org/path"},
	} {
		if _, err := firebaseblob.New(b, opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := firebaseblob.New(nil, firebaseblob.Options{}); err == nil {
		t.Error("no bucket: no error")
	}
	if _, err := firebaseblob.FromApp(t.Context(), nil, "", firebaseblob.Options{}); err == nil {
		t.Error("no app: no error")
	}
	s := open(t, b, firebaseblob.Options{TokenKey: tokenKey})
	const want = "https://firebasestorage.googleapis.com/v0/b/b/o/a%2Fb.jpg?alt=media&token="
	got := s.PublicURL("a/b.jpg")
	token, ok := strings.CutPrefix(got, want)
	if !ok || len(token) != 36 || token[14] != '4' {
		t.Errorf("PublicURL %q; want %s and a UUID", got, want)
	}
}
