package s3blob_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/profilekit/profilekit/internal/cloudtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/s3blob"
)

// gate stands before a real server and spoils what it is told to.
type gate struct {
	*httptest.Server
	requests atomic.Int64
	// spoil answers a request itself when it returns true; n counts from 1.
	spoil func(n int64, w http.ResponseWriter, r *http.Request, pass http.Handler) bool
}

// faulty returns a store behind a gate that is open, and the client's own way
// around it.
func faulty(t *testing.T, opts s3blob.Options) (*gate, *s3blob.Store, *s3blob.Store) {
	t.Helper()
	server := cloudtest.S3(t)
	upstream, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	// The signature covers the Host header, so it must arrive as it was sent.
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = upstream.Scheme, upstream.Host
		r.Out.Host = r.In.Host
	}, ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { panic(http.ErrAbortHandler) }}
	g := &gate{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := g.requests.Add(1)
		if g.spoil != nil && g.spoil(n, w, r, pass) {
			return
		}
		pass.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Server.Close)
	direct := client(server)
	name := bucket(t, direct)
	around, err := s3blob.New(direct, name, opts)
	if err != nil {
		t.Fatal(err)
	}
	through, err := s3blob.New(client(server, func(o *s3.Options) { o.BaseEndpoint = aws.String(g.URL) }), name, opts)
	if err != nil {
		t.Fatal(err)
	}
	return g, through, around
}

func put(ctx context.Context, s *s3blob.Store, key, content string) error {
	return s.Put(ctx, key, strings.NewReader(content), storage.Meta{ContentType: "image/jpeg"})
}

