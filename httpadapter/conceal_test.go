package httpadapter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

// cdn is a store whose blobs are public at addresses of their own.
type cdn struct {
	*memblob.Store
	down atomic.Bool
}

const cdnBase = "https://cdn.example.org/"

func (c *cdn) PublicURL(key string) string { return cdnBase + key }

func (c *cdn) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	if c.down.Load() {
		return &storage.UnavailableError{}
	}
	return c.Store.Put(ctx, key, body, meta)
}

// opens reports whether the public address leads to a picture.
func (c *cdn) opens(t *testing.T, address string) bool {
	t.Helper()
	key, ok := strings.CutPrefix(address, cdnBase)
	if !ok {
		t.Fatalf("%s is not an address of the store", address)
	}
	r, _, err := c.Open(t.Context(), key)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	return true
}

func (c *client) pictureURLs() (urls []string) {
	c.w.t.Helper()
	for _, u := range c.get("/api/profile").want(c.w.t, 200).json(c.w.t)["pictureSizes"].(map[string]any) {
		urls = append(urls, u.(string))
	}
	slices.Sort(urls)
	return urls
}

func (c *client) photo(seed uint32) {
	c.w.t.Helper()
	body := imagetest.JPEG(imagetest.Photo(90, 70, seed), 80)
	c.do("PUT", "/api/profile/picture", "image/jpeg", strings.NewReader(string(body))).want(c.w.t, 200)
}

// Public pictures have the store's own addresses; when their owner goes private,
// in whatever way, these are dead before the answer, and the picture is still
// there for those who may see it.
func TestS64_GoingPrivateKillsPublicAddresses(t *testing.T) {
	for name, patch := range map[string]string{
		"picture":         `{"privacy":{"fields":{"picture":"private"}}}`,
		"picture members": `{"privacy":{"fields":{"picture":"members"}}}`,
		"profile":         `{"privacy":{"visibility":"private"}}`,
		"profile members": `{"privacy":{"visibility":"members","fields":{"bio":"public"}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			store := &cdn{Store: memblob.New(memblob.Options{})}
			w := newWorld(t, func(c *httpadapter.Config) { c.Blobs = store })
			ada := w.client().register("ada")
			ada.photo(1)
			public := ada.pictureURLs()
			for _, u := range public {
				if !store.opens(t, u) {
					t.Fatalf("%s does not open", u)
				}
			}
			if got := w.client().get("/api/users/ada/picture").want(t, 302).Header.Get("Location"); !strings.HasPrefix(got, cdnBase) {
				t.Errorf("the picture of a public user is at %s", got)
			}
			ada.send("PATCH", "/api/settings", patch).want(t, 200)
			for _, u := range public {
				if store.opens(t, u) {
					t.Errorf("%s still opens", u)
				}
			}
			for _, u := range ada.pictureURLs() {
				if !strings.HasPrefix(u, "/api/pictures/") {
					t.Errorf("a private picture is told to be at %s", u)
				}
				ada.get(u).want(t, 200)
				w.client().get(u).want(t, 404)
			}
			// Another picture, uploaded while private, is never told publicly.
			ada.photo(2)
			hidden := ada.pictureURLs()
			if !strings.HasPrefix(hidden[0], "/api/pictures/") {
				t.Errorf("a private upload is told to be at %s", hidden[0])
			}
			ada.send("PATCH", "/api/settings", `{"privacy":{"visibility":"public","fields":{"picture":"public"}}}`).want(t, 200)
			for _, u := range ada.pictureURLs() {
				if !store.opens(t, u) {
					t.Errorf("public again, %s does not open", u)
				}
			}
		})
	}
}

// Nothing is made private that the store still shows: when the store is down
// the change is refused and can be repeated.
func TestR23_GoingPrivateWhileTheStoreIsDown(t *testing.T) {
	store := &cdn{Store: memblob.New(memblob.Options{})}
	w := newWorld(t, func(c *httpadapter.Config) { c.Blobs = store })
	ada := w.client().register("ada")
	ada.photo(1)
	public := ada.pictureURLs()
	store.down.Store(true)
	const private = `{"privacy":{"visibility":"private"}}`
	ada.send("PATCH", "/api/settings", private).want(t, 503)
	if now := ada.pictureURLs(); !slices.Equal(now, public) || !store.opens(t, public[0]) {
		t.Errorf("the refused change moved the picture from %v to %v", public, now)
	}
	w.client().get("/api/users/ada").want(t, 200)
	store.down.Store(false)
	ada.send("PATCH", "/api/settings", private).want(t, 200)
	if store.opens(t, public[0]) {
		t.Error("the address still opens")
	}
}

// A setting that says nothing of who sees the picture does not move it, nor
// does one that is refused.
func TestSettingsOfOtherThingsLeaveThePicture(t *testing.T) {
	store := &cdn{Store: memblob.New(memblob.Options{})}
	w := newWorld(t, func(c *httpadapter.Config) { c.Blobs = store })
	ada := w.client().register("ada")
	ada.photo(1)
	before := ada.pictureURLs()
	for i, patch := range []string{
		`{"appearance":{"theme":"dark"}}`, `{"privacy":{"fields":{"bio":"private"}}}`, `{"privacy":{"visibility":"public"}}`,
	} {
		ada.send("PATCH", "/api/settings", patch).want(t, 200)
		if now := ada.pictureURLs(); !slices.Equal(now, before) {
			t.Errorf("patch %d moved the picture to %v", i, now)
		}
	}
	ada.send("PATCH", "/api/settings", `{"privacy":{"visibility":"nobody"}}`).want(t, 422)
	for _, u := range ada.pictureURLs() {
		if !store.opens(t, u) {
			t.Errorf("after a refused change %s does not open", u)
		}
	}
}

// Uploads beside changes of privacy: in the end a private user has no public
// address, whichever came last.
func TestS64_UploadsBesideGoingPrivate(t *testing.T) {
	store := &cdn{Store: memblob.New(memblob.Options{})}
	w := newWorld(t, func(c *httpadapter.Config) { c.Blobs, c.Stores = store, c.Stores.Unlimited() })
	for i := range 10 {
		u := w.client().register(fmt.Sprintf("user%d", i))
		done := make(chan struct{})
		go func() {
			defer close(done)
			u.photo(uint32(i))
		}()
		u.send("PATCH", "/api/settings", `{"privacy":{"visibility":"private"}}`).want(t, 200)
		<-done
		for _, a := range u.pictureURLs() {
			if !strings.HasPrefix(a, "/api/pictures/") {
				t.Fatalf("user %d is private and told to be at %s", i, a)
			}
			if key := strings.TrimPrefix(a, "/api/pictures/"); key == "" {
				t.Fatal("no key")
			}
		}
	}
}
