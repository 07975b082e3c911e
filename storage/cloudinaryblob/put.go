package cloudinaryblob

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/profilekit/profilekit/internal/overtime"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// putID is the context of an asset that tells one Put from another.
const putID = "put"

// withdrawTime bounds the removal of what must not stay.
const withdrawTime = 5 * time.Second

// Put of an image asks once whether there is something else under the key, after the
// upload.
func (s *cloud) Put(ctx context.Context, key string, body *blobs.Body, meta storage.Meta) error {
	src, err := newSource(body)
	if err != nil {
		return err
	}
	image, possible := s.image(key)
	if possible && meta.ContentType == types[image.format] && meta.CacheControl == Immutable && src.size > 0 {
		looks, err := src.contentType()
		if err != nil {
			return err
		}
		if looks == meta.ContentType {
			other := s.raw(key)
			err := s.put(ctx, src, image, nil, &other, meta.Overwrite)
			if !isImageRefusal(err) {
				return err
			}
			// It begins like an image, and that is all.
		}
	}
	line, err := encodeHeader(src.size, meta, s.opts.Now())
	if err != nil {
		return err
	}
	var other *asset
	if possible {
		other = &image
	}
	return s.put(ctx, src, s.raw(key), line, other, meta.Overwrite)
}

// put stores src as a, which is to be the only one: other is what the key may
// have been stored as instead.
func (s *cloud) put(ctx context.Context, src *source, a asset, line []byte, other *asset, overwrite bool) error {
	id := rand.Text()
	got, err := s.upload(ctx, src, a, line, id, overwrite)
	switch {
	case err != nil:
		return err
	case got.Existing && !overwrite && got.Context.Custom[putID] != id:
		// With our ID it is our own, of an attempt whose answer was lost.
		return fs.ErrExist
	case got.Bytes != src.size+int64(len(line)):
		s.withdraw(ctx, a)
		return &Error{Op: "put", Status: http.StatusOK, Reason: "the account changes what is uploaded: an upload preset transforms it"}
	case other == nil:
		return nil
	case overwrite:
		return s.destroy(ctx, "put", *other)
	}
	there, err := s.exists(ctx, *other)
	if err == nil && there {
		err = fs.ErrExist
	}
	if err != nil {
		if end := s.withdraw(ctx, a); end != nil && there {
			return end // both are there, which fs.ErrExist would not tell
		}
	}
	return err
}

// withdraw removes what was uploaded, also when ctx has ended.
func (s *cloud) withdraw(ctx context.Context, a asset) error {
	ctx, cancel := overtime.Context(ctx, withdrawTime)
	defer cancel()
	return s.destroy(ctx, "put", a)
}

// upload sends src as a multipart form with a length that is known before.
func (s *cloud) upload(ctx context.Context, src *source, a asset, line []byte, id string, overwrite bool) (answer, error) {
	var got answer
	err := try(ctx, func() error {
		params := url.Values{
			"public_id": {a.id}, "type": {a.delivery}, "context": {putID + "=" + id},
			"overwrite": {strconv.FormatBool(overwrite)},
		}
		if overwrite {
			params.Set("invalidate", "true")
		}
		before, after, contentType, err := form(s.signed(params), line)
		if err != nil {
			return err
		}
		r, stop, err := src.reading(before, after)
		if err != nil {
			return err
		}
		defer stop()
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.api+"/"+a.resource+"/upload", r)
		if err != nil {
			return err
		}
		req.ContentLength = int64(len(before)) + src.size + int64(len(after))
		req.Header.Set("Content-Type", contentType)
		got, err = s.exchange("put", req)
		if failed := src.failure(); failed != nil {
			return failed
		}
		if err == nil && got.PublicID != a.id {
			err = errMisunderstood
		}
		return err
	})
	return got, err
}

// form is what stands before and after the file. The file has no name: the
// original's must not be kept.
func form(params url.Values, line []byte) (before, after []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name := range params {
		err = errors.Join(err, w.WriteField(name, params.Get(name)))
	}
	_, ferr := w.CreateFormFile("file", "blob")
	b.Write(line)
	n := b.Len()
	err = errors.Join(err, ferr, w.Close())
	return b.Bytes()[:n:n], b.Bytes()[n:], w.FormDataContentType(), err
}
