package cloudinaryblob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"time"

	"github.com/profilekit/profilekit/storage"
)

const (
	// openTTL is how long the address that Open uses is valid, for clocks that
	// differ.
	openTTL = 30 * time.Minute
	// maxUnknown bounds an image of unknown length, in bytes; it is read whole
	// to know it.
	maxUnknown = 64 << 20
)

// Open implements storage.BlobStore.
func (s *Store) Open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	if err := begin(ctx, key); err != nil {
		return nil, storage.BlobInfo{}, err
	}
	r, info, err := s.open(ctx, key)
	if err != nil {
		return nil, storage.BlobInfo{}, ended(ctx, err)
	}
	info.Key = key
	return r, info, nil
}

func (s *Store) open(ctx context.Context, key string) (io.ReadCloser, storage.BlobInfo, error) {
	if a, ok := s.image(key); ok {
		r, info, err := s.openImage(ctx, a)
		if !errors.Is(err, fs.ErrNotExist) {
			return r, info, err
		}
	}
	return s.openRaw(ctx, s.raw(key))
}

func (s *Store) openImage(ctx context.Context, a asset) (io.ReadCloser, storage.BlobInfo, error) {
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
		return nil, storage.BlobInfo{}, misunderstood("open")
	}
	info.Size = int64(len(all))
	return io.NopCloser(bytes.NewReader(all)), info, nil
}

func (s *Store) openRaw(ctx context.Context, a asset) (io.ReadCloser, storage.BlobInfo, error) {
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
func (s *Store) exists(ctx context.Context, a asset) (bool, error) {
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
func (s *Store) fetch(ctx context.Context, a asset) (*body, http.Header, error) {
	// The body is read with this context, so its limit is lifted once the
	// answer is there.
	own, cancel := context.WithCancel(ctx)
	limit := time.AfterFunc(s.opts.Timeout, cancel)
	var resp *http.Response
	err := try(own, func() error {
		req, err := http.NewRequestWithContext(own, http.MethodGet, s.download(a, openTTL), nil)
		if err != nil {
			return err
		}
		req.Header.Set("Accept-Encoding", "identity") // for the length
		if resp, err = s.client.Do(req); err != nil {
			return lost("open")
		}
		switch resp.StatusCode {
		case http.StatusOK:
			return nil
		case http.StatusNotFound:
			resp.Body.Close()
			return fmt.Errorf("cloudinaryblob: open: %w", fs.ErrNotExist)
		}
		if _, err = s.read("open", resp); err == nil {
			err = misunderstood("open")
		}
		return err
	})
	if !limit.Stop() && err == nil {
		resp.Body.Close()
		err = lost("open")
	}
	if err != nil {
		cancel()
		return nil, nil, err
	}
	return &body{ctx: ctx, inner: resp.Body, left: resp.ContentLength, cancel: cancel}, resp.Header, nil
}

// body is a blob being read.
type body struct {
	ctx    context.Context
	inner  io.ReadCloser
	left   int64 // how much has to come, -1 when that is not known
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.inner.Read(p)
	if b.left >= 0 {
		if b.left -= int64(n); b.left < 0 || err == io.EOF && b.left > 0 {
			err = io.ErrUnexpectedEOF
		}
		b.left = max(b.left, 0)
	}
	if err != nil && err != io.EOF {
		err = ended(b.ctx, lost("read"))
	}
	return n, err
}

func (b *body) Close() error {
	defer b.cancel()
	return b.inner.Close()
}

// Delete implements storage.BlobStore. Cloudinary's network is told to forget
// its copies of an image, which takes up to an hour.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := begin(ctx, key); err != nil {
		return err
	}
	own, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	if a, ok := s.image(key); ok {
		if err := s.destroy(own, "delete", a); err != nil {
			return ended(ctx, err)
		}
	}
	return ended(ctx, s.destroy(own, "delete", s.raw(key)))
}
