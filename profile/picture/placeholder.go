package picture

import (
	"encoding/base64"
	"image"
	"image/color"
	"math"
)

// The placeholder is a ThumbHash (https://evanw.github.io/thumbhash): the
// lowest frequencies of the picture in 24 bytes, 25 with transparency. A header
// has the means and the scales of the channels; then each other frequency has
// four bits. Channels are luma L = (r+g+b)/3, the differences P = (r+g)/2-b and
// Q = r-g, and alpha A.

// frequencies are how many a channel has along each side; those of both
// directions together make a triangle.
const (
	lumaFrequencies       = 7
	lumaFrequenciesBeside = 5 // beside alpha
	chromaFrequencies     = 3
	alphaFrequencies      = 5
)

// thumbHash returns the placeholder of a finished square, in base64.
func thumbHash(m image.Image) string {
	n := m.Bounds().Dx()
	channels, transparent := thumbChannels(m, n*n)
	luma := lumaFrequencies
	if transparent {
		luma = lumaFrequenciesBeside
	}
	l, p, q := spectrum(channels[0], n, luma), spectrum(channels[1], n, chromaFrequencies), spectrum(channels[2], n, chromaFrequencies)

	head := quantized(l.mean, 63) | quantized(0.5+p.mean/2, 63)<<6 | quantized(0.5+q.mean/2, 63)<<12 | quantized(l.scale, 31)<<18
	more := uint32(luma) | quantized(p.scale, 63)<<3 | quantized(q.scale, 63)<<9
	hash := []byte{byte(head), byte(head >> 8), byte(head >> 16), byte(more), byte(more >> 8)}
	fine := nibbles{}
	for _, s := range []spectral{l, p, q} {
		fine.add(s)
	}
	if transparent {
		hash[2] |= 1 << 7
		a := spectrum(channels[3], n, alphaFrequencies)
		hash = append(hash, byte(quantized(a.mean, 15)|quantized(a.scale, 15)<<4))
		fine.add(a)
	}
	return base64.StdEncoding.EncodeToString(append(hash, fine.bytes...))
}

// thumbChannels are L, P, Q and A of each pixel. What shows through
// transparency is the mean of what is seen, so that edges make no frequencies.
func thumbChannels(m image.Image, count int) (channels [4][]float64, transparent bool) {
	at := pixelsOf(m)
	var mean [3]float64
	var seen float64
	for i := range count {
		c := at(i)
		a := float64(c.A) / 255
		mean[0], mean[1], mean[2], seen = mean[0]+a*float64(c.R), mean[1]+a*float64(c.G), mean[2]+a*float64(c.B), seen+a
		transparent = transparent || c.A != 255
	}
	for i := range mean {
		if seen > 0 {
			mean[i] /= 255 * seen
		}
	}
	for i := range channels {
		channels[i] = make([]float64, count)
	}
	for i := range count {
		c := at(i)
		a := float64(c.A) / 255
		r := mean[0]*(1-a) + a*float64(c.R)/255
		g := mean[1]*(1-a) + a*float64(c.G)/255
		b := mean[2]*(1-a) + a*float64(c.B)/255
		channels[0][i], channels[1][i], channels[2][i], channels[3][i] = (r+g+b)/3, (r+g)/2-b, r-g, a
	}
	return channels, transparent
}

// pixelsOf reads what render makes.
func pixelsOf(m image.Image) func(i int) color.NRGBA {
	switch m := m.(type) {
	case *image.Gray:
		return func(i int) color.NRGBA { return color.NRGBA{m.Pix[i], m.Pix[i], m.Pix[i], 255} }
	case *image.NRGBA:
		return func(i int) color.NRGBA {
			p := m.Pix[4*i : 4*i+4]
			return color.NRGBA{p[0], p[1], p[2], p[3]}
		}
	case *image.YCbCr: // of each pixel: the smallest square is
		return func(i int) color.NRGBA {
			r, g, b := color.YCbCrToRGB(m.Y[i], m.Cb[i], m.Cr[i])
			return color.NRGBA{r, g, b, 255}
		}
	}
	return nil
}

// spectral is a channel by frequencies: the mean, and the others as parts of
// the strongest of them, row by row of the triangle.
type spectral struct {
	mean, scale float64
	rest        []float64
}

// spectrum transforms n x n samples, first along rows, then along columns.
func spectrum(samples []float64, n, frequencies int) (s spectral) {
	waves := make([][]float64, frequencies)
	for f := range waves {
		waves[f] = make([]float64, n)
		for x := range n {
			waves[f][x] = math.Cos(math.Pi / float64(n) * float64(f) * (float64(x) + 0.5))
		}
	}
	rows := make([]float64, n*frequencies)
	for y := range n {
		for f, wave := range waves {
			for x, w := range wave {
				rows[y*frequencies+f] += w * samples[y*n+x]
			}
		}
	}
	for fy, wave := range waves {
		for fx := range frequencies - fy {
			var sum float64
			for y, w := range wave {
				sum += w * rows[y*frequencies+fx]
			}
			sum /= float64(n * n)
			if fx == 0 && fy == 0 {
				s.mean = sum
				continue
			}
			s.rest = append(s.rest, sum)
			s.scale = max(s.scale, math.Abs(sum))
		}
	}
	return s
}

// quantized is v, from 0 to 1, in steps.
func quantized(v float64, steps uint32) uint32 {
	return uint32(min(max(math.Round(v*float64(steps)), 0), float64(steps)))
}

// nibbles are four bits each, the lower half of a byte first.
type nibbles struct {
	bytes []byte
	half  bool
}

func (n *nibbles) add(s spectral) {
	for _, v := range s.rest {
		part := 0.5
		if s.scale > 1e-9 { // otherwise they are what rounding leaves
			part += v / s.scale / 2
		}
		bits := byte(quantized(part, 15))
		if n.half {
			n.bytes[len(n.bytes)-1] |= bits << 4
		} else {
			n.bytes = append(n.bytes, bits)
		}
		n.half = !n.half
	}
}
