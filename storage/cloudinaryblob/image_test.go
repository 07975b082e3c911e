package cloudinaryblob_test

import (
	"bytes"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/cloudinarytest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
)

// picture is an image of 64 by 64 pixels in the format of ext.
func picture(t testing.TB, ext string, shade byte) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range m.Pix {
		m.Pix[i] = byte(i) * shade
	}
	var b strings.Builder
	var err error
	switch ext {
	case "jpg":
		err = jpeg.Encode(&b, m, nil)
	case "png":
		err = png.Encode(&b, m)
	case "gif":
		err = gif.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// asPicture is how package picture stores.
func asPicture(ext string) storage.Meta {
	return storage.Meta{ContentType: map[string]string{"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"}[ext], CacheControl: cloudinaryblob.Immutable}
}

func put(t testing.TB, s storage.BlobStore, key, content string, meta storage.Meta) {
	t.Helper()
	if err := s.Put(t.Context(), key, strings.NewReader(content), meta); err != nil {
		t.Fatalf("Put %s: %v", key, err)
	}
}

func get(t testing.TB, s storage.BlobStore, key string) (string, storage.BlobInfo, error) {
	t.Helper()
	r, info, err := s.Open(t.Context(), key)
	if err != nil {
		return "", info, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), info, err
}

func fetch(t testing.TB, address string) (*http.Response, []byte) {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, b
}

// Images of one name in several formats, and keys that look like the public
// IDs of others, stay apart, and every byte comes back.
func TestR25_ImagesAreImages(t *testing.T) {
	for name, public := range map[string]bool{"public": true, "private": false} {
		t.Run(name, func(t *testing.T) {
			server, s := open(t, cloudinaryblob.Options{Folder: "f/", Public: public})
			keys := []string{"a.jpg", "a.png", "a.gif", "a-jpg.jpg", "a-png.jpg", "v1/b.jpg", "v12/w_9/c.png", "d/a.jpg"}
			want := map[string]string{}
			for i, key := range keys {
				ext := key[len(key)-3:]
				want[key] = picture(t, ext, byte(i+1))
				put(t, s, key, want[key], asPicture(ext))
			}
			for _, n := range server.Names() {
				if n.Resource != "image" || (n.Type == "upload") != public {
					t.Errorf("stored %+v", n)
				}
			}
			listed := map[string]int64{}
			for info, err := range s.List(t.Context(), "") {
				if err != nil {
					t.Fatal(err)
				}
				listed[info.Key] = info.Size
			}
			for _, key := range keys {
				got, info, err := get(t, s, key)
				if err != nil || got != want[key] {
					t.Errorf("%s: %d bytes, %v; want the %d put", key, len(got), err, len(want[key]))
				}
				meta := asPicture(key[len(key)-3:])
				if info.Key != key || info.Size != int64(len(want[key])) || info.ContentType != meta.ContentType ||
					info.CacheControl != meta.CacheControl || time.Since(info.ModTime).Abs() > time.Hour {
					t.Errorf("%s: info %+v", key, info)
				}
				if listed[key] != info.Size {
					t.Errorf("%s: listed with %d bytes; want %d", key, listed[key], info.Size)
				}
				if err := s.Put(t.Context(), key, strings.NewReader(want[key]), meta); !errors.Is(err, fs.ErrExist) {
					t.Errorf("%s again: %v; want fs.ErrExist", key, err)
				}
				if err := s.Delete(t.Context(), key); err != nil {
					t.Error(err)
				}
				if _, _, err := get(t, s, key); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s after Delete: %v; want fs.ErrNotExist", key, err)
				}
			}
			if len(listed) != len(keys) || len(server.Names()) != 0 {
				t.Errorf("listed %d, and %d are left; want %d and none", len(listed), len(server.Names()), len(keys))
			}
		})
	}
}

// What only looks like an image is kept all the same.
func TestR25_WhatIsNoImage(t *testing.T) {
	jpg := picture(t, "jpg", 3)
	for name, c := range map[string]struct {
		key, content string
		meta         storage.Meta
	}{
		"only the first bytes":  {"k.jpg", jpg[:100], asPicture("jpg")},
		"another type":          {"k.jpg", jpg, asPicture("png")},
		"another extension":     {"k.png", jpg, asPicture("jpg")},
		"another cache header":  {"k.jpg", jpg, storage.Meta{ContentType: "image/jpeg", CacheControl: "no-store"}},
		"no extension":          {"k", jpg, asPicture("jpg")},
		"HTML":                  {"k.jpg", "<html><script>alert(1)</script>", asPicture("jpg")},
		"nothing":               {"k.jpg", "", asPicture("jpg")},
		"beginning with a line": {"k.jpg", "\n" + jpg, asPicture("jpg")},
	} {
		t.Run(name, func(t *testing.T) {
			server, s := open(t, cloudinaryblob.Options{Public: true})
			put(t, s, c.key, c.content, c.meta)
			got, info, err := get(t, s, c.key)
			if err != nil || got != c.content || info.ContentType != c.meta.ContentType || info.CacheControl != c.meta.CacheControl {
				t.Errorf("got %d bytes, %+v, %v", len(got), info, err)
			}
			for _, n := range server.Names() {
				if n.Resource != "raw" || n.Type != "authenticated" {
					t.Errorf("stored %+v; want a raw file that is not served", n)
				}
			}
			if u := s.PublicURL(c.key); u != "" {
				if resp, b := fetch(t, u); resp.StatusCode != http.StatusNotFound || len(b) != 0 {
					t.Errorf("the public address answers %s with %d bytes", resp.Status, len(b))
				}
			}
		})
	}
}

