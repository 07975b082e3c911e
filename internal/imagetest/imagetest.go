// Package imagetest makes pictures for tests, all in code: good ones of every
// kind that people send, and the ones that people send to break things. Corpus
// lists them with what must become of each.
//
// Most show the card: red, green, blue and yellow quarters (top left, top
// right, bottom left, bottom right), so that a test can see at four points
// which way is up.
package imagetest

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
)

// CardColors are those of the quarters: top left, top right, bottom left,
// bottom right.
var CardColors = [4]color.NRGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 0, 255}}

// Card is the card of w x h pixels.
func Card(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, quarter(x, y, w, h))
		}
	}
	return m
}

func quarter(x, y, w, h int) color.NRGBA {
	i := 0
	if 2*x >= w {
		i++
	}
	if 2*y >= h {
		i += 2
	}
	return CardColors[i]
}

// Stored is m as a camera that was held the other way stores it: showing the
// result with the EXIF orientation o shows m.
func Stored(m image.Image, o int) *image.NRGBA {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	sw, sh := w, h
	if o >= 5 {
		sw, sh = h, w
	}
	out := image.NewNRGBA(image.Rect(0, 0, sw, sh))
	for sy := range sh {
		for sx := range sw {
			// Exif 2.3, 4.6.4, tag 0112: what row 0 and column 0 of the stored
			// picture are in the seen one.
			var x, y int
			switch o {
			default: // row 0 is the top, column 0 the left side
				x, y = sx, sy
			case 2: // top, right
				x, y = w-1-sx, sy
			case 3: // bottom, right
				x, y = w-1-sx, h-1-sy
			case 4: // bottom, left
				x, y = sx, h-1-sy
			case 5: // left, top
				x, y = sy, sx
			case 6: // right, top
				x, y = w-1-sy, sx
			case 7: // right, bottom
				x, y = w-1-sy, h-1-sx
			case 8: // left, bottom
				x, y = sy, h-1-sx
			}
			out.Set(sx, sy, m.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	return out
}

// Photo is a picture with the statistics of a photograph, roughly: fractal
// noise with edges and grain, 4:2:0, the same for the same arguments.
func Photo(w, h int, seed uint32) *image.YCbCr {
	m := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	luma := noise{seed}
	for y := range h {
		for x := range w {
			v := luma.fractal(float64(x)/float64(w)*6, float64(y)/float64(w)*6, 5)
			if v > 0.55 {
				v = 1 - v/3 // edges
			}
			grain := float64(luma.hash(x, y)&15) - 8
			m.Y[m.YOffset(x, y)] = clamp(v*220 + 16 + grain*0.6)
		}
	}
	cb, cr := noise{seed + 1}, noise{seed + 2}
	for y := range (h + 1) / 2 {
		for x := range (w + 1) / 2 {
			i := m.COffset(2*x, 2*y)
			fx, fy := float64(x)/float64(w)*8, float64(y)/float64(w)*8
			m.Cb[i] = clamp(128 + 90*(cb.fractal(fx, fy, 3)-0.5))
			m.Cr[i] = clamp(128 + 90*(cr.fractal(fx, fy, 3)-0.5))
		}
	}
	return m
}

func clamp(v float64) byte { return byte(min(max(v, 0), 255)) }

type noise struct{ seed uint32 }

func (n noise) hash(x, y int) uint32 {
	v := uint32(x)*0x9e3779b1 ^ uint32(y)*0x85ebca77 ^ n.seed*0xc2b2ae3d
	v ^= v >> 15
	v *= 0x2c1b3c6d
	v ^= v >> 12
	v *= 0x297a2d39
	return v ^ v>>15
}

func (n noise) fractal(x, y float64, octaves int) float64 {
	var sum, total float64
	amplitude := 1.0
	for range octaves {
		sum += amplitude * n.smooth(x, y)
		total += amplitude
		x, y, amplitude = 2*x+17, 2*y+31, amplitude/2
	}
	return sum / total
}

func (n noise) smooth(x, y float64) float64 {
	ix, iy := math.Floor(x), math.Floor(y)
	fx, fy := ease(x-ix), ease(y-iy)
	at := func(dx, dy int) float64 { return float64(n.hash(int(ix)+dx, int(iy)+dy)) / (1 << 32) }
	top := at(0, 0)*(1-fx) + at(1, 0)*fx
	bottom := at(0, 1)*(1-fx) + at(1, 1)*fx
	return top*(1-fy) + bottom*fy
}

func ease(t float64) float64 { return t * t * (3 - 2*t) }

// JPEG, PNG and GIF encode with the standard library. What cannot be encoded
// is a mistake in the test and panics.
func JPEG(m image.Image, quality int) []byte {
	var b bytes.Buffer
	must(jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}))
	return b.Bytes()
}

// PNG encodes m.
func PNG(m image.Image) []byte {
	var b bytes.Buffer
	must(png.Encode(&b, m))
	return b.Bytes()
}

// GIF makes an animation of the frames, on a canvas of the first one's size or
// of canvas when that is not zero.
func GIF(canvas image.Point, frames ...*image.Paletted) []byte {
	g := gif.GIF{}
	for _, f := range frames {
		g.Image = append(g.Image, f)
		g.Delay = append(g.Delay, 10)
	}
	g.Config.Width, g.Config.Height = canvas.X, canvas.Y
	var b bytes.Buffer
	must(gif.EncodeAll(&b, &g))
	return b.Bytes()
}

// Paletted is m with the given palette.
func Paletted(m image.Image, p color.Palette) *image.Paletted {
	out := image.NewPaletted(m.Bounds(), p)
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			out.Set(x, y, m.At(x, y))
		}
	}
	return out
}

// CardPalette holds the colours of the card and one that is transparent.
func CardPalette() color.Palette {
	p := color.Palette{color.NRGBA{}}
	for _, c := range CardColors {
		p = append(p, c)
	}
	return p
}

func must(err error) {
	if err != nil {
		panic("imagetest: " + err.Error())
	}
}
