package notify

import (
	"context"
	"sync/atomic"
)

// Stats are counts since the Notifier was made, of this node alone: numbers for a host's
// metrics. An Expired that rises says that letters wait for too long: the server of mail is
// slow or down, or there are too few Workers.
type Stats struct {
	Sent    uint64 // letters that a sender took
	Retried uint64 // tries that failed, after which the letter waits for another one
	GivenUp uint64 // letters that were refused for good, or too often
	Expired uint64 // letters whose link or code was worth nothing any more
}

// counts are Stats as they are counted.
type counts struct{ sent, retried, givenUp, expired atomic.Uint64 }

// Stats says how it went so far.
func (n *Notifier) Stats() Stats {
	return Stats{
		Sent: n.stats.sent.Load(), Retried: n.stats.retried.Load(),
		GivenUp: n.stats.givenUp.Load(), Expired: n.stats.expired.Load(),
	}
}

// DeadItems returns up to limit letters that were given up or expired in the last 30 days,
// on any node, the last one first: how often each was tried and why it was not sent, not
// what it said.
func (n *Notifier) DeadItems(ctx context.Context, limit int) ([]Item, error) {
	return n.cfg.Store.DeadItems(ctx, limit)
}
