package storagetest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
)

var listCases = []testCase{
	{"ListEverything", listEverything},
	{"ListByPrefix", listByPrefix},
	{"ListOfNothing", func(t testing.TB, s storage.BlobStore) { wantNothingListed(t, s) }},
	{"ListCanStop", listCanStop},
	{"ListAfterDelete", listAfterDelete},
}

var urlCases = []testCase{
	{"PublicURL", publicURL},
	{"SignedURL", signedURL},
}

// listed returns what List yields; ok is false when the store cannot list.
func listed(t testing.TB, s storage.BlobStore, prefix string) (infos map[string]storage.BlobInfo, ok bool) {
	t.Helper()
	l, ok := storage.As[storage.Lister](s)
	if !ok {
		return nil, false
	}
	infos = map[string]storage.BlobInfo{}
	for info, err := range l.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List %q: %v", prefix, err)
		}
		if _, twice := infos[info.Key]; twice {
			t.Errorf("List %q yielded %q twice", prefix, info.Key)
		}
		infos[info.Key] = info
	}
	return infos, true
}

func wantNothingListed(t testing.TB, s storage.BlobStore) {
	t.Helper()
	infos, _ := listed(t, s, "")
	for key := range infos {
		t.Errorf("List yielded %q of a store that holds no blob", key)
	}
}

func listEverything(t testing.TB, s storage.BlobStore) {
	for _, key := range validKeys() {
		put(t, s, key, "body of "+key)
	}
	infos, ok := listed(t, s, "")
	if !ok {
		return
	}
	for _, key := range validKeys() {
		info, there := infos[key]
		if !there {
			t.Errorf("List left out %q", key)
			continue
		}
		if info.Size != int64(len("body of "+key)) || info.ContentType != "" && info.ContentType != "image/jpeg" || info.ModTime.IsZero() {
			t.Errorf("List gave %+v for %q", info, key)
		}
		delete(infos, key)
	}
	for key := range infos {
		t.Errorf("List yielded %q, which was never put", key)
	}
}

func listByPrefix(t testing.TB, s storage.BlobStore) {
	keys := []string{"u/1/a", "u/1/b", "u/10/a", "u1", "v/1/a"}
	for _, key := range keys {
		put(t, s, key, key)
	}
	for _, prefix := range []string{"", "u", "u/", "u/1", "u/1/", "u/1/a", "u/1/a/", "w", "u/1/b", ".", "../", "U", "%"} {
		infos, ok := listed(t, s, prefix)
		if !ok {
			return
		}
		for _, key := range keys {
			if _, got := infos[key]; got != strings.HasPrefix(key, prefix) {
				t.Errorf("List %q has %q: %v", prefix, key, got)
			}
		}
	}
}

func listCanStop(t testing.TB, s storage.BlobStore) {
	l, ok := storage.As[storage.Lister](s)
	if !ok {
		return
	}
	for i := range 10 {
		put(t, s, fmt.Sprintf("k%d", i), "x")
	}
	n := 0
	for _, err := range l.List(t.Context(), "") {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		if n++; n == 3 {
			break
		}
	}
	if n != 3 {
		t.Errorf("List yielded %d of 10 before the loop ended; want 3", n)
	}
	put(t, s, "after", "the store still works")
	wantBody(t, s, "after", "the store still works")
}

func listAfterDelete(t testing.TB, s storage.BlobStore) {
	put(t, s, "a", "x")
	put(t, s, "b", "x")
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	infos, ok := listed(t, s, "")
	if _, there := infos["b"]; ok && (len(infos) != 1 || !there) {
		t.Errorf("List yielded %d blobs; want only b", len(infos))
	}
}

func publicURL(t testing.TB, s storage.BlobStore) {
	u, ok := storage.As[storage.PublicURLer](s)
	if !ok {
		return
	}
	before := u.PublicURL("pub/a.jpg") // the key need not exist
	meta := storage.Meta{ContentType: "image/jpeg", CacheControl: "public, max-age=60"}
	if err := s.Put(t.Context(), "pub/a.jpg", strings.NewReader("public body"), meta); err != nil {
		t.Fatalf("Put: %v", err)
	}
	address := u.PublicURL("pub/a.jpg")
	if address != before {
		t.Errorf("PublicURL changed from %q to %q", before, address)
	}
	if address == "" {
		return // this store does not serve publicly
	}
	if other := u.PublicURL("pub/b.jpg"); other == address {
		t.Errorf("two keys have the address %q", address)
	}
	resp, content := fetch(t, address)
	if resp.StatusCode != http.StatusOK || content != "public body" {
		t.Errorf("GET of the public address: %s %s", resp.Status, brief(content))
	}
	if got := resp.Header.Get("Content-Type"); got != "image/jpeg" {
		t.Errorf("Content-Type %q; want image/jpeg", got)
	}
	if got := resp.Header.Get("Cache-Control"); got != meta.CacheControl {
		t.Errorf("Cache-Control %q; want %q", got, meta.CacheControl)
	}
}

func signedURL(t testing.TB, s storage.BlobStore) {
	u, ok := storage.As[storage.SignedURLer](s)
	if !ok {
		return
	}
	lent, another := picture(t, 1), picture(t, 2)
	for key, content := range map[string]string{"signed/a.jpg": lent, "signed/b.jpg": another} {
		meta := storage.Meta{ContentType: "image/jpeg", CacheControl: "public, max-age=31536000, immutable"}
		if err := s.Put(t.Context(), key, strings.NewReader(content), meta); err != nil {
			t.Fatalf("Put: %v", err)
		}
	}
	address, err := u.SignedURL(t.Context(), "signed/a.jpg", time.Minute)
	if err != nil {
		t.Fatalf("SignedURL: %v", err)
	}
	if resp, content := fetch(t, address); resp.StatusCode != http.StatusOK || content != lent {
		t.Errorf("GET of the signed address: %s, %d bytes; want the %d put", resp.Status, len(content), len(lent))
	}
	moved := strings.Replace(address, "a.jpg", "b.jpg", 1)
	if resp, content := fetch(t, moved); moved != address && content == another {
		t.Errorf("the signature of one key opened another: %s", resp.Status)
	}
	soon, err := u.SignedURL(t.Context(), "signed/a.jpg", time.Second)
	if err != nil {
		t.Fatalf("SignedURL: %v", err)
	}
	// The clock that decides may be another machine's, so ask until it refuses.
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		resp, content := fetch(t, soon)
		if resp.StatusCode >= 400 && content != lent {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("an address signed for 1 s still answers %s after %v", resp.Status, patience)
		}
	}
}

// patience is how long an address may outlive its time, which the clock of
// another machine and its caches decide.
var patience = 30 * time.Second

func fetch(t testing.TB, address string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatalf("the address is no URL: %v", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("GET: %v", err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		t.Fatalf("GET: %v", err)
	}
	return resp, string(content)
}
