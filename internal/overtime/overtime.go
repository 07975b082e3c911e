// Package overtime is the time for what must be tidied after a request, even
// when its caller has gone or its deadline has passed.
package overtime

import (
	"context"
	"time"
)

// Least is what is left for tidying after the end of a context. A request is
// answered within a second of its deadline, and this is a part of that.
const Least = 250 * time.Millisecond

// Context returns a context with the values of ctx that lasts until ctx's
// deadline, Least at least and most at most, whether ctx has ended or not.
func Context(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	now := time.Now()
	until := now.Add(most)
	if d, ok := ctx.Deadline(); ok && d.Before(until) {
		until = d
	}
	if earliest := now.Add(Least); until.Before(earliest) {
		until = earliest
	}
	return context.WithDeadline(context.WithoutCancel(ctx), until)
}
