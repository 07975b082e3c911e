package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/profilekit/profilekit/examples/cloud/internal/copying"
)

const (
	barEvery  = 100 * time.Millisecond // on a terminal
	lineEvery = 5 * time.Second        // elsewhere: a log should stay short
	barWidth  = 30
)

// progress shows how far a copy came: a bar that is drawn over and over on a
// terminal, a line now and then elsewhere.
type progress struct {
	w     io.Writer
	bar   bool
	total int
	now   func() time.Time
	start time.Time
	last  time.Time
	drawn int // characters of the bar, to be drawn over
}

func newProgress(f *os.File, total int, now func() time.Time) *progress {
	return &progress{w: f, bar: isTerminal(f), total: total, now: now, start: now(), last: now()}
}

// show is copying.Config.Progress.
func (p *progress) show(r copying.Report) {
	every := lineEvery
	if p.bar {
		every = barEvery
	}
	now := p.now()
	if now.Sub(p.last) < every {
		return
	}
	p.last = now
	line := p.line(r, now.Sub(p.start))
	if !p.bar {
		fmt.Fprintln(p.w, line)
		return
	}
	fmt.Fprintf(p.w, "\r%s%s", line, strings.Repeat(" ", max(0, p.drawn-len(line))))
	p.drawn = len(line)
}

func (p *progress) line(r copying.Report, took time.Duration) string {
	if r.Deleted > 0 {
		return fmt.Sprintf("%d of %d deleted from the source", r.Deleted, max(p.total, r.Deleted))
	}
	done := r.Done() + r.Failed
	total := max(p.total, done) // more may have come
	line := fmt.Sprintf("%3d%%  %d of %d, %s", 100*done/max(total, 1), done, total, size(r.Bytes))
	if p.bar {
		full := barWidth * done / max(total, 1)
		line = "[" + strings.Repeat("=", full) + strings.Repeat(" ", barWidth-full) + "] " + line
	}
	if r.Failed > 0 {
		line += fmt.Sprintf(", %d failed", r.Failed)
	}
	if left := total - done; left > 0 && done > 0 {
		line += ", " + time.Duration(float64(took)*float64(left)/float64(done)).Round(time.Second).String() + " left"
	}
	return line
}

// end wipes the bar; the summary follows.
func (p *progress) end() {
	if p.drawn > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.drawn))
	}
}
