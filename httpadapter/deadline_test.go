package httpadapter

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// What a deadline says is what context.WithTimeout says, at every moment and
// whether or not somebody waits for it.
func TestDeadlineIsAContextWithTimeout(t *testing.T) {
	type key struct{}
	parents := map[string]func(t *testing.T) (context.Context, func()){
		"plain": func(t *testing.T) (context.Context, func()) {
			return context.WithValue(t.Context(), key{}, "v"), func() {}
		},
		"cancelled": func(t *testing.T) (context.Context, func()) {
			return context.WithCancel(context.WithValue(t.Context(), key{}, "v"))
		},
		"earlier": func(t *testing.T) (context.Context, func()) {
			return context.WithTimeout(context.WithValue(t.Context(), key{}, "v"), time.Minute/2)
		},
	}
	for name, parent := range parents {
		for _, waited := range []bool{false, true} {
			for _, finish := range []string{"end", "parent", "time"} {
				synctest.Test(t, func(t *testing.T) {
					p, cancel := parent(t)
					defer cancel()
					want, stop := context.WithTimeout(p, time.Minute)
					defer stop()
					d := newDeadline(p, time.Minute)
					defer d.end()
					if waited {
						d.Done()
					}
					wantAt, _ := want.Deadline()
					if at, ok := d.Deadline(); !ok || !at.Equal(wantAt) {
						t.Errorf("%s: deadline %v, want %v", name, at, wantAt)
					}
					check := func(when string) {
						if got, want := d.Err(), want.Err(); !errors.Is(got, want) || (got == nil) != (want == nil) {
							t.Errorf("%s, waited %v, %s: error %v, want %v", name, waited, when, got, want)
						}
						if got := d.Value(key{}); got != "v" {
							t.Errorf("%s: value %v", name, got)
						}
					}
					check("at first")
					switch finish {
					case "end":
						d.end()
						stop()
					case "parent":
						cancel()
					case "time":
						time.Sleep(time.Minute)
						synctest.Wait()
					}
					check("after " + finish)
					if want.Err() != nil {
						<-d.Done() // also when nobody waited before
						check("when done")
					}
				})
			}
		}
	}
}

func TestDeadlineEndsItsChildren(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		d := newDeadline(t.Context(), time.Minute)
		child, cancel := context.WithCancel(context.WithValue(d, key{}, "v"))
		defer cancel()
		time.Sleep(time.Minute - time.Second)
		if child.Err() != nil {
			t.Error("too early")
		}
		time.Sleep(time.Second)
		<-child.Done()
		if !errors.Is(child.Err(), context.DeadlineExceeded) {
			t.Errorf("child: %v", child.Err())
		}
	})
}
