package picture

import (
	"runtime"
	"time"
)

// Limits bound what one picture, and all of them together, may take. A zero
// field is its default.
type Limits struct {
	// MaxBytes is the length of the file; 10 MiB.
	MaxBytes int64
	// MaxPixels is width times height; 50 million.
	MaxPixels int64
	// MaxProgressivePixels is MaxPixels for a progressive JPEG, whose decoder
	// keeps every coefficient in memory; 25 million.
	MaxProgressivePixels int64
	// MaxScans is the number of scans of a JPEG, each of which costs a pass
	// over all pixels; 100.
	MaxScans int
	// MaxFrames is the number of frames of an animation, of which the first is
	// used; 2000.
	MaxFrames int
	// MaxChunks is the number of chunks of a PNG or WebP and of segments of a
	// JPEG; 20000.
	MaxChunks int
	// DecodeTime is how long one picture may be worked on; 20 s. The decoders of
	// this package cannot be stopped: the caller returns then, but the decoder's
	// place in the pool stays taken until it has ended.
	DecodeTime time.Duration
	// QueueTime is how long a picture waits for its turn, and its file for
	// room, before ErrBusy; 10 s.
	QueueTime time.Duration
	// Slots is how many pictures are decoded at once; GOMAXPROCS.
	Slots int
	// Queue is how many more may wait for a slot; 8 for each slot.
	Queue int
	// Memory is what all pictures being decoded may take together, as estimated
	// from their headers, in bytes; 512 MiB. One that takes more is rejected.
	Memory int64
	// Files is what all files in memory may take together, besides the first
	// 64 KiB of each, in bytes; 64 MiB, and at least twice MaxBytes.
	Files int64
}

func (l Limits) withDefaults() Limits {
	def(&l.MaxBytes, 10<<20)
	def(&l.MaxPixels, 50_000_000)
	def(&l.MaxProgressivePixels, 25_000_000)
	def(&l.MaxScans, 100)
	def(&l.MaxFrames, 2000)
	def(&l.MaxChunks, 20_000)
	def(&l.DecodeTime, 20*time.Second)
	def(&l.QueueTime, 10*time.Second)
	def(&l.Slots, runtime.GOMAXPROCS(0))
	def(&l.Queue, 8*l.Slots)
	def(&l.Memory, 512<<20)
	def(&l.Files, 64<<20)
	return l
}

func def[T int | int64 | time.Duration](field *T, value T) {
	if *field <= 0 {
		*field = value
	}
}
