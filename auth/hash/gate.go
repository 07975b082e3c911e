package hash

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/profilekit/profilekit/storage"
)

// Gate bounds how many passwords are hashed at once and how many callers wait
// for it. Without one, 200 sign-ins at once take 3.8 GB and six times as long
// as with two slots on two cores (measured with m=19456 t=2 p=1).
type Gate struct {
	// Slots is how many hashes run at once; 0 is GOMAXPROCS.
	Slots int
	// Waiting is how many callers may queue for a slot; 0 is 64 a slot, about
	// two seconds of work with the default Argon2id. A caller beyond it gets a
	// *storage.UnavailableError at once. Negative means that nobody waits.
	Waiting int
}

// waitingPerSlot times 27 ms, what Argon2id takes on the machine of the
// measurement, is what the last in the queue waits.
const waitingPerSlot = 64

// busyRetry is the wait that a caller beyond the queue is told: until then a
// full queue of the default length has been worked off.
const busyRetry = 2 * time.Second

var errBusy = errors.New("too many passwords to verify at once")

// gate is a counting semaphore with a bounded first-come queue.
type gate struct {
	slots      chan struct{}
	maxWaiting int64
	waiting    atomic.Int64
	passed     atomic.Uint64
	refused    atomic.Uint64
}

func newGate(g Gate) *gate {
	slots, waiting := g.Slots, g.Waiting
	if slots <= 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	if waiting == 0 {
		waiting = waitingPerSlot * slots
	}
	return &gate{slots: make(chan struct{}, slots), maxWaiting: int64(max(waiting, 0))}
}

// enter takes a slot, which leave gives back. It waits in the order of arrival
// and no longer than ctx lives.
func (g *gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	// The runtime hands a freed slot to the longest-waiting sender, so this
	// never overtakes the queue.
	select {
	case g.slots <- struct{}{}:
		g.passed.Add(1)
		return nil
	default:
	}
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > g.maxWaiting {
		g.refused.Add(1)
		return &storage.UnavailableError{RetryAfter: busyRetry, Err: errBusy}
	}
	select {
	case g.slots <- struct{}{}:
		g.passed.Add(1)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) leave() { <-g.slots }
