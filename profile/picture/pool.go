package picture

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// Pool bounds the pictures being worked on at once: their number and the
// memory that they and their files take together. One Pool serves the whole
// process; a Service has its own unless Config.Pool is set.
type Pool struct {
	lim   Limits
	files *files

	mu     sync.Mutex
	slots  int   // free
	memory int64 // free, in bytes
	queue  []*waiter
}

type waiter struct {
	need  int64
	ready chan struct{} // closed when the place is theirs
}

// NewPool returns a Pool with Slots, Queue, Memory, Files, QueueTime and
// DecodeTime of lim.
func NewPool(lim Limits) *Pool {
	lim = lim.withDefaults()
	return &Pool{lim: lim, files: newFiles(lim), slots: lim.Slots, memory: lim.Memory}
}

// run calls work on a goroutine of its own when there is a place. It returns
// early when ctx ends or the picture takes too long. The context of work ends
// then; it goes on, with its place, until it takes notice, because not every
// decoder can be stopped.
func (p *Pool) run(ctx context.Context, need int64, work func(context.Context) (Result, error)) (Result, error) {
	if err := p.acquire(ctx, need); err != nil {
		return Result{}, err
	}
	return p.started(ctx, need, work)
}

// started is run with a place, which it gives back.
func (p *Pool) started(ctx context.Context, need int64, work func(context.Context) (Result, error)) (Result, error) {
	type outcome struct {
		res Result
		err error
	}
	done := make(chan outcome, 1)
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer p.release(need)
		var o outcome
		// A decoder's panic is the file's fault; it must not end the process.
		defer func() {
			if r := recover(); r != nil {
				o = outcome{err: &panicError{fmt.Sprint(r), string(debug.Stack())}}
			}
			done <- o
		}()
		o.res, o.err = work(working)
	}()
	timer := time.NewTimer(p.lim.DecodeTime)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.res, o.err
	case <-ctx.Done():
		return Result{}, ctx.Err()
	case <-timer.C:
		return Result{}, rejectf(ReasonTime, "decoding it takes longer than %v", p.lim.DecodeTime)
	}
}

func (p *Pool) acquire(ctx context.Context, need int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	need = min(need, p.lim.Memory)
	p.mu.Lock()
	if len(p.queue) == 0 && p.fits(need) {
		p.take(need)
		p.mu.Unlock()
		return nil
	}
	if len(p.queue) >= p.lim.Queue {
		p.mu.Unlock()
		return ErrBusy
	}
	w := &waiter{need: need, ready: make(chan struct{})}
	p.queue = append(p.queue, w)
	p.mu.Unlock()

	timer := time.NewTimer(p.lim.QueueTime)
	defer timer.Stop()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		return p.leave(w, ctx.Err())
	case <-timer.C:
		return p.leave(w, ErrBusy)
	}
}

// leave gives up waiting. A place that came at the same moment is passed on.
func (p *Pool) leave(w *waiter, why error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.queue {
		if other == w {
			p.queue = append(p.queue[:i], p.queue[i+1:]...)
			p.wake()
			return why
		}
	}
	p.give(w.need)
	return why
}

func (p *Pool) release(need int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.give(min(need, p.lim.Memory))
}

func (p *Pool) give(need int64) {
	p.slots++
	p.memory += need
	p.wake()
}

// wake serves the queue in order; a large picture at its head is not passed by
// small ones, or it would wait for ever.
func (p *Pool) wake() {
	for len(p.queue) > 0 && p.fits(p.queue[0].need) {
		w := p.queue[0]
		p.queue = p.queue[1:]
		p.take(w.need)
		close(w.ready)
	}
}

func (p *Pool) fits(need int64) bool { return p.slots > 0 && p.memory >= need }

func (p *Pool) take(need int64) {
	p.slots--
	p.memory -= need
}

// panicError is what a decoder panicked with, for the log only.
type panicError struct{ value, stack string }

func (e *panicError) Error() string { return "the decoder panicked: " + e.value }
