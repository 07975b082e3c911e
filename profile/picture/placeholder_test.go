package picture

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"testing"

	"golang.org/x/image/draw"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// painted is what a browser makes of a placeholder: a picture of 32 x 32
// pixels. It is written from the format's description, apart from the encoder.
func painted(t *testing.T, placeholder string) *image.NRGBA {
	t.Helper()
	hash, err := base64.StdEncoding.DecodeString(placeholder)
	if err != nil || len(hash) < 5 {
		t.Fatalf("placeholder %q: %v", placeholder, err)
	}
	bits := func(from, n int) float64 { // in the first five bytes
		v := 0
		for i := range n {
			v |= int(hash[(from+i)/8]>>((from+i)%8)&1) << i
		}
		return float64(v)
	}
	transparent := bits(23, 1) == 1
	pos := 10 // in nibbles
	alphaMean, alphaScale, luma := 1.0, 0.0, 7
	if transparent {
		alphaMean, alphaScale, luma = float64(hash[5]&15)/15, float64(hash[5]>>4)/15, 5
		pos = 12
	}
	if side := bits(24, 3); side != float64(luma) || bits(39, 1) != 0 {
		t.Fatalf("placeholder %q is not of a square", placeholder)
	}
	plane := func(n int, mean, scale float64) *[1024]float64 {
		var out [1024]float64
		for i := range out {
			out[i] = mean
		}
		for fy := range n {
			for fx := range n - fy {
				if fx+fy == 0 {
					continue
				}
				v := (float64(hash[pos/2]>>(pos%2*4)&15)/7.5 - 1) * scale
				pos++
				for i := range out {
					x, y := float64(i%32)+0.5, float64(i/32)+0.5
					out[i] += 2 * v * math.Cos(math.Pi/32*float64(fx)*x) * math.Cos(math.Pi/32*float64(fy)*y)
				}
			}
		}
		return &out
	}
	const saturation = 1.25 // what quantization takes
	l := plane(luma, bits(0, 6)/63, bits(18, 5)/31)
	p := plane(3, bits(6, 6)/31.5-1, bits(27, 6)/63*saturation)
	q := plane(3, bits(12, 6)/31.5-1, bits(33, 6)/63*saturation)
	a := plane(5*int(bits(23, 1)), alphaMean, alphaScale)
	if (pos+1)/2 != len(hash) {
		t.Fatalf("placeholder %q has %d bytes; its frequencies end at %d", placeholder, len(hash), (pos+1)/2)
	}
	m := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	level := func(v float64) byte { return byte(255 * min(max(v, 0), 1)) }
	for i := range l {
		b := l[i] - p[i]*2/3
		r := (3*l[i] - b + q[i]) / 2
		m.SetNRGBA(i%32, i/32, color.NRGBA{level(r), level(r - q[i]), level(b), level(a[i])})
	}
	return m
}

func made(f func(x, y int) color.NRGBA) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			m.SetNRGBA(x, y, f(x, y))
		}
	}
	return m
}

// The vectors are those of the author's own JavaScript (npm: thumbhash 0.1.1),
// the pixels what it paints.
func TestThumbHashAsItsAuthors(t *testing.T) {
	points := [3]image.Point{{0, 0}, {16, 8}, {31, 31}}
	for _, tt := range []struct {
		name   string
		m      *image.NRGBA
		want   string
		pixels [3]color.NRGBA // at points
	}{
		{
			"waves", made(func(x, y int) color.NRGBA { return color.NRGBA{byte(x * x), byte(y * 7), byte(x * y), 255} }),
			"nPcFDwozNWZ0d3dyhwiHqId3dIUNIowP",
			[3]color.NRGBA{{24, 18, 39, 255}, {143, 93, 125, 255}, {122, 103, 131, 255}},
		},
		{
			"quarters", made(func(x, y int) color.NRGBA {
				return [4]color.NRGBA{{200, 30, 30, 255}, {30, 30, 200, 255}, {30, 160, 30, 255}, {220, 200, 40, 255}}[min(x/25, 1)*2+y/39]
			}),
			"2PkJTxp1iHiweXdqh5h3aIh4CaV+r8YI",
			[3]color.NRGBA{{216, 0, 57, 255}, {76, 151, 0, 255}, {213, 191, 38, 255}},
		},
		{
			"alpha", made(func(x, y int) color.NRGBA {
				c := color.NRGBA{byte(4 * x), 128, byte(255 - 4*y), byte(4 * y)}
				if (x-32)*(x-32)+(y-32)*(y-32) < 600 {
					c.A = 255
				}
				return c
			}),
			"nviFPRArYHiuh4RoaJOQDIh6N2hwhoNJaA==",
			[3]color.NRGBA{{76, 129, 125, 0}, {125, 128, 170, 223}, {236, 138, 0, 205}},
		},
	} {
		got := thumbHash(tt.m)
		if !alike(t, got, tt.want) {
			t.Errorf("%s: %s; want %s", tt.name, got, tt.want)
		}
		theirs, ours := painted(t, tt.want), painted(t, got)
		for i, p := range points {
			if d := furthest(theirs.NRGBAAt(p.X, p.Y), tt.pixels[i]); d > 1 {
				t.Errorf("%s at %v: the vector paints %v; want %v", tt.name, p, theirs.NRGBAAt(p.X, p.Y), tt.pixels[i])
			}
		}
		for i := range ours.Pix {
			if d := int(ours.Pix[i]) - int(theirs.Pix[i]); d < -3 || d > 3 {
				t.Fatalf("%s: sample %d is %d; want %d", tt.name, i, ours.Pix[i], theirs.Pix[i])
			}
		}
	}
}

