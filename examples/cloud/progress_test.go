package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/examples/cloud/internal/copying"
)

// TestProgress: a bar is drawn over itself and wiped at the end; elsewhere there
// are few lines, each whole.
func TestProgress(t *testing.T) {
	for _, bar := range []bool{true, false} {
		var out bytes.Buffer
		now := time.Unix(1_800_000_000, 0)
		p := &progress{w: &out, bar: bar, total: 1000, now: func() time.Time { return now }, start: now, last: now}
		for i := 1; i <= 1000; i++ {
			now = now.Add(20 * time.Millisecond) // 20 s in all
			p.show(copying.Report{Copied: i - i/10, Present: i / 10, Bytes: int64(i) * 1000})
		}
		p.end()
		lines, returns := strings.Count(out.String(), "\n"), strings.Count(out.String(), "\r")
		want := "50%  500 of 1000, 500.0 kB, 10s left"
		switch {
		case bar && (lines != 0 || returns < 150 || returns > 250 || !strings.HasSuffix(out.String(), " \r")):
			t.Errorf("bar: %d lines, %d redrawn", lines, returns)
		case bar && !strings.Contains(out.String(), "\r[===============               ]  "+want):
			t.Errorf("bar: %q", out.String())
		case !bar && (lines != 4 || returns != 0 || !strings.Contains(out.String(), " "+want+"\n")):
			t.Errorf("lines: %q", out.String())
		}
	}
}

// TestProgressSays: more than was counted at first, failures, deletions,
// nothing at all.
func TestProgressSays(t *testing.T) {
	for _, c := range []struct {
		total int
		r     copying.Report
		want  string
	}{
		{0, copying.Report{}, "  0%  0 of 0, 0 bytes"},
		{2, copying.Report{Copied: 3, Bytes: 2_500_000}, "100%  3 of 3, 2.5 MB"},
		{4, copying.Report{Copied: 1, Failed: 1, Bytes: 3_100_000_000}, " 50%  2 of 4, 3.1 GB, 1 failed, 2s left"},
		{10_000_000, copying.Report{Copied: 1}, "  0%  1 of 10000000, 0 bytes, 5555h33m18s left"},
		{4, copying.Report{Copied: 4, Deleted: 3}, "3 of 4 deleted from the source"},
	} {
		p := &progress{total: c.total}
		if got := p.line(c.r, 2*time.Second); got != c.want {
			t.Errorf("%+v: %q, want %q", c.r, got, c.want)
		}
	}
}
