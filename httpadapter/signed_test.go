package httpadapter_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/memblob"
)

// lender is a store that remembers for how long it lent an address.
type lender struct {
	*directtest.Store
	lent []time.Duration
}

func (l *lender) SignedURL(ctx context.Context, key string, ttl time.Duration) (string, error) {
	l.lent = append(l.lent, ttl)
	return l.Store.SignedURL(ctx, key, ttl)
}

// Who may see a picture is led to the store for a while; who may not learns
// nothing and is lent nothing.
func TestS64_SignedPictures(t *testing.T) {
	store := &lender{Store: directtest.New(t, memblob.New(memblob.Options{}))}
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Blobs = store
		c.Pictures.SignedFor = time.Minute
	})
	ada, bob, nobody := w.client().register("ada"), w.client().register("bob"), w.client()
	ada.photo(1)
	path := ada.pictureURLs()[0]
	if !strings.HasPrefix(path, "/api/pictures/") {
		t.Fatalf("a view names %s; want an address of the host, which does not end", path)
	}
	for who, c := range map[string]*client{"ada": ada, "bob": bob, "nobody": nobody} {
		for _, method := range []string{"GET", "HEAD"} {
			got := c.do(method, path, "", nil).want(t, 302)
			if cc := got.Header.Get("Cache-Control"); cc != "private, max-age=30" || !strings.Contains(got.Header.Get("Vary"), "Cookie") {
				t.Errorf("%s: Cache-Control %q, Vary %q", who, cc, got.Header.Get("Vary"))
			}
			if ttl := store.lent[len(store.lent)-1]; ttl != time.Minute {
				t.Errorf("%s: lent for %v", who, ttl)
			}
			resp, err := http.Get(got.Header.Get("Location"))
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "image/jpeg" || len(data) < 100 {
				t.Errorf("%s: the store answers %d, %d bytes of %s, %v", who, resp.StatusCode, len(data), resp.Header.Get("Content-Type"), err)
			}
		}
	}
	if log := w.log.String(); strings.Contains(log, "signature") || strings.Contains(log, path[len("/api/pictures/"):]) {
		t.Error("the log has an address that was lent")
	}

	lent := len(store.lent)
	ada.send("PATCH", "/api/settings", `{"privacy":{"fields":{"picture":"private"}}}`).want(t, 200)
	for who, c := range map[string]*client{"bob": bob, "nobody": nobody} {
		if got := c.get(path).want(t, 404); got.Header.Get("Location") != "" || got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", who, got.Header)
		}
	}
	nobody.get("/api/pictures/none-64.jpg").want(t, 404)
	if len(store.lent) != lent {
		t.Errorf("%d addresses were signed for nobody", len(store.lent)-lent)
	}
	ada.get(path).want(t, 302)
}

// Without the option the bytes come from the host, and a store that signs no addresses
// cannot have it.
func TestS64_UnsignedPictures(t *testing.T) {
	ada := newWorld(t).client().register("ada")
	ada.photo(1)
	got := ada.get(ada.pictureURLs()[0]).want(t, 200)
	if got.Header.Get("Content-Type") != "image/jpeg" || got.Header.Get("Location") != "" {
		t.Errorf("%v", got.Header)
	}
	disk, err := diskblob.Open(t.TempDir(), diskblob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, without := range []storage.BlobStore{disk, memblob.New(memblob.Options{})} {
		c, _ := config(t)
		c.Blobs, c.Pictures.Direct, c.Pictures.SignedFor = without, false, time.Minute
		if _, err := httpadapter.New(c); err == nil || !strings.Contains(err.Error(), "SignedFor") {
			t.Errorf("%T, which signs nothing: %v; want it refused", without, err)
		}
	}
	for _, bad := range []time.Duration{-1, time.Second, time.Hour} {
		c, _ := config(t)
		c.Pictures.SignedFor = bad
		if _, err := httpadapter.New(c); err == nil || !strings.Contains(err.Error(), "SignedFor") {
			t.Errorf("%v: %v; want it refused", fmt.Sprint(bad), err)
		}
	}
}
