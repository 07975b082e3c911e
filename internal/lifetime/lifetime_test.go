package lifetime_test

import (
	"context"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/lifetime"
)

func TestTheLimitIsTheCallers(t *testing.T) {
	type name struct{}
	caller, cancel := context.WithCancel(context.WithValue(t.Context(), name{}, "caller"))
	defer cancel()
	own := lifetime.With(context.WithoutCancel(caller), caller)
	cancel()
	if own.Err() != nil {
		t.Error("the transaction's context ended with the caller's")
	}
	if limit := lifetime.Of(own); limit.Err() == nil || limit.Value(name{}) != "caller" {
		t.Error("the limit is not the caller's context")
	}
	if lifetime.Of(caller) != caller {
		t.Error("a context without a limit is its own")
	}
}

func TestUnwatchedHasNoEndOfItsOwn(t *testing.T) {
	type name struct{}
	caller, cancel := context.WithTimeout(context.WithValue(t.Context(), name{}, "caller"), time.Hour)
	ctx := lifetime.Unwatched(caller)
	cancel()
	if ctx.Done() != nil || ctx.Err() != nil {
		t.Error("it ends with the caller's")
	}
	if lifetime.Of(ctx) != caller || ctx.Value(name{}) != "caller" {
		t.Error("the caller's is not to be found")
	}
	if _, ok := ctx.Deadline(); !ok {
		t.Error("what dials cannot see the deadline")
	}
}
