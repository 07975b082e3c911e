package lifetime_test

import (
	"context"
	"testing"

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
