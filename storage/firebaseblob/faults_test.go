package firebaseblob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/firebaseblob"
)

func put(ctx context.Context, s *firebaseblob.Store, key, content string) error {
	return s.Put(ctx, key, strings.NewReader(content), storage.Meta{ContentType: "image/jpeg"})
}

func content(t *testing.T, s *firebaseblob.Store, key string) (string, error) {
	t.Helper()
	r, _, err := s.Open(t.Context(), key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

// pair is a store through the faults, and one around them.
func pair(t *testing.T, opts firebaseblob.Options) (*google, *firebaseblob.Store, *firebaseblob.Store) {
	t.Helper()
	g := newGoogle(t)
	around := bucket(t, g.client(t, g.upstream))
	return g, open(t, g.client(t, "").Bucket(around.BucketName()), opts), open(t, around, opts)
}

func TestR24_SpoiledPuts(t *testing.T) {
	type spoiler func(w http.ResponseWriter, r *http.Request, pass http.Handler)
	abort := func() { panic(http.ErrAbortHandler) }
	for name, c := range map[string]struct {
		times int64 // how many requests are spoiled
		spoil spoiler
		works bool // the put succeeds, and the blob is there
	}{
		"cut before the body":   {1, func(http.ResponseWriter, *http.Request, http.Handler) { abort() }, true},
		"cut before every body": {99, func(http.ResponseWriter, *http.Request, http.Handler) { abort() }, false},
		"cut within the body": {1, func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			io.CopyN(io.Discard, r.Body, 100)
			abort()
		}, true},
		"stored, answer lost": {1, func(_ http.ResponseWriter, r *http.Request, p http.Handler) {
			p.ServeHTTP(httptest.NewRecorder(), r)
			abort()
		}, true},
		"stored, but an error told": {1, func(w http.ResponseWriter, r *http.Request, p http.Handler) {
			p.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(500)
		}, true},
		"overloaded once": {1, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(429) }, true},
		"overloaded": {99, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(503)
		}, false},
		"a page of HTML": {99, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(502)
			fmt.Fprint(w, "<html>")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s, around := pair(t, firebaseblob.Options{})
			g.spoil = func(n int64, w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
				if n <= c.times {
					c.spoil(w, r, pass)
				}
				return n <= c.times
			}
			body := strings.Repeat("picture ", 1000)
			err := put(t.Context(), s, "k.jpg", body)
			if c.works != (err == nil) {
				t.Errorf("Put: %v; want it to work: %v", err, c.works)
			}
			if err != nil && (!errors.Is(err, storage.ErrUnavailable) || strings.Contains(err.Error(), g.URL)) {
				t.Errorf("Put: %v; want ErrUnavailable that does not tell the address", err)
			}
			var unavailable *storage.UnavailableError
			if name == "overloaded" && (!errors.As(err, &unavailable) || unavailable.RetryAfter != 7*time.Second) {
				t.Errorf("Put: %#v; want RetryAfter 7 s", err)
			}
			// One more than the attempts is the look at what is in the way.
			if n := g.requests.Load(); n > 4 || !c.works && n != 3 {
				t.Errorf("%d requests; want at most 3 attempts", n)
			}
			got, err := content(t, around, "k.jpg")
			switch {
			case c.works && (err != nil || got != body):
				t.Errorf("the blob is there with %d bytes, %v; want it whole", len(got), err)
			case !c.works && !errors.Is(err, fs.ErrNotExist):
				t.Errorf("Open: %v; want fs.ErrNotExist", err)
			}
		})
	}
}

// An answer that was lost must not make somebody else's blob look like ours.
func TestR24_LostAnswerAndSomebodyElsesBlob(t *testing.T) {
	g, s, around := pair(t, firebaseblob.Options{})
	g.spoil = func(n int64, _ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if n > 1 {
			return false
		}
		if err := put(r.Context(), around, "k.jpg", "theirs"); err != nil {
			t.Error(err)
		}
		panic(http.ErrAbortHandler)
	}
	if err := put(t.Context(), s, "k.jpg", "ours"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Put: %v; want fs.ErrExist", err)
	}
	if got, err := content(t, around, "k.jpg"); got != "theirs" || err != nil {
		t.Errorf("stored %q, %v; want theirs", got, err)
	}
}

func TestR23_NobodyAnswers(t *testing.T) {
	g, s, _ := pair(t, firebaseblob.Options{})
	g.Close()
	start := time.Now()
	if err := put(t.Context(), s, "k.jpg", "x"); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Put: %v; want ErrUnavailable", err)
	}
	if _, err := content(t, s, "k.jpg"); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Open: %v; want ErrUnavailable", err)
	}
	if err := s.Delete(t.Context(), "k.jpg"); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Delete: %v; want ErrUnavailable", err)
	}
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("three calls took %v; want less than 5 s each", took)
	}
}

// A store that never answers is left at the timeout, and at the caller's end.
func TestR24_Silence(t *testing.T) {
	g, s, _ := pair(t, firebaseblob.Options{Timeout: 300 * time.Millisecond})
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	g.spoil = func(_ int64, _ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		io.Copy(io.Discard, r.Body)
		select {
		case <-release:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	}
	for name, call := range map[string]func(context.Context) error{
		"Put":    func(ctx context.Context) error { return put(ctx, s, "k.jpg", "x") },
		"Open":   func(ctx context.Context) error { _, _, err := s.Open(ctx, "k.jpg"); return err },
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, "k.jpg") },
		"List": func(ctx context.Context) error {
			for _, err := range s.List(ctx, "") {
				return err
			}
			return nil
		},
	} {
		if err := call(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: %v; want ErrUnavailable", name, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if err := call(ctx); err != context.DeadlineExceeded {
			t.Errorf("%s with a context that ends: %v; want context.DeadlineExceeded", name, err)
		}
		cancel()
	}
}

func TestForbidden(t *testing.T) {
	g, s, _ := pair(t, firebaseblob.Options{})
	g.spoil = func(_ int64, w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(403)
		fmt.Fprint(w, `{"error":{"code":403,"message":"m","errors":[{"reason":"forbidden","message":"m"}]}}`)
		return true
	}
	var e *firebaseblob.Error
	if err := put(t.Context(), s, "k.jpg", "x"); !errors.As(err, &e) || e.Status != 403 || e.Reason != "forbidden" {
		t.Errorf("Put: %v; want an Error with 403 and forbidden", err)
	}
	if n := g.requests.Load(); n != 1 {
		t.Errorf("%d requests; a refusal is final", n)
	}
}
