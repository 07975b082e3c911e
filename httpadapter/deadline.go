package httpadapter

import (
	"context"
	"sync"
	"time"
)

// deadline is context.WithDeadline that takes no timer before somebody waits
// for it: a request that is answered from memory never does.
type deadline struct {
	context.Context // the request's
	at              time.Time

	mu     sync.Mutex
	timed  context.Context // nil until Done is called
	cancel context.CancelFunc
	ended  bool
}

func newDeadline(parent context.Context, after time.Duration) *deadline {
	return &deadline{Context: parent, at: time.Now().Add(after)}
}

// end cancels the context, as the function that WithDeadline returns does.
func (d *deadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	if d.cancel != nil {
		d.cancel()
	}
}

// now is the context as far as it is made.
func (d *deadline) now() (timed context.Context, ended bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.timed, d.ended
}

// Deadline implements context.Context.
func (d *deadline) Deadline() (time.Time, bool) {
	if at, ok := d.Context.Deadline(); ok && at.Before(d.at) {
		return at, true
	}
	return d.at, true
}

// Done implements context.Context.
func (d *deadline) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed == nil {
		d.timed, d.cancel = context.WithDeadline(d.Context, d.at)
		if d.ended {
			d.cancel()
		}
	}
	return d.timed.Done()
}

// Err implements context.Context.
func (d *deadline) Err() error {
	timed, ended := d.now()
	switch {
	case timed != nil:
		return timed.Err()
	case d.Context.Err() != nil:
		return d.Context.Err()
	case ended:
		return context.Canceled
	case !time.Now().Before(d.at):
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements context.Context. Through it package context finds the one
// that it cancels children with, which spares each of them a goroutine.
func (d *deadline) Value(key any) any {
	if timed, _ := d.now(); timed != nil {
		return timed.Value(key)
	}
	return d.Context.Value(key)
}
