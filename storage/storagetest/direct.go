package storagetest

import (
	"bytes"
	"io"
	"maps"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage"
)

var directCases = []testCase{
	{"DirectUpload", directUpload},
	{"DirectUploadRefusals", directRefusals},
	{"DirectUploadEnds", directEnds},
	{"DirectUploadBadRequests", directBadRequests},
}

func permission(t testing.TB, s storage.BlobStore, key string, ttl time.Duration) (storage.DirectForm, bool) {
	t.Helper()
	d, ok := storage.As[storage.DirectUploader](s)
	if !ok {
		return storage.DirectForm{}, false
	}
	form, err := d.DirectUpload(t.Context(), storage.DirectUpload{
		Key: key, ContentType: "image/jpeg", MinBytes: 4, MaxBytes: 64, TTL: ttl,
	})
	if err != nil {
		t.Fatalf("DirectUpload: %v", err)
	}
	if left := time.Until(form.ExpiresAt); left < ttl-time.Minute || left > ttl+time.Minute {
		t.Errorf("ExpiresAt is in %v; want about %v", left, ttl)
	}
	return form, true
}

// send does as the form says, as a browser would.
func send(t testing.TB, f storage.DirectForm, content string) (status int, answer string) {
	t.Helper()
	var body bytes.Buffer
	contentType := f.Headers["Content-Type"]
	switch f.Method {
	case http.MethodPut:
		body.WriteString(content)
	case http.MethodPost:
		form := multipart.NewWriter(&body)
		for name, value := range f.Fields {
			if err := form.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
		file, err := form.CreateFormFile(f.FileField, "IMG_0001.jpg")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(file, content); err != nil {
			t.Fatal(err)
		}
		if err := form.Close(); err != nil {
			t.Fatal(err)
		}
		contentType = form.FormDataContentType()
	default:
		t.Fatalf("DirectForm.Method is %q; want POST or PUT", f.Method)
	}
	req, err := http.NewRequestWithContext(t.Context(), f.Method, f.URL, &body)
	if err != nil {
		t.Fatalf("DirectForm.URL: %v", err)
	}
	for name, value := range f.Headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", f.Method, err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, string(text)
}

func directUpload(t testing.TB, s storage.BlobStore) {
	form, ok := permission(t, s, "raw/one.jpg", time.Minute)
	if !ok {
		return
	}
	const content = "sent past the host"
	if status, answer := send(t, form, content); status >= 300 {
		t.Fatalf("the upload is answered %d %s", status, brief(answer))
	}
	body, info := get(t, s, "raw/one.jpg")
	if string(body) != content || info.ContentType != "image/jpeg" {
		t.Errorf("stored %q of type %q; want what was sent, image/jpeg", brief(string(body)), info.ContentType)
	}
}

// Whatever the form does not allow is refused by the store itself, or at least
// never becomes a blob under a key of ours.
func directRefusals(t testing.TB, s storage.BlobStore) {
	put(t, s, "theirs.jpg", "of somebody else")
	for name, c := range map[string]struct {
		content string
		change  func(*storage.DirectForm)
	}{
		"larger":  {content: strings.Repeat("x", 65)},
		"smaller": {content: "x"},
		"empty":   {content: ""},
		"another type": {content: "<html></html>", change: func(f *storage.DirectForm) {
			replaceAll(f, "image/jpeg", "text/html")
		}},
		"another key": {content: "mine now", change: func(f *storage.DirectForm) {
			replaceAll(f, "mine.jpg", "theirs.jpg")
		}},
		"no signature": {content: "unsigned", change: func(f *storage.DirectForm) {
			f.URL, _, _ = strings.Cut(f.URL, "?")
			for field := range f.Fields {
				if strings.Contains(strings.ToLower(field), "signature") {
					delete(f.Fields, field)
				}
			}
		}},
	} {
		form, ok := permission(t, s, "mine.jpg", time.Minute)
		if !ok {
			return
		}
		form.Fields, form.Headers = maps.Clone(form.Fields), maps.Clone(form.Headers)
		if c.change != nil {
			c.change(&form)
		}
		if status, _ := send(t, form, c.content); status < 400 {
			t.Errorf("%s: answered %d; want a refusal", name, status)
		}
		wantMissing(t, s, "mine.jpg")
	}
	wantBody(t, s, "theirs.jpg", "of somebody else")
}

func replaceAll(f *storage.DirectForm, old, with string) {
	f.URL = strings.ReplaceAll(f.URL, old, with)
	for name, value := range f.Fields {
		f.Fields[name] = strings.ReplaceAll(value, old, with)
	}
	for name, value := range f.Headers {
		f.Headers[name] = strings.ReplaceAll(value, old, with)
	}
}

func directEnds(t testing.TB, s storage.BlobStore) {
	form, ok := permission(t, s, "late.jpg", time.Second)
	if !ok {
		return
	}
	// The clock that decides may be another machine's, so ask until it refuses.
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		status, _ := send(t, form, "too late?")
		if status >= 400 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("permission for 1 s still answers %d after %v", status, patience)
		}
	}
}

func directBadRequests(t testing.TB, s storage.BlobStore) {
	d, ok := storage.As[storage.DirectUploader](s)
	if !ok {
		return
	}
	good := storage.DirectUpload{Key: "k.jpg", ContentType: "image/jpeg", MinBytes: 1, MaxBytes: 10, TTL: time.Minute}
	for name, change := range map[string]func(*storage.DirectUpload){
		"key":     func(r *storage.DirectUpload) { r.Key = "../up" },
		"type":    func(r *storage.DirectUpload) { r.ContentType = "" },
		"range":   func(r *storage.DirectUpload) { r.MaxBytes = 0 },
		"ttl":     func(r *storage.DirectUpload) { r.TTL = storage.MaxDirectTTL + time.Second },
		"no ttl":  func(r *storage.DirectUpload) { r.TTL = 0 },
		"minimum": func(r *storage.DirectUpload) { r.MinBytes = 0 },
	} {
		r := good
		change(&r)
		if _, err := d.DirectUpload(t.Context(), r); err == nil {
			t.Errorf("DirectUpload with a bad %s: no error", name)
		}
	}
	if _, err := d.DirectUpload(t.Context(), good); err != nil {
		t.Errorf("DirectUpload: %v", err)
	}
}
