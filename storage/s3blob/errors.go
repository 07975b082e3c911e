package s3blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// Error is a refusal that trying again does not help against: most often a
// missing permission or bucket. It does not hold the SDK's error, whose text
// has the address of the request.
type Error struct {
	Op     string // "put", "open", …
	Status int    // the HTTP status, or 0
	Code   string // the code of the API, such as "AccessDenied", or ""
}

func (e *Error) Error() string {
	text := cmp.Or(e.Code, "the store refuses the request")
	if e.Status != 0 {
		text += fmt.Sprintf(" (%d)", e.Status)
	}
	return text
}

// failure turns an error of the SDK into one of package storage.
func failure(op string, err error) error {
	e := &Error{Op: op, Code: code(err)}
	var wait time.Duration
	var resp *awshttp.ResponseError
	if errors.As(err, &resp) && resp.Response != nil {
		e.Status = resp.HTTPStatusCode()
		wait = blobs.RetryAfter(resp.Response.Header.Get("Retry-After"), time.Now())
	}
	switch {
	case e.Code == "NoSuchBucket":
		return e
	case isMissing(err):
		return fs.ErrNotExist
	case full[e.Code], e.Status == http.StatusInsufficientStorage:
		return storage.ErrFull
	case busy[e.Code], e.Status >= 500, e.Status == http.StatusTooManyRequests, e.Status == http.StatusRequestTimeout:
		return &storage.UnavailableError{RetryAfter: wait, Err: e}
	case e.Code == "" && lost(err):
		return blobs.ErrNoAnswer
	}
	return e
}

// busy are the codes of a store that would do it later, whatever the status.
var busy = map[string]bool{
	"SlowDown": true, "ServiceUnavailable": true, "InternalError": true, "RequestTimeout": true, "Throttling": true,
	"ThrottlingException": true, "RequestLimitExceeded": true, "OperationAborted": true, "ConditionalRequestConflict": true,
	"XMinioServerNotInitialized": true, tidying: true,
}

// tidying is the code of a store that keeps objects as files while it removes a folder
// that has become empty. Names of ours have no folder of their own, see slash, so that
// nothing stands in the way a moment later.
const tidying = "ExistingObjectIsDirectory"

var full = map[string]bool{"QuotaExceeded": true, "XMinioStorageFull": true, "XMinioAdminBucketQuotaExceeded": true}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func isMissing(err error) bool {
	switch code(err) {
	case "NoSuchKey", "NotFound":
		return true
	}
	return false
}

func isConflict(err error) bool {
	switch code(err) {
	case "PreconditionFailed", "ConditionalRequestConflict":
		return true
	}
	return false
}

// lost reports whether there was no answer, or half of one.
func lost(err error) bool {
	var network net.Error
	var sent *smithy.OperationError
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &sent)
}
