package heic

import (
	"image"
	"math"
)

// weights of red and blue in luma, by the number of the matrix (ISO/IEC
// 23091-2, 8.3). Unspecified and absent ones are those of BT.601, and of full
// range, as in JPEG (MIAF: ISO/IEC 23000-22, 7.3.6.4).
func (n *nclx) weights() (kr, kb float64, ok bool) {
	if n == nil {
		return .299, .114, true
	}
	switch n.matrix {
	case 1:
		return .2126, .0722, true
	case 2, 5, 6:
		return .299, .114, true
	case 4:
		return .3, .11, true
	case 7:
		return .212, .087, true
	case 9:
		return .2627, .0593, true
	}
	return 0, 0, false
}

// shown checks, before anything is decoded, that canonical knows the matrix.
func (n *nclx) shown(chroma int) error {
	if _, _, ok := n.weights(); ok || chroma == 0 || n.matrix == 0 && chroma == 3 {
		return nil
	}
	return &unsupported{"a HEIC picture with such a colour matrix"}
}

func (n *nclx) video() bool { return n != nil && !n.full }

// canonical makes the samples what image.YCbCr says they are: BT.601, full
// range. It works in place when it can.
func canonical(m image.Image, n *nclx) image.Image {
	switch m := m.(type) {
	case *image.Gray:
		if n.video() {
			stretch(m.Pix)
		}
	case *image.NYCbCrA:
		switch c := canonical(&m.YCbCr, n).(type) {
		case *image.NRGBA:
			for y := range m.Rect.Dy() {
				for x := range m.Rect.Dx() {
					c.Pix[y*c.Stride+4*x+3] = m.A[y*m.AStride+x]
				}
			}
			return c
		}
	case *image.YCbCr:
		if n != nil && n.matrix == 0 {
			return unmatrixed(m, n)
		}
		kr, kb, _ := n.weights()
		if kr != .299 || n.video() {
			rematrix(m, newMatrix(kr, kb, n.video()))
		}
	}
	return m
}

// stretch makes video range full range.
func stretch(pix []byte) {
	for i, v := range pix {
		pix[i] = clip((int32(v) - 16) * 255 << 8 / 219)
	}
}

// matrix makes luma and chroma from others, in 1/256. Gray is gray in all
// systems, so that chroma depends on chroma alone.
type matrix struct {
	base                       int32 // black
	yy, yb, yr, bb, br, rb, rr int32
}

func newMatrix(kr, kb float64, video bool) matrix {
	kg := 1 - kr - kb
	// The colour differences of one unit of cb and of cr.
	of := func(cb, cr float64) (y, b, r float64) {
		red, blue := 2*(1-kr)*cr, 2*(1-kb)*cb
		green := -(kr*red + kb*blue) / kg
		y = .299*red + .587*green + .114*blue
		return y, (blue - y) / 1.772, (red - y) / 1.402
	}
	luma, chroma := 256., 256.
	var m matrix
	if video {
		m.base = 16
		luma, chroma = 256*255./219, 256*255./224
	}
	fix := func(v float64) int32 { return int32(math.Round(v * chroma)) }
	m.yy = int32(math.Round(luma))
	y, b, r := of(1, 0)
	m.yb, m.bb, m.rb = fix(y), fix(b), fix(r)
	y, b, r = of(0, 1)
	m.yr, m.br, m.rr = fix(y), fix(b), fix(r)
	return m
}

// rematrix reads each sample of chroma once, with the pixels that share it.
func rematrix(m *image.YCbCr, by matrix) {
	fx, fy := factors(m.SubsampleRatio)
	w, h := m.Rect.Dx(), m.Rect.Dy()
	for cy := range (h + fy - 1) / fy {
		for cx := range (w + fx - 1) / fx {
			at := cy*m.CStride + cx
			b, r := int32(m.Cb[at])-128, int32(m.Cr[at])-128
			m.Cb[at] = clip(128<<8 + by.bb*b + by.br*r)
			m.Cr[at] = clip(128<<8 + by.rb*b + by.rr*r)
			more := by.yb*b + by.yr*r
			for y := cy * fy; y < min(h, cy*fy+fy); y++ {
				row := m.Y[y*m.YStride+cx*fx : y*m.YStride+min(w, cx*fx+fx)]
				for x, v := range row {
					row[x] = clip((int32(v)-by.base)*by.yy + more)
				}
			}
		}
	}
}