// A key has one blob, whatever it is stored as.
func TestR25_OneKeyTwoKinds(t *testing.T) {
	_, s := open(t, cloudinaryblob.Options{})
	jpg, text := picture(t, "jpg", 3), storage.Meta{ContentType: "text/plain"}
	put(t, s, "a.jpg", "words", text)
	if err := s.Put(t.Context(), "a.jpg", strings.NewReader(jpg), asPicture("jpg")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("an image over words: %v; want fs.ErrExist", err)
	}
	put(t, s, "b.jpg", jpg, asPicture("jpg"))
	if err := s.Put(t.Context(), "b.jpg", strings.NewReader("words"), text); !errors.Is(err, fs.ErrExist) {
		t.Errorf("words over an image: %v; want fs.ErrExist", err)
	}
	want := map[string]string{"a.jpg": "words", "b.jpg": jpg}
	check := func(when string) {
		t.Helper()
		var keys []string
		for info, err := range s.List(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, info.Key)
		}
		if slices.Sort(keys); !slices.Equal(keys, []string{"a.jpg", "b.jpg"}) {
			t.Errorf("%s: listed %v", when, keys)
		}
		for key, content := range want {
			if got, _, err := get(t, s, key); err != nil || got != content {
				t.Errorf("%s: %s has %d bytes, %v; want %d", when, key, len(got), err, len(content))
			}
		}
	}
	check("refused")
	over := asPicture("jpg")
	over.Overwrite, text.Overwrite = true, true
	put(t, s, "a.jpg", jpg, over)
	put(t, s, "b.jpg", "words", text)
	want = map[string]string{"a.jpg": jpg, "b.jpg": "words"}
	check("overwritten")
}

// One upload serves every size, and going private ends the addresses: the
// network's copies are invalidated, which the double does at once.
func TestPublicAddresses(t *testing.T) {
	_, s := open(t, cloudinaryblob.Options{Folder: "pictures/", Public: true})
	jpg := picture(t, "jpg", 5)
	before := s.PublicURL("k3v9-512.jpg")
	put(t, s, "k3v9-512.jpg", jpg, asPicture("jpg"))
	addresses := []string{s.PublicURL("k3v9-512.jpg")}
	if before != addresses[0] || !strings.HasSuffix(before, "/image/upload/v1/pictures/k3v9-512-jpg.jpg") {
		t.Errorf("PublicURL %q, before %q", addresses[0], before)
	}
	resp, b := fetch(t, addresses[0])
	if resp.StatusCode != http.StatusOK || string(b) != jpg || resp.Header.Get("Content-Type") != "image/jpeg" {
		t.Errorf("the public address: %s, %d bytes of %s", resp.Status, len(b), resp.Header.Get("Content-Type"))
	}
	for _, size := range []int{1, 32, 256, 2048} {
		u := s.ResizedURL("k3v9-512.jpg", size)
		resp, b := fetch(t, u)
		c, err := jpeg.DecodeConfig(bytes.NewReader(b))
		if resp.StatusCode != http.StatusOK || err != nil || c.Width != size || c.Height != size {
			t.Errorf("%s: %s, %dx%d, %v; want %d", u, resp.Status, c.Width, c.Height, err, size)
		}
		if !strings.Contains(u, "/c_fill,g_face,f_auto,q_auto,w_") {
			t.Errorf("ResizedURL %q", u)
		}
		addresses = append(addresses, u)
	}
	if err := s.Delete(t.Context(), "k3v9-512.jpg"); err != nil {
		t.Fatal(err)
	}
	for _, u := range addresses {
		if resp, _ := fetch(t, u); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s after Delete: %s; want 404", u, resp.Status)
		}
	}
	for _, u := range []string{
		s.PublicURL("../k.jpg"), s.PublicURL("k.svg"), s.PublicURL("K.jpg"), s.PublicURL(""),
		s.ResizedURL("k.jpg", 0), s.ResizedURL("k.jpg", -1), s.ResizedURL("k.jpg", 1<<20), s.ResizedURL("a b.jpg", 10),
	} {
		if u != "" {
			t.Errorf("address %q; want none", u)
		}
	}
}

// The network keeps what it saw, also that there was nothing; Open must not be
// told by it.
func TestOpenPassesTheNetwork(t *testing.T) {
	_, s := open(t, cloudinaryblob.Options{Public: true})
	if resp, _ := fetch(t, s.PublicURL("k.jpg")); resp.StatusCode != http.StatusNotFound {
		t.Fatalf("before Put: %s", resp.Status)
	}
	jpg := picture(t, "jpg", 5)
	put(t, s, "k.jpg", jpg, asPicture("jpg"))
	if got, _, err := get(t, s, "k.jpg"); err != nil || got != jpg {
		t.Errorf("%d bytes, %v; want the picture", len(got), err)
	}
}

