package pictures

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/cloudtest"
	"github.com/profilekit/profilekit/internal/faults/proxy"
	"github.com/profilekit/profilekit/storage/s3blob"
)

// upload sends a picture and returns the answer.
func (h *host) upload(token string, seed uint32) *http.Response {
	h.t.Helper()
	file, err := io.ReadAll(photo(seed))
	if err != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), "PUT", h.url+"/api/profile/picture", bytes.NewReader(file))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "image/jpeg")
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// shown is what a page shows of the own profile.
type shown struct {
	ProfilePicture string
	PictureSizes   map[string]string
	UpdatedAt      string
}

// whole checks that every square of the picture is there.
func (h *host) whole(s shown) {
	h.t.Helper()
	for size, at := range s.PictureSizes {
		if strings.HasPrefix(at, "/") {
			at = h.url + at
		}
		resp, err := http.Get(at)
		if err != nil {
			h.t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != 200 || !strings.HasPrefix(http.DetectContentType(body), "image/") {
			h.t.Errorf("%s at %s: %d, %d bytes, %v", size, at, resp.StatusCode, len(body), err)
		}
	}
}

// TestR23R24_TheObjectStoreOverHTTP takes S3 away in several ways while somebody
// uploads: the answer is 503 in time and says when to try again, the profile is
// not touched and shows the old picture, and with the store back nothing is left
// of what failed (I2, I3).
func TestR23R24_TheObjectStoreOverHTTP(t *testing.T) {
	server := cloudtest.S3(t)
	p, endpoint := proxy.For(t, server.Endpoint)
	h := newHostOn(t, s3At(t, server, endpoint, false).(*s3blob.Store), httpadapter.Config{HTTP: httpadapter.HTTP{RequestTimeout: 2 * time.Second, BodyTimeout: time.Second}})
	ada := h.member("ada")
	if r := h.upload(ada, 1); r.StatusCode != 200 {
		t.Fatalf("the first picture: %d", r.StatusCode)
	}
	var before shown
	h.want(200, ada, "GET", "/api/profile", "", &before)
	h.whole(before)
	for _, fault := range []struct {
		name    string
		strike  func()
		recover func()
	}{
		{"nobody is there", p.Refuse, func() { p.Accept(t) }},
		{"connections are reset", func() { p.Reset(t, 0) }, func() { p.Heal(t) }},
		{"cut while the picture is sent", func() { p.Reset(t, 5*time.Millisecond) }, func() { p.Heal(t) }},
		{"silent", func() { p.Silence(t) }, func() { p.Heal(t) }},
		{"slower than anybody waits", func() { p.Slow(t, 20*time.Second, 0) }, func() { p.Heal(t) }},
	} {
		fault.strike()
		began := time.Now()
		r := h.upload(ada, 2)
		if took := time.Since(began); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || took > 6*time.Second {
			t.Errorf("%s: %d, Retry-After %q, after %s; want 503 within 6 s", fault.name, r.StatusCode, r.Header.Get("Retry-After"), took)
		}
		var during shown
		h.want(200, ada, "GET", "/api/profile", "", &during)
		if during.ProfilePicture != before.ProfilePicture || during.UpdatedAt != before.UpdatedAt {
			t.Errorf("%s: the profile was touched: %+v, before %+v", fault.name, during, before)
		}
		fault.recover()
		h.whole(before)
	}
	if r := h.upload(ada, 3); r.StatusCode != 200 {
		t.Fatalf("with the store back: %d", r.StatusCode)
	}
	for i := range 2 {
		n, err := h.app.Pictures.PurgeBlobs(t.Context(), 0)
		if err != nil || i == 1 && n != 0 {
			t.Errorf("purge %d: %d, %v", i, n, err)
		}
	}
	var after shown
	h.want(200, ada, "GET", "/api/profile", "", &after)
	h.whole(after)
	if keys := h.keys(); len(keys) != len(after.PictureSizes) {
		t.Errorf("%d blobs for %d squares", len(keys), len(after.PictureSizes))
	}
}
