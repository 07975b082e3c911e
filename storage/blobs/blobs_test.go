package blobs_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// scripted is a driver that does what a test says, and counts.
type scripted struct {
	calls int
	put   func(ctx context.Context, body *blobs.Body) error
	open  func(ctx context.Context) (io.ReadCloser, error)
	err   error // of everything else
}

func (s *scripted) Put(ctx context.Context, _ string, body *blobs.Body, _ storage.Meta) error {
	s.calls++
	if s.put == nil {
		return s.err
	}
	return s.put(ctx, body)
}

func (s *scripted) Open(ctx context.Context, _ string) (io.ReadCloser, storage.BlobInfo, error) {
	s.calls++
	if s.open == nil {
		return nil, storage.BlobInfo{}, s.err
	}
	r, err := s.open(ctx)
	return r, storage.BlobInfo{Size: 3}, err
}

func (s *scripted) Delete(context.Context, string) error {
	s.calls++
	return s.err
}

func (s *scripted) page(context.Context, blobs.Page) ([]storage.BlobInfo, string, error) {
	s.calls++
	return []storage.BlobInfo{{Key: "a"}, {Key: "B"}, {Key: "b/c"}, {Key: ".d"}}, "", s.err
}

// everyCall makes each call that a store can have with key, which is also the prefix.
func everyCall(ctx context.Context, b *blobs.Bucket, d *scripted, key string) map[string]error {
	errs := map[string]error{}
	errs["put"] = b.Put(ctx, key, strings.NewReader("x"), storage.Meta{})
	_, _, errs["open"] = b.Open(ctx, key)
	errs["delete"] = b.Delete(ctx, key)
	for _, err := range blobs.List(ctx, b, key, d.page) {
		errs["list"] = err
	}
	_, errs["sign"] = blobs.SignedURL(ctx, b, key, time.Minute, time.Hour, func(context.Context, string, time.Duration) (string, error) {
		d.calls++
		return "", d.err
	})
	_, errs["direct"] = blobs.DirectUpload(ctx, b, storage.DirectUpload{Key: key, ContentType: "image/jpeg", MinBytes: 1, MaxBytes: 2, TTL: time.Second},
		func(context.Context, storage.DirectUpload) (storage.DirectForm, error) {
			d.calls++
			return storage.DirectForm{}, d.err
		})
	return errs
}

func TestNothingReachesTheDriverThatMustNot(t *testing.T) {
	d := &scripted{}
	b := blobs.New("drv", d, blobs.Options{Timeout: time.Minute})
	for call, err := range everyCall(t.Context(), b, d, "../a") {
		if call != "list" && (!errors.Is(err, storage.ErrInvalidKey) || !strings.HasPrefix(err.Error(), "drv: ")) {
			t.Errorf("%s of an invalid key: %v", call, err)
		}
		if call == "list" && err != nil {
			t.Errorf("list of a prefix that no key has: %v", err)
		}
	}
	if got := blobs.PublicURL("../a", func(string) string { d.calls++; return "x" }); got != "" {
		t.Errorf("an invalid key has the address %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, key := range []string{"a", "../a"} {
		for call, err := range everyCall(ctx, b, d, key) {
			if err != context.Canceled {
				t.Errorf("%s of %s with an ended context: %v", call, key, err)
			}
		}
	}
	if d.calls != 0 {
		t.Errorf("the driver was called %d times", d.calls)
	}
}

func TestErrorsNameStoreCallAndKey(t *testing.T) {
	own := errors.New("broken")
	d := &scripted{err: errors.New("the library's own words")}
	var ops []string
	b := blobs.New("drv", d, blobs.Options{Failure: func(op string, _ error) error {
		ops = append(ops, op)
		return own
	}})
	for call, err := range everyCall(t.Context(), b, d, "a/b.jpg") {
		op := call
		if call == "direct" {
			op = "sign"
		}
		if !errors.Is(err, own) || err.Error() != "drv: "+op+" a/b.jpg: broken" {
			t.Errorf("%s: %v", call, err)
		}
	}
	if len(ops) != 6 {
		t.Errorf("translated %v", ops)
	}
	// Errors that package storage has a name for are left as they are.
	for _, known := range []error{fs.ErrExist, storage.ErrFull, &storage.UnavailableError{RetryAfter: 7}, blobs.ErrNoAnswer} {
		d.err, ops = known, nil
		if err := b.Put(t.Context(), "a", strings.NewReader(""), storage.Meta{}); !errors.Is(err, known) || ops != nil {
			t.Errorf("%v: %v, translated %v", known, err, ops)
		}
	}
	d.err = fs.ErrNotExist
	if _, _, err := b.Open(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of a missing key: %v", err)
	}
	if err := b.Delete(t.Context(), "a"); err != nil {
		t.Errorf("Delete of a missing key: %v", err)
	}
}

// A context that ends during a call is what the call fails with, whatever the driver
// makes of it; a store that takes longer than its time is unavailable.
func TestEndsDuringACall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d := &scripted{put: func(context.Context, *blobs.Body) error { cancel(); return fs.ErrExist }}
	b := blobs.New("drv", d, blobs.Options{})
	if err := b.Put(ctx, "a", strings.NewReader(""), storage.Meta{}); err != context.Canceled {
		t.Errorf("Put: %v", err)
	}
	wait := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	slow := &scripted{
		put:  func(ctx context.Context, _ *blobs.Body) error { return wait(ctx) },
		open: func(ctx context.Context) (io.ReadCloser, error) { return nil, wait(ctx) },
	}
	b = blobs.New("drv", slow, blobs.Options{Timeout: time.Millisecond, Failure: func(_ string, err error) error { return err }})
	if err := b.Put(t.Context(), "a", strings.NewReader(""), storage.Meta{}); !errors.Is(err, blobs.ErrNoAnswer) {
		t.Errorf("Put: %v", err)
	}
	if _, _, err := b.Open(t.Context(), "a"); !errors.Is(err, blobs.ErrNoAnswer) {
		t.Errorf("Open: %v", err)
	}
	for _, err := range blobs.List(t.Context(), b, "", func(ctx context.Context, _ blobs.Page) ([]storage.BlobInfo, string, error) { return nil, "", wait(ctx) }) {
		if !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("List: %v", err)
		}
	}
	// A definite answer that comes late is still the answer.
	slow.put = func(ctx context.Context, _ *blobs.Body) error { <-ctx.Done(); return fs.ErrExist }
	if err := b.Put(t.Context(), "a", strings.NewReader(""), storage.Meta{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Put: %v", err)
	}
}

