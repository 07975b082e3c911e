package picture_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
)

// patches are colours that tell spaces apart: pure, mixed, dark, gray.
var patches = []color.NRGBA{
	{255, 0, 0, 255},
	{0, 255, 0, 255},
	{0, 0, 255, 255},
	{255, 255, 0, 255},
	{0, 255, 255, 255},
	{255, 0, 255, 255},
	{200, 80, 40, 255},
	{60, 180, 90, 255},
	{40, 70, 190, 255},
	{230, 190, 160, 255},
	{120, 90, 70, 255},
	{30, 60, 20, 255},
	{0, 0, 0, 255},
	{255, 255, 255, 255},
	{128, 128, 128, 255},
	{16, 16, 16, 255},
}

// chart shows the patches, 4 by 4, each 128 pixels.
func chart() *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 512, 512))
	for y := range 512 {
		for x := range 512 {
			m.SetNRGBA(x, y, patches[y/128*4+x/128])
		}
	}
	return m
}

// patch is the colour in the middle of patch i of a square of 512 pixels.
func patch(m image.Image, i int) color.NRGBA {
	return color.NRGBAModel.Convert(m.At(i%4*128+64, i/4*128+64)).(color.NRGBA)
}

// inSRGB is the exact conversion of c from a space with these columns and light.
func inSRGB(c color.NRGBA, columns [3][3]float64, light func(float64) float64) [3]float64 {
	in := [3]float64{light(float64(c.R) / 255), light(float64(c.G) / 255), light(float64(c.B) / 255)}
	var xyz [3]float64
	for i := range 3 {
		for j := range 3 {
			xyz[j] += in[i] * columns[i][j]
		}
	}
	// The inverse of sRGB's matrix under D50, as published by Lindbloom.
	inverse := [3][3]float64{{3.1338561, -1.6168667, -0.4906146}, {-0.9787684, 1.9161415, 0.0334540}, {0.0719453, -0.2289914, 1.4052427}}
	var out [3]float64
	for i := range 3 {
		v := 0.0
		for j := range 3 {
			v += inverse[i][j] * xyz[j]
		}
		v = min(max(v, 0), 1)
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		out[i] = 255 * v
	}
	return out
}

func off(got color.NRGBA, want [3]float64) float64 {
	return max(math.Abs(float64(got.R)-want[0]), math.Abs(float64(got.G)-want[1]), math.Abs(float64(got.B)-want[2]))
}

type colourSpace struct {
	name    string
	profile imagetest.ICC
	columns [3][3]float64
	light   func(float64) float64
}

func colourSpaces() []colourSpace {
	gamma := func(g float64) func(float64) float64 { return func(v float64) float64 { return math.Pow(v, g) } }
	const adobe = 563.0 / 256 // as its own profile rounds 2.19921875
	return []colourSpace{
		{"Display P3", imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.SRGBCurve()}, imagetest.P3Columns, imagetest.SRGBLight},
		{"Display P3 by a table", imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.Table(1024, imagetest.SRGBLight)}, imagetest.P3Columns, imagetest.SRGBLight},
		{"Adobe RGB", imagetest.ICC{Columns: imagetest.AdobeColumns, Curve: imagetest.Gamma(adobe)}, imagetest.AdobeColumns, gamma(adobe)},
		{"P3 with a parametric gamma", imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.Parametric(0, 2.2)}, imagetest.P3Columns, gamma(2.2)},
		{"linear light", imagetest.ICC{Columns: imagetest.SRGBColumns, Curve: imagetest.Gamma(1)}, imagetest.SRGBColumns, gamma(1)},
	}
}

// Colours with a profile become those of sRGB: within 2 of 255 of the exact
// values for a PNG, and within 4 for a JPEG, whose own rounding of colours
// comes on top.
func TestS61_ProfilesBecomeSRGB(t *testing.T) {
	png := imagetest.PNG(chart())
	transparent := chart()
	transparent.SetNRGBA(0, 0, color.NRGBA{}) // PNG out
	jpg := imagetest.JPEG(chart(), 100)
	for _, s := range colourSpaces() {
		icc := s.profile.Bytes()
		for kind, f := range map[string]struct {
			file []byte
			most float64
		}{
			"PNG in and JPEG out":    {imagetest.ICCInPNG(png, icc), 4},
			"PNG in and out":         {imagetest.ICCInPNG(imagetest.PNG(transparent), icc), 2},
			"JPEG":                   {imagetest.ICCInJPEG(jpg, icc, 60000), 4},
			"JPEG, profile in parts": {imagetest.ICCInJPEG(jpg, icc, len(icc)/3+1), 4},
			"JPEG, parts in reverse": {reversed(jpg, icc), 4},
		} {
			t.Run(s.name+", "+kind, func(t *testing.T) {
				m := square(t, f.file)
				most := f.most
				if s.name == "linear light" && strings.HasPrefix(kind, "JPEG") {
					most *= 4 // a level of linear light is 13 levels of sRGB in the dark
				}
				for i, c := range patches {
					want := inSRGB(c, s.columns, s.light)
					if d := off(patch(m, i), want); d > most {
						t.Errorf("%v became %v, want %.1f: %.1f off", c, patch(m, i), want, d)
					}
				}
			})
		}
	}
}

