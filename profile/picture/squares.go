package picture

import (
	"image"
	"image/color"
	"slices"
)

// sizes are the sides of the squares that every picture gets, in pixels,
// descending. All are always made, by enlarging when need be, so that an
// address is known from the size alone.
var sizes = [...]int{512, 256, 128, 64}

// channel is a plane on its way to smaller sizes: each goes on from the
// averages of the one before, so that the large planes are read once.
type channel struct {
	plane
	region region
}

func (c *channel) square(n int) []byte {
	c.plane, c.region = c.plane.toward(c.region, n)
	return c.resample(c.region, n)
}

// squares is the cut-out square of a picture, by channels.
type squares struct {
	kind     kind
	channels []channel
	turn     orientation
	video    bool
	convert  *toSRGB // nil when the colours are sRGB's
	// background is what transparency shows; nil keeps it transparent.
	background *color.NRGBA
}

type kind int

const (
	kindGray  kind = iota // luma alone
	kindYCC               // luma and two of chroma, possibly of lower resolution
	kindRGB               // red, green, blue
	kindAlpha             // the same multiplied by alpha, and alpha
)

// cut takes the square with its corner at (x, y) of the stored picture.
func (d decoded) cut(x, y, side int) squares {
	whole := d.offset == (image.Point{}) && d.img.Bounds() == image.Rect(0, 0, d.width, d.height)
	full := region{float64(x), float64(y), float64(side), float64(side)}
	switch m := d.img.(type) {
	case *image.Gray:
		if whole {
			return squares{kind: kindGray, channels: []channel{{plane{m.Pix, m.Stride, d.width, d.height}, full}}}
		}
	case *image.YCbCr:
		if whole {
			return squares{kind: kindYCC, video: d.video, channels: yccChannels(m, full)}
		}
	}
	c, r := d.boxRGBA(x, y, side)
	s := squares{kind: kindRGB}
	if slices.ContainsFunc(c[3].pix, func(a byte) bool { return a != 255 }) {
		s.kind = kindAlpha
	}
	for _, p := range c[:3+int(s.kind-kindRGB)] {
		s.channels = append(s.channels, channel{p, r})
	}
	return s
}

func yccChannels(m *image.YCbCr, full region) []channel {
	fx, fy := 1, 1
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		fx = 2
	case image.YCbCrSubsampleRatio420:
		fx, fy = 2, 2
	case image.YCbCrSubsampleRatio440:
		fy = 2
	case image.YCbCrSubsampleRatio411:
		fx = 4
	case image.YCbCrSubsampleRatio410:
		fx, fy = 4, 2
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	cw, ch := (w+fx-1)/fx, (h+fy-1)/fy
	sub := region{full.x / float64(fx), full.y / float64(fy), full.w / float64(fx), full.h / float64(fy)}
	return []channel{
		{plane{m.Y, m.YStride, w, h}, full},
		{plane{m.Cb, m.CStride, cw, ch}, sub},
		{plane{m.Cr, m.CStride, cw, ch}, sub},
	}
}

// boxRGBA reads the square row by row into planes that are already reduced as
// far as the largest size allows, so that no copy in full size is made. What
// the picture does not cover is transparent.
func (d decoded) boxRGBA(x0, y0, side int) ([4]plane, region) {
	k := boxFactor(float64(side), sizes[0])
	n := (side + k - 1) / k
	var out [4]plane
	for c := range out {
		out[c] = plane{make([]byte, n*n), n, n, n}
	}
	b := d.img.Bounds().Add(d.offset)
	rows := rowsOf(d.img, d.video)
	from, to := max(x0, b.Min.X), min(x0+side, b.Max.X)
	row := make([]byte, 4*side)
	sums := make([]uint32, side)
	perChannel := make([]uint32, 4*side)
	for oy := range n {
		count := min(k, side-oy*k)
		clear(perChannel)
		for i := range count {
			y := y0 + oy*k + i
			if y < b.Min.Y || y >= b.Max.Y || from >= to {
				continue
			}
			rows(row[4*(from-x0):4*(to-x0)], from-d.offset.X, y-d.offset.Y)
			for j, v := range row {
				perChannel[j] += uint32(v)
			}
		}
		for c := range out {
			for x := range sums {
				sums[x] = perChannel[4*x+c]
			}
			averageRow(out[c].pix[oy*n:(oy+1)*n], sums, k, count)
		}
	}
	return out, region{0, 0, float64(side) / float64(k), float64(side) / float64(k)}
}

// render makes the n x n square, upright and in sRGB; sizes must be asked for
// in descending order.
func (s *squares) render(n int) image.Image {
	m := s.raw(n)
	if s.convert != nil && s.kind != kindRGB {
		s.convert.apply(m)
	}
	if t, ok := m.(*image.NRGBA); ok && s.background != nil {
		return composite(t, *s.background)
	}
	return m
}

func (s *squares) raw(n int) image.Image {
	// Conversion needs the colour of each pixel, whatever is kept of it.
	half := s.kind == kindYCC && s.convert == nil && n > fullChroma
	pix := make([][]byte, len(s.channels))
	for i := range s.channels {
		side := n
		if i > 0 && half {
			side = n / 2
		}
		pix[i] = s.turn.turn(s.channels[i].square(side), side)
	}
	rect := image.Rect(0, 0, n, n)
	switch s.kind {
	case kindGray:
		return &image.Gray{Pix: pix[0], Stride: n, Rect: rect}
	case kindYCC:
		if s.video {
			through(pix[0], &videoLuma)
			through(pix[1], &videoChroma)
			through(pix[2], &videoChroma)
		}
		if half {
			return &image.YCbCr{Y: pix[0], Cb: pix[1], Cr: pix[2], YStride: n, CStride: n / 2, SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: rect}
		}
		return &image.YCbCr{Y: pix[0], Cb: pix[1], Cr: pix[2], YStride: n, CStride: n, SubsampleRatio: image.YCbCrSubsampleRatio444, Rect: rect}
	case kindRGB:
		m := image.NewYCbCr(rect, image.YCbCrSubsampleRatio444)
		for i := range n * n {
			r, g, b := pix[0][i], pix[1][i], pix[2][i]
			if s.convert != nil { // before it is rounded once more
				r, g, b = s.convert.convert(r, g, b)
			}
			m.Y[i], m.Cb[i], m.Cr[i] = color.RGBToYCbCr(r, g, b)
		}
		return m
	}
	m := image.NewNRGBA(rect)
	for i := range n * n {
		a := pix[3][i]
		m.Pix[4*i+3] = a
		for c := range 3 {
			m.Pix[4*i+c] = divide(pix[c][i], a)
		}
	}
	return m
}

func through(pix []byte, table *[256]byte) {
	for i, v := range pix {
		pix[i] = table[v]
	}
}

// divide undoes the multiplication by alpha.
func divide(c, a byte) byte {
	if a == 0 {
		return 0
	}
	return byte(min((uint32(c)*255+uint32(a)/2)/uint32(a), 255))
}
