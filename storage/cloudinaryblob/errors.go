package cloudinaryblob

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Error is a refusal that trying again does not help against. It does not hold
// Cloudinary's own words, which have the signed parameters in them.
type Error struct {
	Op     string // "put", "open", …
	Status int    // the HTTP status, also 200
	Reason string // what is wrong, as far as we know
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s (%d)", e.Reason, e.Status)
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
func (s *cloud) refused(op string, status int, h http.Header, message string) error {
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

// retryAfter is what Retry-After says, or else the end of the Admin API's hour.
func (s *cloud) retryAfter(h http.Header) time.Duration {
	value := cmp.Or(h.Get("Retry-After"), h.Get("X-FeatureRateLimit-Reset"))
	return blobs.RetryAfter(value, s.opts.Now())
}

// errMisunderstood: what came is no answer of Cloudinary's.
var errMisunderstood error = &storage.UnavailableError{Err: errors.New("the answer is not one of Cloudinary's")}

func isImageRefusal(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Reason == reasonImage
}
