package rare

import (
	"context"
	"image"

	"golang.org/x/image/tiff"

	"github.com/profilekit/profilekit/profile/picture"
)

type tiffDecoder struct{}

func (tiffDecoder) Name() string { return "TIFF" }

func (tiffDecoder) MediaTypes() []string { return []string{"image/tiff"} }

func (tiffDecoder) Sniff(head []byte) bool {
	_, ok := byteOrder(head)
	return ok || len(head) >= 4 && (string(head[:4]) == "II+\x00" || string(head[:4]) == "MM\x00+")
}

// Header reads the first directory of a file; others are never looked at, so
// that it does not matter whether they form a ring.
func (tiffDecoder) Header(data []byte, maxPixels int64) (picture.Header, error) {
	order, ok := byteOrder(data)
	if !ok {
		if len(data) < 8 {
			return picture.Header{}, damaged("TIFF")
		}
		return picture.Header{}, &unsupported{"a BigTIFF picture"}
	}
	d, err := readDirectory(data, order)
	if err != nil {
		return picture.Header{}, err
	}
	return d.header(maxPixels)
}

// Decode implements picture.Decoder.
func (t tiffDecoder) Decode(ctx context.Context, data []byte, maxPixels int64) (image.Image, error) {
	h, err := t.Header(data, maxPixels)
	if err != nil {
		return nil, err
	}
	// What was checked and what is decoded must be the same picture; this
	// allocates no pixels.
	c, err := tiff.DecodeConfig(newReader(ctx, data))
	if err != nil || c.Width != h.Width || c.Height != h.Height {
		return nil, damaged("TIFF")
	}
	m, err := tiff.Decode(newReader(ctx, data))
	if err != nil {
		return nil, damaged("TIFF")
	}
	return m, nil
}

// Tags of the first directory (TIFF 6.0, part 1 and sections 11 to 18; the
// profile is of ICC.1:2022, annex B.4).
const (
	tagWidth         = 256
	tagHeight        = 257
	tagBits          = 258
	tagCompression   = 259
	tagPhotometric   = 262
	tagStripOffsets  = 273
	tagOrientation   = 274
	tagRowsPerStrip  = 278
	tagStripCounts   = 279
	tagPlanes        = 284
	tagPredictor     = 317
	tagColorMap      = 320
	tagTileWidth     = 322
	tagTileHeight    = 323
	tagTileOffsets   = 324
	tagTileCounts    = 325
	tagExtraSamples  = 338
	tagSampleFormat  = 339
	tagProfile       = 34675
	photoWhiteIsZero = 0
	photoBlackIsZero = 1
	photoRGB         = 2
	photoPalette     = 3
)

// maxBlocks bounds the strips or tiles of a picture; one of 50 megapixels has
// about a thousand.
const maxBlocks = 65_536

func (d *directory) header(maxPixels int64) (picture.Header, error) {
	width, height := d.first(tagWidth, 0), d.first(tagHeight, 0)
	if err := checkSides(width, height, maxPixels); err != nil {
		return picture.Header{}, err
	}
	kind, err := d.pixel()
	if err != nil {
		return picture.Header{}, err
	}
	b, err := d.blocks(width, height)
	if err != nil {
		return picture.Header{}, err
	}
	compressed, err := d.compressed(kind)
	if err != nil {
		return picture.Header{}, err
	}
	h := picture.Header{
		Width: int(width), Height: int(height), Orientation: int(d.first(tagOrientation, 1)),
		Memory: kind.memory * width * height, Profile: d.bytes(tagProfile),
	}
	row := (b.width*kind.samples*kind.bits + 7) / 8
	for i := range b.count {
		at, n := d.number(b.offsets, i), d.number(b.counts, i)
		if at+n > int64(len(d.data)) || n == 0 || !compressed && n > row*b.height+1<<16 {
			return picture.Header{}, damaged("TIFF")
		}
		b.longest = max(b.longest, n)
	}
	// A block is read into a buffer that doubles as it grows, up to 8 bytes for
	// each pixel, whatever the pixels need.
	if compressed {
		h.Memory += 3*8*b.width*b.height + 1<<20
	} else {
		h.Memory += 3 * b.longest
	}
	h.Memory += 32 * b.count
	return h, nil
}

