package pictures

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // what the squares are
	"io"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/profile/picture"
)

// TestS65_DirectUploadToS3: a browser sends its picture to a real S3 server by
// the form, and the host makes a picture of it; after a purge there is that
// picture and nothing else.
func TestS65_DirectUploadToS3(t *testing.T) {
	h := newHost(t)
	ada, bob := h.member("ada"), h.member("bob")
	file, err := io.ReadAll(photo(1))
	if err != nil {
		t.Fatal(err)
	}
	f := h.begin(ada)
	if left := time.Until(f.ExpiresAt); left <= 0 || left > 5*time.Minute {
		t.Errorf("the form lasts %v", left)
	}
	h.want(404, ada, "POST", f.complete(), "{}", nil) // nothing is there yet
	if status := directtest.Send(t, f.DirectForm, file); status >= 300 {
		t.Fatalf("S3 answers %d", status)
	}
	h.want(404, bob, "POST", f.complete(), "{}", nil)
	h.want(404, ada, "GET", "/api/pictures/"+f.ID, "", nil)
	h.want(404, ada, "GET", "/api/pictures/in%2F"+f.ID, "", nil)
	var got struct {
		Picture struct{ Sizes map[string]string }
	}
	h.want(200, ada, "POST", f.complete(), `{"crop":{"x":8,"y":0,"size":80}}`, &got)
	h.empty(f)
	h.want(404, ada, "POST", f.complete(), "{}", nil)

	want := map[string]bool{}
	for size, url := range got.Picture.Sizes {
		key := url[strings.LastIndexByte(url, '/')+1:]
		status, data := h.call("", "GET", "/api/pictures/"+key, "") // by way of S3
		square, _, err := image.DecodeConfig(bytes.NewReader(data))
		if status != 200 || err != nil || fmt.Sprint(square.Width) != size {
			t.Errorf("size %s: %d, %+v, %v", size, status, square, err)
		}
		want[key] = true
	}
	// The form is good for some minutes more. What comes by it is no picture and
	// is purged when it cannot come any more.
	if status := directtest.Send(t, f.DirectForm, file); status >= 300 {
		t.Fatalf("S3 answers %d", status)
	}
	h.want(404, ada, "POST", f.complete(), "{}", nil)
	directtest.Send(t, h.begin(bob).DirectForm, file) // and never completed
	h.clock.Store(int64(2 * time.Hour))
	if _, err := h.app.Pictures.PurgeBlobs(t.Context(), picture.DefaultPendingAge); err != nil {
		t.Error(err)
	}
	if have := h.keys(); !maps.Equal(have, want) || len(want) != 4 {
		t.Errorf("the store has %v; want %v", have, want)
	}
}

// TestS65_DirectUploadIsRefusedByS3: what the form does not allow, the store
// itself refuses, whoever sends it; what it cannot see, the host refuses.
func TestS65_DirectUploadIsRefusedByS3(t *testing.T) {
	h := newHost(t)
	ada, bob := h.member("ada"), h.member("bob")
	file, err := io.ReadAll(photo(1))
	if err != nil {
		t.Fatal(err)
	}
	theirs := h.begin(bob)
	html := []byte("<html><script>alert(document.domain)</script></html>")
	for name, c := range map[string]struct {
		file   []byte
		change func(fields map[string]string)
	}{
		"larger":          {file: make([]byte, maxBytes+1)},
		"empty":           {file: nil},
		"HTML as such":    {file: html, change: func(f map[string]string) { f["Content-Type"] = "text/html" }},
		"another key":     {file: file, change: func(f map[string]string) { f["key"] += "x" }},
		"a picture's key": {file: file, change: func(f map[string]string) { f["key"] = f["key"][len(f["key"])-26:] + "-512.jpg" }},
		"another user's key": {file: file, change: func(f map[string]string) {
			f["key"] = theirs.Fields["key"]
		}},
		"no signature": {file: file, change: func(f map[string]string) {
			for name := range f {
				if strings.EqualFold(name, "X-Amz-Signature") {
					delete(f, name)
				}
			}
		}},
		"a policy of one's own": {file: file, change: func(f map[string]string) {
			for name := range f {
				if strings.EqualFold(name, "policy") {
					f[name] = "eyJleHBpcmF0aW9uIjoiMjA5OS0wMS0wMVQwMDowMDowMFoiLCJjb25kaXRpb25zIjpbXX0="
				}
			}
		}},
	} {
		f := h.begin(ada)
		f.Fields = maps.Clone(f.Fields)
		if c.change != nil {
			c.change(f.Fields)
		}
		if status := directtest.Send(t, f.DirectForm, c.file); status < 400 {
			t.Errorf("%s: S3 answers %d; want a refusal", name, status)
		}
		h.want(404, ada, "POST", f.complete(), "{}", nil)
	}
	if have := h.keys(); len(have) != 0 {
		t.Errorf("the store has %v; want nothing", have)
	}

	// The store sees the type that is told, the host the bytes.
	f := h.begin(ada)
	if status := directtest.Send(t, f.DirectForm, html); status >= 300 {
		t.Fatalf("S3 answers %d", status)
	}
	h.want(415, ada, "POST", f.complete(), "{}", nil)
	h.empty(f)
	var me struct{ ProfilePicture *string }
	if h.want(200, ada, "GET", "/api/profile", "", &me); me.ProfilePicture != nil {
		t.Errorf("the picture is %s", *me.ProfilePicture)
	}

	// The clock that ends it is S3's.
	h.blobs.brief = true
	f = h.begin(ada)
	for end := time.Now().Add(30 * time.Second); directtest.Send(t, f.DirectForm, file) < 400; {
		if time.Now().After(end) {
			t.Fatal("a form of one second is good for ever")
		}
		time.Sleep(100 * time.Millisecond)
	}
}
