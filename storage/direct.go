package storage

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// DirectUploader is an ability of a BlobStore, found by As, to which a browser can
// send a file without passing through the host. What arrives is untrusted: it
// is fetched, checked and made anew before anybody sees it.
type DirectUploader interface {
	// DirectUpload signs permission to store one file as r says, once or
	// several times until it ends. It makes no network call unless the
	// credentials need one. A request that Check refuses is its error.
	DirectUpload(ctx context.Context, r DirectUpload) (DirectForm, error)
}

// MaxDirectTTL is the longest that permission to upload may last.
const MaxDirectTTL = 5 * time.Minute

// DirectUpload is what may be uploaded.
type DirectUpload struct {
	// Key is the only key that may be written.
	Key string
	// ContentType is the only type that may be declared, "image/jpeg".
	ContentType string
	// MinBytes and MaxBytes bound the length of the file; MinBytes is at least 1.
	MinBytes, MaxBytes int64
	// TTL is how long the permission lasts, at most MaxDirectTTL.
	TTL time.Duration
}

// Check reports what is wrong with r, or nil.
func (r DirectUpload) Check() error {
	if err := CheckKey(r.Key); err != nil {
		return err
	}
	switch {
	case r.ContentType == "":
		return errors.New("storage: DirectUpload.ContentType is required")
	case r.MinBytes < 1 || r.MaxBytes < r.MinBytes:
		return errors.New("storage: DirectUpload.MinBytes and MaxBytes are not a range from 1")
	case r.TTL <= 0 || r.TTL > MaxDirectTTL:
		return fmt.Errorf("storage: DirectUpload.TTL must be more than 0 and at most %v", MaxDirectTTL)
	}
	return nil
}

// DirectForm is how to send the file.
type DirectForm struct {
	// Method is POST, a multipart form of Fields and then the file in the part
	// FileField, or PUT, the file as the body.
	Method string `json:"method"`
	URL    string `json:"url"`
	// Headers are to be sent as they are.
	Headers   map[string]string `json:"headers"`
	Fields    map[string]string `json:"fields"`
	FileField string            `json:"fileField"`
	// ExpiresAt is when the permission ends.
	ExpiresAt time.Time `json:"expiresAt"`
}
