package picture

import (
	"encoding/binary"
	"math"
)

// Bounds of an ICC profile that is looked into; cameras and phones embed less
// than 4 KiB.
const (
	iccMaxBytes = 1 << 20
	iccMaxTags  = 100
	iccMaxTable = 65536
)

// colours says how stored values become light: what a profile of the kind
// "matrix and curves" or "gray" holds (ICC.1:2022, 8.3 and 8.4).
type colours struct {
	// curves give the light of a stored value, 0 to 1, of red, green and blue; of
	// gray all three are the same.
	curves [3]func(v float64) float64
	// matrix leads to XYZ under D50.
	matrix [3][3]float64
	gray   bool
}

// parseICC reads a profile. What it does not understand (tables of many
// dimensions, other colour spaces, damage) is not ok: the picture then counts as
// sRGB, as it does in browsers.
func parseICC(p []byte) (c colours, ok bool) {
	if len(p) < 132 || len(p) > iccMaxBytes || !has(p, 36, "acsp") || !has(p, 20, "XYZ ") {
		return c, false
	}
	n := binary.BigEndian.Uint32(p[128:])
	if n > iccMaxTags || len(p) < 132+12*int(n) {
		return c, false
	}
	tag := func(name string) []byte {
		for i := range int(n) {
			e := p[132+12*i:]
			if !has(e, 0, name) {
				continue
			}
			at, size := uint64(binary.BigEndian.Uint32(e[4:])), uint64(binary.BigEndian.Uint32(e[8:]))
			if at+size <= uint64(len(p)) {
				return p[at : at+size]
			}
		}
		return nil
	}
	switch string(p[16:20]) {
	case "GRAY":
		curve := iccCurve(tag("kTRC"))
		c.gray = true
		c.curves = [3]func(float64) float64{curve, curve, curve}
		return c, curve != nil
	case "RGB ":
		for i, name := range []string{"r", "g", "b"} {
			column, ok := iccXYZ(tag(name + "XYZ"))
			if c.curves[i] = iccCurve(tag(name + "TRC")); c.curves[i] == nil || !ok {
				return c, false
			}
			for row := range 3 {
				c.matrix[row][i] = column[row]
			}
		}
		return c, true
	}
	return c, false
}

// fixed is an s15Fixed16Number.
func fixed(b []byte) float64 { return float64(int32(binary.BigEndian.Uint32(b))) / 65536 }

func iccXYZ(tag []byte) (v [3]float64, ok bool) {
	if len(tag) < 20 || !has(tag, 0, "XYZ ") {
		return v, false
	}
	for i := range v {
		v[i] = fixed(tag[8+4*i:])
	}
	return v, true
}

// iccCurve reads a curveType or a parametricCurveType (10.6 and 10.18), or nil.
func iccCurve(tag []byte) func(float64) float64 {
	if len(tag) < 12 {
		return nil
	}
	switch {
	case has(tag, 0, "curv"):
		n := binary.BigEndian.Uint32(tag[8:])
		table := tag[12:]
		if n > iccMaxTable || len(table) < 2*int(n) {
			return nil
		}
		switch n {
		case 0:
			return func(v float64) float64 { return v }
		case 1:
			return gammaCurve(float64(binary.BigEndian.Uint16(table)) / 256)
		}
		return func(v float64) float64 {
			at := v * float64(n-1)
			i := min(int(at), int(n)-2)
			a, b := float64(binary.BigEndian.Uint16(table[2*i:])), float64(binary.BigEndian.Uint16(table[2*i+2:]))
			return (a + (b-a)*(at-float64(i))) / 65535
		}
	case has(tag, 0, "para"):
		kind := binary.BigEndian.Uint16(tag[8:])
		counts := []int{1, 3, 4, 5, 7}
		if int(kind) >= len(counts) || len(tag) < 12+4*counts[kind] {
			return nil
		}
		var p [7]float64 // g a b c d e f
		for i := range counts[kind] {
			p[i] = fixed(tag[12+4*i:])
		}
		return parametric(int(kind), p)
	}
	return nil
}

func gammaCurve(g float64) func(float64) float64 {
	if g <= 0 || g > 10 {
		return nil
	}
	return func(v float64) float64 { return math.Pow(v, g) }
}

// parametric is table 68 of ICC.1:2022.
func parametric(kind int, p [7]float64) func(float64) float64 {
	g, a, b, c, d, e, f := p[0], p[1], p[2], p[3], p[4], p[5], p[6]
	if g <= 0 || g > 10 {
		return nil
	}
	power := func(v float64) float64 { return math.Pow(max(a*v+b, 0), g) }
	switch kind {
	case 0:
		return gammaCurve(g)
	case 1, 2: // below -b/a it is c, which kind 1 does not have
		if a == 0 {
			return nil
		}
		return func(v float64) float64 {
			if v >= -b/a {
				return power(v) + c
			}
			return c
		}
	}
	return func(v float64) float64 { // 3, and 4 with e and f
		if v >= d {
			return power(v) + e
		}
		return c*v + f
	}
}