// pixel is what one pixel takes.
type pixel struct {
	samples, bits int64
	memory        int64 // decoded, in bytes
}

// pixel refuses what the decoder would not take, or would take for something
// else.
func (d *directory) pixel() (pixel, error) {
	p := pixel{samples: max(d.count(tagBits), 1), bits: d.first(tagBits, 1)}
	for i := range min(p.samples, 16) {
		if e, ok := d.entries[tagBits]; ok && d.number(e, i) != p.bits {
			return p, &unsupported{"a TIFF picture with channels of different depths"}
		}
	}
	if p.bits != 1 && p.bits != 8 && p.bits != 16 {
		return p, &unsupported{"a TIFF picture of this rare depth"}
	}
	if d.first(tagSampleFormat, 1) != 1 {
		return p, &unsupported{"a TIFF picture of numbers that are not whole"}
	}
	if p.samples > 1 && d.first(tagPlanes, 1) != 1 {
		return p, &unsupported{"a TIFF picture in separate planes"}
	}
	p.memory = max(p.bits/8, 1)
	switch photo := d.first(tagPhotometric, -1); {
	case photo == photoRGB && p.bits > 1 && (p.samples == 3 || p.samples == 4 && d.alpha()):
		p.memory *= 4
	case photo == photoWhiteIsZero && p.samples == 1, photo == photoBlackIsZero && p.samples == 1:
	case photo == photoPalette && p.samples == 1 && p.bits == 8:
		if n := d.count(tagColorMap); n == 0 || n%3 != 0 || n > 3*256 {
			return p, damaged("TIFF")
		}
	default:
		return p, &unsupported{"a TIFF picture of this rare kind of colours"}
	}
	return p, nil
}

// alpha reports whether the fourth sample is alpha.
func (d *directory) alpha() bool {
	extra := d.first(tagExtraSamples, 0)
	return extra == 1 || extra == 2
}

// compressed reports whether blocks have to be unpacked.
func (d *directory) compressed(p pixel) (bool, error) {
	if d.first(tagPredictor, 1) > 2 {
		return false, &unsupported{"a TIFF picture with this rare compression"}
	}
	switch d.first(tagCompression, 1) {
	case 0, 1: // none
		return false, nil
	case 3, 4: // fax
		if p.bits == 1 {
			return true, nil
		}
	case 5, 8, 32946, 32773: // LZW, Deflate twice, PackBits
		return true, nil
	case 6, 7:
		return false, &unsupported{"a TIFF picture with JPEG inside"}
	}
	return false, &unsupported{"a TIFF picture with this rare compression"}
}

// blocks are the strips or tiles.
type blocks struct {
	width, height, count int64
	offsets, counts      entry
	longest              int64 // in bytes, as stored
}

func (d *directory) blocks(width, height int64) (blocks, error) {
	b := blocks{width: width, height: height}
	offsets, counts := uint16(tagStripOffsets), uint16(tagStripCounts)
	across := int64(1)
	if w := d.first(tagTileWidth, 0); w != 0 {
		offsets, counts = tagTileOffsets, tagTileCounts
		b.width, b.height = w, d.first(tagTileHeight, 0)
		// A tile may stick out, but not so far that the work is in what nobody
		// sees: 48,000 tiles of 1024 x 1024 on a picture one pixel wide.
		if b.width < 8 || b.height < 8 || b.width > max(width+15, 1024) || b.height > max(height+15, 1024) {
			return b, damaged("TIFF")
		}
		across = (width + b.width - 1) / b.width
	} else if rows := d.first(tagRowsPerStrip, 0); rows > 0 {
		b.height = min(rows, height)
	}
	down := (height + b.height - 1) / b.height
	b.count = across * down
	if b.count > maxBlocks {
		return b, &picture.RejectedError{Reason: picture.ReasonChunks, Limit: "it has more than the 65536 strips or tiles allowed"}
	}
	if b.count*b.width*b.height > 4*width*height+1<<20 {
		return b, damaged("TIFF")
	}
	b.offsets, b.counts = d.entries[offsets], d.entries[counts]
	if b.offsets.count < b.count || b.counts.count < b.count {
		return b, damaged("TIFF")
	}
	return b, nil
}
