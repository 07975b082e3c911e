package pictures

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // what the squares are
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/s3blob"
	"github.com/profilekit/profilekit/storage/sqlite"
)

// maxBytes is the limit of the host here, so that what is too long is short.
const maxBytes = 64 << 10

// host is a running app over a store.
type host struct {
	t     *testing.T
	url   string
	app   *httpadapter.App
	blobs *directS3
	clock atomic.Int64 // how far the host's clock is ahead
}

// directS3 is S3 whose forms can be made to last a second.
type directS3 struct {
	*s3blob.Store
	brief bool
}

func (s *directS3) DirectUpload(ctx context.Context, r storage.DirectUpload) (storage.DirectForm, error) {
	if s.brief {
		r.TTL = time.Second
	}
	return s.Store.DirectUpload(ctx, r)
}

func newHost(t *testing.T) *host {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "app.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, blobs: &directS3{Store: s3Store(t).(*s3blob.Store)}}
	h.app, err = httpadapter.New(httpadapter.Config{
		Stores: db, Blobs: h.blobs, Keys: keys, BaseURL: "http://localhost", LimitsOff: true,
		Hashers:       auth.NewHashers(auth.Argon2id{Memory: 8, Time: 1, Threads: 1}),
		PictureLimits: picture.Limits{MaxBytes: maxBytes},
		Now:           func() time.Time { return time.Now().Add(time.Duration(h.clock.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	h.app.Register(mux)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

// call sends JSON and returns the answer, read.
func (h *host) call(token, method, path, body string) (status int, answer []byte) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// want is call for an answer of that status, decoded into out.
func (h *host) want(status int, token, method, path, body string, out any) {
	h.t.Helper()
	got, answer := h.call(token, method, path, body)
	if got != status {
		h.t.Fatalf("%s %s: %d %s; want %d", method, path, got, answer, status)
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			h.t.Fatal(err)
		}
	}
}

// member registers somebody and returns a bearer token.
func (h *host) member(name string) (token string) {
	h.t.Helper()
	const password = "correct horse battery staple"
	h.want(201, "", "POST", "/api/auth/register", fmt.Sprintf(`{"username":%q,"email":"%s@example.org","password":%q}`, name, name, password), nil)
	var in struct{ Token string }
	h.want(200, "", "POST", "/api/auth/login", fmt.Sprintf(`{"login":%q,"password":%q,"transport":"bearer"}`, name, password), &in)
	return in.Token
}

type directForm struct {
	ID string `json:"id"`
	storage.DirectForm
}

func (f directForm) complete() string { return "/api/profile/picture/direct/" + f.ID + "/complete" }

// begin gets a form.
func (h *host) begin(token string) (f directForm) {
	h.t.Helper()
	h.want(201, token, "POST", "/api/profile/picture/direct", `{"contentType":"image/jpeg"}`, &f)
	return f
}

// empty checks that the store has nothing under the form's key.
func (h *host) empty(f directForm) {
	h.t.Helper()
	r, _, err := h.blobs.Open(h.t.Context(), "in/"+f.ID)
	if !errors.Is(err, fs.ErrNotExist) {
		h.t.Errorf("the store has the file of the form: %v", err)
		r.Close()
	}
}

// keys are all that the store has.
func (h *host) keys() map[string]bool {
	h.t.Helper()
	all := map[string]bool{}
	for info, err := range h.blobs.List(h.t.Context(), "") {
		if err != nil {
			h.t.Fatal(err)
		}
		all[info.Key] = true
	}
	return all
}

// TestS65_DirectUploadToS3: a browser sends its picture to a real S3 server by
// the form, and the host makes a picture of it; after a sweep there is that
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
		status, data := h.call("", "GET", "/api/pictures/"+key, "")
		square, _, err := image.DecodeConfig(bytes.NewReader(data))
		if status != 200 || err != nil || fmt.Sprint(square.Width) != size {
			t.Errorf("size %s: %d, %+v, %v", size, status, square, err)
		}
		want[key] = true
	}
	// The form is good for some minutes more. What comes by it is no picture and
	// is swept when it cannot come any more.
	if status := directtest.Send(t, f.DirectForm, file); status >= 300 {
		t.Fatalf("S3 answers %d", status)
	}
	h.want(404, ada, "POST", f.complete(), "{}", nil)
	directtest.Send(t, h.begin(bob).DirectForm, file) // and never completed
	h.clock.Store(int64(2 * time.Hour))
	if _, err := h.app.Pictures.Sweep(t.Context(), picture.DefaultPendingAge); err != nil {
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
