// Package conform holds what the conformance suites share: contexts that end,
// goroutines that start together, fresh names and events, the cases that every
// method of every store must pass, and the proof that a suite can fail.
//
// A suite names the calls of its store once and has them judged:
//
//	conform.EndedContext(t, []conform.Call{{Name: "Get", Do: func(ctx context.Context) error {
//		_, err := store.Get(ctx, "1")
//		return err
//	}}})
package conform

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds one case. It is far above what any case needs: a store that
// waits for itself should fail with a name, not hang the run.
const patience = time.Minute

// Context returns the test's context with a deadline, so that a store that
// blocks on itself fails its case.
func Context(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// Name returns a fresh lower-case name that begins with prefix and is a valid
// user name when prefix is.
func Name(prefix string) string {
	return prefix + strings.ToLower(rand.Text()[:16])
}

// Time is an instant to count from: UTC, in whole microseconds that are not
// whole milliseconds, so that a store that cuts them is found.
func Time() time.Time {
	return time.Date(2026, 3, 29, 0, 59, 59, 123457000, time.UTC)
}

// Together calls fn n times at once, each in its own goroutine that waits for
// the others to be ready, and returns the n errors in order.
func Together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var ready, done sync.WaitGroup
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = fn(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// Must fails the test at once when err is not nil.
func Must(t testing.TB, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// SameJSON reports whether a and b are the same JSON value: a database may
// order members and place spaces as it likes. Numbers are compared as they
// are written, and two absent values are the same.
func SameJSON(a, b json.RawMessage) bool {
	if len(a) == 0 || len(b) == 0 {
		return len(a) == len(b)
	}
	x, errX := decodeJSON(a)
	y, errY := decodeJSON(b)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

func decodeJSON(data json.RawMessage) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	return v, err
}