func TestS64_PrivateImagesAreNotServed(t *testing.T) {
	server, s := open(t, cloudinaryblob.Options{})
	jpg := picture(t, "jpg", 5)
	put(t, s, "k.jpg", jpg, asPicture("jpg"))
	if u := s.PublicURL("k.jpg") + s.ResizedURL("k.jpg", 64); u != "" {
		t.Errorf("address %q of a private store", u)
	}
	for _, path := range []string{"/image/upload/v1/k-jpg.jpg", "/image/authenticated/v1/k-jpg.jpg", "/image/upload/w_64,h_64/v1/k-jpg.jpg"} {
		if resp, b := fetch(t, server.Delivery()+path); resp.StatusCode < 400 || bytes.Contains(b, []byte(jpg)) {
			t.Errorf("%s: %s with %d bytes", path, resp.Status, len(b))
		}
	}
	u, err := s.SignedURL(t.Context(), "k.jpg", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if resp, b := fetch(t, u); resp.StatusCode != http.StatusOK || string(b) != jpg {
		t.Errorf("the signed address: %s, %d bytes", resp.Status, len(b))
	}
	put(t, s, "l.jpg", picture(t, "jpg", 6), asPicture("jpg"))
	for name, spoiled := range map[string]string{
		"another key":   strings.Replace(u, "public_id=k-jpg", "public_id=l-jpg", 1),
		"a later end":   strings.Replace(u, "expires_at=", "expires_at=9", 1),
		"no signature":  strings.Replace(u, "signature=", "sig=", 1),
		"another type":  strings.Replace(u, "type=authenticated", "type=upload", 1),
		"another owner": strings.Replace(u, "api_key=", "api_key=1", 1),
	} {
		if resp, _ := fetch(t, spoiled); spoiled == u || resp.StatusCode < 400 {
			t.Errorf("%s: %s", name, resp.Status)
		}
	}
	for _, ttl := range []time.Duration{0, time.Millisecond, -time.Hour, time.Hour + 1} {
		if u, err := s.SignedURL(t.Context(), "k.jpg", ttl); err == nil {
			t.Errorf("signed for %v: %q", ttl, u)
		}
	}
	if _, err := s.SignedURL(t.Context(), "words.txt", time.Minute); err == nil {
		t.Error("signed the address of a raw file, which has a line of ours before it")
	}
}

// Cloudinary signs no length and no time below an hour, so its forms are not
// offered.
func TestS65_NoDirectUpload(t *testing.T) {
	_, s := open(t, cloudinaryblob.Options{Public: true})
	if _, ok := any(s).(storage.DirectUploader); ok {
		t.Error("Store is a DirectUploader; Cloudinary cannot keep what one promises")
	}
}

// An account's preset that transforms uploads must not pass for a store.
func TestUploadsThatAreChanged(t *testing.T) {
	server := cloudinarytest.New(t)
	server.Change = func(b []byte) []byte { return b[:len(b)-1] }
	s := on(t, server, cloudinaryblob.Options{})
	var e *cloudinaryblob.Error
	if err := s.Put(t.Context(), "k.jpg", strings.NewReader(picture(t, "jpg", 1)), asPicture("jpg")); !errors.As(err, &e) {
		t.Errorf("Put: %v; want an *Error", err)
	}
	if names := server.Names(); len(names) != 0 {
		t.Errorf("left %v", names)
	}
}

// More than one page, of which the middle one fails once.
func TestListPages(t *testing.T) {
	server, s := open(t, cloudinaryblob.Options{})
	put(t, s, "k.jpg", "x", storage.Meta{ContentType: "image/jpeg"})
	var cursors []string
	server.Misbehave(func(_ int64, w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if !strings.Contains(r.URL.Path, "/resources/raw/") {
			return false
		}
		cursor := r.URL.Query().Get("next_cursor")
		if cursors = append(cursors, cursor); len(cursors) == 2 {
			cloudinarytest.Refuse(w, 500, "General Error")
			return true
		}
		next := map[string]string{"": "one", "one": "two"}[cursor]
		io.WriteString(w, `{"resources":[{"public_id":"k`+cursor+`.bin","bytes":513,"created_at":"2026-01-02T03:04:05Z"},{"public_id":"Foreign"}],"next_cursor":"`+next+`"}`)
		return true
	})
	var keys []string
	for info, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if keys = append(keys, info.Key); info.Size != 1 || info.ModTime.Year() != 2026 {
			t.Errorf("info %+v", info)
		}
	}
	if !slices.Equal(keys, []string{"k", "kone", "ktwo"}) || !slices.Equal(cursors, []string{"", "one", "one", "two"}) {
		t.Errorf("listed %v by the cursors %v", keys, cursors)
	}
}
