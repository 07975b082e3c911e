package sqlstore

import (
	"context"
	"errors"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
)

// Take is one upsert, so that concurrent calls of one key, on any node, queue
// on its row and each sees what the one before left. It writes the answer into
// the row to return it: RETURNING sees the new row only.
//
// $2 now, $3 limit, $4 window, $5 first wait, $6 greatest wait, $7 after how
// many doublings that is reached; all times in microseconds. A first wait of 0
// is the hard limit, where everything counts from the first try instead of the
// last.
const (
	throttleForgotten = `CASE WHEN CAST($5 AS BIGINT) = 0 THEN t.first_at ELSE t.last_at END + CAST($4 AS BIGINT) <= CAST($2 AS BIGINT)`
	throttleOpen      = `t.tries < CAST($3 AS BIGINT) OR CAST($5 AS BIGINT) > 0 AND t.next_at <= CAST($2 AS BIGINT)`
	// throttleLast is the later of now and the last try: the clocks of two
	// nodes differ a little.
	throttleLast = `CASE WHEN t.last_at > CAST($2 AS BIGINT) THEN t.last_at ELSE CAST($2 AS BIGINT) END`
	// throttleNext is when the try after this one is let through.
	throttleNext = `CASE
		WHEN t.tries + 1 < CAST($3 AS BIGINT) THEN CAST($2 AS BIGINT)
		WHEN CAST($5 AS BIGINT) = 0 THEN t.first_at + CAST($4 AS BIGINT)
		WHEN t.tries + 1 - CAST($3 AS BIGINT) >= CAST($7 AS BIGINT) THEN ` + throttleLast + ` + CAST($6 AS BIGINT)
		ELSE ` + throttleLast + ` + (CAST($5 AS BIGINT) << CAST(t.tries + 1 - CAST($3 AS BIGINT) AS INTEGER)) END`
	// throttleNextOne is the same after a first try.
	throttleNextOne = `CASE
		WHEN 1 < CAST($3 AS BIGINT) THEN CAST($2 AS BIGINT)
		WHEN CAST($5 AS BIGINT) = 0 THEN CAST($2 AS BIGINT) + CAST($4 AS BIGINT)
		WHEN 0 >= CAST($7 AS BIGINT) THEN CAST($2 AS BIGINT) + CAST($6 AS BIGINT)
		ELSE CAST($2 AS BIGINT) + CAST($5 AS BIGINT) END`
)

var (
	takeThrottle = write(`INSERT INTO profilekit_throttle AS t (key, tries, first_at, last_at, next_at, forget_at, allowed)
	VALUES ($1, 1, $2, $2, ` + throttleNextOne + `, CAST($2 AS BIGINT) + CAST($4 AS BIGINT), TRUE)
	ON CONFLICT (key) DO UPDATE SET
	tries = CASE WHEN ` + throttleForgotten + ` THEN 1 WHEN ` + throttleOpen + ` THEN t.tries + 1 ELSE t.tries END,
	first_at = CASE WHEN ` + throttleForgotten + ` THEN CAST($2 AS BIGINT) ELSE t.first_at END,
	last_at = CASE WHEN ` + throttleForgotten + ` THEN CAST($2 AS BIGINT) WHEN ` + throttleOpen + ` THEN ` + throttleLast + ` ELSE t.last_at END,
	next_at = CASE WHEN ` + throttleForgotten + ` THEN ` + throttleNextOne + ` WHEN ` + throttleOpen + ` THEN ` + throttleNext + ` ELSE t.next_at END,
	forget_at = CASE WHEN ` + throttleForgotten + ` THEN CAST($2 AS BIGINT) + CAST($4 AS BIGINT)
		WHEN CAST($5 AS BIGINT) = 0 THEN t.first_at + CAST($4 AS BIGINT)
		WHEN ` + throttleOpen + ` THEN ` + throttleLast + ` + CAST($4 AS BIGINT) ELSE t.forget_at END,
	allowed = (` + throttleForgotten + ` OR ` + throttleOpen + `)
	RETURNING allowed, next_at, forget_at`)
	// A refund leaves the key as it was before the try, when that was the last
	// one: open.
	refundThrottle = write(`UPDATE profilekit_throttle SET tries = tries - 1, next_at = last_at WHERE key = $1 AND tries > 0`)
	resetThrottle  = write(`DELETE FROM profilekit_throttle WHERE key = $1`)
	// The lock makes Postgres look again at a key that is tried meanwhile: what
	// it remembers then must stay.
	purgeThrottle = writeEach(
		`DELETE FROM profilekit_throttle WHERE key = ANY (ARRAY(SELECT key FROM profilekit_throttle WHERE forget_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
		`DELETE FROM profilekit_throttle WHERE key IN (SELECT key FROM profilekit_throttle WHERE forget_at <= $1 LIMIT $2)`)
)

// errRule refuses a rule that would let everything through.
var errRule = errors.New("sqlstore: a throttle rule needs a limit and a window")

type throttle struct{ db *DB }

func (s throttle) Take(ctx context.Context, key string, rule limit.Rule, now time.Time) (bool, time.Duration, error) {
	if rule.Limit < 1 || rule.Window <= 0 || rule.Wait < 0 {
		return false, 0, errRule
	}
	wait, most, doublings := waits(rule)
	var allowed bool
	var next, forget int64
	args := []any{key, micros(now), int64(rule.Limit), rule.Window.Microseconds(), wait, most, doublings}
	_, err := s.db.row(ctx, takeThrottle, args, &allowed, &next, &forget)
	if err != nil || allowed {
		return err == nil, 0, err
	}
	// Whichever comes first lets the next try through.
	return false, time.Duration(max(min(next, forget)-micros(now), 1)) * time.Microsecond, nil
}

// waits are the first and the greatest wait of rule in microseconds, and how
// often the first is doubled before it reaches the greatest.
func waits(rule limit.Rule) (wait, most, doublings int64) {
	if rule.Wait == 0 {
		return 0, 0, 0
	}
	wait = max(rule.Wait.Microseconds(), 1)
	// A wait as long as the window is forgotten before it ends.
	most = max(rule.Window.Microseconds(), wait)
	if rule.MaxWait > 0 {
		most = max(rule.MaxWait.Microseconds(), 1)
	}
	for w := wait; w < most; w *= 2 {
		doublings++
		if w > most/2 {
			break
		}
	}
	return wait, most, doublings
}

func (s throttle) Refund(ctx context.Context, key string) error {
	_, err := s.db.exec(ctx, refundThrottle, key)
	return err
}

func (s throttle) Reset(ctx context.Context, key string) error {
	_, err := s.db.exec(ctx, resetThrottle, key)
	return err
}

func (s throttle) PurgeLimits(ctx context.Context, now time.Time, most int) (int, error) {
	n, err := s.db.exec(ctx, purgeThrottle, micros(now), most)
	return int(n), err
}
