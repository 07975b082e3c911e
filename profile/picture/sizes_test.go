package picture_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage/memblob"
)

// resizing is a store that serves what it has to everybody, in every size,
// unless it is closed.
type resizing struct {
	*memblob.Store
	closed bool
}

func (r *resizing) PublicURL(key string) string {
	if r.closed {
		return ""
	}
	return "https://cdn.example.org/" + key
}

func (r *resizing) ResizedURL(key string, size int) string {
	if r.closed {
		return ""
	}
	return fmt.Sprintf("https://cdn.example.org/w_%d/%s", size, key)
}

// plain is the same store without sizes of its own.
type plain struct{ *memblob.Store }

func (plain) PublicURL(key string) string { return "https://cdn.example.org/" + key }

var all = []int{512, 256, 128, 64}

// One blob is enough for a store that makes the sizes itself; what was put
// before it could, and what is moved to one that cannot, keeps working.
func TestR25_OneBlobForEverySize(t *testing.T) {
	w := newWorld(t)
	profiles, shown := w.privacy(t)
	store := &resizing{Store: w.blobs}
	serve := func(change func(*picture.Config)) *picture.Service {
		return w.service(t, func(cfg *picture.Config) {
			cfg.Profiles = profiles
			change(cfg)
		})
	}
	old := serve(func(cfg *picture.Config) { cfg.Blobs = plain{w.blobs} })
	now := serve(func(cfg *picture.Config) { cfg.Blobs = store })

	// Of before: four blobs, with the addresses that they had.
	w.svc = old
	firstPicture(t, w)
	p := w.current(t).Picture
	for _, size := range all {
		if was, is := old.PublicURL(p, size), now.PublicURL(p, size); was != is || was != "https://cdn.example.org/"+picture.Key(p, size) {
			t.Errorf("size %d of before: %s, now %s", size, was, is)
		}
	}
	if len(w.stored(t)) != 4 || !slices.Equal(picture.Sizes(p), all) {
		t.Errorf("stored %v, shown in %v", w.stored(t), picture.Sizes(p))
	}

	// Replaced by one of a single blob.
	w.svc = now
	firstPicture(t, w)
	w.purge(t, 0)
	w.exact(t)
	p = w.current(t).Picture
	large := picture.Key(p, 512)
	if got := w.stored(t); !slices.Equal(got, []string{large}) || !slices.Equal(picture.Sizes(p), all) {
		t.Errorf("stored %v, shown in %v; want the largest alone", got, picture.Sizes(p))
	}
	for _, size := range all {
		if got, want := now.PublicURL(p, size), fmt.Sprintf("https://cdn.example.org/w_%d/%s", size, large); got != want {
			t.Errorf("size %d is at %s; want %s", size, got, want)
		}
		if got := old.PublicURL(p, size); got != "https://cdn.example.org/"+large {
			t.Errorf("size %d, moved to a store without sizes, is at %s", size, got)
		}
		if got := picture.KeyFor(p, size); got != large {
			t.Errorf("size %d is the blob %s; want %s", size, got, large)
		}
	}

	// Private, public again, removed: always what is referred to and no more.
	shown(profile.Private)
	u, err := now.Settle(t.Context(), w.user.ID)
	if err != nil || u.Picture.Public || picture.Key(u.Picture, 512) == large || now.PublicURL(u.Picture, 64) != "" {
		t.Errorf("gone private: %+v, %v", u.Picture, err)
	}
	w.purge(t, 0)
	w.exact(t)
	firstPicture(t, w) // while private: the same, so that it may go public
	shown(profile.Public)
	if u, err = now.Settle(t.Context(), w.user.ID); err != nil || now.PublicURL(u.Picture, 64) == "" {
		t.Errorf("public again: %+v, %v", u.Picture, err)
	}
	w.purge(t, 0)
	w.exact(t)
	if n := len(w.stored(t)); n != 1 {
		t.Errorf("%d blobs", n)
	}

	// A store that could, but does not serve the public, gets every size.
	store.closed = true
	firstPicture(t, w)
	w.purge(t, 0)
	w.exact(t)
	if n := len(w.stored(t)); n != 4 {
		t.Errorf("%d blobs in a store that serves nobody", n)
	}
	if _, err := now.Remove(t.Context(), w.user.ID, 0); err != nil {
		t.Fatal(err)
	}
	w.purge(t, 0)
	w.exact(t)
}

func TestSizesAndKeysOfPictures(t *testing.T) {
	for _, c := range []struct {
		have, shown []int
		keys        map[int]string
	}{
		{nil, nil, map[int]string{64: ""}},
		{all, all, map[int]string{1: "b-64.jpg", 64: "b-64.jpg", 65: "b-128.jpg", 512: "b-512.jpg", 900: "b-512.jpg"}},
		{[]int{512}, all, map[int]string{1: "b-512.jpg", 512: "b-512.jpg", 900: "b-512.jpg"}},
		{[]int{100}, []int{100, 64}, map[int]string{64: "b-100.jpg"}},
		{[]int{64}, []int{64}, map[int]string{512: "b-64.jpg"}},
		{[]int{512, 64}, []int{512, 64}, map[int]string{128: "b-512.jpg"}},
	} {
		p := profile.Picture{Base: "b", Ext: "jpg", Sizes: c.have}
		if got := picture.Sizes(p); !slices.Equal(got, c.shown) {
			t.Errorf("a picture of %v is shown in %v; want %v", c.have, got, c.shown)
		}
		for size, want := range c.keys {
			if got := picture.KeyFor(p, size); got != want {
				t.Errorf("size %d of a picture of %v: %q; want %q", size, c.have, got, want)
			}
		}
	}
}
