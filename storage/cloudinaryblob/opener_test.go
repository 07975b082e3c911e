package cloudinaryblob_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/cloudinarytest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
)

// TestOpenerRefusesWithoutSecrets: one line that names what is wrong, and nothing of the
// address that could be a secret.
func TestOpenerRefusesWithoutSecrets(t *testing.T) {
	const secret = "hunter2hunter2"
	for address, want := range map[string]string{
		"cloudinary://key@cloud":                                          "secret",
		"cloudinary://cloud":                                              "cloudinary://key:secret@cloud",
		"cloudinary://key:" + secret + "@cloud/folder":                    "cloudinary://key:secret@cloud",
		"cloudinary://key:" + secret + "@cloud:80":                        "cloudinary://key:secret@cloud",
		"cloudinary://key:" + secret + "/@cloud":                          "not an address",
		"cloudinary://key:1?" + secret + "@cloud":                         "folder, public, api, delivery",
		"cloudinary://key:1#" + secret + "@cloud":                         "question mark",
		"cloudinary://key:" + secret + "@cloud?public=" + secret:          "public is true or false",
		"cloudinary://key:" + secret + "@cloud?folder=A":                  "Folder",
		"cloudinary://key:" + secret + "@cloud?api=http://example.org":    "APIBase",
		"cloudinary://key:" + secret + "@cloud?delivery=//u:" + secret:    "DeliveryBase",
		"cloudinary://key:" + secret + "@cloud?folder=a&folder=" + secret: "folder is given twice",
	} {
		s, done, err := blobs.Open(t.Context(), address, cloudinaryblob.Opener{})
		if err == nil || s != nil || done != nil {
			t.Errorf("%s: %v, %v; want an error alone", address, s, err)
			continue
		}
		if text := err.Error(); !strings.Contains(text, want) || strings.Contains(text, secret) || strings.Contains(text, "\n") {
			t.Errorf("%s: %v; want %q and no secret", address, err, want)
		}
	}
}

// TestOpenerOpens: the store of an address is the one that New makes.
func TestOpenerOpens(t *testing.T) {
	server := cloudinarytest.New(t)
	q := url.Values{"folder": {"some/pictures"}, "public": {"true"}, "api": {server.URL}, "delivery": {server.Delivery()}}
	s, done, err := blobs.Open(t.Context(), "cloudinary://"+server.Key+":"+server.Secret+"@"+server.Cloud+"?"+q.Encode(), cloudinaryblob.Opener{})
	if err != nil {
		t.Fatal(err)
	}
	jpg := picture(t, "jpg", 7)
	put(t, s, "a.jpg", jpg, asPicture("jpg"))
	same := on(t, server, cloudinaryblob.Options{Folder: "some/pictures/", Public: true})
	if got, _, err := get(t, same, "a.jpg"); got != jpg || err != nil {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	if p, ok := storage.As[storage.PublicURLer](s); !ok || p.PublicURL("a.jpg") != same.PublicURL("a.jpg") {
		t.Error("the store has not the public address that was given")
	}
	if err := done(); err != nil {
		t.Error(err)
	}
}
