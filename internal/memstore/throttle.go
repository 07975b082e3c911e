package memstore

import (
	"context"
	"maps"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
)

// tries is what is remembered of one key.
type tries struct {
	count       int
	first, last time.Time
	// next is when a try beyond the limit is let through by a rule with waits.
	next time.Time
	// until is when nothing is remembered any more.
	until time.Time
}

// take is limit.Store.Take for one key: the tries from then on, and how
// long to wait when the try is refused (0 when it is allowed).
func (t tries) take(rule limit.Rule, now time.Time) (tries, time.Duration) {
	if !now.Before(t.until) {
		t = tries{first: now, last: now}
	}
	if t.count >= rule.Limit {
		next := t.until
		if rule.Wait > 0 && t.next.Before(next) {
			next = t.next
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
		t.next = t.last.Add(wait(rule, t.count-rule.Limit))
		t.until = t.last.Add(rule.Window)
	}
	return t, 0
}

// wait is how long the try after extra tries beyond the limit has to wait.
// Without a greatest wait the window is it: after that all is forgotten.
func wait(rule limit.Rule, extra int) time.Duration {
	most := rule.MaxWait
	if most == 0 {
		most = max(rule.Window, rule.Wait)
	}
	w := rule.Wait
	for ; extra > 0 && w < most; extra-- {
		w = min(2*w, most)
	}
	return min(w, most)
}

type throttle struct{ s *Store }

func (th throttle) Take(ctx context.Context, key string, rule limit.Rule, now time.Time) (ok bool, retryAfter time.Duration, err error) {
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
		if t, there := st.throttle.get(key); there && t.count > 0 {
			// The key is open again, as it was before the try.
			t.count--
			t.next = t.last
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

func (th throttle) PurgeLimits(ctx context.Context, now time.Time, limit int) (int, error) {
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