// reversed embeds the profile in three segments, the last first.
func reversed(jpg, icc []byte) []byte {
	third := len(icc)/3 + 1
	for i := range 3 {
		part := icc[i*third : min((i+1)*third, len(icc))]
		jpg = imagetest.InsertSegment(jpg, 0xe2, append([]byte{'I', 'C', 'C', '_', 'P', 'R', 'O', 'F', 'I', 'L', 'E', 0, byte(i + 1), 3}, part...))
	}
	return jpg
}

// The profile of a WebP counts too: the card's pure colours are those of P3, of
// which sRGB has the nearest, and those of the linear space stay.
func TestS61_ProfileOfWebP(t *testing.T) {
	plain := square(t, imagetest.WebPLossy())
	for _, s := range colourSpaces() {
		got := square(t, imagetest.InWebP(imagetest.WebPLossy(), 64, 64, "ICCP", s.profile.Bytes()))
		for i := range 4 {
			x, y := 128+256*(i%2), 128+256*(i/2)
			before := color.NRGBAModel.Convert(plain.At(x, y)).(color.NRGBA)
			want := inSRGB(before, s.columns, s.light)
			if d := off(color.NRGBAModel.Convert(got.At(x, y)).(color.NRGBA), want); d > 8 {
				t.Errorf("%s: %v became %v, want %.1f", s.name, before, got.At(x, y), want)
			}
		}
	}
}

