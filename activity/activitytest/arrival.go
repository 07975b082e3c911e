package activitytest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/internal/conform"
)

func arrivalCases(t *testing.T, h Harness) {
	t.Run("R38 no row twice and none missed, one arriving a page", func(t *testing.T) { arrivingBetween(t, h) })
	t.Run("R38 what arrives where nobody has read yet is seen", func(t *testing.T) { arrivingAhead(t, h) })
	t.Run("R38 no row twice and none missed, many writers", func(t *testing.T) { arrivingMeanwhile(t, h) })
}

// arrivingBetween appends a newer event before each page, at the newest
// instant that is there or later.
func arrivingBetween(t *testing.T, h Harness) {
	ctx, user := conform.Context(t), h.NewUser(t)
	present := fill(t, h, user, 31)
	seen := readAll(t, h, ctx, user, 3, func(page int) {
		e := conform.Event(user, kind, present[0].At.Add(time.Duration(page%2)*time.Microsecond))
		e.ID = conform.EventID(conform.Time(), uint16(1000+page))
		conform.Must(t, "Append", h.Store.Append(ctx, e))
	})
	judge(t, present, seen)
}

// arrivingAhead appends an event of an earlier time, as a transaction that took
// long does, before the pages have come to it.
func arrivingAhead(t *testing.T, h Harness) {
	ctx, user := conform.Context(t), h.NewUser(t)
	all := fill(t, h, user, 31)
	seen := readAll(t, h, ctx, user, 3, func(page int) {
		if page != 2 {
			return
		}
		e := conform.Event(user, kind, all[len(all)-1].At.Add(-time.Microsecond))
		e.ID = conform.EventID(conform.Time(), 5000)
		conform.Must(t, "Append", h.Store.Append(ctx, e))
		all = append(all, e)
	})
	judge(t, all, seen)
}

// arrivingMeanwhile reads while writers append newer events without pause.
func arrivingMeanwhile(t *testing.T, h Harness) {
	ctx, user := conform.Context(t), h.NewUser(t)
	present := fill(t, h, user, 62)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range 200 {
				select {
				case <-stop:
					return
				default:
				}
				e := conform.Event(user, kind, present[0].At.Add(time.Duration(1+i)*time.Microsecond))
				if err := h.Store.Append(ctx, e); err != nil {
					t.Errorf("writer %d: Append: %v", w, err)
					return
				}
			}
		})
	}
	for range 3 {
		judge(t, present, readAll(t, h, ctx, user, 5, func(int) {}))
	}
	close(stop)
	writers.Wait()
}

// readAll reads the history in pages, calls before ahead of each, and counts
// how often it saw each ID.
func readAll(t *testing.T, h Harness, ctx context.Context, user string, limit int, before func(page int)) map[string]int {
	t.Helper()
	seen := map[string]int{}
	q := activity.Query{UserID: user, Limit: limit}
	for i := 0; ; i++ {
		before(i)
		page, err := h.Store.Page(ctx, q)
		conform.Must(t, "Page", err)
		if len(page) == 0 {
			return seen
		}
		if i > 1000 {
			t.Fatal("1000 pages and no end: a position is not honoured")
		}
		for _, e := range page {
			seen[e.ID]++
		}
		q.After = position(page[len(page)-1])
	}
}

func judge(t *testing.T, present []activity.Event, seen map[string]int) {
	t.Helper()
	missed, twice := 0, 0
	for _, e := range present {
		if seen[e.ID] == 0 {
			missed++
		}
	}
	for _, n := range seen {
		if n > 1 {
			twice++
		}
	}
	if missed > 0 || twice > 0 {
		t.Errorf("while rows arrived, %d of %d rows were missed and %d were seen twice", missed, len(present), twice)
	}
}
