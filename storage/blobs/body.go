package blobs

import (
	"bytes"
	"context"
	"io"
	"sync"
)

// Body is what a Put stores: everything from the present position of the caller's
// reader to its end. It fails when the context of the call has ended, and once the
// reader has failed it goes on failing, so that no part of a broken body is sent as
// the whole. After the driver's Put has returned it reads nothing more, whoever still
// holds it. It is safe for concurrent use.
type Body struct {
	ctx context.Context

	mu     sync.Mutex
	source io.ReadSeeker
	err    error // of source
	over   bool
}

// Read implements io.Reader.
func (b *Body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.stopped(); err != nil {
		return 0, err
	}
	n, err := b.source.Read(p)
	if err != nil && err != io.EOF {
		b.err = err
	}
	if end := b.ctx.Err(); end != nil {
		err = end
	}
	return n, err
}

// Seek implements io.Seeker, on the caller's reader: a driver that reads the body
// twice notes the position first.
func (b *Body) Seek(offset int64, whence int) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.stopped(); err != nil {
		return 0, err
	}
	n, err := b.source.Seek(offset, whence)
	if err != nil {
		b.err = err
	}
	return n, err
}

// stopped is why there is nothing to read any more, or nil.
func (b *Body) stopped() error {
	switch {
	case b.over:
		return context.Canceled
	case b.err != nil:
		return b.err
	}
	return b.ctx.Err()
}

// Size is how many bytes are left from the present position, which it keeps.
func (b *Body) Size() (int64, error) {
	at, err := b.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	end, err := b.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	_, err = b.Seek(at, io.SeekStart)
	return max(end-at, 0), err
}

// InMemory is the caller's reader when it is one of bytes in memory, which cannot
// fail, and which some libraries send without copying. It must not be used after the
// driver's Put has returned.
func (b *Body) InMemory() (*bytes.Reader, bool) {
	r, ok := b.source.(*bytes.Reader)
	return r, ok
}

// Err is the error of the caller's reader, or nil. Libraries that send a body tend to
// hide it, and to try again; the front looks here when the driver's Put fails.
func (b *Body) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

func (b *Body) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over = true
}
