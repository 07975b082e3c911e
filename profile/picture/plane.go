package picture

// plane is one channel of a picture, a byte a sample.
type plane struct {
	pix    []byte
	stride int
	w, h   int
}

// region is the part of a plane that is used, in samples; it need not begin or
// end at whole ones, because a colour plane may be of lower resolution.
type region struct{ x, y, w, h float64 }

// filterReduction is what box averaging leaves to the filter: a reduction by
// at least this much. Boxes let through a part of what is too fine for a square,
// which the filter cannot take out again: with 2 it is 7 % of the strength, with
// this 4 %, with 3 it is 2 % for a seventh more time.
const filterReduction = 2.5

// toward averages boxes of samples until the region is between one and two
// times filterReduction times n samples wide and high.
func (p plane) toward(r region, n int) (plane, region) {
	kx, ky := boxFactor(r.w, n), boxFactor(r.h, n)
	if kx == 1 && ky == 1 {
		return p, r
	}
	return p.box(r, kx, ky)
}

func boxFactor(side float64, n int) int {
	return max(1, int(side/(filterReduction*float64(n))))
}

// box makes one sample of each kx x ky samples, beginning at the first whole
// one of the region. The last ones average what there is.
func (p plane) box(r region, kx, ky int) (plane, region) {
	x0, y0 := int(r.x), int(r.y)
	x1, y1 := min(ceil(r.x+r.w), p.w), min(ceil(r.y+r.h), p.h)
	out := plane{w: (x1 - x0 + kx - 1) / kx, h: (y1 - y0 + ky - 1) / ky}
	out.stride = out.w
	out.pix = make([]byte, out.w*out.h)
	sums := make([]uint32, x1-x0)
	for oy := range out.h {
		top := y0 + oy*ky
		rows := min(ky, y1-top)
		for i := range rows {
			row := p.pix[(top+i)*p.stride+x0:]
			row = row[:len(sums)]
			if i == 0 {
				for x, v := range row {
					sums[x] = uint32(v)
				}
				continue
			}
			for x, v := range row {
				sums[x] += uint32(v)
			}
		}
		averageRow(out.pix[oy*out.w:(oy+1)*out.w], sums, kx, rows)
	}
	return out, region{
		x: (r.x - float64(x0)) / float64(kx), y: (r.y - float64(y0)) / float64(ky),
		w: r.w / float64(kx), h: r.h / float64(ky),
	}
}

// averageRow makes a row of averages from the sums of its columns.
func averageRow(dst []byte, sums []uint32, kx, rows int) {
	whole := len(sums) / kx
	// One multiplication and a shift are the division; exact for boxes of up to
	// 255 x 255 samples, far more than any picture within the limits needs.
	area := uint64(kx * rows)
	inverse := (1<<40 + area - 1) / area
	half := uint64(area / 2)
	for i := range whole {
		var sum uint32
		for _, v := range sums[i*kx : i*kx+kx] {
			sum += v
		}
		dst[i] = byte((uint64(sum) + half) * inverse >> 40)
	}
	if whole < len(dst) {
		var sum uint32
		rest := sums[whole*kx:]
		for _, v := range rest {
			sum += v
		}
		n := uint32(len(rest) * rows)
		dst[whole] = byte((sum + n/2) / n)
	}
}

func ceil(v float64) int {
	n := int(v)
	if float64(n) < v {
		n++
	}
	return n
}
