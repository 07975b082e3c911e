package cloudinaryblob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// source is the body of a Put, which may be read several times.
type source struct {
	body  io.ReadSeeker
	start int64  // where it was
	size  int64  // how much was left
	head  []byte // what was read already, before the first time
	again bool

	mu  sync.Mutex
	err error // of body
}

// sniffed is how much http.DetectContentType looks at.
const sniffed = 512

func newSource(body io.ReadSeeker) (*source, error) {
	start, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	end, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	_, err = body.Seek(start, io.SeekStart)
	return &source{body: body, start: start, size: max(end-start, 0)}, err
}

// contentType is what the first bytes look like.
func (s *source) contentType() (string, error) {
	s.head = make([]byte, min(sniffed, s.size))
	if n, err := io.ReadFull(s.body, s.head); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("ends %d bytes early", s.size-int64(n))
		}
		return "", err
	}
	return http.DetectContentType(s.head), nil
}

// reading is the body from its start, between before and after. It fails when
// ctx has ended, so that what comes after is not sent: a file that ends early
// must not arrive as one that is whole. The transport may go on reading after
// it gave its answer; stop ends that.
func (s *source) reading(ctx context.Context, before, after []byte) (r io.Reader, stop func(), err error) {
	inner := io.MultiReader(bytes.NewReader(s.head), s.body)
	if s.again {
		if _, err := s.body.Seek(s.start, io.SeekStart); err != nil {
			return nil, nil, err
		}
		inner = s.body
	}
	s.again = true
	w := &watched{ctx: ctx, source: s, inner: inner, left: s.size}
	stop = func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.stopped = true
	}
	return io.MultiReader(bytes.NewReader(before), w, bytes.NewReader(after)), stop, nil
}

// failure is the error of the body itself.
func (s *source) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

type watched struct {
	ctx    context.Context
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
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	// One byte more than is left shows whether the body grew meanwhile.
	n, err := w.inner.Read(p[:min(int64(len(p)), w.left+1)])
	w.left -= int64(n)
	switch {
	case w.left < 0, err == io.EOF && w.left > 0:
		err = errors.New("its length changed")
	case w.ctx.Err() != nil:
		return n, w.ctx.Err()
	}
	if err != nil && err != io.EOF {
		w.source.mu.Lock()
		defer w.source.mu.Unlock()
		w.source.err = err
	}
	return n, err
}
