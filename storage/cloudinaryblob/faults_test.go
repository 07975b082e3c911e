package cloudinaryblob_test

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

	"github.com/profilekit/profilekit/internal/cloudinarytest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/cloudinaryblob"
)

func abort() { panic(http.ErrAbortHandler) }

// first spoils as many requests as times says.
func first(times int64, f func(http.ResponseWriter, *http.Request, http.Handler)) cloudinarytest.Spoil {
	return func(n int64, w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
		if n <= times {
			f(w, r, pass)
		}
		return n <= times
	}
}

// always answers with a status, a body and headers by pairs.
func always(status int, body string, headers ...string) func(http.ResponseWriter, *http.Request, http.Handler) {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		io.Copy(io.Discard, r.Body)
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

const page = "<!DOCTYPE html><html><body><h1>Bad Gateway</h1>"

func TestR24_SpoiledPuts(t *testing.T) {
	t.Parallel()
	stored := func(then func(http.ResponseWriter)) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			pass.ServeHTTP(httptest.NewRecorder(), r)
			then(w)
		}
	}
	within := func(http.ResponseWriter, *http.Request, http.Handler) { abort() }
	for name, c := range map[string]struct {
		times    int64 // how many requests are spoiled
		spoil    func(http.ResponseWriter, *http.Request, http.Handler)
		works    bool          // the put succeeds in the end
		refused  int           // the status of an *Error, without a second attempt
		attempts int64         // at most; 0 is 3
		wait     time.Duration // RetryAfter
	}{
		"cut before the body":   {times: 1, spoil: within, works: true},
		"cut before every body": {times: 99, spoil: within},
		"cut within the body": {times: 1, spoil: func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			io.CopyN(io.Discard, r.Body, 100)
			abort()
		}, works: true},
		"stored, but the answer lost": {times: 1, spoil: stored(func(http.ResponseWriter) { abort() }), works: true},
		"stored, but an error told":   {times: 1, spoil: stored(func(w http.ResponseWriter) { w.WriteHeader(500) }), works: true},
		"stored, but told nothing":    {times: 1, spoil: stored(func(w http.ResponseWriter) { io.WriteString(w, "{}") }), works: true},
		"stored, but half an answer":  {times: 1, spoil: stored(func(w http.ResponseWriter) { io.WriteString(w, `{"public_id":"k-j`) }), works: true},
		"500 once":                    {times: 1, spoil: always(500, `{"error":{"message":"General Error"}}`), works: true},
		"500 with {}":                 {times: 99, spoil: always(500, "{}")},
		"200 with {}":                 {times: 99, spoil: always(200, "{}")},
		"200 with null":               {times: 99, spoil: always(200, "null")},
		"200 with a list":             {times: 99, spoil: always(200, "[]")},
		"200 with an empty error":     {times: 99, spoil: always(200, `{"error":{}}`)},
		"200 with an error":           {times: 99, spoil: always(200, `{"error":{"message":"Invalid Signature abc"}}`), refused: 200},
		"200 with HTML":               {times: 99, spoil: always(200, page)},
		"502 with HTML":               {times: 99, spoil: always(502, page)},
		"503 with Retry-After":        {times: 99, spoil: always(503, page, "Retry-After", "7"), attempts: 1, wait: 7 * time.Second},
		"420":                         {times: 99, spoil: always(420, `{"error":{"message":"Rate Limited"}}`)},
		"420 with Retry-After":        {times: 99, spoil: always(420, `{"error":{"message":"Rate Limited"}}`, "Retry-After", "42"), attempts: 1, wait: 42 * time.Second},
		"420 with no time, twice":     {times: 2, spoil: always(420, "{}", "Retry-After", "0"), works: true},
		"429 with an absurd time":     {times: 99, spoil: always(429, "", "Retry-After", "999999999"), attempts: 1, wait: time.Hour},
		"420 of the Admin API's hour": {
			times: 99, spoil: always(420, "{}", "X-FeatureRateLimit-Reset", time.Now().Add(24*time.Hour).UTC().Format(http.TimeFormat)),
			attempts: 1, wait: time.Hour,
		},
		"401":                 {times: 99, spoil: always(401, `{"error":{"message":"Unknown API key"}}`), refused: 401},
		"401 with HTML":       {times: 99, spoil: always(401, page), refused: 401},
		"400 with {}":         {times: 99, spoil: always(400, "{}"), refused: 400},
		"403":                 {times: 99, spoil: always(403, `{"error":{"message":"disabled account"}}`), refused: 403},
		"404":                 {times: 99, spoil: always(404, page), refused: 404},
		"a redirect of files": {times: 99, spoil: always(307, "", "Location", "http://127.0.0.1:1/"), refused: 307},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, s := open(t, cloudinaryblob.Options{})
			jpg := picture(t, "jpg", 7)
			blobs := map[string]string{"k.jpg": jpg}
			if c.works {
				blobs["words.txt"] = strings.Repeat("words ", 1000)
			}
			for key, content := range blobs {
				server.Misbehave(first(c.times, c.spoil))
				err := s.Put(t.Context(), key, strings.NewReader(content), asPicture("jpg"))
				n := server.Requests()
				server.Misbehave(nil)
				var refusal *cloudinaryblob.Error
				var unavailable *storage.UnavailableError
				switch {
				case c.works:
					if err != nil {
						t.Errorf("Put: %v", err)
					}
				case c.refused != 0:
					if !errors.As(err, &refusal) || refusal.Status != c.refused || errors.Is(err, storage.ErrUnavailable) || errors.Is(err, fs.ErrNotExist) {
						t.Errorf("Put: %v; want an *Error with status %d", err, c.refused)
					}
					c.attempts = 1
				default:
					if !errors.As(err, &unavailable) || unavailable.RetryAfter != c.wait {
						t.Errorf("Put: %v; want ErrUnavailable after %v", err, c.wait)
					}
				}
				most := max(c.attempts, 1)
				if c.attempts == 0 {
					most = 3
				}
				if !c.works && n > most {
					t.Errorf("%d requests; want at most %d", n, most)
				}
				discreet(t, server, err)
				got, _, err := get(t, s, key)
				switch {
				case c.works && (err != nil || got != content):
					t.Errorf("%s: %d bytes, %v; want it whole", key, len(got), err)
				case !c.works && !errors.Is(err, fs.ErrNotExist):
					t.Errorf("%s: %v; want fs.ErrNotExist", key, err)
				}
			}
		})
	}
}

