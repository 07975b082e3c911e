package directtest

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/profilekit/profilekit/storage"
)

// Send does as the form says, as a browser would, and returns the status.
func Send(t testing.TB, f storage.DirectForm, file []byte) (status int) {
	t.Helper()
	body, contentType := bytes.NewReader(file), f.Headers["Content-Type"]
	if f.Method == http.MethodPost {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		for name, value := range f.Fields {
			if err := w.WriteField(name, value); err != nil {
				t.Fatal(err)
			}
		}
		part, err := w.CreateFormFile(f.FileField, "IMG_0001.HEIC")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(file); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		body, contentType = bytes.NewReader(form.Bytes()), w.FormDataContentType()
	}
	req, err := http.NewRequestWithContext(t.Context(), f.Method, f.URL, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range f.Headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode
}
