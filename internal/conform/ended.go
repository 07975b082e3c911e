package conform

import (
	"context"
	"errors"
	"testing"
	"time"
)

// Call is one method of a store with arguments that would succeed.
type Call struct {
	Name string
	Do   func(ctx context.Context) error
}

// EndedContext checks that each call reports a context that has ended before
// it as that context's error, both when it was cancelled and when its deadline
// has passed. Whether nothing was written is for the suite to look at.
func EndedContext(t *testing.T, calls []Call) {
	t.Helper()
	for _, c := range calls {
		t.Run(c.Name, func(t *testing.T) {
			cancelled, cancel := context.WithCancel(t.Context())
			cancel()
			if err := c.Do(cancelled); !errors.Is(err, context.Canceled) {
				t.Errorf("%s with a cancelled context: error %v, want one matching context.Canceled", c.Name, err)
			}
			late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
			defer cancel()
			if err := c.Do(late); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s with a context past its deadline: error %v, want one matching context.DeadlineExceeded", c.Name, err)
			}
		})
	}
}