// The reader outlives the time until the first byte, and its errors are named.
func TestReadingOverANetwork(t *testing.T) {
	content := &struct {
		io.Reader
		io.Closer
	}{Closer: io.NopCloser(nil)}
	d := &scripted{open: func(ctx context.Context) (io.ReadCloser, error) {
		content.Reader = io.MultiReader(strings.NewReader("abc"), &lazily{func() error { return ctx.Err() }}, failing{})
		return content, nil
	}}
	b := blobs.New("drv", d, blobs.Options{Timeout: 20 * time.Millisecond})
	r, info, err := b.Open(t.Context(), "k")
	if err != nil || info.Key != "k" {
		t.Fatal(info, err)
	}
	time.Sleep(40 * time.Millisecond)
	got, err := io.ReadAll(r)
	if string(got) != "abc" || !errors.Is(err, errBody) || err.Error() != "drv: read k: the body broke" {
		t.Errorf("read %q, %v", got, err)
	}
	r.Close()
	if r, _, err = blobs.New("drv", d, blobs.Options{}).Open(t.Context(), "k"); err != nil || r != io.ReadCloser(content) {
		t.Errorf("without a Timeout the reader is %T, %v; want the driver's own", r, err)
	}
}

// lazily is a reader without bytes that fails as do says.
type lazily struct{ do func() error }

func (l *lazily) Read([]byte) (int, error) {
	if err := l.do(); err != nil {
		return 0, err
	}
	return 0, io.EOF
}

var errBody = errors.New("the body broke")

type failing struct{ io.Seeker }

func (failing) Read([]byte) (int, error) { return 0, errBody }

// half fails once, in the middle, and would go on if it were asked again.
type half struct {
	*strings.Reader
	failed bool
}

func (h *half) Read(p []byte) (int, error) {
	if h.Len() <= 5 && !h.failed {
		h.failed = true
		return 0, syscall.ENOSPC
	}
	return h.Reader.Read(p[:1])
}

