package heic

import (
	"image"
)

// look is what is done to a stored picture to see it: a part of it is taken,
// then turned. swap exchanges x and y; flipX and flipY come after that.
type look struct {
	crop               image.Rectangle // in the stored picture
	swap, flipX, flipY bool
}

// look reads the transformations, which are applied in the order in which they
// are listed (ISO/IEC 23008-12, 6.5.9, 6.5.10, 6.5.12).
func (ps properties) look(width, height int) (look, error) {
	l := look{crop: image.Rect(0, 0, width, height)}
	for _, t := range ps.turns {
		c := cursor{b: t.body}
		switch t.kind {
		case "irot":
			for range c.u8() & 3 {
				l.turnLeft()
			}
		case "imir":
			if c.u8()&1 == 0 { // the top becomes the bottom
				l.flipY = !l.flipY
			} else {
				l.flipX = !l.flipX
			}
		case "clap":
			if err := l.aperture(&c); err != nil {
				return l, err
			}
		}
		if c.bad {
			return l, errDamaged
		}
	}
	return l, nil
}

// turnLeft turns by 90 degrees, anticlockwise: the right side is the top then.
func (l *look) turnLeft() {
	l.swap = !l.swap
	l.flipX, l.flipY = l.flipY, !l.flipX
}

// size is that of the picture as it is seen.
func (l look) size() (width, height int) {
	if l.swap {
		return l.crop.Dy(), l.crop.Dx()
	}
	return l.crop.Dx(), l.crop.Dy()
}

// orientation is the same in the numbers of EXIF (Exif 2.3, 4.6.4, tag 0112).
func (l look) orientation() int {
	n := 1
	switch {
	case l.flipX && l.flipY:
		n = 3
	case l.flipX:
		n = 2
	case l.flipY:
		n = 4
	}
	if !l.swap {
		return n
	}
	return [...]int{0, 5, 6, 7, 8}[n]
}

// aperture keeps a rectangle that is given by its size and by how far its
// centre is from that of the picture (clap: ISO/IEC 14496-12, 12.1.4).
func (l *look) aperture(c *cursor) error {
	var v [4]struct{ n, d int64 }
	for i := range v {
		v[i].n, v[i].d = int64(int32(c.u32())), int64(int32(c.u32()))
		if v[i].d <= 0 {
			return errDamaged
		}
	}
	width, height := l.size()
	w, h := v[0].n/v[0].d, v[1].n/v[1].d
	if w <= 0 || h <= 0 || w > int64(width) || h > int64(height) {
		return errDamaged
	}
	x := start(int64(width)-w, v[2].n, v[2].d)
	y := start(int64(height)-h, v[3].n, v[3].d)
	if x < 0 || y < 0 || x > int64(width)-w || y > int64(height)-h {
		return errDamaged
	}
	if l.flipX {
		x = int64(width) - w - x
	}
	if l.flipY {
		y = int64(height) - h - y
	}
	if l.swap {
		x, y, w, h = y, x, h, w
	}
	l.crop = image.Rect(0, 0, int(w), int(h)).Add(l.crop.Min).Add(image.Pt(int(x), int(y)))
	return nil
}

// start is where a part begins that leaves rest pixels, half of them on each
// side, and is moved by n/d.
func start(rest, n, d int64) int64 {
	v, unit := rest*d+2*n, 2*d
	if v < 0 {
		return -1
	}
	return v / unit
}
