package sqlstore

import (
	"context"
	"time"
)

// maxWait is the default of Options.MaxWait.
const maxWait = 2 * time.Second

// turns lets as many callers through as a pool has connections, in the order
// in which they came. database/sql gives a free connection to any of those that
// wait, so that under load the unlucky ones wait many times as long as the
// rest, and bounds the wait by the caller's context only, which is that of the
// whole request.
type turns struct {
	taken chan struct{}
	most  time.Duration // 0: as long as the context lasts
	end   func()
}

// newTurns returns turns for n callers at a time; after, unless nil, is called
// at the end of each turn, before the next.
func newTurns(n int, most time.Duration, after func()) *turns {
	t := &turns{taken: make(chan struct{}, n), most: most}
	t.end = func() {
		if after != nil {
			after()
		}
		<-t.taken
	}
	return t
}

// poolTurns returns turns for the connections of a Postgres pool, nil when
// their number is not limited.
func (o Options) poolTurns(connections int) *turns {
	if connections <= 0 {
		return nil
	}
	most := o.MaxWait
	switch {
	case most == 0:
		most = maxWait
	case most < 0:
		most = 0
	}
	return newTurns(connections, most, nil)
}

// wait returns when it is the caller's turn, and the function that ends the
// turn.
func (t *turns) wait(ctx context.Context) (release func(), err error) {
	if t == nil {
		return func() {}, ctx.Err()
	}
	select {
	case t.taken <- struct{}{}:
		return t.end, nil
	default:
	}
	var late <-chan time.Time
	if t.most > 0 {
		timer := time.NewTimer(t.most)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case t.taken <- struct{}{}:
		return t.end, nil
	case <-late:
		return nil, unavailable("all connections to the database were in use", "")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
