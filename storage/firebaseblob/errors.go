package firebaseblob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/profilekit/profilekit/storage"
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
	text := "firebaseblob: " + e.Op + ": "
	switch e.Reason {
	case "":
		text += "the store refuses the request"
	default:
		text += e.Reason
	}
	if e.Status != 0 {
		text += fmt.Sprintf(" (%d)", e.Status)
	}
	return text
}

// failure turns an error of the library into one of package storage.
func failure(ctx context.Context, op string, err error) error {
	if end := ctx.Err(); end != nil {
		return end
	}
	e := &Error{Op: op, Status: status(err)}
	var wait time.Duration
	var api *googleapi.Error
	if errors.As(err, &api) {
		wait = retryAfter(api.Header)
		if len(api.Errors) > 0 {
			e.Reason = api.Errors[0].Reason
		}
	}
	switch {
	case errors.Is(err, gcs.ErrBucketNotExist):
		e.Reason = "no such bucket"
		return e
	case errors.Is(err, gcs.ErrObjectNotExist):
		return fmt.Errorf("firebaseblob: %s: %w", op, fs.ErrNotExist)
	case e.Status == http.StatusInsufficientStorage:
		return fmt.Errorf("firebaseblob: %s: %w", op, storage.ErrFull)
	case e.Status >= 500, e.Status == http.StatusTooManyRequests, e.Status == http.StatusRequestTimeout:
		return &storage.UnavailableError{RetryAfter: wait, Err: e}
	case e.Status == 0 && lost(err):
		return &storage.UnavailableError{Err: fmt.Errorf("firebaseblob: %s: the store did not answer", op)}
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

func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, 3600)) * time.Second
}
