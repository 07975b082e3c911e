package pictures

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/s3blob"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// maxBytes is the limit of the host here, so that what is too long is short.
const maxBytes = 64 << 10

// signedFor is how long the addresses are good to which the host leads.
const signedFor = 10 * time.Second

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
	return newHostOn(t, s3Store(t).(*s3blob.Store), httpadapter.Config{Pictures: picture.Policy{Limits: picture.Limits{MaxBytes: maxBytes}, SignedFor: signedFor}})
}

func newHostOn(t *testing.T, blobs *s3blob.Store, cfg httpadapter.Config) *host {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "app.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, blobs: &directS3{Store: blobs}}
	cfg.Stores, cfg.Blobs, cfg.Keys, cfg.BaseURL = httpadapter.StoresOf(db).Unlimited(), h.blobs, keys, "http://localhost"
	cfg.Pictures.Direct = true
	cfg.Auth.Hashers = hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1})
	cfg.Now = func() time.Time { return time.Now().Add(time.Duration(h.clock.Load())) }
	h.app, err = httpadapter.New(cfg)
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
