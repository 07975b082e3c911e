package storagetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

// watcher is a testing.TB that only notes that a case failed.
type watcher struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (w *watcher) Helper() {}

func (w *watcher) Errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures = append(w.failures, fmt.Sprintf(format, args...))
}

func (w *watcher) Fatalf(format string, args ...any) {
	w.Errorf(format, args...)
	runtime.Goexit()
}

func (w *watcher) Fatal(args ...any) { w.Fatalf("%s", fmt.Sprint(args...)) }

// failingCases runs the named cases, or all when none is named, against stores
// of open and returns those that failed, with their messages.
func failingCases(t *testing.T, open func() storage.BlobStore, names ...string) map[string][]string {
	t.Helper()
	failed := map[string][]string{}
	for _, c := range cases() {
		if len(names) > 0 && !slices.Contains(names, c.name) {
			continue
		}
		w := &watcher{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			c.run(w, open())
		}()
		<-done
		if len(w.failures) > 0 {
			failed[c.name] = w.failures
		}
	}
	return failed
}

func TestSuiteHasManyCasesOfDifferentNames(t *testing.T) {
	var names []string
	for _, c := range cases() {
		names = append(names, c.name)
	}
	slices.Sort(names)
	if len(names) < 30 || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("%d cases: %v", len(names), names)
	}
}

func TestGoodStorePasses(t *testing.T) {
	if failed := failingCases(t, func() storage.BlobStore { return memblob.New(memblob.Options{}) }); len(failed) != 0 {
		t.Errorf("failed: %v", failed)
	}
	if failed := failingCases(t, func() storage.BlobStore { return bare{memblob.New(memblob.Options{})} }); len(failed) != 0 {
		t.Errorf("without the optional methods, failed: %v", failed)
	}
	if failed := failingCases(t, func() storage.BlobStore { return serve(t, memblob.New(memblob.Options{}), "") }); len(failed) != 0 {
		t.Errorf("with addresses, failed: %v", failed)
	}
}

// bare hides all but the methods of a BlobStore.
type bare struct{ storage.BlobStore }

// A store with any of these defects fails the case that is named for it.
func TestBrokenStoresFail(t *testing.T) {
	for _, d := range defects() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			failed := failingCases(t, func() storage.BlobStore { return d.store(memblob.New(memblob.Options{})) }, d.caught...)
			for _, name := range d.caught {
				if len(failed[name]) == 0 {
					t.Errorf("case %s did not see it", name)
				}
			}
		})
	}
}

func TestBrokenAddressesFail(t *testing.T) {
	for defect, name := range map[string]string{
		"type": "PublicURL", "cache": "PublicURL", "unstable": "PublicURL", "same": "PublicURL",
		"empty-body": "PublicURL", "for-ever": "SignedURL", "any-key": "SignedURL", "refused": "SignedURL",
	} {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			failed := failingCases(t, func() storage.BlobStore { return serve(t, memblob.New(memblob.Options{}), defect) }, name)
			if len(failed[name]) == 0 {
				t.Errorf("case %s did not see it", name)
			}
		})
	}
}

// Every case is the one that sees some defect, or it proves nothing.
func TestEveryCaseIsNeeded(t *testing.T) {
	seen := map[string]bool{ // by tests of their own
		"PublicURL": true, "SignedURL": true,
		"DirectUpload": true, "DirectUploadRefusals": true, "DirectUploadEnds": true, "DirectUploadBadRequests": true,
	}
	for _, d := range defects() {
		for _, name := range d.caught {
			seen[name] = true
		}
	}
	for _, c := range cases() {
		if !seen[c.name] {
			t.Errorf("no defect is caught by %s", c.name)
		}
	}
}

// served is a store with public and signed addresses, and maybe a defect.
type served struct {
	*memblob.Store
	base   string
	defect string
	mu     sync.Mutex
	calls  int
}

// soon is how long an address that is signed for a second really lasts here,
// so that the suite does not have to wait for it.
const soon = 300 * time.Millisecond

// A defective store must not cost half a minute either.
func init() { patience = 3 * time.Second }

func serve(t *testing.T, store *memblob.Store, defect string) *served {
	s := &served{Store: store, defect: defect}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.base = server.URL
	return s
}

func (s *served) PublicURL(key string) string {
	if !storage.ValidKey(key) {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	switch s.defect {
	case "unstable":
		return s.base + "/" + key + "?v=" + strconv.Itoa(s.calls)
	case "same":
		return s.base + "/pub/a.jpg"
	}
	return s.base + "/" + key
}

func (s *served) SignedURL(ctx context.Context, key string, ttl time.Duration) (string, error) {
	if err := errors.Join(ctx.Err(), storage.CheckKey(key)); err != nil {
		return "", err
	}
	if ttl <= time.Second {
		ttl = soon
	}
	return fmt.Sprintf("%s/%s?until=%d&for=%s", s.base, key, time.Now().Add(ttl).UnixNano(), strings.ReplaceAll(key, "/", ":")), nil
}

func (s *served) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/")
	if until := r.URL.Query().Get("until"); until != "" {
		nanos, _ := strconv.ParseInt(until, 10, 64)
		if s.defect != "any-key" && strings.ReplaceAll(r.URL.Query().Get("for"), ":", "/") != key || s.defect != "for-ever" && time.Now().UnixNano() > nanos || s.defect == "refused" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
	}
	body, info, err := s.Open(r.Context(), key)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer body.Close()
	w.Header().Set("Content-Type", info.ContentType)
	if s.defect == "type" {
		w.Header().Set("Content-Type", "text/html")
	}
	if s.defect != "cache" {
		w.Header().Set("Cache-Control", info.CacheControl)
	}
	if s.defect != "empty-body" {
		copyAll(w, body)
	}
}
