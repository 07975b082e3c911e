package rare

import (
	"context"
	"encoding/binary"
	"image"

	"golang.org/x/image/bmp"

	"github.com/profilekit/profilekit/profile/picture"
)

type bmpDecoder struct{}

func (bmpDecoder) Name() string { return "BMP" }

func (bmpDecoder) MediaTypes() []string { return []string{"image/bmp"} }

// Sniff looks at the length of the second header too: two letters alone begin
// many a text.
func (bmpDecoder) Sniff(head []byte) bool {
	if len(head) < 18 || head[0] != 'B' || head[1] != 'M' {
		return false
	}
	switch binary.LittleEndian.Uint32(head[14:]) {
	case 12, 16, 40, 52, 56, 64, 108, 124:
		return true
	}
	return false
}

// Header reads BITMAPFILEHEADER and BITMAPINFOHEADER, or the versions 4 and 5
// of the latter.
func (bmpDecoder) Header(data []byte, maxPixels int64) (picture.Header, error) {
	h, err := bmpHeader(data, maxPixels)
	return h.Header, err
}

type bmpInfo struct {
	picture.Header
	// alpha: the file says how transparent each pixel is.
	alpha bool
}

func bmpHeader(data []byte, maxPixels int64) (bmpInfo, error) {
	le := binary.LittleEndian
	if len(data) < 18 {
		return bmpInfo{}, damaged("BMP")
	}
	info := le.Uint32(data[14:])
	if info != 40 && info != 108 && info != 124 {
		return bmpInfo{}, &unsupported{"a BMP picture with a header of an old or rare version"}
	}
	if uint64(len(data)) < 14+uint64(info) {
		return bmpInfo{}, damaged("BMP")
	}
	width, height := int64(int32(le.Uint32(data[18:]))), int64(int32(le.Uint32(data[22:])))
	if height < 0 { // the first row is the top then
		height = -height
	}
	if err := checkSides(width, height, maxPixels); err != nil {
		return bmpInfo{}, err
	}
	depth, compression := int64(le.Uint16(data[28:])), le.Uint32(data[30:])
	if compression == 3 && info > 40 && le.Uint32(data[54:]) == 0xff0000 && le.Uint32(data[58:]) == 0xff00 &&
		le.Uint32(data[62:]) == 0xff && le.Uint32(data[66:]) == 0xff000000 {
		compression = 0 // the masks are those of plain 32 bits
	}
	if compression != 0 {
		return bmpInfo{}, &unsupported{"a compressed BMP picture"}
	}
	h := bmpInfo{Header: picture.Header{Width: int(width), Height: int(height), Orientation: 1}}
	start, perPixel := 14+int64(info), int64(4)
	switch depth {
	case 1, 2, 4, 8:
		colors := int64(le.Uint32(data[46:]))
		if colors == 0 {
			colors = 1 << depth
		}
		if colors > 1<<depth {
			return bmpInfo{}, damaged("BMP")
		}
		start += 4 * colors
		perPixel = 1
	case 24:
	case 32:
		h.alpha = info > 40
	default:
		return bmpInfo{}, &unsupported{"a BMP picture of this rare depth"}
	}
	if le.Uint16(data[26:]) != 1 || int64(le.Uint32(data[10:])) != start {
		return bmpInfo{}, &unsupported{"a BMP picture of this rare layout"}
	}
	row := (width*depth + 31) / 32 * 4
	if start+row*height > int64(len(data)) {
		return bmpInfo{}, damaged("BMP")
	}
	h.Memory = perPixel*width*height + row
	if info == 124 && string(data[70:74]) == "DEBM" { // PROFILE_EMBEDDED
		from, n := 14+uint64(le.Uint32(data[126:])), uint64(le.Uint32(data[130:]))
		if n > 0 && from+n <= uint64(len(data)) {
			h.Profile = data[from : from+n]
		}
	}
	return h, nil
}

// Decode implements picture.Decoder.
func (bmpDecoder) Decode(ctx context.Context, data []byte, maxPixels int64) (image.Image, error) {
	h, err := bmpHeader(data, maxPixels)
	if err != nil {
		return nil, err
	}
	m, err := bmp.Decode(newReader(ctx, data))
	if err != nil {
		return nil, damaged("BMP")
	}
	if n, ok := m.(*image.NRGBA); ok && h.alpha {
		opaqueIfUnseen(n)
	}
	return m, nil
}

// opaqueIfUnseen takes an alpha of zero everywhere for no alpha, as browsers
// do: many programs leave those bits unset.
func opaqueIfUnseen(m *image.NRGBA) {
	for i := 3; i < len(m.Pix); i += 4 {
		if m.Pix[i] != 0 {
			return
		}
	}
	for i := 3; i < len(m.Pix); i += 4 {
		m.Pix[i] = 255
	}
}
