// Package limit says how often something may be done. The counters are in a
// database, so that a limit holds for all nodes together.
//
//	uploads := limit.Rule{Limit: 60, Window: time.Hour}
//	l := limit.Limiter{Store: db.Limits()}
//	if err := l.Take(ctx, "upload:user:"+userID, uploads); err != nil {
//		return err // a *limit.ExceededError, or the store's
//	}
//
// A try is counted before the work that it is for, in one statement. So of any
// number of parallel tries no more than the rule allows get through.
package limit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/internal/batch"
)

// Rule limits how often something may be tried: Limit tries in Window, then
// one more after each wait, which begins at Wait and doubles up to MaxWait
// while tries go on failing. A Window without a try forgets all. The zero Wait
// makes the limit hard: nothing until Window after the first try has passed.
type Rule struct {
	Limit   int
	Window  time.Duration
	Wait    time.Duration
	MaxWait time.Duration
}

// Or returns r, or d when r is the zero Rule.
func (r Rule) Or(d Rule) Rule {
	if r == (Rule{}) {
		return d
	}
	return r
}

// Check returns what is wrong with r.
func (r Rule) Check() error {
	if r.Limit < 1 || r.Window <= 0 || r.Wait < 0 || r.MaxWait < r.Wait {
		return errors.New("a rule needs a Limit and a Window above 0, and a MaxWait of at least Wait")
	}
	return nil
}

// Store counts tries, for all nodes together. limittest.Run is the suite that an
// implementation passes. It is safe for concurrent use and joins a transaction
// that ctx carries.
type Store interface {
	// Take counts one try under key, at now, in one atomic step, and reports
	// whether rule allows it; when not, nothing is counted and retryAfter is
	// how long to wait. Of any number of concurrent calls no more than the
	// rule allows are let through.
	Take(ctx context.Context, key string, rule Rule, now time.Time) (ok bool, retryAfter time.Duration, err error)
	// Refund gives one try back, for a success that should not count.
	Refund(ctx context.Context, key string) error
	// Reset forgets key.
	Reset(ctx context.Context, key string) error
	// PurgeLimits removes up to limit keys that nothing is remembered of at
	// now, and says how many.
	PurgeLimits(ctx context.Context, now time.Time, limit int) (int, error)
}

// ErrExceeded is matched by every *ExceededError.
var ErrExceeded = errors.New("rate limited")

// ExceededError says that a limit was reached. Nothing was evaluated.
type ExceededError struct {
	// RetryAfter is how long to wait before another try can be let through.
	RetryAfter time.Duration
}

func (e *ExceededError) Error() string {
	return fmt.Sprintf("%v: retry after %v", ErrExceeded, e.RetryAfter)
}

// Is makes errors.Is(err, ErrExceeded) true.
func (e *ExceededError) Is(target error) bool { return target == ErrExceeded }

// Limiter takes tries from a Store.
type Limiter struct {
	// Store is required.
	Store Store
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Take counts one try under key. It is an *ExceededError, of a second at least,
// when rule lets nothing through, and the store's error when that fails: only a
// clear yes of the store is nil.
func (l Limiter) Take(ctx context.Context, key string, rule Rule) error {
	now := time.Now
	if l.Now != nil {
		now = l.Now
	}
	ok, after, err := l.Store.Take(ctx, key, rule, now())
	switch {
	case err != nil:
		return fmt.Errorf("limit: %w", err)
	case !ok:
		return &ExceededError{RetryAfter: max(after, time.Second)}
	}
	return nil
}

// Off is a Store that counts nothing and lets everything through, for load tests
// and for hosts that limit elsewhere.
type Off struct{}

var _ Store = Off{}

// Take implements Store.
func (Off) Take(context.Context, string, Rule, time.Time) (bool, time.Duration, error) {
	return true, 0, nil
}

// Refund implements Store.
func (Off) Refund(context.Context, string) error { return nil }

// Reset implements Store.
func (Off) Reset(context.Context, string) error { return nil }

// PurgeLimits implements Store.
func (Off) PurgeLimits(context.Context, time.Time, int) (int, error) { return 0, nil }

// purgeBatch is how many rows one statement of PurgeExpired removes: few enough
// that nobody waits for its locks.
const purgeBatch = 250

// PurgeExpired removes the counters that remember nothing at now, in batches until
// none is left. After each batch it pauses for as long as that took. Nothing
// depends on it but the space; once an hour is plenty, on any number of nodes.
func PurgeExpired(ctx context.Context, s Store, now time.Time) error {
	_, err := batch.Each(ctx, purgeBatch, func(ctx context.Context, limit int) (int, error) {
		return s.PurgeLimits(ctx, now, limit)
	})
	return err
}
