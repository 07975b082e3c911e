package heic

import (
	"bytes"
	"context"
	"errors"
	"image"
	"time"

	"github.com/profilekit/profilekit/profile/picture"
)

// Options of New; the zero Options are good.
type Options struct {
	// Module is another build of the decoder, as WebAssembly, for hosts that
	// want a libheif of their own (README.md says what it must export). nil is
	// the one in this package.
	Module []byte
	// Patience is how long one tile may take; 15 s.
	Patience time.Duration
}

// Decoder decodes HEIC pictures. It is safe for concurrent use; one serves the
// whole process.
type Decoder struct{ engine engine }

var _ picture.Decoder = (*Decoder)(nil)

// New returns a Decoder. Nothing is compiled before the first picture or Warm.
func New(opts Options) (*Decoder, error) {
	if opts.Patience < 0 {
		return nil, errors.New("heic: Options.Patience is negative")
	}
	if opts.Patience == 0 {
		opts.Patience = defaultPatience
	}
	if opts.Module != nil && !bytes.HasPrefix(opts.Module, []byte("\x00asm")) {
		return nil, errors.New("heic: Options.Module is not a WebAssembly module")
	}
	return &Decoder{engine{module: opts.Module, patience: opts.Patience}}, nil
}

// Warm compiles the decoder, which takes about a second; else the first picture
// waits for it. It does nothing when that is done.
func (d *Decoder) Warm(ctx context.Context) error { return d.engine.start(ctx) }

// Close frees the compiled decoder when the last picture is done, for which it
// does not wait. Later pictures get storage.ErrUnavailable.
func (d *Decoder) Close() error { return d.engine.close() }

// Name is "HEIC".
func (d *Decoder) Name() string { return "HEIC" }

// MediaTypes is of picture.Decoder.
func (d *Decoder) MediaTypes() []string { return []string{"image/heic", "image/heif"} }

// Sniff reports whether head, the first bytes of a file, begin one that may
// hold a HEIC picture. It is false for AVIF and for videos.
func (d *Decoder) Sniff(head []byte) bool { return sniff(head) }

// Header reads the structure of a file, decoding nothing. More than maxPixels,
// in the picture, a tile or the alpha plane, are refused; as are files that
// Decode does not take. A file that is cut short is told as corrupt, unless
// what is there breaks a limit already. The errors are those of package
// picture: *picture.RejectedError and picture.ErrUnsupported.
func (d *Decoder) Header(data []byte, maxPixels int64) (picture.Header, error) {
	s, err := parse(data, maxPixels)
	if err != nil {
		return picture.Header{}, err
	}
	return picture.Header{
		Width: s.look.crop.Dx(), Height: s.look.crop.Dy(), Orientation: s.look.orientation(),
		Memory: s.memory(), Profile: s.profile(),
	}, nil
}

// Decode decodes a file that Header took, into an *image.YCbCr, *image.Gray,
// *image.NYCbCrA, *image.NRGBA or *image.RGBA with its corner at (0, 0). It
// stops when ctx ends. Without memory, or a decoder, the error is
// storage.ErrUnavailable.
func (d *Decoder) Decode(ctx context.Context, data []byte, maxPixels int64) (image.Image, error) {
	s, err := parse(data, maxPixels)
	if err != nil {
		return nil, err
	}
	return d.engine.decode(ctx, s)
}
