package storagetest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/iotest"
	"time"

	"github.com/profilekit/profilekit/storage"
)

var putCases = []testCase{
	{"PutThenOpen", putThenOpen},
	{"MetaIsKept", metaIsKept},
	{"OpenMissing", openMissing},
	{"EmptyBody", emptyBody},
	{"TenMiB", tenMiB},
	{"BodyFromItsPosition", bodyFromItsPosition},
	{"BodyInSmallReads", bodyInSmallReads},
	{"BodyIsCopied", bodyIsCopied},
	{"PutExistingIsRefused", putExisting},
	{"OverwriteReplaces", overwriteReplaces},
	{"OverwriteOfNothingCreates", overwriteCreates},
	{"DeleteRemoves", deleteRemoves},
	{"DeleteMissing", deleteMissing},
	{"PutAfterDelete", putAfterDelete},
	{"ReadersAreIndependent", readersAreIndependent},
}

func putThenOpen(t testing.TB, s storage.BlobStore) {
	put(t, s, "k3v9.jpg", "hello, blob")
	r, info, err := s.Open(t.Context(), "k3v9.jpg")
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer r.Close()
	got, err := io.ReadAll(r)
	if err != nil || string(got) != "hello, blob" {
		t.Fatalf("read %q, %v", got, err)
	}
	if info.Key != "k3v9.jpg" || info.Size != int64(len("hello, blob")) {
		t.Errorf("info has key %q and size %d", info.Key, info.Size)
	}
	// A day of tolerance: the store's clock may be another machine's.
	if age := time.Since(info.ModTime); age < -24*time.Hour || age > 24*time.Hour {
		t.Errorf("ModTime %v is %v away from now", info.ModTime, age)
	}
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func metaIsKept(t testing.TB, s storage.BlobStore) {
	metas := map[string]storage.Meta{
		"a.jpg": {ContentType: "image/jpeg", CacheControl: "public, max-age=31536000, immutable"},
		"a.png": {ContentType: "image/png"},
		// The type is what Put was told, not what the name suggests.
		"b.jpg": {ContentType: "application/octet-stream", CacheControl: "no-store"},
		"noext": {ContentType: "image/webp", CacheControl: "private"},
	}
	for key, meta := range metas {
		if err := s.Put(t.Context(), key, bytes.NewReader([]byte(key)), meta); err != nil {
			t.Fatalf("Put %s: %v", key, err)
		}
	}
	for key, meta := range metas {
		_, info := get(t, s, key)
		if info.ContentType != meta.ContentType || info.CacheControl != meta.CacheControl {
			t.Errorf("%s: type %q, cache %q; want %q, %q", key, info.ContentType, info.CacheControl, meta.ContentType, meta.CacheControl)
		}
	}
}

func openMissing(t testing.TB, s storage.BlobStore) {
	wantMissing(t, s, "never-put.jpg")
	put(t, s, "there.jpg", "x")
	wantMissing(t, s, "there.jp")
	wantMissing(t, s, "there.jpgx")
	wantMissing(t, s, "there.jpg/x")
	wantMissing(t, s, "dir/there.jpg")
}

func emptyBody(t testing.TB, s storage.BlobStore) {
	put(t, s, "empty", "")
	if body, info := get(t, s, "empty"); len(body) != 0 || info.Size != 0 {
		t.Errorf("read %d bytes, size %d; want 0", len(body), info.Size)
	}
}

func tenMiB(t testing.TB, s storage.BlobStore) {
	want := pattern(10<<20, 7)
	if err := s.Put(t.Context(), "big", bytes.NewReader(want), storage.Meta{ContentType: "image/png"}); err != nil {
		t.Fatalf("Put: %v", err)
	}
	body, info := get(t, s, "big")
	if !bytes.Equal(body, want) || info.Size != int64(len(want)) {
		t.Errorf("read %d bytes, size %d; want the %d bytes put", len(body), info.Size, len(want))
	}
}

func bodyFromItsPosition(t testing.TB, s storage.BlobStore) {
	body := bytes.NewReader([]byte("skipped|stored"))
	if _, err := body.Seek(int64(len("skipped|")), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "tail", body, storage.Meta{ContentType: "text/plain"}); err != nil {
		t.Fatalf("Put: %v", err)
	}
	wantBody(t, s, "tail", "stored")
}

func bodyInSmallReads(t testing.TB, s storage.BlobStore) {
	want := pattern(3000, 1)
	for key, wrap := range map[string]func(io.Reader) io.Reader{
		"one-byte": iotest.OneByteReader,
		"half":     iotest.HalfReader,
		"data-err": iotest.DataErrReader, // the last bytes come with io.EOF
	} {
		inner := bytes.NewReader(want)
		if err := s.Put(t.Context(), key, &body{Reader: wrap(inner), Seeker: inner}, storage.Meta{ContentType: "image/png"}); err != nil {
			t.Fatalf("Put of a %s reader: %v", key, err)
		}
		wantBody(t, s, key, string(want))
	}
}

func bodyIsCopied(t testing.TB, s storage.BlobStore) {
	buf := []byte("as it was")
	if err := s.Put(t.Context(), "copied", bytes.NewReader(buf), storage.Meta{ContentType: "text/plain"}); err != nil {
		t.Fatalf("Put: %v", err)
	}
	copy(buf, "scribble!")
	wantBody(t, s, "copied", "as it was")
	got, _ := get(t, s, "copied")
	copy(got, "scribble!")
	wantBody(t, s, "copied", "as it was")
}

func putExisting(t testing.TB, s storage.BlobStore) {
	meta := storage.Meta{ContentType: "image/jpeg", CacheControl: "immutable"}
	if err := s.Put(t.Context(), "taken", bytes.NewReader([]byte("first")), meta); err != nil {
		t.Fatalf("Put: %v", err)
	}
	err := s.Put(t.Context(), "taken", bytes.NewReader([]byte("second, longer")), storage.Meta{ContentType: "image/png"})
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("second Put: %v; want fs.ErrExist", err)
	}
	wantBody(t, s, "taken", "first")
	if _, info := get(t, s, "taken"); info.ContentType != "image/jpeg" || info.CacheControl != "immutable" {
		t.Errorf("the refused Put changed the meta to %q, %q", info.ContentType, info.CacheControl)
	}
}

