// Package cloudinarytest is a double of Cloudinary for tests: the part of its
// upload API, Admin API and delivery that package cloudinaryblob speaks, made
// from their public description. It checks what it is sent more strictly than
// that describes, in code of its own, and can be told to misbehave:
//
//	server := cloudinarytest.New(t)
//	pics, err := cloudinaryblob.New(server.Cloud, server.Key, server.Secret, cloudinaryblob.Options{
//		APIBase: server.URL, DeliveryBase: server.Delivery(),
//	})
//
// It proves our side against our reading of the description, and nothing about
// Cloudinary itself.
package cloudinarytest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"image"
	_ "image/gif"  // what Cloudinary reads
	_ "image/jpeg" // as an image
	_ "image/png"  // and we store
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "golang.org/x/image/webp" // as well
)

// Server is a cloud of one account.
type Server struct {
	*httptest.Server
	Cloud, Key, Secret string
	// MaxBytes is the longest file it takes.
	MaxBytes int64
	// Change, when set before the first request, transforms every upload, as
	// a preset of the account can.
	Change func([]byte) []byte

	requests atomic.Int64
	spoil    atomic.Pointer[Spoil]

	mu      sync.Mutex
	assets  map[Name]asset
	copies  map[string]delivered // of the network, by path
	version int64
}

// Spoil may answer a request itself and then returns true. n counts requests
// from 1, since Spoil was set; pass answers as if nothing were wrong.
type Spoil func(n int64, w http.ResponseWriter, r *http.Request, pass http.Handler) bool

// Name is what an asset is known by.
type Name struct{ Resource, Type, PublicID string }

type asset struct {
	data    []byte
	format  string // of an image
	created time.Time
	version int64
	context map[string]string
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		Cloud: "double-" + strings.ToLower(rand.Text()[:6]), Key: "4711" + rand.Text()[:4], Secret: rand.Text(),
		MaxBytes: 20 << 20, assets: map[Name]asset{}, copies: map[string]delivered{}, version: 1_700_000_000,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1_1/{cloud}/{resource}/upload", s.upload)
	mux.HandleFunc("POST /v1_1/{cloud}/{resource}/destroy", s.destroy)
	mux.HandleFunc("GET /v1_1/{cloud}/{resource}/download", s.download)
	mux.HandleFunc("GET /v1_1/{cloud}/resources/{resource}/{type}", s.list)
	mux.HandleFunc("GET /{cloud}/{resource}/{type}/{rest...}", s.deliver)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := s.requests.Add(1)
		if spoil := s.spoil.Load(); spoil != nil && (*spoil)(n, w, r, mux) {
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Server.Close)
	return s
}

// Delivery is the address below which assets are served.
func (s *Server) Delivery() string { return s.URL + "/" + s.Cloud }

// Requests is how many came since the start, or since Misbehave.
func (s *Server) Requests() int64 { return s.requests.Load() }

// Misbehave makes f look at every request from now on; nil ends it.
func (s *Server) Misbehave(f Spoil) {
	s.requests.Store(0)
	if f == nil {
		s.spoil.Store(nil)
		return
	}
	s.spoil.Store(&f)
}

// Names are the assets that are stored.
func (s *Server) Names() []Name {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.SortedFunc(maps.Keys(s.assets), func(a, b Name) int {
		return strings.Compare(a.Resource+a.Type+a.PublicID, b.Resource+b.Type+b.PublicID)
	})
}

// store keeps data under name unless there is something that stays, and
// returns what is there then.
func (s *Server) store(name Name, a asset, overwrite, invalidate bool) (now asset, existed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, existed := s.assets[name]
	if existed && !overwrite {
		return old, true
	}
	s.version++
	a.version = s.version
	s.assets[name] = a
	if invalidate {
		s.forget(name)
	}
	return a, existed
}

func (s *Server) load(name Name) (asset, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.assets[name]
	return a, ok
}

// formatOf is the format of a whole image, and "" of anything else.
func formatOf(data []byte) string {
	_, format, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	if format == "jpeg" {
		return "jpg"
	}
	return format
}

func (n Name) describe(a asset) map[string]any {
	d := map[string]any{
		"public_id": n.PublicID, "resource_type": n.Resource, "type": n.Type, "version": a.version,
		"bytes": len(a.data), "created_at": a.created.UTC().Format(time.RFC3339),
	}
	if a.format != "" {
		d["format"] = a.format
	}
	return d
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(v)
}

// Refuse answers as Cloudinary tells errors.
func Refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("X-Cld-Error", message)
	answer(w, status, map[string]any{"error": map[string]string{"message": message}})
}
