package blobs_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/memblob"
)

// opener opens whatever has its scheme, and keeps the address.
type opener struct {
	scheme string
	err    error
	closed *int
	got    *url.URL
}

func (o *opener) Schemes() []string { return []string{"other", o.scheme} }

func (o *opener) Open(_ context.Context, address *url.URL) (storage.BlobStore, func() error, error) {
	o.got = address
	if o.err != nil {
		return nil, nil, o.err
	}
	return NewMap(), func() error { *o.closed++; return nil }, nil
}

func TestOpen(t *testing.T) {
	closed := 0
	first, second := &opener{scheme: "map", closed: &closed}, &opener{scheme: "map", err: errors.New("never asked")}
	store, done, err := blobs.Open(t.Context(), "MAP://b/p?q=1", first, second)
	if err != nil || first.got.Host != "b" || second.got != nil {
		t.Fatalf("%v, the first got %v, the second %v", err, first.got, second.got)
	}
	if _, ok := storage.As[storage.Lister](store); !ok {
		t.Error("the store has lost an ability")
	}
	if err := done(); err != nil || closed != 1 {
		t.Errorf("closed %d times, %v", closed, err)
	}
}

func TestOpenRefusesWithoutSecrets(t *testing.T) {
	const secret = "hunter2hunter2"
	failing := &opener{scheme: "map", err: errors.New("no such bucket")}
	for address, want := range map[string]string{
		"":                                "not an address",
		"pictures":                        "not an address",
		"/var/lib/" + secret:              "not an address",
		"id:" + secret:                    "not an address",
		secret + ":id":                    "not an address",
		"map:" + secret + "//x":           "not an address",
		"map://key:" + secret + "/@cloud": "not an address",
		"ftp://u:" + secret + "@host/p":   `no store for the scheme "ftp"`,
		"map://u:" + secret + "@host":     "no such bucket",
	} {
		store, done, err := blobs.Open(t.Context(), address, failing)
		if err == nil || store != nil || done != nil {
			t.Errorf("%s: %v, %v", address, store, err)
			continue
		}
		text := err.Error()
		if !strings.HasPrefix(text, "blobs: ") || !strings.Contains(text, want) || strings.Contains(text, secret) || strings.Contains(text, "\n") {
			t.Errorf("%s: %v; want %q", address, err, want)
		}
	}
	if _, _, err := blobs.Open(t.Context(), "map://x"); err == nil {
		t.Error("without an opener: no error")
	}
}

func TestOpenersOfThisProcess(t *testing.T) {
	dir := t.TempDir() + "/pictures"
	for address, want := range map[string]string{
		"mem://": "", "file://" + dir: "",
		"mem://x": "mem://", "mem:///x": "mem://", "mem://?a=b": "mem://",
		"file://" + dir + "?mode=0700": "file:///", "file://" + dir + "#x": "file:///", "file://host" + dir: "file:///",
		"file://u:p@" + dir: "file:///", "file://": "file:///", "file://" + dir + "/no/parent": "cannot be used",
	} {
		store, done, err := blobs.Open(t.Context(), address, memblob.Opener{}, diskblob.Opener{})
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v; want %q", address, err, want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Put(t.Context(), "a", strings.NewReader("x"), storage.Meta{}); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if err := done(); err != nil {
			t.Errorf("%s: closing: %v", address, err)
		}
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}

func TestParametersAndPrefix(t *testing.T) {
	for query, want := range map[string]string{
		"a=1&b=2": "map[a:1 b:2]", "": "map[]", "a=": "map[a:]",
		"a=1&a=2": "a is given twice", "c=1": "none of a, b", "a=%zz": "name=value", "a=1#b": "name=value",
	} {
		u, err := url.Parse("x://h?" + query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := blobs.Parameters(u, "a", "b")
		if text := fmt.Sprint(got, err); !strings.Contains(text, want) {
			t.Errorf("%s: %s; want %s", query, text, want)
		}
	}
	for path, want := range map[string]string{"": "", "/": "", "/pictures": "pictures/", "/a/b/": "a/b/", "a": "a/"} {
		if got := blobs.Prefix(path); got != want {
			t.Errorf("prefix of %q: %q; want %q", path, got, want)
		}
	}
	for prefix, good := range map[string]bool{"": true, "a/": true, "a/b/": true, "a": false, "/": false, "A/": false, "../": false} {
		if err := blobs.CheckPrefix(prefix); (err == nil) != good {
			t.Errorf("%q: %v", prefix, err)
		}
	}
}

func ExampleOpen() {
	ctx := context.Background()
	pics, closePics, err := blobs.Open(ctx, "mem://", memblob.Opener{}, diskblob.Opener{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer closePics()
	fmt.Println(pics.Delete(ctx, "me.jpg"))
	_, _, err = blobs.Open(ctx, "ftp://user:secret@host", memblob.Opener{}, diskblob.Opener{})
	fmt.Println(err)
	// Output:
	// <nil>
	// blobs: this program has no store for the scheme "ftp"
}