// discreet: no error may hold what signs or where it was sent.
func discreet(t *testing.T, server *cloudinarytest.Server, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, secret := range []string{server.Secret, server.Key, server.URL, "signature=", "api_key="} {
		if text := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(text, secret) {
			t.Errorf("the error holds %q: %s", secret, text)
		}
	}
}

// The blob of another Put stays: an answer that was lost must not make theirs
// look like ours, not even when it is the same picture.
func TestR24_LostAnswerAndSomebodyElsesBlob(t *testing.T) {
	server, s := open(t, cloudinaryblob.Options{})
	jpg := picture(t, "jpg", 7)
	for key, content := range map[string]string{"k.jpg": jpg, "words.txt": "words"} {
		theirs := false
		server.Misbehave(func(n int64, _ http.ResponseWriter, r *http.Request, pass http.Handler) bool {
			if n > 1 {
				return false // theirs, and our second attempt
			}
			if err := s.Put(r.Context(), key, strings.NewReader(content), asPicture("jpg")); err == nil {
				theirs = true
			}
			panic(http.ErrAbortHandler)
		})
		err := s.Put(t.Context(), key, strings.NewReader(content), asPicture("jpg"))
		server.Misbehave(nil)
		if !errors.Is(err, fs.ErrExist) || !theirs {
			t.Errorf("%s: Put: %v, theirs %v; want fs.ErrExist", key, err, theirs)
		}
		if got, _, err := get(t, s, key); err != nil || got != content {
			t.Errorf("%s: %d bytes, %v; want theirs", key, len(got), err)
		}
	}
}

// When it cannot be known whether the key has another blob, the picture is
// withdrawn.
func TestR24_NoLookAtTheOtherKind(t *testing.T) {
	server, s := open(t, cloudinaryblob.Options{})
	server.Misbehave(func(_ int64, w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if strings.HasSuffix(r.URL.Path, "/raw/download") {
			w.WriteHeader(500)
			return true
		}
		return false
	})
	err := s.Put(t.Context(), "k.jpg", strings.NewReader(picture(t, "jpg", 7)), asPicture("jpg"))
	if !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Put: %v; want ErrUnavailable", err)
	}
	if names := server.Names(); len(names) != 0 {
		t.Errorf("left %v", names)
	}
}

func TestR23_NobodyAnswers(t *testing.T) {
	t.Parallel()
	server, s := open(t, cloudinaryblob.Options{})
	server.Close()
	start := time.Now()
	for name, call := range calls(s) {
		err := call(t.Context())
		if !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: %v; want ErrUnavailable", name, err)
		}
		discreet(t, server, err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("four calls took %v; want less than 5 s each", took)
	}
}

