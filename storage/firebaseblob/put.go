package firebaseblob

import (
	"context"
	"crypto/rand"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"net/http"
	"time"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

const (
	// putID is the metadata that tells one Put from another.
	putID = "put"
	// tokens is where Firebase keeps the download tokens of an object.
	tokens = "firebaseStorageDownloadTokens"
	// A call is tried three times at most, with a random wait of at most a
	// second between: a store that is overloaded must not be hit harder.
	maxAttempts = 3
	maxBackoff  = time.Second
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Put reads the body twice.
func (s *objects) Put(ctx context.Context, key string, body *blobs.Body, meta storage.Meta) error {
	start, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	// The sum makes the store refuse a body that was cut on its way: it has no
	// length to go by.
	sum := crc32.New(castagnoli)
	if _, err := io.Copy(sum, body); err != nil {
		return err
	}
	id := rand.Text()
	err = try(ctx, func() error {
		if _, err := body.Seek(start, io.SeekStart); err != nil {
			return err
		}
		return s.write(ctx, key, body, meta, id, sum.Sum32())
	})
	if status(err) == http.StatusPreconditionFailed {
		return s.conflict(ctx, key, id)
	}
	return err
}

// write sends the body in one request.
func (s *objects) write(ctx context.Context, key string, body io.Reader, meta storage.Meta, id string, sum uint32) error {
	// Ending the context, rather than closing the writer, gives up an upload.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	o := s.object(key)
	if !meta.Overwrite {
		o = o.If(gcs.Conditions{DoesNotExist: true})
	}
	w := o.NewWriter(ctx)
	w.ChunkSize = 0 // one request, no buffer of 16 MiB
	w.CRC32C, w.SendCRC32C = sum, true
	w.ContentType, w.CacheControl = meta.ContentType, meta.CacheControl
	w.Metadata = map[string]string{putID: id}
	if t := s.token(key); t != "" {
		w.Metadata[tokens] = t
	}
	if _, err := io.Copy(w, body); err != nil {
		return err
	}
	return w.Close()
}

// conflict decides what a refused precondition means. When an answer was lost
// and we tried again, the object that is in the way may be our own.
func (s *objects) conflict(ctx context.Context, key, id string) error {
	var attrs *gcs.ObjectAttrs
	err := try(ctx, func() (err error) {
		attrs, err = s.object(key).Attrs(ctx)
		return err
	})
	switch {
	case err == nil && attrs.Metadata[putID] == id:
		return nil
	case err == nil, errors.Is(err, gcs.ErrObjectNotExist):
		// Missing is one that was deleted since: it was there when asked for.
		return fs.ErrExist
	}
	return err
}

// try calls f until it works or trying again would not help, or ctx ends.
func try(ctx context.Context, f func() error) error {
	for attempt := 1; ; attempt++ {
		err := f()
		if err == nil || attempt == maxAttempts || !passing(err) || ctx.Err() != nil {
			return err
		}
		pause := time.NewTimer(mathrand.N(maxBackoff >> (maxAttempts - 1 - attempt)))
		select {
		case <-ctx.Done():
			pause.Stop()
			return err
		case <-pause.C:
		}
	}
}

// passing reports whether the failure may be gone at the next attempt. One of the body
// may look like that too, and fails again at once.
func passing(err error) bool {
	return gcs.ShouldRetry(err) || status(err) >= 500 || lost(err)
}

// status is the HTTP status in err, or 0.
func status(err error) int {
	var api *googleapi.Error
	if errors.As(err, &api) {
		return api.Code
	}
	return 0
}
