// Package rare lets the picture pipeline take BMP and TIFF, which hardly
// anybody sends as a profile picture, and whose decoders had more security
// holes than all others together. They are refused unless a host asks:
//
//	picture.Options{Decoders: []picture.Decoder{rare.BMP(), rare.TIFF()}}
//
// The structure of a file is read by this package and held against limits
// before the decoders of golang.org/x/image see it: what they do not take is
// refused with a name, and so is what would cost more than a picture of its
// size should.
package rare

import (
	"bytes"
	"context"
	"fmt"

	"github.com/profilekit/profilekit/profile/picture"
)

// BMP returns the decoder of Windows bitmaps: uncompressed, of 1, 2, 4, 8, 24
// or 32 bits a pixel. Their orientation is always upright.
func BMP() picture.Decoder { return bmpDecoder{} }

// TIFF returns the decoder of TIFF 6.0: the first picture of a file, in red,
// green and blue (with or without alpha), gray or a palette, of 1, 8 or 16 bits
// a sample, in strips or tiles; uncompressed, LZW, Deflate, PackBits or as a
// fax. Refused as unsupported are CMYK, separate planes, floating point, JPEG
// inside, and BigTIFF.
func TIFF() picture.Decoder { return tiffDecoder{} }

func damaged(format string) error {
	return &picture.RejectedError{Reason: picture.ReasonCorrupt, Limit: "the " + format + " file is damaged or cut short"}
}

// checkSides refuses what has no pixels or too many. The sides are below 1<<32.
func checkSides(width, height, most int64) error {
	switch {
	case width <= 0 || height <= 0:
		return &picture.RejectedError{Reason: picture.ReasonSides, Limit: fmt.Sprintf(
			"it is %d x %d pixels; both sides must be at least 1", width, height)}
	case width > most/height:
		return &picture.RejectedError{Reason: picture.ReasonPixels, Limit: fmt.Sprintf(
			"it is %d x %d pixels, which is %.1f megapixels; the limit is %.1f",
			width, height, float64(width)*float64(height)/1e6, float64(most)/1e6)}
	}
	return nil
}

// unsupported names a kind of file that is not taken.
type unsupported struct{ what string }

func (e *unsupported) Error() string {
	return e.what + " is not supported; send a JPEG, PNG, GIF or WebP picture"
}

func (e *unsupported) Is(target error) bool { return target == picture.ErrUnsupported }

// reader is a file that ends when nobody waits for it any more: the decoders
// have no context, but they read all the time.
type reader struct {
	*bytes.Reader
	ctx context.Context
}

func newReader(ctx context.Context, data []byte) *reader { return &reader{bytes.NewReader(data), ctx} }

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// ReadAt implements io.ReaderAt, which the TIFF decoder reads by.
func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.ReadAt(p, off)
}
