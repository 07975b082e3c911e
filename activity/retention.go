package activity

import (
	"context"
	"time"

	"github.com/profilekit/profilekit/internal/batch"
)

// DefaultRetention is how long events are kept unless Config says otherwise:
// 400 days, so that a year can be compared with the one before its last month.
// Events tell where a person was; keeping them without a limit is a decision
// that a host should make on purpose (GDPR, Article 5(1)(e)).
const DefaultRetention = 400 * 24 * time.Hour

// purgeBatch is how many rows one statement removes, so that nobody waits for
// its locks. SQLite has one writer, and a row is in two indexes that begin with
// its user, so that each of them costs it two pages or more.
const purgeBatch = 250

// Purge removes events of all users older than before and says how many, also
// when it stops early with an error. It works in batches of 250 and pauses
// after each for as long as it took. Several nodes may purge at once. Do not
// call it inside a transaction, which would keep every lock to its end.
func (l *Log) Purge(ctx context.Context, before time.Time) (int, error) {
	return batch.Each(ctx, purgeBatch, func(ctx context.Context, limit int) (int, error) {
		return l.store.Purge(ctx, before, limit)
	})
}

// LongAgo is the time of an event that is nobody's, one second after the beginning of
// 1970. A service writes such an event to do the same work whether there is an account
// or not, for an ID that no user has. The next PurgeExpired removes it, also when events
// are kept for ever.
func LongAgo() time.Time { return time.Unix(1, 0).UTC() }

// PurgeExpired is Purge of what is older than Policy.Retention. When events are kept
// for ever, it removes those of LongAgo and before.
func (l *Log) PurgeExpired(ctx context.Context) (int, error) {
	before := LongAgo().Add(time.Microsecond)
	if line := l.now().Add(-l.retention); l.retention >= 0 && line.After(before) {
		before = line
	}
	return l.Purge(ctx, before)
}