func calls(s *cloudinaryblob.Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Put": func(ctx context.Context) error {
			return s.Put(ctx, "k.jpg", strings.NewReader("x"), storage.Meta{ContentType: "image/jpeg"})
		},
		"Open": func(ctx context.Context) error {
			r, _, err := s.Open(ctx, "k.jpg")
			if err == nil {
				r.Close()
			}
			return err
		},
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, "k.jpg") },
		"List": func(ctx context.Context) error {
			for _, err := range s.List(ctx, "") {
				return err
			}
			return nil
		},
	}
}

// A store that never answers is left at the timeout, and at the caller's end.
func TestR24_Silence(t *testing.T) {
	t.Parallel()
	server, s := open(t, cloudinaryblob.Options{Timeout: 300 * time.Millisecond})
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	server.Misbehave(func(_ int64, _ http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		io.Copy(io.Discard, r.Body)
		select {
		case <-release:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	})
	for name, call := range calls(s) {
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

// What Open, Delete and List are told.
func TestR24_SpoiledCalls(t *testing.T) {
	t.Parallel()
	_, healthy := open(t, cloudinaryblob.Options{})
	if err := calls(healthy)["Put"](t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		status  int
		body    string
		refused bool
	}{
		"500 with {}":       {500, "{}", false},
		"503 with HTML":     {503, page, false},
		"420":               {420, `{"error":{"message":"Rate Limited"}}`, false},
		"401":               {401, `{"error":{"message":"Invalid Signature abc"}}`, true},
		"401 with HTML":     {401, page, true},
		"204 of no content": {204, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, s := open(t, cloudinaryblob.Options{})
			for op, call := range calls(s) {
				server.Misbehave(first(99, always(c.status, c.body)))
				err := call(t.Context())
				var e *cloudinaryblob.Error
				if c.refused != (errors.As(err, &e) && !errors.Is(err, storage.ErrUnavailable)) || !c.refused && !errors.Is(err, storage.ErrUnavailable) {
					t.Errorf("%s: %v; want it refused: %v", op, err, c.refused)
				}
				if errors.Is(err, fs.ErrNotExist) || server.Requests() > 3 || c.refused && server.Requests() != 1 {
					t.Errorf("%s: %v after %d requests", op, err, server.Requests())
				}
				discreet(t, server, err)
			}
		})
	}
}

// A reader that is slower than Timeout still gets the whole blob, and one whose
// connection breaks is told so.
func TestR24_Reading(t *testing.T) {
	t.Parallel()
	// The timeout is long beside what a busy machine takes to begin an answer.
	const timeout = 3 * time.Second
	server, s := open(t, cloudinaryblob.Options{Timeout: timeout})
	body := strings.Repeat("x", 1<<20)
	for _, key := range []string{"k.txt", "cut.txt"} {
		server.Misbehave(nil)
		put(t, s, key, body, storage.Meta{ContentType: "text/plain"})
		server.Misbehave(func(_ int64, w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
			rec := httptest.NewRecorder()
			pass.ServeHTTP(rec, r)
			for name := range rec.Header() {
				w.Header().Set(name, rec.Header().Get(name))
			}
			b := rec.Body.Bytes()
			w.Write(b[:len(b)/2])
			w.(http.Flusher).Flush()
			if key == "cut.txt" {
				abort()
			}
			time.Sleep(timeout + timeout/6)
			w.Write(b[len(b)/2:])
			return true
		})
		got, _, err := get(t, s, key)
		switch {
		case key == "k.txt" && (err != nil || got != body):
			t.Errorf("read %d bytes, %v; want all", len(got), err)
		case key == "cut.txt" && !errors.Is(err, storage.ErrUnavailable):
			t.Errorf("read %d bytes, %v; want ErrUnavailable", len(got), err)
		}
	}
}

// An answer without a length, and one that is not what it says.
func TestR24_ForeignAnswers(t *testing.T) {
	server, s := open(t, cloudinaryblob.Options{})
	jpg := picture(t, "jpg", 7)
	put(t, s, "k.jpg", jpg, asPicture("jpg"))
	server.Misbehave(func(_ int64, w http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		w.(http.Flusher).Flush()
		io.WriteString(w, jpg)
		return true
	})
	if got, info, err := get(t, s, "k.jpg"); err != nil || got != jpg || info.Size != int64(len(jpg)) {
		t.Errorf("without a length: %d bytes, %+v, %v", len(got), info, err)
	}
	for name, content := range map[string]string{
		"words": page, "many words": strings.Repeat(page, 100), "nothing": "", "JSON": "{}" + strings.Repeat(" ", 600),
		"another length": `{"format":"profilekit 1","size":7}` + strings.Repeat(" ", 600),
	} {
		server.Misbehave(first(99, always(200, content)))
		if got, _, err := get(t, s, "k.txt"); err == nil {
			t.Errorf("%s: read %q; want an error", name, got)
		}
	}
}