// alike compares all bits of the means and scales, and the frequencies within a
// step: one that is absent lies between two steps.
func alike(t *testing.T, a, b string) bool {
	t.Helper()
	x, errX := base64.StdEncoding.DecodeString(a)
	y, errY := base64.StdEncoding.DecodeString(b)
	if errX != nil || errY != nil || len(x) != len(y) || !bytes.Equal(x[:5], y[:5]) {
		return false
	}
	for i := 5; i < len(x); i++ {
		for _, shift := range []int{0, 4} {
			if d := int(x[i]>>shift&15) - int(y[i]>>shift&15); d < -1 || d > 1 {
				return false
			}
		}
	}
	return true
}

func furthest(a, b color.NRGBA) int {
	d := 0
	for _, v := range [][2]uint8{{a.R, b.R}, {a.G, b.G}, {a.B, b.B}, {a.A, b.A}} {
		d = max(d, int(v[0])-int(v[1]), int(v[1])-int(v[0]))
	}
	return d
}

// The placeholder of a picture looks like the picture in 32 x 32 pixels: its
// mean is that of the picture, and a sixteenth of it is far nearer to that of
// the picture than one colour would be.
func TestPlaceholderLooksLikeThePicture(t *testing.T) {
	type sent struct {
		name string
		data []byte
		card bool
	}
	all := []sent{{"card", imagetest.JPEG(imagetest.Card(640, 640), 90), true}}
	for seed := range uint32(4) {
		all = append(all, sent{fmt.Sprintf("photo %d", seed), imagetest.JPEG(imagetest.Photo(600, 600, seed+1), 90), false})
	}
	for _, f := range all {
		res, err := Process(t.Context(), bytes.NewReader(f.data), Options{})
		if err != nil {
			t.Fatal(err)
		}
		src, err := jpeg.Decode(bytes.NewReader(f.data))
		if err != nil {
			t.Fatal(err)
		}
		want := image.NewNRGBA(image.Rect(0, 0, 32, 32))
		draw.CatmullRom.Scale(want, want.Rect, src, src.Bounds(), draw.Src, nil)
		got := painted(t, res.Placeholder)
		var mean, seen [3]float64
		var coarse, painting [4 * 4 * 3]float64
		for i, v := range want.Pix {
			c, x, y := i%4, i/4%32, i/4/32
			if c == 3 {
				continue
			}
			mean[c] += float64(v) / 1024
			seen[c] += float64(got.Pix[i]) / 1024
			coarse[(y/8*4+x/8)*3+c] += float64(v) / 64
			painting[(y/8*4+x/8)*3+c] += float64(got.Pix[i]) / 64
		}
		var off, flat float64
		for i, v := range coarse {
			off += sq(painting[i] - v)
			flat += sq(mean[i%3] - v)
		}
		t.Logf("%s: mean %.0f, painted %.0f; error %.1f, that of one colour %.1f", f.name, mean, seen, math.Sqrt(off/48), math.Sqrt(flat/48))
		for c := range mean {
			if math.Abs(mean[c]-seen[c]) > 12 {
				t.Errorf("%s: the mean is %.0f; painted %.0f", f.name, mean, seen)
			}
		}
		if off > 0.4*flat {
			t.Errorf("%s: the error is %.2f of that of one colour; want at most 0.4", f.name, off/flat)
		}
		if f.card {
			for i, p := range []image.Point{{6, 6}, {25, 6}, {6, 25}, {25, 25}} {
				if d := furthest(got.NRGBAAt(p.X, p.Y), imagetest.CardColors[i]); d > 80 {
					t.Errorf("corner %d is painted %v; the card has %v", i, got.NRGBAAt(p.X, p.Y), imagetest.CardColors[i])
				}
			}
		}
	}
}

func sq(v float64) float64 { return v * v }

// Gray pictures, those of one colour and those where nothing is seen have a
// placeholder like any other.
func TestPlaceholderOfPlainPictures(t *testing.T) {
	gray := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range gray.Pix {
		gray.Pix[i] = 100
	}
	for name, tt := range map[string]struct {
		m    image.Image
		want color.NRGBA
	}{
		"gray":    {gray, color.NRGBA{100, 100, 100, 255}},
		"colour":  {made(func(int, int) color.NRGBA { return color.NRGBA{20, 180, 90, 255} }), color.NRGBA{20, 180, 90, 255}},
		"nothing": {made(func(int, int) color.NRGBA { return color.NRGBA{255, 0, 0, 0} }), color.NRGBA{}},
	} {
		m := painted(t, thumbHash(tt.m))
		for i := range 1024 {
			if c := m.NRGBAAt(i%32, i/32); furthest(c, tt.want) > 8 {
				t.Fatalf("%s: painted %v; want about %v", name, c, tt.want)
			}
		}
	}
}

// What hides under full transparency tinges nothing.
func TestPlaceholderOfWhatIsSeen(t *testing.T) {
	m := painted(t, thumbHash(made(func(x, _ int) color.NRGBA {
		if x < 20 {
			return color.NRGBA{255, 0, 255, 0}
		}
		return color.NRGBA{0, 200, 0, 255}
	})))
	for i := range 1024 {
		c := m.NRGBAAt(i%32, i/32)
		c.A = 255
		if furthest(c, color.NRGBA{0, 200, 0, 255}) > 8 {
			t.Fatalf("painted %v; want the green that is seen", c)
		}
	}
	if left, right := m.NRGBAAt(2, 16).A, m.NRGBAAt(24, 16).A; left > 60 || right < 200 {
		t.Errorf("the unseen half is painted with alpha %d, the seen one with %d", left, right)
	}
}
