package picture

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A decoder that does not end keeps its slot, while the caller is answered at
// the deadline.
func TestS60_DeadlineAnswersAndKeepsTheSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(Limits{Slots: 1, Queue: 1, DecodeTime: 20 * time.Second, QueueTime: 10 * time.Second})
		release := make(chan struct{})
		start := time.Now()
		_, err := p.run(t.Context(), 1, func(context.Context) (Result, error) { <-release; return Result{}, nil })
		var rejected *RejectedError
		if !errors.As(err, &rejected) || rejected.Reason != ReasonTime || time.Since(start) != 20*time.Second {
			t.Errorf("%v after %v; want it rejected after 20 s", err, time.Since(start))
		}
		start = time.Now()
		_, err = p.run(t.Context(), 1, func(context.Context) (Result, error) { return Result{Ext: "jpg"}, nil })
		if !errors.Is(err, ErrBusy) || time.Since(start) != 10*time.Second {
			t.Errorf("with the slot taken: %v after %v; want ErrBusy after 10 s", err, time.Since(start))
		}
		close(release)
		synctest.Wait()
		if res, err := p.run(t.Context(), 1, func(context.Context) (Result, error) { return Result{Ext: "jpg"}, nil }); err != nil || res.Ext != "jpg" {
			t.Errorf("after the decoder ended: %v, %v", res, err)
		}
	})
}

func TestS60_QueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(Limits{Slots: 2, Queue: 3})
		release := make(chan struct{})
		most, done := 0, make(chan error, 100)
		counts := make(chan int, 1)
		counts <- 0
		for range 20 {
			go func() {
				_, err := p.run(context.Background(), 1, func(context.Context) (Result, error) {
					running := <-counts + 1
					most = max(most, running)
					counts <- running
					<-release
					counts <- <-counts - 1
					return Result{}, nil
				})
				done <- err
			}()
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		busy := 0
		for range 20 {
			if err := <-done; errors.Is(err, ErrBusy) {
				busy++
			} else if err != nil {
				t.Errorf("run: %v", err)
			}
		}
		if most != 2 || busy != 15 {
			t.Errorf("%d ran at once, %d were told busy; want 2 and 15", most, busy)
		}
	})
}

// The memory of all pictures together is bounded, in the order they came; one
// that asks for more than there is at all gets all of it, alone.
func TestS60_MemoryIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(Limits{Slots: 10, Memory: 100})
		var mu sync.Mutex
		var order []string
		begin := func(name string, need int64) chan struct{} {
			end := make(chan struct{})
			go p.run(context.Background(), need, func(context.Context) (Result, error) {
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
				<-end
				return Result{}, nil
			})
			synctest.Wait()
			return end
		}
		a := begin("a60", 60)
		b := begin("b60", 60)   // waits
		c := begin("c10", 10)   // must not pass b
		d := begin("d500", 500) // waits for everything
		if got := strings.Join(order, " "); got != "a60" {
			t.Errorf("running: %s; want a60", got)
		}
		close(a)
		synctest.Wait()
		if got := strings.Join(order, " "); got != "a60 b60 c10" && got != "a60 c10 b60" {
			t.Errorf("running: %s; want b60 and c10 too", got)
		}
		close(b)
		close(c)
		synctest.Wait()
		close(d)
		synctest.Wait()
		if len(order) != 4 || p.slots != 10 || p.memory != 100 || len(p.queue) != 0 {
			t.Errorf("after all: %v, %d slots, %d memory, %d waiting", order, p.slots, p.memory, len(p.queue))
		}
	})
}

// Whoever gives up waiting leaves the queue to the others.
func TestS60_WaitersMayLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPool(Limits{Slots: 1, Queue: 2})
		release := make(chan struct{})
		go p.run(context.Background(), 1, func(context.Context) (Result, error) { <-release; return Result{}, nil })
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := p.run(ctx, 1, func(context.Context) (Result, error) { return Result{}, nil })
			left <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left: %v; want context.Canceled", err)
		}
		close(release)
		synctest.Wait()
		if p.slots != 1 || len(p.queue) != 0 {
			t.Errorf("%d slots free, %d waiting; want 1 and 0", p.slots, len(p.queue))
		}
	})
}

// A panic in a decoder is the file's fault, and does not leak the slot.
func TestS60_PanicIsContained(t *testing.T) {
	p := NewPool(Limits{Slots: 1})
	for range 3 {
		_, err := p.run(t.Context(), 1, func(context.Context) (Result, error) { panic("index out of range") })
		var panicked *panicError
		if !errors.As(err, &panicked) || !strings.Contains(panicked.stack, "pool_test.go") {
			t.Errorf("run: %v; want the panic with its place", err)
		}
		var rejected *RejectedError
		if err := hidePanic(err); !errors.As(err, &rejected) || strings.Contains(err.Error(), "index") {
			t.Errorf("told to the sender: %v", err)
		}
	}
	// release runs after the answer is sent; it has run once this is through.
	if _, err := p.run(t.Context(), 1, func(context.Context) (Result, error) { return Result{}, nil }); err != nil {
		t.Errorf("after panics: %v", err)
	}
}
