package picture

import (
	"context"
	"slices"
	"sync"
	"time"
)

// files bounds the memory of the files that are in memory, arriving, waiting
// for their turn or being decoded. A file pays for what has come, not for what
// was announced, so that many slow senders hold little; its first headSize
// bytes are free.
//
// Files that all wait for one another would be a deadlock. There is none: what
// the oldest of them may still need is never given to another.
type files struct {
	wait time.Duration

	mu     sync.Mutex
	budget int64
	used   int64
	most   int64 // that one file may need
	open   []*file
}

// file is what one holds, and the more it waits for.
type file struct {
	of         *files
	held, want int64
	ready      chan struct{} // closed when the want is granted
}

func newFiles(lim Limits) *files {
	return &files{wait: lim.QueueTime, budget: lim.Files}
}

// file begins one that will hold no more than most.
func (f *files) file(most int64) *file {
	f.mu.Lock()
	defer f.mu.Unlock()
	// Services with other limits may share the pool. The oldest file and one
	// more must find room.
	f.most = max(f.most, most)
	f.budget = max(f.budget, 2*f.most)
	return &file{of: f}
}

// hold waits until the file may hold n bytes, or ctx ends, or it is too long:
// ErrBusy.
func (c *file) hold(ctx context.Context, n int64) error {
	f := c.of
	f.mu.Lock()
	if c.held == 0 {
		f.open = append(f.open, c)
	}
	more := n - c.held
	if f.fits(c, more) {
		f.used += more
		c.held = n
		f.mu.Unlock()
		return nil
	}
	c.want, c.ready = more, make(chan struct{})
	f.mu.Unlock()

	timer := time.NewTimer(f.wait)
	defer timer.Stop()
	select {
	case <-c.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err() // the caller closes it, with what it was given
	case <-timer.C:
		return ErrBusy
	}
}

// close gives back what the file holds; also twice.
func (c *file) close() {
	f := c.of
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.Index(f.open, c)
	if i < 0 {
		return
	}
	f.open = slices.Delete(f.open, i, i+1)
	f.used -= c.held
	c.held, c.want = 0, 0
	for _, w := range f.open { // in the order of their coming
		if w.want > 0 && f.fits(w, w.want) {
			f.used += w.want
			w.held, w.want = w.held+w.want, 0
			close(w.ready)
		}
	}
}

// fits reports whether a file may have more without taking the oldest's.
func (f *files) fits(c *file, more int64) bool {
	free := f.budget - f.used - more
	if oldest := f.open[0]; oldest != c {
		free -= f.most - oldest.held
	}
	return free >= 0
}
