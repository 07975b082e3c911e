package heic

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
)

// Display P3, which is what phones send, becomes sRGB: within 12 of 255, for
// colours of P3 that sRGB has, and the rounding of HEVC and JPEG.
func TestS61_DisplayP3BecomesSRGB(t *testing.T) {
	// In P3, and in sRGB as LittleCMS has it (perceptual and relative are the
	// same for these profiles).
	for stored, want := range map[color.NRGBA]color.NRGBA{
		{200, 80, 40, 255}:   {216, 69, 17, 255},
		{120, 160, 90, 255}:  {112, 162, 81, 255},
		{128, 128, 128, 255}: {128, 128, 128, 255},
	} {
		m := image.NewNRGBA(image.Rect(0, 0, 128, 128))
		for i := 0; i < len(m.Pix); i += 4 {
			m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = stored.R, stored.G, stored.B, 255
		}
		profile := imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.SRGBCurve()}.Bytes()
		file := heifEnc(t, imagetest.ICCInPNG(imagetest.PNG(m), profile), "png", "-q", "95")
		res, err := process(t, file, picture.Limits{DecodeTime: patient.DecodeTime, QueueTime: patient.QueueTime})
		if err != nil {
			t.Fatal(err)
		}
		r, g, b, _ := decodeSquare(t, res, 0).At(256, 256).RGBA()
		for i, d := range []float64{float64(r>>8) - float64(want.R), float64(g>>8) - float64(want.G), float64(b>>8) - float64(want.B)} {
			if math.Abs(d) > 12 {
				t.Errorf("%v became %d %d %d, want %v (channel %d)", stored, r>>8, g>>8, b>>8, want, i)
			}
		}
	}
}
