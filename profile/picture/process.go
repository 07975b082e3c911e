package picture

import (
	"context"
	"errors"
	"fmt"
	"image/color"
	"io"

	"github.com/profilekit/profilekit/settings/input"
)

// Crop is a square of the upright picture, in its pixels: what a person saw
// and chose, whatever the orientation in the file.
type Crop struct{ X, Y, Size int }

// Options of Process; the zero Options are good.
type Options struct {
	// Crop is the square to keep; nil is the largest in the centre.
	Crop   *Crop
	Limits Limits
	// Decoders take formats beside JPEG, PNG, GIF and WebP; the first that
	// wants a file gets it.
	Decoders []Decoder
	// Pool bounds what is decoded at once; nil is a Pool of its own for this
	// one picture. Share one among all calls of a process.
	Pool *Pool
	// Background is what shows where a picture is transparent, which then makes
	// JPEG like any other; nil keeps the transparency, as PNG. It must be opaque.
	Background color.Color
}

// Square is one size of the result.
type Square struct {
	Size int // the side in pixels
	Data []byte
}

// Result is a picture as it is kept.
type Result struct {
	// Squares are of 512, 256, 128 and 64 pixels. All are always made; a small
	// source is enlarged.
	Squares []Square
	// Ext is "jpg", or "png" when the source is transparent somewhere and
	// Options.Background is nil.
	Ext         string
	ContentType string
	// Placeholder is a ThumbHash in base64 (32 to 36 characters), from which a
	// blurred picture can be painted at once; there are decoders for browsers
	// and phones at https://evanw.github.io/thumbhash.
	Placeholder string
}

// Process reads a picture to the end of src and makes its squares. The same
// bytes make the same squares. See the package comment for the errors; one of
// src itself is wrapped.
func Process(ctx context.Context, src io.Reader, opts Options) (Result, error) {
	if _, err := opaque(opts.Background); err != nil {
		return Result{}, err
	}
	opts.Limits = opts.Limits.withDefaults()
	if opts.Pool == nil {
		opts.Pool = NewPool(opts.Limits)
	}
	res, err := process(ctx, src, opts)
	return res, hidePanic(err)
}

// hidePanic makes a decoder's panic what it is to the sender: a bad file.
func hidePanic(err error) error {
	var panicked *panicError
	if errors.As(err, &panicked) {
		return rejectf(ReasonCorrupt, "the file is damaged in a way that the decoder did not expect")
	}
	return err
}

// process takes Options with Limits and a Pool.
func process(ctx context.Context, src io.Reader, opts Options) (Result, error) {
	lim, crop, pool := opts.Limits, opts.Crop, opts.Pool
	if crop != nil && (crop.X < 0 || crop.Y < 0 || crop.Size < 1) {
		return Result{}, badCrop() // whatever the picture
	}
	held := pool.files.file(lim.MaxBytes + 2)
	data, err := readAll(ctx, src, lim, opts.Decoders, held)
	if err != nil {
		held.close()
		return Result{}, err
	}
	h, err := inspect(data, lim, opts.Decoders)
	if err == nil {
		err = pool.acquire(ctx, h.memory)
	}
	if err != nil {
		held.close()
		return Result{}, err
	}
	return pool.started(ctx, h.memory, func(ctx context.Context) (Result, error) {
		defer held.close() // not before: a decoder may go on when its time is over
		return work(ctx, data, h, opts)
	})
}

const (
	// headSize is how much of the file is read before it is looked at for the
	// first time; the limits of nearly every picture are known from it.
	headSize = 64 << 10
	// firstSize is what a sender who sends next to nothing costs.
	firstSize = 4 << 10
)

// readAll reads the file, but no byte more than it must: it stops at the
// limit, when the first bytes are enough to refuse it, and while the files in
// memory take all that they may.
func readAll(ctx context.Context, src io.Reader, lim Limits, decoders []Decoder, held *file) ([]byte, error) {
	data := make([]byte, 0, firstSize)
	limited := io.LimitReader(src, lim.MaxBytes+1)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(data) == cap(data) {
			bigger := min(2*int64(cap(data)), max(headSize, lim.MaxBytes+2))
			if bigger > headSize {
				// At every doubling, so that it costs no more than once.
				if err := judgeHead(data, lim, decoders); err != nil {
					return nil, err
				}
				if err := held.hold(ctx, bigger); err != nil {
					return nil, err
				}
			}
			data = append(make([]byte, 0, bigger), data...)
		}
		n, err := limited.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if int64(len(data)) > lim.MaxBytes {
			return nil, &tooLargeError{lim.MaxBytes}
		}
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return nil, fmt.Errorf("picture: read: %w", err)
		}
	}
}

// judgeHead refuses what more bytes cannot make right. That the file is cut
// short is no reason yet.
func judgeHead(head []byte, lim Limits, decoders []Decoder) error {
	_, err := inspect(head, lim, decoders)
	var rejected *RejectedError
	if errors.As(err, &rejected) && rejected.Reason == ReasonCorrupt {
		return nil
	}
	return err
}

// work is what costs time and memory; it runs in the pool.
func work(ctx context.Context, data []byte, h header, opts Options) (Result, error) {
	turn := h.turn()
	w, ht := h.width, h.height
	if turn.turned() {
		w, ht = ht, w
	}
	square := Crop{Size: min(w, ht)}
	square.X, square.Y = (w-square.Size)/2, (ht-square.Size)/2
	if opts.Crop != nil {
		square = *opts.Crop
		// Written so that huge numbers cannot wrap around.
		if square.Size > w || square.Size > ht || square.X > w-square.Size || square.Y > ht-square.Size {
			return Result{}, badCrop()
		}
	}
	d, err := decode(ctx, data, h, opts.Limits)
	if err != nil {
		return Result{}, err
	}
	x, y := turn.stored(square, h.width, h.height)
	s := d.cut(x, y, square.Size)
	s.turn = turn
	if s.background, err = opaque(opts.Background); err != nil {
		return Result{}, err
	}
	if t := h.space.transform(); t.fits(s.kind) {
		s.convert = t
	}

	var res Result
	res.Ext, res.ContentType = s.format()
	for _, n := range sizes {
		if err := ctx.Err(); err != nil {
			return Result{}, err // nobody waits for it any more
		}
		m := s.render(n)
		encoded, err := encode(m)
		if err != nil {
			return Result{}, err
		}
		res.Squares = append(res.Squares, Square{n, encoded})
		if n == sizes[len(sizes)-1] {
			res.Placeholder = thumbHash(m)
		}
	}
	return res, nil
}

func badCrop() error {
	return input.Invalid(input.New("crop", input.Square, nil))
}
