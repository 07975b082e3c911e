package cloudinaryblob

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"time"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

const (
	// openTTL is how long the address that Open uses is valid, for clocks that
	// differ.
	openTTL = 30 * time.Minute
	// maxUnknown bounds an image of unknown length, in bytes; it is read whole
	// to know it.
	maxUnknown = 64 << 20
)

func (s *cloud) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	if a, ok := s.image(key); ok {
		r, info, err := s.openImage(ctx, a)
		if !errors.Is(err, fs.ErrNotExist) {
			return r, info, err
		}
	}
	return s.openRaw(ctx, s.raw(key))
}

func (s *cloud) openImage(ctx context.Context, a asset) (io.ReadCloser, storage.BlobInfo, error) {
	b, h, err := s.fetch(ctx, a)
	if err != nil {
		return nil, storage.BlobInfo{}, err
	}
	info := storage.BlobInfo{Size: b.left, ContentType: types[a.format], CacheControl: Immutable}
	// Without the header the time is not known; the zero time says so.
	info.ModTime, _ = http.ParseTime(h.Get("Last-Modified"))
	if b.left >= 0 {
		return b, info, nil
	}
	defer b.Close()
	all, err := io.ReadAll(io.LimitReader(b, maxUnknown+1))
	switch {
	case err != nil:
		return nil, storage.BlobInfo{}, err
	case len(all) > maxUnknown:
		return nil, storage.BlobInfo{}, errMisunderstood
	}
	info.Size = int64(len(all))
	return io.NopCloser(bytes.NewReader(all)), info, nil
}

func (s *cloud) openRaw(ctx context.Context, a asset) (io.ReadCloser, storage.BlobInfo, error) {
	b, _, err := s.fetch(ctx, a)
	if err != nil {
		return nil, storage.BlobInfo{}, err
	}
	h, err := readHeader(b)
	if err == nil && b.left >= 0 && b.left != h.Size {
		err = errHeader
	}
	if err != nil {
		b.Close()
		return nil, storage.BlobInfo{}, err
	}
	b.left = h.Size
	return b, storage.BlobInfo{Size: h.Size, ContentType: h.ContentType, CacheControl: h.CacheControl, ModTime: h.ModTime}, nil
}

// exists asks whether there is an asset.
func (s *cloud) exists(ctx context.Context, a asset) (bool, error) {
	b, _, err := s.fetch(ctx, a)
	switch {
	case err == nil:
		b.Close()
		return true, nil
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	}
	return false, err
}

// fetch asks for the original of an asset, until the answer begins.
func (s *cloud) fetch(ctx context.Context, a asset) (*body, http.Header, error) {
	var resp *http.Response
	err := try(ctx, func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.download(a, openTTL), nil)
		if err != nil {
			return err
		}
		req.Header.Set("Accept-Encoding", "identity") // for the length
		if resp, err = s.client.Do(req); err != nil {
			return blobs.ErrNoAnswer
		}
		switch resp.StatusCode {
		case http.StatusOK:
			return nil
		case http.StatusNotFound:
			resp.Body.Close()
			return fs.ErrNotExist
		}
		if _, err = s.read("open", resp); err == nil {
			err = errMisunderstood
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	return &body{ReadCloser: resp.Body, left: resp.ContentLength}, resp.Header, nil
}

// body is a blob being read.
type body struct {
	io.ReadCloser
	left int64 // how much has to come, -1 when that is not known
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left >= 0 {
		if b.left -= int64(n); b.left < 0 || err == io.EOF && b.left > 0 {
			err = io.ErrUnexpectedEOF
		}
		b.left = max(b.left, 0)
	}
	if err != nil && err != io.EOF {
		err = blobs.ErrNoAnswer
	}
	return n, err
}

// Delete also tells Cloudinary's network to forget its copies of an image, which takes
// up to an hour.
func (s *cloud) Delete(ctx context.Context, key string) error {
	if a, ok := s.image(key); ok {
		if err := s.destroy(ctx, "delete", a); err != nil {
			return err
		}
	}
	return s.destroy(ctx, "delete", s.raw(key))
}
