package cloudinaryblob

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// Error is a refusal that trying again does not help against. It does not hold
// Cloudinary's own words, which have the signed parameters in them.
type Error struct {
	Op     string // "put", "open", …
	Status int    // the HTTP status, also 200
	Reason string // what is wrong, as far as we know
}

func (e *Error) Error() string {
	return fmt.Sprintf("cloudinaryblob: %s: %s (%d)", e.Op, e.Reason, e.Status)
}

const (
	reasonImage = "Cloudinary does not read the file as an image"
	reasonOther = "Cloudinary refuses the request"
)

// reasons are told by the words of Cloudinary's messages, in lower case.
var reasons = []struct{ words, reason string }{
	{"invalid signature", "the signature is wrong: is it the secret of this key?"},
	{"api_key", "the API key is unknown"},
	{"api key", "the API key is unknown"},
	{"stale request", "this machine's clock is more than an hour wrong"},
	{"cloud_name", "the name of the cloud is wrong"},
	{"file size too large", "the file is larger than the account allows"},
	{"invalid image file", reasonImage},
	{"unsupported", reasonImage},
	{"disabled", "the account is disabled"},
}

// Statuses that net/http has no names for.
const statusRateLimited = 420

// refused makes an error of an answer that is none of success.
func (s *Store) refused(op string, status int, h http.Header, message string) error {
	e := &Error{Op: op, Status: status, Reason: reasonOther}
	message = strings.ToLower(message)
	for _, r := range reasons {
		if strings.Contains(message, r.words) {
			e.Reason = r.reason
			break
		}
	}
	switch {
	case status == statusRateLimited, status == http.StatusTooManyRequests:
		e.Reason = "Cloudinary asks for a pause"
	case status >= 500:
		e.Reason = "Cloudinary has trouble"
	case status == http.StatusRequestTimeout, status == http.StatusLocked,
		op == "open" && status/100 == 3: // sent from one place to another more often than is followed
		e.Reason = "Cloudinary is not ready"
	default:
		return e
	}
	return &storage.UnavailableError{RetryAfter: s.retryAfter(h), Err: e}
}

const maxRetryAfter = time.Hour

// retryAfter is what Retry-After says, in seconds or as a date, or else the
// end of the Admin API's hour.
func (s *Store) retryAfter(h http.Header) time.Duration {
	for _, name := range []string{"Retry-After", "X-FeatureRateLimit-Reset"} {
		text := h.Get(name)
		if n, err := strconv.Atoi(text); err == nil && n >= 0 {
			return min(time.Duration(min(n, 3600))*time.Second, maxRetryAfter)
		}
		if at, err := http.ParseTime(text); err == nil {
			return min(max(at.Sub(s.opts.Now()), 0), maxRetryAfter)
		}
	}
	return 0
}

// lost is the error of a request without an answer, or with half of one. The
// client's own error has the address with its signature.
func lost(op string) error {
	return &storage.UnavailableError{Err: fmt.Errorf("cloudinaryblob: %s: Cloudinary did not answer", op)}
}

func misunderstood(op string) error {
	return &storage.UnavailableError{Err: fmt.Errorf("cloudinaryblob: %s: the answer is not one of Cloudinary's", op)}
}

// ended is ctx's own error when it has one, and otherwise err.
func ended(ctx context.Context, err error) error {
	if end := ctx.Err(); err != nil && end != nil {
		return end
	}
	return err
}

func isImageRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == reasonImage
}