func clip(v int32) byte { return byte(min(max((v+128)>>8, 0), 255)) }

// unmatrixed is for samples that are green, blue and red (matrix 0).
func unmatrixed(m *image.YCbCr, n *nclx) image.Image {
	if n.video() {
		stretch(m.Y)
		stretch(m.Cb)
		stretch(m.Cr)
	}
	out := image.NewNRGBA(m.Rect)
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			pix := out.Pix[y*out.Stride+4*x:]
			pix[0], pix[1], pix[2], pix[3] = m.Cr[y*m.CStride+x], m.Y[y*m.YStride+x], m.Cb[y*m.CStride+x], 255
		}
	}
	return out
}

func factors(r image.YCbCrSubsampleRatio) (fx, fy int) {
	switch r {
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	}
	return 1, 1
}

// cropped is the part of m in r, with its corner at (0, 0). Pixels that share
// chroma stay together, for which r moves by at most one pixel.
func cropped(m image.Image, r image.Rectangle) image.Image {
	if r == m.Bounds() {
		return m
	}
	whole := image.Rect(0, 0, r.Dx(), r.Dy())
	ycc := func(m image.YCbCr) (image.YCbCr, image.Point) {
		fx, fy := factors(m.SubsampleRatio)
		at := image.Pt(r.Min.X/fx*fx, r.Min.Y/fy*fy)
		m.Y = m.Y[at.Y*m.YStride+at.X:]
		c := at.Y/fy*m.CStride + at.X/fx
		m.Cb, m.Cr, m.Rect = m.Cb[c:], m.Cr[c:], whole
		return m, at
	}
	switch m := m.(type) {
	case *image.Gray:
		return &image.Gray{Pix: m.Pix[m.PixOffset(r.Min.X, r.Min.Y):], Stride: m.Stride, Rect: whole}
	case *image.NRGBA:
		return &image.NRGBA{Pix: m.Pix[m.PixOffset(r.Min.X, r.Min.Y):], Stride: m.Stride, Rect: whole}
	case *image.RGBA:
		return &image.RGBA{Pix: m.Pix[m.PixOffset(r.Min.X, r.Min.Y):], Stride: m.Stride, Rect: whole}
	case *image.YCbCr:
		out, _ := ycc(*m)
		return &out
	case *image.NYCbCrA:
		out, at := ycc(m.YCbCr)
		return &image.NYCbCrA{YCbCr: out, A: m.A[at.Y*m.AStride+at.X:], AStride: m.AStride}
	}
	return m
}

// premultiplied says that the colours of m are multiplied by its alpha.
func premultiplied(m image.Image) image.Image {
	if c, ok := m.(*image.NYCbCrA); ok {
		out := image.NewRGBA(c.Rect)
		for y := range c.Rect.Dy() {
			for x := range c.Rect.Dx() {
				p := c.YCbCrAt(x, y)
				r, g, b, _ := p.RGBA()
				a := c.A[y*c.AStride+x]
				pix := out.Pix[out.PixOffset(x, y):]
				pix[0], pix[1], pix[2], pix[3] = min(byte(r>>8), a), min(byte(g>>8), a), min(byte(b>>8), a), a
			}
		}
		return out
	}
	if c, ok := m.(*image.NRGBA); ok {
		for i := 0; i < len(c.Pix); i += 4 {
			a := c.Pix[i+3]
			c.Pix[i], c.Pix[i+1], c.Pix[i+2] = min(c.Pix[i], a), min(c.Pix[i+1], a), min(c.Pix[i+2], a)
		}
		return &image.RGBA{Pix: c.Pix, Stride: c.Stride, Rect: c.Rect}
	}
	return m
}
