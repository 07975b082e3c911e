package blobs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// ErrNoAnswer: the store did not answer in time, or broke off. It matches
// storage.ErrUnavailable. A driver returns it for an error of its network whose
// text is not to be shown.
var ErrNoAnswer error = &storage.UnavailableError{Err: errors.New("the store did not answer")}

// bodyError is a failure of the reader that Put was given. It must not pass for one
// of the store: a body may well come from a disk of its own that is full.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return "reading the body: " + e.err.Error() }

// Unwrap hides an error that would be read as one of the store.
func (e *bodyError) Unwrap() error {
	if sentinel(e.err) {
		return nil
	}
	return e.err
}

// failed is what the caller is told of err, an error of the driver or nil.
func (b *Bucket) failed(ctx context.Context, op, key string, err error) error {
	if err == nil {
		return nil
	}
	if end := ctx.Err(); end != nil {
		return end
	}
	if b.opts.Failure != nil && !settled(err) {
		err = b.opts.Failure(op, err)
	}
	return b.named(op, key, err)
}

// named says which call of which store failed: "s3blob: put KEY: …". key may be
// empty.
func (b *Bucket) named(op, key string, err error) error {
	return fmt.Errorf("%s: %s: %w", b.name, strings.TrimSuffix(op+" "+key, " "), err)
}

// settled reports whether err needs no translation.
func settled(err error) bool {
	var body *bodyError
	return errors.As(err, &body) || sentinel(err)
}

// sentinel reports whether err matches one of the errors that stores tell.
func sentinel(err error) bool {
	return errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, storage.ErrFull) || errors.Is(err, storage.ErrUnavailable)
}

// isEnd reports whether err tells of a context that ended.
func isEnd(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// maxRetryAfter bounds the wait that a store can ask for.
const maxRetryAfter = time.Hour

// RetryAfter reads the value of an HTTP header Retry-After, seconds or a date, for
// storage.UnavailableError. It is 0 when the value is neither, and an hour at most.
func RetryAfter(value string, now time.Time) time.Duration {
	if n, err := strconv.ParseUint(value, 10, 64); err == nil {
		return time.Duration(min(n, uint64(maxRetryAfter/time.Second))) * time.Second
	}
	at, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

// CheckPrefix reports what is wrong with what is to stand before every key of a
// store: "", or parts of a valid key, each ending with a slash, "pictures/".
func CheckPrefix(prefix string) error {
	if prefix != "" && (!strings.HasSuffix(prefix, "/") || !storage.ValidKey(prefix+"x")) {
		return errors.New("must be lower-case path parts, each ending with a slash, such as pictures/")
	}
	return nil
}