func TestBody(t *testing.T) {
	var kept *blobs.Body
	d := &scripted{put: func(_ context.Context, body *blobs.Body) error {
		kept = body
		io.ReadAll(body)
		if n, err := io.Copy(io.Discard, body); n != 0 || !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("a broken body went on with %d bytes, %v", n, err)
		}
		return errors.New("the connection broke")
	}}
	translated := false
	b := blobs.New("drv", d, blobs.Options{Failure: func(string, error) error { translated = true; return storage.ErrFull }})
	err := b.Put(t.Context(), "k", &half{Reader: strings.NewReader("0123456789")}, storage.Meta{})
	if !errors.Is(err, syscall.ENOSPC) || translated || err.Error() != "drv: put k: reading the body: no space left on device" {
		t.Errorf("Put: %v, translated %v", err, translated)
	}
	if _, err := kept.Read(make([]byte, 1)); err == nil {
		t.Error("the body is read after Put has returned")
	}
	if _, err := kept.Seek(0, io.SeekStart); err == nil {
		t.Error("the body is moved after Put has returned")
	}

	body := bytes.NewReader([]byte("skipped|stored"))
	body.Seek(8, io.SeekStart)
	d.put = func(_ context.Context, body *blobs.Body) error {
		size, err := body.Size()
		r, inMemory := body.InMemory()
		rest, _ := io.ReadAll(body)
		if size != 6 || err != nil || !inMemory || r == nil || string(rest) != "stored" {
			t.Errorf("size %d, %v, in memory %v, rest %q", size, err, inMemory, rest)
		}
		return nil
	}
	if err := b.Put(t.Context(), "k", body, storage.Meta{}); err != nil {
		t.Error(err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	d.put = func(_ context.Context, body *blobs.Body) error {
		cancel()
		_, err := io.ReadAll(body)
		if err != context.Canceled {
			t.Errorf("reading a body whose context ended: %v", err)
		}
		return nil // too late to notice is allowed
	}
	if err := b.Put(ctx, "k", strings.NewReader("x"), storage.Meta{}); err != nil {
		t.Error(err)
	}
}

func TestPages(t *testing.T) {
	pages := map[string]struct {
		keys []string
		next string
		err  error
	}{
		"":  {[]string{"a/1", "A", "b", "a/.x"}, "2", nil},
		"2": {nil, "3", nil},
		"3": {[]string{"a/2"}, "", errBody},
	}
	d := &scripted{}
	b := blobs.New("drv", d, blobs.Options{})
	var got []string
	for info, err := range blobs.List(t.Context(), b, "a/", func(_ context.Context, p blobs.Page) (infos []storage.BlobInfo, next string, err error) {
		for _, key := range pages[p.Token].keys {
			infos = append(infos, storage.BlobInfo{Key: key})
		}
		return infos, pages[p.Token].next, pages[p.Token].err
	}) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, info.Key)
	}
	if want := "a/1 a/2 drv: list a/: the body broke"; strings.Join(got, " ") != want {
		t.Errorf("listed %q; want %q", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got = nil
	for info, err := range blobs.List(ctx, b, "", d.page) {
		if err != nil {
			got = append(got, err.Error())
		} else {
			got = append(got, info.Key)
		}
		cancel()
	}
	if strings.Join(got, " ") != "a context canceled" {
		t.Errorf("listed %q with a context that ends", got)
	}
}

func TestSigning(t *testing.T) {
	b := blobs.New("drv", &scripted{}, blobs.Options{})
	sign := func(_ context.Context, key string, ttl time.Duration) (string, error) {
		return key + " " + ttl.String(), nil
	}
	if got, err := blobs.SignedURL(t.Context(), b, "k", 1900*time.Millisecond, time.Hour, sign); got != "k 1s" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, ttl := range []time.Duration{0, -1, 999 * time.Millisecond, time.Hour + 1} {
		if got, err := blobs.SignedURL(t.Context(), b, "k", ttl, time.Hour, sign); err == nil || got != "" {
			t.Errorf("for %v: %q, %v", ttl, got, err)
		}
	}
	form := func(context.Context, storage.DirectUpload) (storage.DirectForm, error) {
		return storage.DirectForm{URL: "u"}, nil
	}
	good := storage.DirectUpload{Key: "k", ContentType: "image/jpeg", MinBytes: 1, MaxBytes: 2, TTL: time.Second}
	if got, err := blobs.DirectUpload(t.Context(), b, good, form); got.URL != "u" || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	good.MaxBytes = 0
	if got, err := blobs.DirectUpload(t.Context(), b, good, form); got.URL != "" || err == nil {
		t.Errorf("without a range: %+v, %v", got, err)
	}
}

func TestRetryAfter(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "soon": 0, "-1": 0, "0": 0, "7": 7 * time.Second, "99999999999999": time.Hour,
		"Fri, 01 May 2026 12:00:09 GMT": 9 * time.Second, "Fri, 01 May 2026 11:00:00 GMT": 0, "Sat, 02 May 2026 12:00:00 GMT": time.Hour,
	} {
		if got := blobs.RetryAfter(value, at); got != want {
			t.Errorf("%q: %v; want %v", value, got, want)
		}
	}
}
