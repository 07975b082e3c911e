package pictures

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/directtest"
)

// TestS64_SignedPicturesOfS3: the host leads to S3, which gives the picture by
// that address, by no other, and not for ever.
func TestS64_SignedPicturesOfS3(t *testing.T) {
	h := newHost(t)
	ada := h.member("ada")
	f := h.begin(ada)
	file, err := io.ReadAll(photo(1))
	if err != nil {
		t.Fatal(err)
	}
	directtest.Send(t, f.DirectForm, file)
	var me struct{ ProfilePicture string }
	h.want(200, ada, "POST", f.complete(), "{}", nil)
	h.want(200, ada, "GET", "/api/profile", "", &me)
	key := me.ProfilePicture[strings.LastIndexByte(me.ProfilePicture, '/')+1:]
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(address string) (status int, header http.Header) {
		t.Helper()
		resp, err := client.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode, resp.Header
	}
	status, header := get(h.url + "/api/pictures/" + key)
	lent := header.Get("Location")
	if status != 302 || header.Get("Cache-Control") != "private, max-age=5" {
		t.Fatalf("%d, %v", status, header)
	}
	if status, header := get(lent); status != 200 || header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("S3 answers %d, %v", status, header)
	}
	bare, _, _ := strings.Cut(lent, "?")
	for what, address := range map[string]string{
		"without its signature": bare,
		"for another key":       strings.Replace(lent, "-512.jpg", "-256.jpg", 1),
		"for longer":            strings.Replace(lent, "X-Amz-Expires=10", "X-Amz-Expires=99", 1),
	} {
		if status, _ := get(address); address == lent || status < 400 {
			t.Errorf("%s: S3 answers %d", what, status)
		}
	}
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(500 * time.Millisecond) {
		if status, _ := get(lent); status >= 400 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("an address for %v is good for ever", signedFor)
		}
	}
}