func overwriteReplaces(t testing.TB, s storage.BlobStore) {
	put(t, s, "replaced", "the first body is the longer one")
	meta := storage.Meta{ContentType: "image/png", CacheControl: "no-cache", Overwrite: true}
	if err := s.Put(t.Context(), "replaced", bytes.NewReader([]byte("second")), meta); err != nil {
		t.Fatalf("Put with Overwrite: %v", err)
	}
	wantBody(t, s, "replaced", "second")
	_, info := get(t, s, "replaced")
	if info.ContentType != "image/png" || info.CacheControl != "no-cache" || info.Size != 6 {
		t.Errorf("info is %+v; want that of the second Put", info)
	}
}

func overwriteCreates(t testing.TB, s storage.BlobStore) {
	err := s.Put(t.Context(), "fresh", bytes.NewReader([]byte("new")), storage.Meta{ContentType: "text/plain", Overwrite: true})
	if err != nil {
		t.Fatalf("Put with Overwrite: %v", err)
	}
	wantBody(t, s, "fresh", "new")
}

func deleteRemoves(t testing.TB, s storage.BlobStore) {
	put(t, s, "gone", "x")
	put(t, s, "gone2", "kept")
	if err := s.Delete(t.Context(), "gone"); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantMissing(t, s, "gone")
	wantBody(t, s, "gone2", "kept")
}

func deleteMissing(t testing.TB, s storage.BlobStore) {
	if err := s.Delete(t.Context(), "never-put"); err != nil {
		t.Errorf("Delete of a missing key: %v", err)
	}
	put(t, s, "twice", "x")
	for i := range 2 {
		if err := s.Delete(t.Context(), "twice"); err != nil {
			t.Errorf("Delete number %d: %v", i+1, err)
		}
	}
	if err := s.Delete(t.Context(), "no/such/folder"); err != nil {
		t.Errorf("Delete of a missing key with slashes: %v", err)
	}
}

func putAfterDelete(t testing.TB, s storage.BlobStore) {
	put(t, s, "again", "first")
	if err := s.Delete(t.Context(), "again"); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	put(t, s, "again", "second")
	wantBody(t, s, "again", "second")
}

func readersAreIndependent(t testing.TB, s storage.BlobStore) {
	want := string(pattern(100_000, 3))
	put(t, s, "shared", want)
	first, _, err := s.Open(t.Context(), "shared")
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer first.Close()
	if _, err := io.ReadFull(first, make([]byte, 10)); err != nil {
		t.Fatalf("read: %v", err)
	}
	wantBody(t, s, "shared", want) // a second reader starts at the beginning
	rest, err := io.ReadAll(first)
	if err != nil || string(rest) != want[10:] {
		t.Errorf("the first reader went on with %d bytes, %v; want %d", len(rest), err, len(want)-10)
	}
}
