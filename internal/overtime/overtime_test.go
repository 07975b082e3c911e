package overtime_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/internal/overtime"
)

func TestContextLastsAsLongAsItMay(t *testing.T) {
	for name, c := range map[string]struct{ deadline, want time.Duration }{
		"no deadline":     {0, 5 * time.Second},
		"a late one":      {time.Minute, 5 * time.Second},
		"one within most": {2 * time.Second, 2 * time.Second},
		"one soon":        {time.Millisecond, overtime.Least},
		"one that passed": {-time.Minute, overtime.Least},
	} {
		synctest.Test(t, func(t *testing.T) {
			type key struct{}
			ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
			if c.deadline != 0 {
				ctx, cancel = context.WithTimeout(ctx, c.deadline)
			}
			cancel()
			got, end := overtime.Context(ctx, 5*time.Second)
			defer end()
			until, ok := got.Deadline()
			if left := time.Until(until); !ok || left != c.want || got.Err() != nil || got.Value(key{}) != "value" {
				t.Errorf("%s: lasts %v with error %v; want %v", name, left, got.Err(), c.want)
			}
		})
	}
}
