package httpadapter

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// deadline is context.WithDeadline that takes no timer before somebody waits
// for it: a request that is answered from memory never does.
type deadline struct {
	context.Context // the request's
	at              time.Time

	timed atomic.Pointer[timed] // nil until Done is called
	mu    sync.Mutex
	ended bool
}

type timed struct {
	context.Context
	cancel context.CancelFunc
}

func newDeadline(parent context.Context, after time.Duration) *deadline {
	return &deadline{Context: parent, at: time.Now().Add(after)}
}

// end cancels the context, as the function that WithDeadline returns does.
func (d *deadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	if t := d.timed.Load(); t != nil {
		t.cancel()
	}
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
	if t := d.timed.Load(); t != nil {
		return t.Done()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.timed.Load()
	if t == nil {
		t = &timed{}
		t.Context, t.cancel = context.WithDeadline(d.Context, d.at)
		if d.ended {
			t.cancel()
		}
		d.timed.Store(t)
	}
	return t.Done()
}

// Err implements context.Context.
func (d *deadline) Err() error {
	if t := d.timed.Load(); t != nil {
		return t.Err()
	}
	if err := d.Context.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.ended:
		return context.Canceled
	case !time.Now().Before(d.at):
		return context.DeadlineExceeded
	}
	return nil
}

// Value implements context.Context. Through it package context finds the one
// that it cancels children with, which spares each of them a goroutine.
func (d *deadline) Value(key any) any {
	if t := d.timed.Load(); t != nil {
		return t.Value(key)
	}
	return d.Context.Value(key)
}
