package cloudinaryblob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/profilekit/profilekit/storage/blobs"
)

// source is the body of a Put, which may be read several times.
type source struct {
	body  *blobs.Body
	start int64  // where it was
	size  int64  // how much was left
	head  []byte // what was read already, before the first time
	again bool

	mu      sync.Mutex
	changed bool // the body has another length than it had
}

// sniffed is how much http.DetectContentType looks at.
const sniffed = 512

func newSource(body *blobs.Body) (*source, error) {
	start, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	size, err := body.Size()
	return &source{body: body, start: start, size: size}, err
}

// contentType is what the first bytes look like.
func (s *source) contentType() (string, error) {
	s.head = make([]byte, min(sniffed, s.size))
	if n, err := io.ReadFull(s.body, s.head); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("reading the body: it ends %d bytes early", s.size-int64(n))
		}
		return "", err
	}
	return http.DetectContentType(s.head), nil
}

// reading is the body from its start, between before and after. The transport may go on
// reading after it gave its answer; stop ends that, so that the next attempt has the body
// for itself.
func (s *source) reading(before, after []byte) (r io.Reader, stop func(), err error) {
	inner := io.MultiReader(bytes.NewReader(s.head), s.body)
	if s.again {
		if _, err := s.body.Seek(s.start, io.SeekStart); err != nil {
			return nil, nil, err
		}
		inner = s.body
	}
	s.again = true
	w := &watched{source: s, inner: inner, left: s.size}
	stop = func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.stopped = true
	}
	return io.MultiReader(bytes.NewReader(before), w, bytes.NewReader(after)), stop, nil
}

// failure is what is wrong with the body itself.
func (s *source) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed {
		return errChanged
	}
	return s.body.Err()
}

var errChanged = errors.New("reading the body: its length changed")

// watched fails where the body does not end where it must, so that what comes after it
// is not sent: a file of another length must not arrive as one that is whole.
type watched struct {
	source *source
	inner  io.Reader
	left   int64

	mu      sync.Mutex
	stopped bool
}

func (w *watched) Read(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return 0, context.Canceled
	}
	// One byte more than is left shows whether the body grew meanwhile.
	n, err := w.inner.Read(p[:min(int64(len(p)), w.left+1)])
	w.left -= int64(n)
	if w.left < 0 || err == io.EOF && w.left > 0 {
		w.source.mu.Lock()
		defer w.source.mu.Unlock()
		w.source.changed, err = true, errChanged
	}
	return n, err
}
