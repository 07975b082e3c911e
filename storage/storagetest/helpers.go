package storagetest

import (
	"errors"
	"image"
	"image/jpeg"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage"
)

// body joins a reader that misbehaves with a seeker.
type body struct {
	io.Reader
	io.Seeker
}

// pattern returns n bytes that differ by place and by seed.
func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	x := uint32(seed) + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

func put(t testing.TB, s storage.BlobStore, key, content string) {
	t.Helper()
	if err := s.Put(t.Context(), key, strings.NewReader(content), storage.Meta{ContentType: "image/jpeg"}); err != nil {
		t.Fatalf("Put %q: %v", key, err)
	}
}

func get(t testing.TB, s storage.BlobStore, key string) ([]byte, storage.BlobInfo) {
	t.Helper()
	r, info, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open %q: %v", key, err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil {
		t.Fatalf("read %q: %v", key, err)
	}
	return got, info
}

func wantBody(t testing.TB, s storage.BlobStore, key, want string) {
	t.Helper()
	got, info := get(t, s, key)
	if string(got) != want {
		t.Errorf("%q holds %s; want %s", key, brief(string(got)), brief(want))
	}
	if info.Size != int64(len(got)) {
		t.Errorf("%q: size %d, but %d bytes were read", key, info.Size, len(got))
	}
}

func wantMissing(t testing.TB, s storage.BlobStore, key string) {
	t.Helper()
	r, _, err := s.Open(t.Context(), key)
	if err == nil {
		r.Close()
		t.Errorf("%q is there; want it missing", key)
		return
	}
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of missing %q: %v; want fs.ErrNotExist", key, err)
	}
}

// picture is a JPEG, with the cache header of package picture the only kind of
// blob that every store can lend.
func picture(t testing.TB, shade byte) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 16, 16))
	for i := range m.Pix {
		m.Pix[i] = shade * byte(i)
	}
	var b strings.Builder
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// brief keeps messages about large bodies readable.
func brief(s string) string {
	if len(s) > 40 {
		return "(" + s[:20] + "…, " + "long)"
	}
	return "(" + s + ")"
}
