package httpadapter

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

const fuzzLimit = 8 << 10

// readForm is what becomes of a body, as the picture's route reads it.
func readForm(t *testing.T, contentType string, body []byte) ([]byte, error) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "PUT", "/api/profile/picture", bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.ContentLength = -1 // as a body in chunks, so that no length refuses it before it is read
	c := &call{app: &App{cfg: settled{Config: Config{HTTP: HTTP{BodyTimeout: time.Minute}}}}, w: &answer{ResponseWriter: httptest.NewRecorder()}, r: r}
	defer c.bodyDone()
	src, err := c.pictureBody(fuzzLimit)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(src)
}

// formMarker stands in everything that is sent and in nothing that is answered.
const formMarker = "Qx7Marker"

// checkFormError fails unless err is one that a client may be told of.
func checkFormError(t *testing.T, err error) {
	t.Helper()
	var tooBig *http.MaxBytesError
	var p *problem
	if !errors.As(err, &tooBig) && !errors.As(err, &p) {
		t.Errorf("%T: %v; want a problem or a limit", err, err)
	}
	if strings.Contains(err.Error(), formMarker) {
		t.Errorf("the error repeats what was sent: %v", err)
	}
}

// FuzzR39_Multipart: whatever a form is made of, there is no panic, no more than the
// limit is read, an error is one of ours and repeats nothing of it; and a form
// that is well made gives its file, whatever that is called.
func FuzzR39_Multipart(f *testing.F) {
	head := "--x\r\nContent-Disposition: form-data; name=\"profile_picture\"; filename=\"" + formMarker + "\"\r\n"
	f.Add([]byte(head+"\r\npicture\r\n--x--\r\n"), "me.jpg", "note")
	f.Add([]byte(head+"Content-Transfer-Encoding: quoted-printable\r\n\r\n=41\r\n--x--"), "../../me.html", "profile_picture ")
	f.Add([]byte(head+"\r\na\r\n"+head+"\r\nb\r\n--x--\r\n"), "\"; name=\"other", "")
	f.Add([]byte(head+strings.Repeat("A: b\r\n", 5000)+"\r\n--x--"), "a\\b", "x\"y")
	f.Add([]byte("--x\r\nContent-Disposition: form-data; name*=utf-8''profile%5fpicture\r\n\r\nb\r\n--x--"), "ä", "ö")
	f.Add([]byte("--x\n\n--x--"), "%00", "\x00")
	f.Fuzz(func(t *testing.T, body []byte, filename, other string) {
		got, err := readForm(t, "multipart/form-data; boundary=x", body)
		if err != nil {
			checkFormError(t, err)
		}
		if len(got) > len(body) || len(got) > fuzzLimit+formOverhead {
			t.Errorf("%d bytes of a picture in a body of %d", len(got), len(body))
		}

		var good bytes.Buffer
		w := multipart.NewWriter(&good)
		if err := w.WriteField(other, formMarker); err != nil {
			t.Skip("no such form can be written")
		}
		part, err := w.CreateFormFile(pictureField, filename)
		if err != nil {
			t.Skip("no such form can be written")
		}
		if _, err := part.Write(body[:min(len(body), fuzzLimit)]); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if other == pictureField || len(filename)+len(other) > fuzzLimit {
			return // two pictures, and headers beyond what is read, are refused
		}
		if strings.ContainsFunc(filename+other, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' }) {
			return // no header may hold these
		}
		if got, err = readForm(t, w.FormDataContentType(), good.Bytes()); err != nil || !bytes.Equal(got, body[:min(len(body), fuzzLimit)]) {
			t.Errorf("file %q after field %q: %d bytes, %v", filename, other, len(got), err)
		}
	})
}

// Forms that no browser sends: refused, in one way, with nothing repeated, and
// without reading on.
func TestS58_P51_MalformedForms(t *testing.T) {
	part := func(headers, body string) string { return "--x\r\n" + headers + "\r\n" + body + "\r\n" }
	const field = "Content-Disposition: form-data; name=\"profile_picture\"\r\n"
	const form = "multipart/form-data; boundary=x"
	for name, f := range map[string]struct{ contentType, body string }{
		"empty":              {form, ""},
		"an end alone":       {form, "--x--\r\n"},
		"no end":             {form, part(field, formMarker)},
		"no end of headers":  {form, "--x\r\n" + field + formMarker},
		"another boundary":   {form, "--" + formMarker + "\r\n" + field + "\r\na\r\n--" + formMarker + "--"},
		"another field":      {form, part("Content-Disposition: form-data; name=\""+formMarker+"\"\r\n", "a") + "--x--"},
		"no field's name":    {form, part("Content-Disposition: form-data\r\n", "a") + "--x--"},
		"an attachment":      {form, part("Content-Disposition: attachment; name=\"profile_picture\"\r\n", "a") + "--x--"},
		"two pictures":       {form, part(field, "a") + part(field, formMarker) + "--x--"},
		"many fields":        {form, strings.Repeat(part("Content-Disposition: form-data; name=\"f\"\r\n", "a"), 11) + part(field, "a") + "--x--"},
		"many fields behind": {form, part(field, "a") + strings.Repeat(part("Content-Disposition: form-data; name=\"f\"\r\n", "a"), 11) + "--x--"},
		"many headers":       {form, part(field+strings.Repeat("X-A: b\r\n", 11_000), "a") + "--x--"},
		"a long header":      {form, part(field+"X-A: "+strings.Repeat("b", 80<<10)+"\r\n", "a") + "--x--"},
		"a broken header":    {form, part(field+formMarker+"\r\n", "a") + "--x--"},
		"too long":           {form, part(field, strings.Repeat("a", 80<<10)) + "--x--"},
		"too long before":    {form, part("Content-Disposition: form-data; name=\"f\"\r\n", strings.Repeat("a", 80<<10)) + part(field, "a") + "--x--"},
		"no boundary":        {"multipart/form-data", part(field, "a") + "--x--"},
		"an empty boundary":  {"multipart/form-data; boundary=\"\"", "--\r\n" + field + "\r\na\r\n----"},
		"a long boundary":    {"multipart/form-data; boundary=" + strings.Repeat("x", 5000), part(field, "a") + "--x--"},
		"mixed":              {"multipart/mixed; boundary=x", part(field, "a") + "--x--"},
		"twice a boundary":   {"multipart/form-data; boundary=x; boundary=y", part(field, "a") + "--x--"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := readForm(t, f.contentType, []byte(f.body))
			if err == nil {
				t.Fatalf("%d bytes were taken", len(got))
			}
			checkFormError(t, err)
		})
	}
}
