package batch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/internal/batch"
)

// table is rows that take d to remove a batch of.
type table struct {
	rows, batches, most int
	d                   time.Duration
	err                 error
}

func (b *table) remove(_ context.Context, limit int) (int, error) {
	time.Sleep(b.d)
	if b.err != nil && b.rows < limit {
		return 0, b.err
	}
	n := min(limit, b.rows)
	b.rows, b.batches, b.most = b.rows-n, b.batches+1, max(b.most, n)
	return n, nil
}

func TestR37_BatchesArePausedBetween(t *testing.T) {
	for _, c := range []struct {
		rows, batches int
		d, want       time.Duration
	}{
		{0, 1, 10 * time.Millisecond, 10 * time.Millisecond},
		{99, 1, 10 * time.Millisecond, 10 * time.Millisecond},
		{100, 2, 10 * time.Millisecond, 30 * time.Millisecond}, // a pause between the two
		{1050, 11, 10 * time.Millisecond, 210 * time.Millisecond},
		{250, 3, 5 * time.Second, 17 * time.Second}, // pauses of a second
	} {
		synctest.Test(t, func(t *testing.T) {
			start, b := time.Now(), table{rows: c.rows, d: c.d}
			n, err := batch.Each(t.Context(), 100, b.remove)
			if n != c.rows || err != nil || b.rows != 0 {
				t.Errorf("%d rows: removed %d, error %v, %d are left", c.rows, n, err, b.rows)
			}
			if took := time.Since(start); b.batches != c.batches || b.most > 100 || took != c.want {
				t.Errorf("%d rows: %d batches of %d at most in %v, want %d in %v", c.rows, b.batches, b.most, took, c.batches, c.want)
			}
		})
	}
}

func TestR37_BatchesStopWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Millisecond) // in the second pause
		defer cancel()
		start, b := time.Now(), table{rows: 1000, d: 10 * time.Millisecond}
		n, err := batch.Each(ctx, 100, b.remove)
		if n != 200 || !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 35*time.Millisecond {
			t.Errorf("removed %d, error %v after %v", n, err, time.Since(start))
		}
		if n, err := batch.Each(ctx, 100, b.remove); n != 0 || err == nil || b.batches != 2 {
			t.Errorf("an ended context: removed %d, error %v", n, err)
		}
	})
}

func TestR37_BatchesReturnTheErrorAndTheCount(t *testing.T) {
	broken := errors.New("broken")
	b := table{rows: 250, err: broken}
	if n, err := batch.Each(t.Context(), 100, b.remove); n != 200 || !errors.Is(err, broken) {
		t.Errorf("removed %d, error %v", n, err)
	}
}

func ExampleEach() {
	rows := 2500
	removed, err := batch.Each(context.Background(), 1000, func(_ context.Context, limit int) (int, error) {
		n := min(limit, rows)
		rows -= n
		return n, nil
	})
	fmt.Println(removed, err)
	// Output: 2500 <nil>
}
