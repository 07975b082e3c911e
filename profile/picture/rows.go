package picture

import (
	"image"
	"image/color"
)

// rowFunc writes the pixels [x0, x0+len(dst)/4) of row y as red, green, blue
// (multiplied by alpha) and alpha, a byte each.
type rowFunc func(dst []byte, x0, y int)

// rowsOf reads any picture that our decoders return. Coordinates are those of
// its bounds.
func rowsOf(img image.Image, video bool) rowFunc {
	switch m := img.(type) {
	case *image.RGBA:
		return func(dst []byte, x0, y int) { copy(dst, m.Pix[m.PixOffset(x0, y):]) }
	case *image.NRGBA:
		return func(dst []byte, x0, y int) {
			copy(dst, m.Pix[m.PixOffset(x0, y):])
			multiply(dst)
		}
	case *image.Paletted:
		return palettedRows(m)
	case *image.CMYK:
		return func(dst []byte, x0, y int) {
			src := m.Pix[m.PixOffset(x0, y):]
			for i := 0; i < len(dst); i += 4 {
				r, g, b := color.CMYKToRGB(src[i], src[i+1], src[i+2], src[i+3])
				dst[i], dst[i+1], dst[i+2], dst[i+3] = r, g, b, 255
			}
		}
	case *image.NRGBA64:
		return func(dst []byte, x0, y int) {
			src := m.Pix[m.PixOffset(x0, y):]
			for i := range dst {
				dst[i] = src[2*i] // the high byte
			}
			multiply(dst)
		}
	case *image.YCbCr:
		return func(dst []byte, x0, y int) { yccRow(dst, m, x0, y, video) }
	case *image.NYCbCrA:
		return func(dst []byte, x0, y int) {
			yccRow(dst, &m.YCbCr, x0, y, video)
			alpha := m.A[m.AOffset(x0, y):]
			for i := 0; i < len(dst); i += 4 {
				dst[i+3] = alpha[i/4]
			}
			multiply(dst)
		}
	}
	return func(dst []byte, x0, y int) {
		for i := 0; i < len(dst); i += 4 {
			r, g, b, a := img.At(x0+i/4, y).RGBA()
			dst[i], dst[i+1], dst[i+2], dst[i+3] = byte(r>>8), byte(g>>8), byte(b>>8), byte(a>>8)
		}
	}
}

// multiply turns colours that stand beside their alpha into ones multiplied by
// it. Otherwise what hides under full transparency would bleed into its
// neighbours.
func multiply(pix []byte) {
	for i := 0; i < len(pix); i += 4 {
		switch a := uint32(pix[i+3]); a {
		case 255:
		case 0:
			pix[i], pix[i+1], pix[i+2] = 0, 0, 0
		default:
			for c := i; c < i+3; c++ {
				pix[c] = byte((uint32(pix[c])*a + 127) / 255)
			}
		}
	}
}

func palettedRows(m *image.Paletted) rowFunc {
	// An index beyond the palette is a pixel that is not there; decoders refuse
	// it, and the table makes it harmless anyway.
	var table [256][4]byte
	for i, c := range m.Palette {
		r, g, b, a := c.RGBA()
		table[i&255] = [4]byte{byte(r >> 8), byte(g >> 8), byte(b >> 8), byte(a >> 8)}
	}
	return func(dst []byte, x0, y int) {
		src := m.Pix[m.PixOffset(x0, y):]
		for i := 0; i < len(dst); i += 4 {
			*(*[4]byte)(dst[i:]) = table[src[i/4]]
		}
	}
}

func yccRow(dst []byte, m *image.YCbCr, x0, y int, video bool) {
	for i := 0; i < len(dst); i += 4 {
		x := x0 + i/4
		c := m.COffset(x, y)
		yy, cb, cr := m.Y[m.YOffset(x, y)], m.Cb[c], m.Cr[c]
		if video {
			yy, cb, cr = videoLuma[yy], videoChroma[cb], videoChroma[cr]
		}
		r, g, b := color.YCbCrToRGB(yy, cb, cr)
		dst[i], dst[i+1], dst[i+2], dst[i+3] = r, g, b, 255
	}
}

// WebP stores luma in 16 to 235 and chroma in 16 to 240, as video does, while
// image.YCbCr means the full range of JPEG; without these tables black would
// come out grey.
var videoLuma, videoChroma = videoTables()

func videoTables() (luma, chroma [256]byte) {
	for i := range 256 {
		luma[i] = clampByte((float64(i) - 16) * 255 / 219)
		chroma[i] = clampByte((float64(i)-128)*255/224 + 128)
	}
	return luma, chroma
}

func clampByte(v float64) byte { return byte(min(max(v+0.5, 0), 255)) }
