package firebaseblob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"time"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Error is a refusal that trying again does not help against: most often a
// missing permission or bucket. It does not hold the library's error, whose
// text has the address of the request.
type Error struct {
	Op     string // "put", "open", …
	Status int    // the HTTP status, or 0
	Reason string // Google's reason, such as "forbidden", or ""
}

func (e *Error) Error() string {
	text := cmp.Or(e.Reason, "the store refuses the request")
	if e.Status != 0 {
		text += fmt.Sprintf(" (%d)", e.Status)
	}
	return text
}

// failure turns an error of the library into one of package storage.
func failure(op string, err error) error {
	var own *Error
	if errors.As(err, &own) {
		return err
	}
	e := &Error{Op: op, Status: status(err)}
	var wait time.Duration
	var api *googleapi.Error
	if errors.As(err, &api) {
		wait = blobs.RetryAfter(api.Header.Get("Retry-After"), time.Now())
		if len(api.Errors) > 0 {
			e.Reason = api.Errors[0].Reason
		}
	}
	switch {
	case errors.Is(err, gcs.ErrBucketNotExist):
		e.Reason = "no such bucket"
		return e
	case errors.Is(err, gcs.ErrObjectNotExist):
		return fs.ErrNotExist
	case e.Status == http.StatusInsufficientStorage:
		return storage.ErrFull
	case e.Status >= 500, e.Status == http.StatusTooManyRequests, e.Status == http.StatusRequestTimeout:
		return &storage.UnavailableError{RetryAfter: wait, Err: e}
	case e.Status == 0 && lost(err):
		return blobs.ErrNoAnswer
	}
	return e
}

// lost reports whether there was no answer, or half of one.
func lost(err error) bool {
	var network net.Error
	var address *url.Error
	return errors.As(err, &network) || errors.As(err, &address) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
