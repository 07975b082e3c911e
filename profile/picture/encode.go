package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"

	"github.com/profilekit/profilekit/internal/jpeg444"
)

const (
	jpegQuality = 85
	// fullChroma is the largest square, in pixels a side, whose JPEG keeps the
	// colour of each pixel (4:4:4). On small ones the edges of colours would be
	// seen to run; on the largest 4:2:0 saves a sixth of the bytes, unseen.
	fullChroma = 256
)

// format is what the squares are encoded as.
func (s *squares) format() (ext, contentType string) {
	if s.kind == kindAlpha && s.background == nil {
		return "png", "image/png"
	}
	return "jpg", "image/jpeg"
}

// encode writes nothing but the pixels: the encoders know no metadata.
func encode(m image.Image) ([]byte, error) {
	var out bytes.Buffer
	var err error
	switch _, colour := m.(*image.YCbCr); {
	case isTransparent(m):
		err = png.Encode(&out, m)
	case colour && m.Bounds().Dx() > fullChroma:
		err = jpeg.Encode(&out, m, &jpeg.Options{Quality: jpegQuality})
	default:
		var data []byte
		if data, err = jpeg444.Encode(m, jpegQuality); err == nil {
			return data, nil
		}
	}
	if err != nil {
		return nil, fmt.Errorf("picture: encode: %w", err)
	}
	return out.Bytes(), nil
}

func isTransparent(m image.Image) bool {
	_, ok := m.(*image.NRGBA)
	return ok
}

// opaque turns what a host gave as a background into the color to paint; nil
// stays nil.
func opaque(c color.Color) (*color.NRGBA, error) {
	if c == nil {
		return nil, nil
	}
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	if n.A != 255 {
		return nil, errors.New("picture: Background must be opaque")
	}
	return &n, nil
}

// composite paints m over the background, in the values of sRGB as browsers do.
func composite(m *image.NRGBA, background color.NRGBA) *image.YCbCr {
	out := image.NewYCbCr(m.Rect, image.YCbCrSubsampleRatio444)
	for i := range out.Y {
		p := m.Pix[4*i : 4*i+4]
		a := uint32(p[3])
		over := func(c, under byte) byte { return byte((uint32(c)*a + uint32(under)*(255-a) + 127) / 255) }
		out.Y[i], out.Cb[i], out.Cr[i] = color.RGBToYCbCr(over(p[0], background.R), over(p[1], background.G), over(p[2], background.B))
	}
	return out
}