func content(t *testing.T, s *s3blob.Store, key string) (string, error) {
	t.Helper()
	r, _, err := s.Open(t.Context(), key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	return string(b), err
}

func TestR24_SpoiledPuts(t *testing.T) {
	slowDown := func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>m</Message></Error>`)
	}
	abort := func() { panic(http.ErrAbortHandler) }
	for name, c := range map[string]struct {
		times int64 // how many requests are spoiled
		spoil func(w http.ResponseWriter, r *http.Request, pass http.Handler)
		works bool // the put succeeds in the end
		there bool // the blob is there in the end
	}{
		"while an empty folder is removed": {times: 1, spoil: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(http.StatusConflict)
			fmt.Fprint(w, `<?xml version="1.0"?><Error><Code>ExistingObjectIsDirectory</Code><Message>m</Message></Error>`)
		}, works: true, there: true},
		"cut before the body":   {times: 1, spoil: func(http.ResponseWriter, *http.Request, http.Handler) { abort() }, works: true, there: true},
		"cut before every body": {times: 99, spoil: func(http.ResponseWriter, *http.Request, http.Handler) { abort() }},
		"cut within the body": {times: 1, spoil: func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			io.CopyN(io.Discard, r.Body, 100)
			abort()
		}, works: true, there: true},
		"stored, but the answer lost": {times: 1, spoil: func(_ http.ResponseWriter, r *http.Request, p http.Handler) {
			p.ServeHTTP(httptest.NewRecorder(), r)
			abort()
		}, works: true, there: true},
		"stored, but an error told": {times: 1, spoil: func(w http.ResponseWriter, r *http.Request, p http.Handler) {
			p.ServeHTTP(httptest.NewRecorder(), r)
			w.WriteHeader(500)
		}, works: true, there: true},
		"overloaded once":              {times: 1, spoil: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { slowDown(w) }, works: true, there: true},
		"overloaded":                   {times: 99, spoil: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { slowDown(w) }},
		"internal error without words": {times: 99, spoil: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(500) }},
		"a page of HTML": {times: 99, spoil: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.WriteHeader(502)
			fmt.Fprint(w, "<html>Bad Gateway")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g, s, around := faulty(t, s3blob.Options{})
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
			if err != nil && !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("Put: %v; want ErrUnavailable", err)
			}
			if err != nil && strings.Contains(err.Error(), g.URL) {
				t.Errorf("the error tells the address: %v", err)
			}
			var unavailable *storage.UnavailableError
			if name == "overloaded" && (!errors.As(err, &unavailable) || unavailable.RetryAfter != 7*time.Second) {
				t.Errorf("Put: %#v; want RetryAfter 7 s", err)
			}
			// One more than the attempts is the look at what is in the way.
			if n := g.requests.Load(); n > 4 || !c.works && n > 3 {
				t.Errorf("%d requests; want at most 3 attempts", n)
			}
			got, err := content(t, around, "k.jpg")
			switch {
			case c.there && (err != nil || got != body):
				t.Errorf("the blob is there with %d bytes, %v; want it whole", len(got), err)
			case !c.there && !errors.Is(err, fs.ErrNotExist):
				t.Errorf("Open: %v; want fs.ErrNotExist", err)
			}
		})
	}
}

// The blob of another Put stays: an answer that was lost must not make theirs
// look like ours.
func TestR24_LostAnswerAndSomebodyElsesBlob(t *testing.T) {
	g, s, around := faulty(t, s3blob.Options{})
	g.spoil = func(n int64, w http.ResponseWriter, r *http.Request, _ http.Handler) bool {
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
	g, s, _ := faulty(t, s3blob.Options{})
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
	t.Parallel()
	g, s, _ := faulty(t, s3blob.Options{Timeout: 300 * time.Millisecond})
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
	calls := map[string]func(context.Context) error{
		"Put":    func(ctx context.Context) error { return put(ctx, s, "k.jpg", "x") },
		"Open":   func(ctx context.Context) error { _, _, err := s.Open(ctx, "k.jpg"); return err },
		"Delete": func(ctx context.Context) error { return s.Delete(ctx, "k.jpg") },
		"List": func(ctx context.Context) error {
			for _, err := range s.List(ctx, "") {
				return err
			}
			return nil
		},
	}
	for name, call := range calls {
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

// A reader that is slower than Timeout still gets the whole blob, and one whose
// connection breaks is told so.
func TestR24_Reading(t *testing.T) {
	t.Parallel()
	// The timeout is long beside what a busy machine takes to begin an answer.
	const timeout = 3 * time.Second
	g, s, around := faulty(t, s3blob.Options{Timeout: timeout})
	body := strings.Repeat("x", 1<<20)
	if err := put(t.Context(), around, "k.jpg", body); err != nil {
		t.Fatal(err)
	}
	g.spoil = func(_ int64, w http.ResponseWriter, r *http.Request, pass http.Handler) bool {
		rec := httptest.NewRecorder()
		pass.ServeHTTP(rec, r)
		for name := range rec.Header() {
			w.Header().Set(name, rec.Header().Get(name))
		}
		b := rec.Body.Bytes()
		w.Write(b[:len(b)/2])
		w.(http.Flusher).Flush()
		if strings.Contains(r.URL.Path, "cut") {
			panic(http.ErrAbortHandler)
		}
		time.Sleep(timeout + timeout/6)
		w.Write(b[len(b)/2:])
		return true
	}
	if got, err := content(t, s, "k.jpg"); err != nil || got != body {
		t.Errorf("read %d bytes, %v; want all", len(got), err)
	}
	if err := put(t.Context(), around, "cut.jpg", body); err != nil {
		t.Fatal(err)
	}
	if got, err := content(t, s, "cut.jpg"); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("read %d bytes, %v; want ErrUnavailable", len(got), err)
	}
}

func TestWrongSecretAndBucket(t *testing.T) {
	server := cloudtest.S3(t)
	name := bucket(t, client(server))
	wrong := server
	wrong.SecretKey = "not-the-secret"
	s, err := s3blob.New(client(wrong), name, s3blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var e *s3blob.Error
	if err := put(t.Context(), s, "k.jpg", "x"); !errors.As(err, &e) || e.Code != "SignatureDoesNotMatch" || e.Status != 403 ||
		strings.Contains(err.Error(), wrong.SecretKey) {
		t.Errorf("wrong secret: %v; want an Error with SignatureDoesNotMatch and 403", err)
	}
	s, err = s3blob.New(client(server), "no-such-bucket-here", s3blob.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Open(t.Context(), "k.jpg"); !errors.As(err, &e) || e.Code != "NoSuchBucket" || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no bucket: %v; want an Error with NoSuchBucket, not fs.ErrNotExist", err)
	}
}

func TestNewRefuses(t *testing.T) {
	c := client(cloudtest.S3Server{Endpoint: "http://127.0.0.1:1", Region: "r", AccessKey: "a", SecretKey: "s"})
	for name, opts := range map[string]s3blob.Options{
		"prefix without slash": {Prefix: "pictures"},
		"prefix upwards":       {Prefix: "../"},
		"no address":           {PublicBase: "cdn.example.org"},
		"query":                {PublicBase: "https://cdn.example.org/?a=b"},
	} {
		if _, err := s3blob.New(c, "b", opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := s3blob.New(nil, "b", s3blob.Options{}); err == nil {
		t.Error("nil client: no error")
	}
	s, err := s3blob.New(c, "b", s3blob.Options{PublicBase: "https://cdn.example.org/x/", Prefix: "p/"})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.PublicURL("k.jpg"); got != "https://cdn.example.org/x/p/k.jpg" {
		t.Errorf("PublicURL %q", got)
	}
	if got := s.PublicURL("../k.jpg"); got != "" {
		t.Errorf("PublicURL of a bad key %q", got)
	}
}
