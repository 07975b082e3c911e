package cloudinaryblob_test

import (
	"errors"
	"fmt"
	"io"
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
		if _, err := cloudinaryblob.New(c[0], c[1], c[2]); err == nil {
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
		_, err := cloudinaryblob.FromURL(address)
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
