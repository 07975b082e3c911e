package heic

import (
	"context"
	"image"
)

// decode decodes a picture and crops it; turning it is left to the caller.
func (e *engine) decode(ctx context.Context, s *still) (image.Image, error) {
	m, err := e.whole(ctx, s)
	if err == errDamaged {
		err = damaged()
	}
	if err != nil {
		return nil, err
	}
	return cropped(m, s.look.crop), nil
}

func (e *engine) whole(ctx context.Context, s *still) (image.Image, error) {
	m, err := e.canvas(ctx, s.color)
	if err != nil {
		return nil, err
	}
	if s.alpha != nil {
		alpha, err := e.canvas(ctx, *s.alpha)
		if err != nil {
			return nil, err
		}
		m = withAlpha(m, alpha)
	}
	if m = canonical(m, s.nclx); s.premult {
		m = premultiplied(m)
	}
	return m, nil
}

// canvas decodes tile by tile, each with a memory of its own, so that the
// decoder never needs memory for more than one. (Its wrapper also keeps every
// picture that it decoded; they go with the memory.)
func (e *engine) canvas(ctx context.Context, c canvas) (image.Image, error) {
	r := image.Rect(0, 0, c.width, c.height)
	out := newCanvas(r, c.tiles[0].stream.chroma)
	for i, t := range c.tiles {
		file, err := t.file()
		if err != nil {
			return nil, err
		}
		w, h := t.props.width, t.props.height
		place := image.Rect(0, 0, w, h).Add(image.Pt(i%c.cols*w, i/c.cols*h)).Intersect(r)
		err = e.with(ctx, t.memory(t.bytes()), func(s *session) error {
			p, err := s.decode(file, t.stream)
			if err == nil {
				paste(out, p, place)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func newCanvas(r image.Rectangle, chroma int) image.Image {
	switch chroma {
	case 0:
		return image.NewGray(r)
	case 1:
		return image.NewYCbCr(r, image.YCbCrSubsampleRatio420)
	case 2:
		return image.NewYCbCr(r, image.YCbCrSubsampleRatio422)
	}
	return image.NewYCbCr(r, image.YCbCrSubsampleRatio444)
}

// paste copies the samples of a tile to r, which begins at a whole sample of
// colour.
func paste(m image.Image, p planes, r image.Rectangle) {
	switch m := m.(type) {
	case *image.Gray:
		rows(m.Pix, m.Stride, r, p.y, p.yStride)
	case *image.YCbCr:
		rows(m.Y, m.YStride, r, p.y, p.yStride)
		fx, fy := factors(m.SubsampleRatio)
		c := image.Rect(r.Min.X/fx, r.Min.Y/fy, (r.Max.X+fx-1)/fx, (r.Max.Y+fy-1)/fy)
		rows(m.Cb, m.CStride, c, p.cb, p.stride)
		rows(m.Cr, m.CStride, c, p.cr, p.stride)
	}
}

func rows(dst []byte, dstStride int, r image.Rectangle, src []byte, stride int) {
	for y := range r.Dy() {
		at := (r.Min.Y+y)*dstStride + r.Min.X
		copy(dst[at:at+r.Dx()], src[y*stride:])
	}
}

// withAlpha adds the luma of alpha; parse saw to it that the sizes are equal.
func withAlpha(color, alpha image.Image) image.Image {
	var a []byte
	var stride int
	switch m := alpha.(type) {
	case *image.Gray:
		a, stride = m.Pix, m.Stride
	case *image.YCbCr:
		a, stride = m.Y, m.YStride
	}
	switch m := color.(type) {
	case *image.YCbCr:
		return &image.NYCbCrA{YCbCr: *m, A: a, AStride: stride}
	case *image.Gray:
		out := image.NewNYCbCrA(m.Rect, image.YCbCrSubsampleRatio420)
		copy(out.Y, m.Pix)
		for i := range out.Cb {
			out.Cb[i], out.Cr[i] = 128, 128
		}
		out.A, out.AStride = a, stride
		return out
	}
	return color
}

// engineMemory is what the decoder may address.
func (s *still) engineMemory() int64 {
	most := s.color.largest()
	if s.alpha != nil {
		most = max(most, s.alpha.largest())
	}
	return most
}

func (c canvas) largest() int64 {
	var most int64
	for _, t := range c.tiles {
		most = max(most, t.memory(t.bytes()))
	}
	return most
}

func (t coded) bytes() int {
	n := 0
	for _, extent := range t.data {
		n += len(extent)
	}
	return n
}

// memory of the decoder for a tile of n bytes, as measured and a little more:
// 7 bytes a pixel for 4:2:0 and 11 for 4:4:4, twice that for more than 8 bits,
// and what the slices are unpacked into. It is a limit, not a guess: see
// memory.
func (t coded) memory(n int) int64 {
	perPixel := [...]int64{6, 8, 10, 12}[t.stream.chroma]
	if deep(t.props.hvcC) {
		perPixel *= 2
	}
	return 4<<20 + perPixel*int64(t.stream.codedWidth)*int64(t.stream.codedHeight) + 4*int64(n)
}

// memory is what decoding takes at most, next to the file.
func (s *still) memory() int64 {
	pixels := int64(s.color.width) * int64(s.color.height)
	planes := [...]int64{2, 3, 4, 6}[s.color.tiles[0].stream.chroma] * pixels / 2
	if s.alpha != nil {
		planes += [...]int64{2, 3, 4, 6}[s.alpha.tiles[0].stream.chroma] * pixels / 2
		if s.color.tiles[0].stream.chroma == 0 {
			planes += 3 * pixels / 2
		}
	}
	if s.premult || s.nclx != nil && s.nclx.matrix == 0 {
		planes += 4 * pixels
	}
	return s.engineMemory() + planes
}
