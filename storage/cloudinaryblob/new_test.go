package cloudinaryblob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/cloudinarytest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
)

func TestNewRefuses(t *testing.T) {
	for name, opts := range map[string]cloudinaryblob.Options{
		"folder without slash":  {Folder: "pictures"},
		"folder upwards":        {Folder: "../"},
		"folder too long":       {Folder: strings.Repeat("f", 40) + "/"},
		"API without TLS":       {APIBase: "http://api.example.org"},
		"API with a query":      {APIBase: "https://api.example.org/?a=b"},
		"API with a password":   {APIBase: "https://a:b@api.example.org"},
		"delivery no address":   {DeliveryBase: "pictures.example.org"},
		"delivery of a browser": {DeliveryBase: "javascript:alert(1)"},
	} {
		if _, err := cloudinaryblob.New("cloud", "key", "secret", opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, c := range [][3]string{{"", "k", "s"}, {"c", "", "s"}, {"c", "k", ""}, {"a/b", "k", "s"}, {"..", "k", "s"}, {"c?x", "k", "s"}} {
		if _, err := cloudinaryblob.New(c[0], c[1], c[2], cloudinaryblob.Options{}); err == nil {
			t.Errorf("New%q: no error", c)
		}
	}
}

func TestFromURL(t *testing.T) {
	for _, address := range []string{
		"", "cloudinary://", "cloudinary://key@cloud", "cloudinary://key:s3cret@", "cloudinary://:s3cret@cloud", "https://key:s3cret@cloud",
		"cloudinary://key:s3cret@cloud/folder", "cloudinary://key:s3cret@cloud?secure=true", "cloudinary://key:s3cret@cloud:80", "cloudinary://key:s3cret@%zz",
		"cloudinary://<your_api_key>:s3cret@<cloud>",
	} {
		_, err := cloudinaryblob.FromURL(address, cloudinaryblob.Options{})
		if err == nil {
			t.Errorf("%s: no error", address)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error tells the secret: %v", err)
		}
	}
	s, err := cloudinaryblob.FromURL("cloudinary://4711:s3cret-%2F@My_cloud-1", cloudinaryblob.Options{Public: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.PublicURL("k.jpg"); got != "https://res.cloudinary.com/My_cloud-1/image/upload/v1/k-jpg.jpg" {
		t.Errorf("PublicURL %q", got)
	}
	if text := fmt.Sprintf("%v %+v %#v", s, s, s); strings.Contains(text, "s3cret") {
		t.Error("printing a Store shows the secret")
	}
}

func TestWrongSecretKeyCloudAndClock(t *testing.T) {
	server := cloudinarytest.New(t)
	meta := storage.Meta{ContentType: "text/plain"}
	for name, c := range map[string]struct {
		cloud, key, secret string
		skew               time.Duration
		reason             string
	}{
		"secret": {server.Cloud, server.Key, "wrong", 0, "secret"},
		"key":    {server.Cloud, "0815", server.Secret, 0, "API key"},
		"cloud":  {"other", server.Key, server.Secret, 0, "name of the cloud"},
		"slow":   {server.Cloud, server.Key, server.Secret, -2 * time.Hour, "clock"},
		"fast":   {server.Cloud, server.Key, server.Secret, 2 * time.Hour, "clock"},
	} {
		s, err := cloudinaryblob.New(c.cloud, c.key, c.secret, cloudinaryblob.Options{
			APIBase: server.URL, Now: func() time.Time { return time.Now().Add(c.skew) },
		})
		if err != nil {
			t.Fatal(err)
		}
		var e *cloudinaryblob.Error
		err = s.Put(t.Context(), "k", strings.NewReader("x"), meta)
		if !errors.As(err, &e) || !strings.Contains(e.Reason, c.reason) {
			t.Errorf("%s: %v; want an *Error about the %s", name, err, c.reason)
		}
		discreet(t, server, err)
		if c.skew != 0 {
			continue // List is not signed
		}
		for _, err := range s.List(t.Context(), "") {
			if !errors.As(err, &e) || e.Status != 401 {
				t.Errorf("%s: List: %v; want an *Error with 401", name, err)
			}
			discreet(t, server, err)
		}
	}
}

func TestFilesThatAreTooLarge(t *testing.T) {
	server, s := open(t, cloudinaryblob.Options{})
	server.MaxBytes = 1000
	var e *cloudinaryblob.Error
	err := s.Put(t.Context(), "k", strings.NewReader(strings.Repeat("x", 1000)), storage.Meta{ContentType: "text/plain"})
	if !errors.As(err, &e) || e.Status != 400 || !strings.Contains(e.Reason, "larger") {
		t.Errorf("Put: %v; want an *Error about the length", err)
	}
	err = s.Put(t.Context(), "k", strings.NewReader("x"), storage.Meta{ContentType: strings.Repeat("t", 600)})
	if err == nil {
		t.Error("a content type of 600 bytes: no error")
	}
	if names := server.Names(); len(names) != 0 {
		t.Errorf("left %v", names)
	}
}

// growing has more to read than its length said.
type growing struct{ *strings.Reader }

func (g growing) Seek(offset int64, whence int) (int64, error) {
	n, err := g.Reader.Seek(offset, whence)
	if whence == io.SeekEnd {
		n--
	}
	return n, err
}

func TestBodiesThatChange(t *testing.T) {
	server, s := open(t, cloudinaryblob.Options{})
	err := s.Put(t.Context(), "k", growing{strings.NewReader("grown")}, storage.Meta{ContentType: "text/plain"})
	if err == nil || errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Put: %v; want an error about the body", err)
	}
	if names := server.Names(); len(names) != 0 {
		t.Errorf("left %v", names)
	}
}

// breaking fails after its first part, and tells then what to do first.
type breaking struct {
	io.ReadSeeker
	left int
	do   func()
}

var errBreaks = errors.New("the body breaks")

func (b *breaking) Read(p []byte) (int, error) {
	if b.left == 0 {
		if b.do != nil {
			b.do()
		}
		return 0, errBreaks
	}
	n, err := b.ReadSeeker.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// An image whose reading fails, also before it is known to be one, leaves
// nothing; so does one whose caller goes away.
func TestR24_ImagesThatBreak(t *testing.T) {
	server, s := open(t, cloudinaryblob.Options{})
	png := picture(t, "png", 7) + strings.Repeat("trailing", 20_000)
	for _, after := range []int{0, 1, 511, 512, 513, 100_000, len(png)} {
		for name, want := range map[string]error{"breaks": errBreaks, "cancelled": context.Canceled} {
			ctx, cancel := context.WithCancel(t.Context())
			body := &breaking{ReadSeeker: strings.NewReader(png), left: after}
			if want == context.Canceled {
				body.do = cancel
			}
			if err := s.Put(ctx, "k.png", body, asPicture("png")); !errors.Is(err, want) {
				t.Errorf("%s after %d bytes: %v; want %v", name, after, err, want)
			}
			cancel()
			if names := server.Names(); len(names) != 0 {
				t.Errorf("%s after %d bytes: left %v", name, after, names)
			}
		}
	}
	put(t, s, "k.png", png, asPicture("png"))
	if got, _, err := get(t, s, "k.png"); err != nil || got != png {
		t.Errorf("%d bytes, %v; want the %d put", len(got), err, len(png))
	}
}

// Downloads may be redirected, uploads not: TestR24_SpoiledPuts.
func TestRedirectedDownload(t *testing.T) {
	server, s := open(t, cloudinaryblob.Options{})
	put(t, s, "k", "words", storage.Meta{ContentType: "text/plain"})
	server.Misbehave(func(_ int64, w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if r.URL.Query().Get("public_id") == "" || strings.HasPrefix(r.URL.Path, "//") {
			return false
		}
		http.Redirect(w, r, server.URL+"/elsewhere", http.StatusFound)
		return true
	})
	if _, _, err := get(t, s, "k"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("redirected to nothing: %v; want fs.ErrNotExist", err)
	}
	file := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}))
	defer file.Close()
	server.Misbehave(func(_ int64, w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		http.Redirect(w, r, file.URL, http.StatusFound)
		return true
	})
	if _, _, err := get(t, s, "k"); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("redirected for ever: %v; want ErrUnavailable", err)
	}
}
