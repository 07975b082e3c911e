package limit_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/memstore"
)

// A store of a database, such as (*sqlstore.DB).Limits, takes the place of memstore.
func ExampleLimiter() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	uploads := limit.Rule{Limit: 2, Window: time.Hour}
	l := limit.Limiter{Store: memstore.New().Limits(), Now: func() time.Time { return now }}
	for range 3 {
		err := l.Take(context.Background(), "shop.upload:user:1", uploads)
		if exceeded, ok := errors.AsType[*limit.ExceededError](err); ok {
			fmt.Println("not before", exceeded.RetryAfter)
		} else if err == nil {
			fmt.Println("let through")
		}
		now = now.Add(10 * time.Minute)
	}
	// Output:
	// let through
	// let through
	// not before 40m0s
}
