package picture

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of the pipeline, told apart by errors.Is.
var (
	// ErrUnsupported: not one of the formats that are taken. The text names
	// what was sent when it is known.
	ErrUnsupported = errors.New("unsupported picture format")
	// ErrTooLarge: more bytes than Limits.MaxBytes.
	ErrTooLarge = errors.New("picture too large")
	// ErrBusy: too many pictures are being decoded. Trying again helps.
	ErrBusy = errors.New("too many pictures are being processed")
	// ErrEmpty: there were no bytes at all. It comes as a *RejectedError.
	ErrEmpty = errors.New("empty picture")
)

// Reasons of a RejectedError.
const (
	ReasonEmpty   = "empty"   // no bytes
	ReasonCorrupt = "corrupt" // cut short, or not what it says it is
	ReasonSides   = "sides"   // a side of 0 pixels
	ReasonPixels  = "pixels"  // over MaxPixels or MaxProgressivePixels
	ReasonScans   = "scans"   // over MaxScans
	ReasonFrames  = "frames"  // over MaxFrames
	ReasonChunks  = "chunks"  // over MaxChunks
	ReasonMemory  = "memory"  // decoding takes more than Memory
	ReasonTime    = "time"    // decoding took longer than DecodeTime
)

// RejectedError: a picture of a known format that is not taken.
type RejectedError struct {
	// Reason is one of the reasons above, for programs.
	Reason string
	// Limit says for people which limit it is and what was sent.
	Limit string
}

func (e *RejectedError) Error() string { return "picture rejected: " + e.Limit }

// Is makes errors.Is(err, ErrEmpty) true for an empty picture.
func (e *RejectedError) Is(target error) bool {
	return target == ErrEmpty && e.Reason == ReasonEmpty
}

func rejectf(reason, format string, args ...any) error {
	return &RejectedError{Reason: reason, Limit: fmt.Sprintf(format, args...)}
}

func corrupt(format string) error {
	return rejectf(ReasonCorrupt, "the %s file is damaged or cut short", format)
}

// unsupportedError is ErrUnsupported with the name of what was sent.
type unsupportedError struct {
	what string
	also []string // names of the formats that the host added
}

func (e *unsupportedError) Error() string {
	what := "this kind of file"
	if e.what != "" {
		what = e.what
	}
	taken := append([]string{"JPEG", "PNG", "GIF", "WebP"}, e.also...)
	last := len(taken) - 1
	return what + " is not supported; send a " + strings.Join(taken[:last], ", ") + " or " + taken[last] + " picture"
}

func (e *unsupportedError) Is(target error) bool { return target == ErrUnsupported }

// tooLargeError is ErrTooLarge with the limit.
type tooLargeError struct{ limit int64 }

func (e *tooLargeError) Error() string {
	return fmt.Sprintf("the picture is larger than the %s allowed", byteCount(e.limit))
}

func (e *tooLargeError) Is(target error) bool { return target == ErrTooLarge }

func byteCount(n int64) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%d bytes", n)
}
