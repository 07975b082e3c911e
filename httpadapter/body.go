package httpadapter

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/profilekit/profilekit/internal/strictjson"
)

// maxBody is the largest JSON body, in bytes.
const maxBody = 64 << 10

// decode reads the JSON body into dst, strictly. readOnly are names that
// exist in the contract but may not be set by this caller.
func (c *call) decode(dst any, readOnly ...string) error {
	data, err := c.json()
	if err != nil {
		return err
	}
	return strictjson.Decode(data, dst, strictjson.Options{ReadOnly: readOnly})
}

// decodeOptional is decode for a body that may be left out.
func (c *call) decodeOptional(dst any) error {
	if c.r.ContentLength == 0 && c.r.Header.Get("Content-Type") == "" {
		return nil
	}
	return c.decode(dst)
}

// json reads a JSON body of at most maxBody bytes.
func (c *call) json() ([]byte, error) {
	if !c.isJSON() {
		return nil, errMediaType
	}
	data, err := io.ReadAll(c.body(maxBody))
	if errors.Is(err, errCutShort) {
		return nil, strictjson.ErrSyntax
	}
	return data, err
}

func (c *call) isJSON() bool {
	if c.r.Header.Get("Content-Encoding") != "" {
		return false
	}
	t, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil {
		return false
	}
	if cs, ok := params["charset"]; ok && !strings.EqualFold(cs, "utf-8") {
		return false
	}
	return t == "application/json" || t == "application/merge-patch+json" && c.r.Method == http.MethodPatch
}

// body is the request's body, cut at limit bytes, at the time by which it must
// have arrived, and at the end of the request's own context: a server that
// stops ends that (http.Server.BaseContext) so that a slow body does not hold
// it up.
func (c *call) body(limit int64) io.Reader {
	// Not every server can set a deadline (httptest.ResponseRecorder); then the
	// request's own context is the bound.
	rc := http.NewResponseController(c.w)
	until := time.Now().Add(c.app.cfg.HTTP.BodyTimeout)
	_ = rc.SetReadDeadline(until)
	c.unhook = context.AfterFunc(c.r.Context(), func() { _ = rc.SetReadDeadline(time.Unix(1, 0)) })
	return &bodyReader{r: http.MaxBytesReader(c.w, c.r.Body, limit), until: until}
}

// bodyDone leaves the connection alone from now on: the next request on it has
// its own deadlines.
func (c *call) bodyDone() {
	if c.unhook != nil {
		c.unhook()
	}
}

// errCutShort: the client closed or reset before the Content-Length that it
// promised, or its chunks are malformed. Whoever still reads the answer learns
// that nothing was done.
var errCutShort = problemf(400, "incomplete_body", "The body ended before its Content-Length or is malformed.")

// bodyReader tells a body that was too slow from a database that was: both are
// deadline errors below. A body that was given up because the server stops is
// the server's fault, not the client's.
type bodyReader struct {
	r     io.Reader
	until time.Time // by which it must have arrived
}

func (b *bodyReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	var tooBig *http.MaxBytesError
	switch {
	case err == nil || err == io.EOF || errors.As(err, &tooBig):
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errBodyTimeout
		if time.Now().Before(b.until) {
			err = unavailable(0)
		}
	default: // its text would name the client's address
		err = errCutShort
	}
	return n, err
}
