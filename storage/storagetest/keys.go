package storagetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage"
)

var keyCases = []testCase{
	{"EveryValidKeyWorks", everyValidKey},
	{"LikeKeysStayApart", likeKeys},
	{"InvalidKeysAreRefused", invalidKeys},
}

// validKeys are at the edges of what storage.ValidKey accepts.
func validKeys() []string {
	return []string{
		"a", "0", "-", "_", "a.b", "a..b", "a.", "a-", "con", "nul.txt", "aux",
		"a/b/c/d/e/f/g", "-rf", "a.tmp", "tmp", "a.meta", "a.json", "index.html",
		"k3v9x2m4q7w8e5r6t1y2u3i4o5-512.jpg",
		strings.Repeat("k", 200),
		strings.Repeat("d/", 99) + "ef",
		strings.Repeat("x", 100) + "/" + strings.Repeat("y", 99),
	}
}

func everyValidKey(t testing.TB, s storage.BlobStore) {
	keys := validKeys()
	for _, key := range keys {
		put(t, s, key, "body of "+key)
	}
	for _, key := range keys {
		got, info := get(t, s, key)
		if string(got) != "body of "+key || info.Key != key {
			t.Errorf("%q: holds %s, info.Key %q", key, brief(string(got)), info.Key)
		}
	}
	for _, key := range keys {
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete %q: %v", key, err)
		}
		wantMissing(t, s, key)
	}
}

// likeKeys: a key may be the beginning of another, also at a slash, which on a
// file system would be a file and a folder of one name.
func likeKeys(t testing.TB, s storage.BlobStore) {
	keys := []string{"a", "a/b", "a/b/c", "a.b", "a-b", "a_b", "ab", "a/b.c", "a/bc", "b/a"}
	for _, key := range keys {
		put(t, s, key, key)
	}
	for i, key := range keys {
		if err := s.Delete(t.Context(), key); err != nil {
			t.Errorf("Delete %q: %v", key, err)
		}
		wantMissing(t, s, key)
		for _, other := range keys[i+1:] {
			wantBody(t, s, other, other)
		}
	}
	put(t, s, "a/b/c", "longest first")
	put(t, s, "a/b", "then the shorter")
	wantBody(t, s, "a/b/c", "longest first")
	wantBody(t, s, "a/b", "then the shorter")
}

func hostileKeys() []string {
	return []string{
		"", ".", "..", "/", "//", "a/", "/a", "a//b", "./a", "../a", "a/../b", "a/..", "a/./b",
		"../../../../etc/passwd", ".hidden", "a/.hidden", "A", "a/B", "a b", " a", "a ", "a\x00b", "a\n",
		`a\b`, `..\a`, "c:a", "a:b", "a%2fb", "%2e%2e/a", "a?b", "a#b", "a*b", "a&b", "a+b", "a,b", "a~", "~a", "$home",
		"é", "ａ", "a\u202eb", "a\xff", "\u212a", "a'b", `a"b`, "<a>", "a|b", "a;b", "`a`", "@a",
		strings.Repeat("k", 201), strings.Repeat("k/", 5000) + "k",
	}
}

func invalidKeys(t testing.TB, s storage.BlobStore) {
	put(t, s, "a", "kept")
	for _, key := range hostileKeys() {
		short := brief(key)
		err := s.Put(t.Context(), key, strings.NewReader("hostile"), storage.Meta{ContentType: "image/jpeg", Overwrite: true})
		if !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("Put %q: %v; want storage.ErrInvalidKey", short, err)
		}
		r, _, err := s.Open(t.Context(), key)
		if err == nil {
			r.Close()
		}
		if !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("Open %q: %v; want storage.ErrInvalidKey", short, err)
		}
		if err := s.Delete(t.Context(), key); !errors.Is(err, storage.ErrInvalidKey) {
			t.Errorf("Delete %q: %v; want storage.ErrInvalidKey", short, err)
		}
		if u, ok := storage.As[storage.PublicURLer](s); ok && u.PublicURL(key) != "" {
			t.Errorf("PublicURL %q is not empty", short)
		}
		if u, ok := storage.As[storage.SignedURLer](s); ok {
			if _, err := u.SignedURL(t.Context(), key, minute); !errors.Is(err, storage.ErrInvalidKey) {
				t.Errorf("SignedURL %q: %v; want storage.ErrInvalidKey", short, err)
			}
		}
	}
	wantBody(t, s, "a", "kept")
}
