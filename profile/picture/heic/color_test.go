package heic

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// ycc of a colour by the given weights, written for the test.
func ycc(c color.NRGBA, kr, kb float64, video bool) (y, cb, cr byte) {
	r, g, b := float64(c.R)/255, float64(c.G)/255, float64(c.B)/255
	luma := kr*r + (1-kr-kb)*g + kb*b
	u, v := (b-luma)/(2*(1-kb)), (r-luma)/(2*(1-kr))
	if video {
		return byte(16.5 + 219*luma), byte(128.5 + 224*u), byte(128.5 + 224*v)
	}
	return byte(.5 + 255*luma), byte(min(128.5+255*u, 255)), byte(min(128.5+255*v, 255))
}

// TestS61_Matrices: whatever the matrix and range, the colours are the same ones.
func TestS61_Matrices(t *testing.T) {
	for _, c := range []struct {
		matrix uint16
		kr, kb float64
	}{{1, .2126, .0722}, {5, .299, .114}, {6, .299, .114}, {9, .2627, .0593}, {7, .212, .087}, {4, .3, .11}} {
		for _, video := range []bool{false, true} {
			for _, ratio := range []image.YCbCrSubsampleRatio{image.YCbCrSubsampleRatio420, image.YCbCrSubsampleRatio422, image.YCbCrSubsampleRatio444} {
				m := image.NewYCbCr(image.Rect(0, 0, 15, 9), ratio)
				for _, want := range []color.NRGBA{
					{255, 0, 0, 255},
					{0, 255, 0, 255},
					{0, 0, 255, 255},
					{255, 255, 255, 255},
					{0, 0, 0, 255},
					{120, 130, 140, 255},
					{200, 90, 30, 255},
					{10, 60, 200, 255},
				} {
					y, cb, cr := ycc(want, c.kr, c.kb, video)
					fill(m.Y, y)
					fill(m.Cb, cb)
					fill(m.Cr, cr)
					got := canonical(m, &nclx{1, 13, c.matrix, !video})
					for _, at := range []image.Point{{0, 0}, {14, 8}, {7, 3}} {
						if g := color.NRGBAModel.Convert(got.At(at.X, at.Y)).(color.NRGBA); distance(g, want) > 4 {
							t.Errorf("matrix %d, video %v, %v: %v at %v; want %v", c.matrix, video, ratio, g, at, want)
						}
					}
				}
			}
		}
	}
}

func fill(b []byte, v byte) {
	for i := range b {
		b[i] = v
	}
}

func TestS61_IdentityMatrix(t *testing.T) {
	m := image.NewYCbCr(image.Rect(0, 0, 3, 2), image.YCbCrSubsampleRatio444)
	fill(m.Y, 20)
	fill(m.Cb, 30)
	fill(m.Cr, 10)
	if got := canonical(m, &nclx{1, 13, 0, true}).At(2, 1); got != (color.NRGBA{10, 20, 30, 255}) {
		t.Errorf("%v", got)
	}
}

// TestS61_AsAnotherDecoder compares with libheif's own conversion.
func TestS61_AsAnotherDecoder(t *testing.T) {
	// Muted, so that all samples are legal in the range of video too.
	card := imagetest.Card(96, 64)
	for i := range card.Pix {
		if i%4 < 3 {
			card.Pix[i] = 80 + card.Pix[i]/3
		}
	}
	coded := heifEnc(t, imagetest.PNG(card), "png", "-q", "95")
	for _, matrix := range []uint16{1, 6, 9} {
		for _, full := range []bool{true, false} {
			t.Run(fmt.Sprint(matrix, full), func(t *testing.T) {
				heic := single(t, coded, property{"colr", nclxBox(1, 13, matrix, full)}).file()
				comparePictures(t, decodeUpright(t, heic), heifConvert(t, heic), 6)
			})
		}
	}
}

func TestS61_Profiles(t *testing.T) {
	coded := cardHEIC(t, 96, 64)
	given := []byte("any profile is passed on as it is")
	for name, c := range map[string]struct {
		props []property
		want  string
	}{
		"none":             {nil, ""},
		"sRGB":             {[]property{{"colr", nclxBox(1, 13, 6, true)}}, ""},
		"television":       {[]property{{"colr", nclxBox(1, 1, 1, false)}}, ""},
		"unspecified":      {[]property{{"colr", nclxBox(2, 2, 2, true)}}, ""},
		"Display P3":       {[]property{{"colr", nclxBox(12, 13, 6, true)}}, "made"},
		"BT.2020, PQ":      {[]property{{"colr", nclxBox(9, 16, 9, true)}}, "made"},
		"linear":           {[]property{{"colr", nclxBox(1, 8, 6, true)}}, "made"},
		"file's":           {[]property{{"colr", append([]byte("prof"), given...)}}, string(given)},
		"file's, and nclx": {[]property{{"colr", nclxBox(12, 13, 6, true)}, {"colr", append([]byte("rICC"), given...)}}, string(given)},
	} {
		t.Run(name, func(t *testing.T) {
			got := mustParse(t, single(t, coded, c.props...).file()).profile()
			if c.want == "made" && !bytes.HasPrefix(got[36:], []byte("acsp")) || c.want != "made" && string(got) != c.want {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestS61_MadeProfile has ImageMagick convert by the profile that we write,
// and compares with what is known of Display P3 and of transfer curves.
func TestS61_MadeProfile(t *testing.T) {
	if _, err := exec.LookPath("convert"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("convert is missing (Debian: imagemagick)")
		}
		t.Skip("NOT RUN: convert is missing (Debian: imagemagick)")
	}
	for name, c := range map[string]struct {
		nclx     nclx
		in, want color.NRGBA
	}{
		// CSS Color 4, sample conversions of display-p3.
		"P3 red inside sRGB":   {nclx{primaries: 12, transfer: 13}, color.NRGBA{234, 51, 35, 255}, color.NRGBA{255, 0, 0, 255}},
		"P3 green inside sRGB": {nclx{primaries: 12, transfer: 13}, color.NRGBA{117, 251, 76, 255}, color.NRGBA{0, 255, 0, 255}},
		"P3 gray":              {nclx{primaries: 12, transfer: 13}, color.NRGBA{128, 128, 128, 255}, color.NRGBA{128, 128, 128, 255}},
		"linear gray":          {nclx{primaries: 1, transfer: 8}, color.NRGBA{55, 55, 55, 255}, color.NRGBA{128, 128, 128, 255}},
		"PQ white":             {nclx{primaries: 9, transfer: 16}, color.NRGBA{148, 148, 148, 255}, color.NRGBA{255, 255, 255, 255}},
		"HLG white":            {nclx{primaries: 9, transfer: 18}, color.NRGBA{191, 191, 191, 255}, color.NRGBA{255, 255, 255, 255}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name string, data []byte) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			m := image.NewNRGBA(image.Rect(0, 0, 4, 4))
			for i := range 16 {
				m.SetNRGBA(i%4, i/4, c.in)
			}
			in, out := write("in.png", imagetest.PNG(m)), filepath.Join(dir, "out.rgb")
			from := write("from.icc", (&still{nclx: &c.nclx}).profile())
			to := write("to.icc", writeProfile(colorants(srgbPrimaries), 13))
			cmd := exec.CommandContext(t.Context(), "convert", in, "-profile", from, "-profile", to, "-depth", "8", out)
			if msg, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, msg)
			}
			rgb, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if got := (color.NRGBA{rgb[0], rgb[1], rgb[2], 255}); distance(got, c.want) > 3 {
				t.Errorf("%v; want %v", got, c.want)
			}
		})
	}
}
