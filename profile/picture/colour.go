package picture

import (
	"image"
	"image/color"
	"math"
	"sync"
)

// toSRGB turns colours of another space into those of sRGB, which is what the
// squares are in: without a profile that is what every program takes them for.
// What is outside of sRGB is cut off. It works on the finished squares, so it
// costs little.
type toSRGB struct {
	light  [3][256]float32
	matrix [3][3]float32
	encode *[steps + 1]byte
	gray   [256]byte // alone, when the profile is of gray
	isGray bool
}

// srgbToXYZ are the primaries of sRGB, adapted to D50 (IEC 61966-2-1).
var srgbToXYZ = [3][3]float64{
	{0.4360747, 0.3850649, 0.1430804},
	{0.2225045, 0.7168786, 0.0606169},
	{0.0139322, 0.0971045, 0.7141733},
}

// steps is how finely light is told apart before it becomes a byte: finer than
// half a level of the darkest ones.
const steps = 1 << 14

// encodeSRGB gives the byte of each step of light.
var encodeSRGB = sync.OnceValue(func() *[steps + 1]byte {
	var t [steps + 1]byte
	for i := range t {
		t[i] = clampByte(255 * srgbCurve(float64(i)/steps))
	}
	return &t
})

// srgbCurve is how sRGB stores light.
func srgbCurve(light float64) float64 {
	if light <= 0.0031308 {
		return 12.92 * light
	}
	return 1.055*math.Pow(light, 1/2.4) - 0.055
}

// srgbLight undoes srgbCurve.
func srgbLight(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

// newToSRGB returns nil for colours that are sRGB's own, or all but.
func newToSRGB(c colours) *toSRGB {
	t := &toSRGB{isGray: c.gray, encode: encodeSRGB()}
	m := c.matrix
	if !c.gray {
		m = multiply3(invert3(srgbToXYZ), c.matrix)
	}
	for i := range 3 {
		for v := range 256 {
			light := c.curves[i](float64(v) / 255)
			if math.IsNaN(light) {
				return nil
			}
			t.light[i][v] = float32(min(max(light, 0), 1))
		}
		for j := range 3 {
			if math.IsNaN(m[i][j]) || math.Abs(m[i][j]) > 100 {
				return nil
			}
			t.matrix[i][j] = float32(m[i][j])
		}
	}
	if c.gray {
		for v := range t.gray {
			t.gray[v] = t.encode[int(t.light[0][v]*steps+0.5)]
		}
	}
	if t.changesLittle() {
		return nil
	}
	return t
}

// changesLittle reports whether no colour of a grid moves by more than a level.
func (t *toSRGB) changesLittle() bool {
	const step = 15
	for r := 0; r < 256; r += step {
		for g := 0; g < 256; g += step {
			for b := 0; b < 256; b += step {
				x, y, z := t.convert(byte(r), byte(g), byte(b))
				if far(x, r) || far(y, g) || far(z, b) {
					return false
				}
			}
		}
	}
	return true
}

func far(a byte, b int) bool { return int(a) > b+1 || int(a) < b-1 }

func (t *toSRGB) convert(r, g, b byte) (byte, byte, byte) {
	if t.isGray {
		return t.gray[r], t.gray[g], t.gray[b]
	}
	lr, lg, lb := t.light[0][r], t.light[1][g], t.light[2][b]
	out := func(row *[3]float32) byte {
		v := row[0]*lr + row[1]*lg + row[2]*lb
		return t.encode[int(min(max(v, 0), 1)*steps+0.5)]
	}
	return out(&t.matrix[0]), out(&t.matrix[1]), out(&t.matrix[2])
}

// fits reports whether the profile is of the kind of picture: one of colours
// says nothing of a gray picture.
func (t *toSRGB) fits(k kind) bool { return t != nil && (t.isGray || k != kindGray) }

// apply converts a finished square in place.
func (t *toSRGB) apply(m image.Image) {
	switch m := m.(type) {
	case *image.Gray:
		through(m.Pix, &t.gray)
	case *image.NRGBA:
		for i := 0; i < len(m.Pix); i += 4 {
			m.Pix[i], m.Pix[i+1], m.Pix[i+2] = t.convert(m.Pix[i], m.Pix[i+1], m.Pix[i+2])
		}
	case *image.YCbCr: // 4:4:4, see render
		for i := range m.Y {
			r, g, b := color.YCbCrToRGB(m.Y[i], m.Cb[i], m.Cr[i])
			m.Y[i], m.Cb[i], m.Cr[i] = color.RGBToYCbCr(t.convert(r, g, b))
		}
	}
}

func multiply3(a, b [3][3]float64) (m [3][3]float64) {
	for i := range 3 {
		for j := range 3 {
			for k := range 3 {
				m[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return m
}

func invert3(a [3][3]float64) (m [3][3]float64) {
	det := a[0][0]*(a[1][1]*a[2][2]-a[1][2]*a[2][1]) - a[0][1]*(a[1][0]*a[2][2]-a[1][2]*a[2][0]) + a[0][2]*(a[1][0]*a[2][1]-a[1][1]*a[2][0])
	for i := range 3 {
		for j := range 3 {
			// The cofactor of the transposed matrix, with its sign by rotation.
			r1, r2, c1, c2 := (j+1)%3, (j+2)%3, (i+1)%3, (i+2)%3
			m[i][j] = (a[r1][c1]*a[r2][c2] - a[r1][c2]*a[r2][c1]) / det
		}
	}
	return m
}
