package memstore

import (
	"context"
	"maps"
	"time"

	"github.com/profilekit/profilekit/auth"
)

// tries is what is remembered of one key.
type tries struct {
	count       int
	first, last time.Time
	// until is when nothing is remembered any more.
	until time.Time
}

// take is auth.ThrottleStore.Take for one key: the tries from then on, and how
// long to wait when the try is refused (0 when it is allowed).
func (t tries) take(rule auth.Rule, now time.Time) (tries, time.Duration) {
	if t.count <= 0 || !now.Before(t.until) {
		t = tries{first: now, last: now}
	}
	if t.count >= rule.Limit {
		next := t.first.Add(rule.Window)
		if rule.Wait > 0 {
			next = t.last.Add(wait(rule, t.count-rule.Limit))
		}
		if d := next.Sub(now); d > 0 {
			return t, d
		}
	}
	t.count++
	// A clock that went back must not shorten anything.
	if now.After(t.last) {
		t.last = now
	}
	t.until = t.first.Add(rule.Window)
	if rule.Wait > 0 {
		t.until = t.last.Add(rule.Window)
	}
	return t, 0
}

// wait is how long the try after extra tries beyond the limit has to wait.
func wait(rule auth.Rule, extra int) time.Duration {
	w := rule.Wait
	for range extra {
		if w >= rule.MaxWait || w > w*2 {
			break
		}
		w *= 2
	}
	return min(w, max(rule.MaxWait, rule.Wait))
}

type throttle struct{ s *Store }

func (th throttle) Take(ctx context.Context, key string, rule auth.Rule, now time.Time) (ok bool, retryAfter time.Duration, err error) {
	err = th.s.write(ctx, func(st *state) error {
		present, _ := st.throttle.get(key)
		next, wait := present.take(rule, stored(now))
		if retryAfter = wait; wait == 0 {
			st.throttle.put(st, key, next)
		}
		return nil
	})
	return err == nil && retryAfter == 0, retryAfter, err
}

func (th throttle) Refund(ctx context.Context, key string) error {
	return th.s.write(ctx, func(st *state) error {
		t, there := st.throttle.get(key)
		if t.count--; t.count <= 0 {
			st.throttle.remove(st, key)
		} else if there {
			st.throttle.put(st, key, t)
		}
		return nil
	})
}

func (th throttle) Reset(ctx context.Context, key string) error {
	return th.s.write(ctx, func(st *state) error {
		st.throttle.remove(st, key)
		return nil
	})
}

func (th throttle) PurgeThrottle(ctx context.Context, now time.Time, limit int) (int, error) {
	n := 0
	err := th.s.write(ctx, func(st *state) error {
		for key, t := range maps.Clone(st.throttle.rows) {
			if n < limit && !now.Before(t.until) {
				st.throttle.remove(st, key)
				n++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
