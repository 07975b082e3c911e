package jpeg444

// block is eight by eight samples, later their frequencies, row by row.
type block [64]int32

// load takes the samples at (x, y), around zero. Beyond the edge of the picture
// the last ones repeat.
func (b *block) load(c *component, x, y, w, h int) {
	if x+8 <= w && y+8 <= h {
		for j := range 8 {
			row := c.pix[(y+j)*c.stride+x:][:8]
			for i, v := range row {
				b[8*j+i] = int32(v) - 128
			}
		}
		return
	}
	for j := range 8 {
		row := c.pix[min(y+j, h-1)*c.stride:]
		for i := range 8 {
			b[8*j+i] = int32(row[min(x+i, w-1)]) - 128
		}
	}
}

// The cosines of the transform (A.3.3), halved, with cosBits bits of fraction:
// c1 is cos(π/16)/2 and so on.
const (
	cosBits = 15
	c1      = 16069
	c2      = 15137
	c3      = 13623
	c4      = 11585
	c5      = 9102
	c6      = 6270
	c7      = 3196
)

// fineBits are the bits of fraction that frequencies have after the transform.
const fineBits = 3

// transform is the cosine transform, first of rows, then of columns. Nothing
// overflows: after rows a number is below 2^12, and eight of them times c4 are
// below 2^30.
func (b *block) transform() {
	for i := 0; i < 64; i += 8 {
		lines(b[i:i+8:i+8], 1, cosBits-fineBits)
	}
	for i := range 8 {
		lines(b[i:], 8, cosBits)
	}
}

// lines transforms eight samples that are step apart: sums of opposite samples
// make the even frequencies, differences the odd ones. shift takes the fraction
// away.
func lines(v []int32, step int, shift uint) {
	_ = v[7*step]
	s0, d0 := v[0]+v[7*step], v[0]-v[7*step]
	s1, d1 := v[step]+v[6*step], v[step]-v[6*step]
	s2, d2 := v[2*step]+v[5*step], v[2*step]-v[5*step]
	s3, d3 := v[3*step]+v[4*step], v[3*step]-v[4*step]
	e0, e1, e2, e3 := s0+s3, s1+s2, s1-s2, s0-s3
	half := int32(1) << (shift - 1)
	v[0] = ((e0+e1)*c4 + half) >> shift
	v[step] = (d0*c1 + d1*c3 + d2*c5 + d3*c7 + half) >> shift
	v[2*step] = (e3*c2 + e2*c6 + half) >> shift
	v[3*step] = (d0*c3 - d1*c7 - d2*c1 - d3*c5 + half) >> shift
	v[4*step] = ((e0-e1)*c4 + half) >> shift
	v[5*step] = (d0*c5 - d1*c1 + d2*c7 + d3*c3 + half) >> shift
	v[6*step] = (e3*c6 - e2*c2 + half) >> shift
	v[7*step] = (d0*c7 - d1*c5 + d2*c3 - d3*c1 + half) >> shift
}

// baseQuantization are the steps of Annex K.1 for luma and chroma, row by row.
var baseQuantization = [2][64]byte{
	{
		16, 11, 10, 16, 24, 40, 51, 61,
		12, 12, 14, 19, 26, 58, 60, 55,
		14, 13, 16, 24, 40, 57, 69, 56,
		14, 17, 22, 29, 51, 87, 80, 62,
		18, 22, 37, 56, 68, 109, 103, 77,
		24, 35, 55, 64, 81, 104, 113, 92,
		49, 64, 78, 87, 103, 121, 120, 101,
		72, 92, 95, 98, 112, 100, 103, 99,
	},
	{
		17, 18, 24, 47, 99, 99, 99, 99,
		18, 21, 26, 66, 99, 99, 99, 99,
		24, 26, 56, 99, 99, 99, 99, 99,
		47, 66, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
		99, 99, 99, 99, 99, 99, 99, 99,
	},
}

// zigzag is the order of frequencies in the file: Figure A.6.
var zigzag = [64]byte{
	0, 1, 8, 16, 9, 2, 3, 10,
	17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34,
	27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36,
	29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46,
	53, 60, 61, 54, 47, 55, 62, 63,
}

// quantizer divides frequencies by their steps, in zigzag order.
type quantizer struct {
	steps   [64]byte
	half    [64]uint32
	inverse [64]uint32 // of the step, with inverseBits of fraction
	out     [64]int32
}

const inverseBits = 20

func newQuantizer(base *[64]byte, quality int) (q quantizer) {
	// The scale of the Independent JPEG Group's library, as in image/jpeg.
	scale := 200 - 2*quality
	if quality < 50 {
		scale = 5000 / quality
	}
	for i, at := range zigzag {
		step := uint32(min(max((int(base[at])*scale+50)/100, 1), 255))
		q.steps[i] = byte(step)
		q.half[i] = step << (fineBits - 1)
		fine := step << fineBits
		q.inverse[i] = (1<<inverseBits + fine - 1) / fine
	}
	return q
}

// apply returns rounded quotients; they are valid until the next call.
func (q *quantizer) apply(b *block) *[64]int32 {
	for i, at := range zigzag {
		v := b[at]
		// The sign apart, so that both are rounded alike. The product stays below
		// 2^32: v is below 2^14, and inverse at most 2^17.
		sign := v >> 31
		abs := uint32((v ^ sign) - sign)
		quotient := int32((abs + q.half[i]) * q.inverse[i] >> inverseBits)
		q.out[i] = (quotient ^ sign) - sign
	}
	return &q.out
}
