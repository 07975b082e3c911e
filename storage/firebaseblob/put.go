package firebaseblob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	mathrand "math/rand/v2"
	"net/http"
	"time"

	gcs "cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/profilekit/profilekit/storage"
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

// Put implements storage.BlobStore. The body is read twice.
func (s *Store) Put(ctx context.Context, key string, body io.ReadSeeker, meta storage.Meta) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	start, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("firebaseblob: put: reading the body: %w", err)
	}
	// The sum makes the store refuse a body that was cut on its way: it has no
	// length to go by.
	sum := crc32.New(castagnoli)
	if _, err := io.Copy(sum, readerOnly{body}); err != nil {
		return fmt.Errorf("firebaseblob: put: %w", err)
	}
	id := rand.Text()
	err = s.try(ctx, func(own context.Context) error {
		if _, err := body.Seek(start, io.SeekStart); err != nil {
			return &bodyError{err}
		}
		return s.write(own, key, body, meta, id, sum.Sum32())
	})
	var failed *bodyError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failed):
		return fmt.Errorf("firebaseblob: put: %w", failed)
	case status(err) == http.StatusPreconditionFailed:
		return s.conflict(ctx, key, id)
	}
	return failure(ctx, "put", err)
}

// write sends the body in one request.
func (s *Store) write(ctx context.Context, key string, body io.Reader, meta storage.Meta, id string, sum uint32) error {
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
	if _, err := io.Copy(w, readerOnly{body}); err != nil {
		return err
	}
	return w.Close()
}

// conflict decides what a refused precondition means. When an answer was lost
// and we tried again, the object that is in the way may be our own.
func (s *Store) conflict(ctx context.Context, key, id string) error {
	var attrs *gcs.ObjectAttrs
	err := s.try(ctx, func(own context.Context) (err error) {
		attrs, err = s.object(key).Attrs(own)
		return err
	})
	switch {
	case err == nil && attrs.Metadata[putID] == id:
		return nil
	case err == nil, errors.Is(err, gcs.ErrObjectNotExist):
		// Missing is one that was deleted since: it was there when asked for.
		return fmt.Errorf("firebaseblob: put: %w", fs.ErrExist)
	}
	return failure(ctx, "put", err)
}

// bodyError is a failure of the reader that Put was given.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return "reading the body: " + e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// readerOnly marks the body's own failures.
type readerOnly struct{ r io.Reader }

func (r readerOnly) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		err = &bodyError{err}
	}
	return n, err
}

// try calls f until it works or trying again would not help, within Timeout.
func (s *Store) try(ctx context.Context, f func(ctx context.Context) error) error {
	own, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := f(own)
		if err == nil || attempt == maxAttempts || !passing(err) || own.Err() != nil {
			return err
		}
		pause := time.NewTimer(mathrand.N(maxBackoff >> (maxAttempts - 1 - attempt)))
		select {
		case <-own.Done():
			pause.Stop()
			return err
		case <-pause.C:
		}
	}
}

// passing reports whether the failure may be gone at the next attempt.
func passing(err error) bool {
	var failed *bodyError
	return !errors.As(err, &failed) && (gcs.ShouldRetry(err) || status(err) >= 500 || lost(err))
}

// status is the HTTP status in err, or 0.
func status(err error) int {
	var api *googleapi.Error
	if errors.As(err, &api) {
		return api.Code
	}
	return 0
}
