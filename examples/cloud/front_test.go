package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
	"github.com/profilekit/profilekit/storage/memblob"
)

// TestEveryDriverIsBehindTheFront: whatever the store, an invalid key and an ended
// context are told in the same way, and nobody is asked about them.
func TestEveryDriverIsBehindTheFront(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusTeapot)
	}))
	defer server.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", server.URL)
	at := url.QueryEscape(server.URL)
	vars := map[string]string{
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-central-1", "FIREBASE_TOKEN_KEY": "a secret of the whole fleet",
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for driver, c := range map[string]struct{ address, abilities string }{
		"memblob":        {"mem://", "list"},
		"diskblob":       {"file://" + t.TempDir(), "list"},
		"s3blob":         {"s3://bucket?public=https://cdn.example.org&endpoint=" + at, "list public signed direct"},
		"firebaseblob":   {"firebase://bucket/pictures", "list public signed direct"},
		"cloudinaryblob": {"cloudinary://key:secret@cloud?public=true&api=" + at, "list public signed resized"},
	} {
		t.Run(driver, func(t *testing.T) {
			s, done, err := blobs.Open(t.Context(), c.address, append(stores(func(name string) string { return vars[name] }), memblob.Opener{})...)
			if err != nil {
				t.Fatal(err)
			}
			defer done()
			if got := abilities(s); got != c.abilities {
				t.Errorf("the store can %s; want %s", got, c.abilities)
			}
			for _, key := range []string{"", "../up", "A.jpg", strings.Repeat("k", 201)} {
				for _, c := range everyCall(t.Context(), s, key) {
					if !errors.Is(c.err, storage.ErrInvalidKey) || !strings.HasPrefix(c.err.Error(), driver+": "+c.op+": invalid blob key") {
						t.Errorf("%s %.20q: %v", c.op, key, c.err)
					}
				}
				if err := listed(t.Context(), s, key+"/.."); err != nil {
					t.Errorf("list %.20q: %v", key, err)
				}
				if p, ok := storage.As[storage.PublicURLer](s); ok && p.PublicURL(key) != "" {
					t.Errorf("%.20q has the address %s", key, p.PublicURL(key))
				}
				if r, ok := storage.As[storage.Resizer](s); ok && r.ResizedURL(key, 64) != "" {
					t.Errorf("%.20q has the address %s", key, r.ResizedURL(key, 64))
				}
			}
			for _, key := range []string{"a.jpg", "../up"} {
				for _, c := range everyCall(ended, s, key) {
					if c.err != context.Canceled {
						t.Errorf("%s %s with an ended context: %v", c.op, key, c.err)
					}
				}
				if err := listed(ended, s, key); err != context.Canceled {
					t.Errorf("list %s with an ended context: %v", key, err)
				}
			}
			if n := requests.Load(); n != 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

// abilities are what is found of a store beyond storage.BlobStore.
func abilities(s storage.BlobStore) string {
	var found []string
	add := func(name string, ok bool) {
		if ok {
			found = append(found, name)
		}
	}
	add("list", has[storage.Lister](s))
	add("public", has[storage.PublicURLer](s))
	add("signed", has[storage.SignedURLer](s))
	add("direct", has[storage.DirectUploader](s))
	add("resized", has[storage.Resizer](s))
	return strings.Join(found, " ")
}

func has[T any](s storage.BlobStore) bool {
	_, ok := storage.As[T](s)
	return ok
}

// call is one of a store, by its name in errors.
type call struct {
	op  string
	err error
}

// everyCall makes the calls that a store has for a key.
func everyCall(ctx context.Context, s storage.BlobStore, key string) []call {
	_, _, opened := s.Open(ctx, key)
	calls := []call{{"put", s.Put(ctx, key, strings.NewReader("x"), storage.Meta{})}, {"open", opened}, {"delete", s.Delete(ctx, key)}}
	if u, ok := storage.As[storage.SignedURLer](s); ok {
		_, err := u.SignedURL(ctx, key, time.Minute)
		calls = append(calls, call{"sign", err})
	}
	if d, ok := storage.As[storage.DirectUploader](s); ok {
		_, err := d.DirectUpload(ctx, storage.DirectUpload{Key: key, ContentType: "image/jpeg", MinBytes: 1, MaxBytes: 2, TTL: time.Minute})
		calls = append(calls, call{"sign", err})
	}
	return calls
}

func listed(ctx context.Context, s storage.BlobStore, prefix string) (last error) {
	l, err := storage.Need[storage.Lister](s)
	if err != nil {
		return err
	}
	for _, last = range l.List(ctx, prefix) {
	}
	return last
}
