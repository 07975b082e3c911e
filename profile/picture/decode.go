package picture

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"
)

// decoded is a picture as stored: width and height are those of the whole, in
// which img lies at offset.
type decoded struct {
	img           image.Image
	offset        image.Point
	width, height int
	video         bool // luma and chroma have the range of video
}

// decode calls the decoder of the format by name, never image.Decode: what
// else the host program registered there is not asked for.
func decode(ctx context.Context, data []byte, h header, lim Limits) (decoded, error) {
	d := decoded{width: h.width, height: h.height}
	if h.frame != nil {
		data = h.frame.file()
		d.offset = image.Pt(h.frame.x, h.frame.y)
	}
	var err error
	r := bytes.NewReader(data)
	switch h.format {
	case formatJPEG:
		d.img, err = jpeg.Decode(r)
	case formatPNG:
		d.img, err = png.Decode(r)
	case formatGIF:
		d.img, err = gif.Decode(r)
	case formatWebP:
		d.img, err = webp.Decode(r)
		d.video = true
	case formatOther:
		if d.img, err = decodeOther(ctx, data, h, lim.MaxPixels); err != nil {
			return decoded{}, err
		}
		d.offset = image.Point{}.Sub(d.img.Bounds().Min)
	}
	if err != nil {
		return decoded{}, decodeError(h.format, err)
	}
	// What was decoded must be what the header promised: limits were checked on
	// that, and the squares are cut by it.
	b := d.img.Bounds().Add(d.offset)
	if b.Empty() || !b.In(image.Rect(0, 0, h.width, h.height)) {
		return decoded{}, corrupt(h.name())
	}
	// Only a frame of an animation may be smaller than the whole.
	if h.format != formatGIF && h.frame == nil {
		if b.Dx() != h.width || b.Dy() != h.height {
			return decoded{}, corrupt(h.name())
		}
	}
	return d, nil
}

// decodeError drops the decoder's text, which is about bytes.
func decodeError(f format, err error) error {
	var (
		asJPEG jpeg.UnsupportedError
		asPNG  png.UnsupportedError
	)
	if errors.As(err, &asJPEG) || errors.As(err, &asPNG) {
		return &unsupportedError{what: "this rare kind of " + f.String() + " picture"}
	}
	return corrupt(f.String())
}