// square is the largest square of a file.
func square(t *testing.T, file []byte) image.Image {
	t.Helper()
	res, err := picture.Process(t.Context(), bytes.NewReader(file), picture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(res.Squares[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(res.Squares[0].Data, []byte("ICC_PROFILE")) || bytes.Contains(res.Squares[0].Data, []byte("iCCP")) {
		t.Error("the profile came through")
	}
	return m
}

// A gray picture with a profile of gray; and what does not fit is left alone.
func TestS61_GrayProfiles(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 512, 512))
	for i := range m.Pix {
		m.Pix[i] = byte(i % 512 / 2)
	}
	file := imagetest.PNG(m)
	gray := imagetest.ICC{Gray: true, Curve: imagetest.Gamma(1.8)}.Bytes()
	got := square(t, imagetest.ICCInPNG(file, gray))
	for v := 8; v < 256; v += 8 {
		light := math.Pow(float64(v)/255, 461.0/256)
		want := 255 * (1.055*math.Pow(light, 1/2.4) - 0.055)
		if light <= 0.0031308 {
			want = 255 * 12.92 * light
		}
		y := color.GrayModel.Convert(got.At(2*v, 256)).(color.Gray).Y
		if math.Abs(float64(y)-want) > 4 {
			t.Errorf("gray %d became %d, want %.1f", v, y, want)
		}
	}
	plain := square(t, file)
	rgb := square(t, imagetest.ICCInPNG(file, colourSpaces()[0].profile.Bytes()))
	for v := 0; v < 256; v += 8 {
		if plain.At(2*v, 256) != rgb.At(2*v, 256) {
			t.Fatalf("a profile of colours changed gray %d", v)
		}
	}
}

// What PNG says without a profile: cICP comes first, then iCCP, sRGB, gAMA.
func TestS61_ColoursOfPNG(t *testing.T) {
	u32 := func(v ...uint32) (b []byte) {
		for _, n := range v {
			b = binary.BigEndian.AppendUint32(b, n)
		}
		return b
	}
	base := chart()
	base.SetNRGBA(0, 0, color.NRGBA{})
	file := imagetest.PNG(base)
	with := func(chunks ...any) []byte {
		out := file
		for i := 0; i < len(chunks); i += 2 {
			out = imagetest.InsertChunk(out, chunks[i].(string), chunks[i+1].([]byte))
		}
		return out
	}
	p3 := u32(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
	srgb := u32(31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
	linear := func(v float64) float64 { return v }
	for name, f := range map[string]struct {
		file    []byte
		columns [3][3]float64
		light   func(float64) float64
	}{
		"nothing":                 {file, imagetest.SRGBColumns, imagetest.SRGBLight},
		"sRGB":                    {with("sRGB", []byte{0}, "gAMA", u32(100000)), imagetest.SRGBColumns, imagetest.SRGBLight},
		"gAMA of sRGB":            {with("gAMA", u32(45455), "cHRM", srgb), imagetest.SRGBColumns, imagetest.SRGBLight},
		"gAMA of light":           {with("gAMA", u32(100000)), imagetest.SRGBColumns, linear},
		"cHRM of P3":              {with("gAMA", u32(45455), "cHRM", p3), imagetest.P3Columns, imagetest.SRGBLight},
		"cICP of P3":              {with("cICP", []byte{12, 13, 0, 1}), imagetest.P3Columns, imagetest.SRGBLight},
		"cICP of sRGB before all": {with("cICP", []byte{1, 13, 0, 1}, "gAMA", u32(100000)), imagetest.SRGBColumns, imagetest.SRGBLight},
		"cICP of HDR":             {with("cICP", []byte{9, 16, 0, 1}), imagetest.SRGBColumns, imagetest.SRGBLight},
		"cICP of HDR, profile":    {imagetest.ICCInPNG(with("cICP", []byte{9, 16, 0, 1}), colourSpaces()[0].profile.Bytes()), imagetest.P3Columns, imagetest.SRGBLight},
		"profile before gAMA":     {imagetest.ICCInPNG(with("gAMA", u32(100000)), colourSpaces()[0].profile.Bytes()), imagetest.P3Columns, imagetest.SRGBLight},
		"gAMA of 0":               {with("gAMA", u32(0)), imagetest.SRGBColumns, imagetest.SRGBLight},
		"cHRM of nothing":         {with("gAMA", u32(45455), "cHRM", make([]byte, 32)), imagetest.SRGBColumns, imagetest.SRGBLight},
	} {
		t.Run(name, func(t *testing.T) {
			m := square(t, f.file)
			for i, c := range patches {
				if d := off(patch(m, i), inSRGB(c, f.columns, f.light)); d > 3 {
					t.Errorf("%v became %v: %.1f off", c, patch(m, i), d)
				}
			}
		})
	}
}

// A profile that is damaged, of another kind, or a bomb, is as none.
func TestS60_ProfilesThatSayNothing(t *testing.T) {
	base := chart()
	base.SetNRGBA(0, 0, color.NRGBA{})
	file := imagetest.PNG(base)
	good := colourSpaces()[0].profile.Bytes()
	change := func(at int, with string) []byte {
		b := bytes.Clone(good)
		copy(b[at:], with)
		return b
	}
	for name, profile := range map[string][]byte{
		"empty": {}, "cut": good[:len(good)-10], "header alone": good[:128], "CMYK": change(16, "CMYK"), "Lab": change(20, "Lab "),
		"no signature": change(36, "nope"), "many tags": change(128, "\xff\xff\xff\xff"), "far tag": change(172, "\xff\xff\xff\xf0"),
		"long tag": change(176, "\xff\xff\xff\xff"), "zeros": make([]byte, 3000), "a bomb": make([]byte, 50<<20),
		"gamma 0":                      imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.Gamma(0)}.Bytes(),
		"a parametric of another kind": imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.Parametric(9, 1)}.Bytes(),
		"parametric by 0":              imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.Parametric(1, 2.2, 0, 1)}.Bytes(),
	} {
		t.Run(name, func(t *testing.T) {
			m := square(t, imagetest.ICCInPNG(file, profile))
			for i, c := range patches {
				if got := patch(m, i); got != c {
					t.Fatalf("%v became %v", c, got)
				}
			}
		})
	}
	jpg := imagetest.JPEG(chart(), 100)
	plain := square(t, jpg)
	for name, parts := range map[string][]byte{
		"a part is missing": imagetest.InsertSegment(jpg, 0xe2, append([]byte("ICC_PROFILE\x00\x01\x02"), good...)),
		"part 0":            imagetest.InsertSegment(jpg, 0xe2, append([]byte("ICC_PROFILE\x00\x00\x01"), good...)),
		"a part twice":      imagetest.InsertSegment(imagetest.ICCInJPEG(jpg, good, 60000), 0xe2, append([]byte("ICC_PROFILE\x00\x01\x01"), good...)),
	} {
		m := square(t, parts)
		for i := range patches {
			if patch(m, i) != patch(plain, i) {
				t.Errorf("%s: patch %d is %v, not %v", name, i, patch(m, i), patch(plain, i))
			}
		}
	}
}

// The same as ImageMagick does with LittleCMS, within 3 of 255 (PNG).
func TestS61_ProfilesBesideImageMagick(t *testing.T) {
	magick, ok := tool(t, "convert")
	if !ok {
		return
	}
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	srgb := write("srgb.icc", imagetest.ICC{Columns: imagetest.SRGBColumns, Curve: imagetest.SRGBCurve()}.Bytes())
	base := chart()
	base.SetNRGBA(0, 0, color.NRGBA{})
	for i, s := range colourSpaces() {
		file := imagetest.ICCInPNG(imagetest.PNG(base), s.profile.Bytes())
		in, out := write(fmt.Sprintf("in%d.png", i), file), filepath.Join(dir, fmt.Sprintf("out%d.png", i))
		if text, err := exec.Command(magick, in, "-intent", "Relative", "-profile", srgb, "-strip", "PNG32:"+out).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		theirs, _, err := image.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		ours := square(t, file)
		for j := range patches {
			c := patch(theirs, j)
			if d := off(patch(ours, j), [3]float64{float64(c.R), float64(c.G), float64(c.B)}); d > 3 {
				t.Errorf("%s: %v became %v here and %v there", s.name, patches[j], patch(ours, j), c)
			}
		}
	}
}
