package heic

import (
	"encoding/binary"
	"math"
)

// Numbers of transfer characteristics (ISO/IEC 23091-2, 8.2).
const (
	transferGamma22 = 4
	transferGamma28 = 5
	transferLinear  = 8
	transferPQ      = 16
	transferHLG     = 18
)

var srgbPrimaries = [3][2]float64{{.640, .330}, {.300, .600}, {.150, .060}}

// profile is the colour profile of the picture, or nil for sRGB. One in the
// file wins (ISO/IEC 23000-22, 7.3.6.4); else the numbers of nclx are written
// as one, so that whoever converts colours needs to know profiles only.
func (s *still) profile() []byte {
	if s.icc != nil || s.nclx == nil {
		return s.icc
	}
	var xy [3][2]float64
	switch s.nclx.primaries {
	case 12: // Display P3
		xy = [3][2]float64{{.680, .320}, {.265, .690}, {.150, .060}}
	case 9: // BT.2020
		xy = [3][2]float64{{.708, .292}, {.170, .797}, {.131, .046}}
	default: // BT.709, and what is close to it
		xy = srgbPrimaries
		if linear(s.nclx.transfer) == nil {
			return nil
		}
	}
	return writeProfile(colorants(xy), s.nclx.transfer)
}

// linear is the light of a sample, both from 0 to 1, or nil when it is that of
// sRGB, which the curves of television are seen with as well. White is at 203
// cd/m2 in HDR (ITU-R BT.2408), and what is brighter is white.
func linear(transfer uint16) func(v float64) float64 {
	switch transfer {
	case transferGamma22:
		return func(v float64) float64 { return math.Pow(v, 2.2) }
	case transferGamma28:
		return func(v float64) float64 { return math.Pow(v, 2.8) }
	case transferLinear:
		return func(v float64) float64 { return v }
	case transferPQ: // SMPTE ST 2084
		return func(v float64) float64 {
			p := math.Pow(v, 32./2523)
			light := math.Pow(max(p-107./128, 0)/(2413./128-2392./128*p), 16384./2610)
			return min(light*10000/203, 1)
		}
	case transferHLG: // ITU-R BT.2100; white is at 75 %
		scene := func(v float64) float64 {
			if v <= .5 {
				return v * v / 3
			}
			return (math.Exp((v-.55991073)/.17883277) + .28466892) / 12
		}
		return func(v float64) float64 { return min(math.Pow(scene(v)/scene(.75), 1.2), 1) }
	}
	return nil
}

// colorants are the primaries as profiles have them: XYZ for a white of D50,
// by the Bradford adaptation from D65 (ICC.1:2022, annex E).
func colorants(xy [3][2]float64) [3][3]float64 {
	toXYZ := func(x, y float64) [3]float64 { return [3]float64{x / y, 1, (1 - x - y) / y} }
	var m mat3
	for i, c := range xy {
		v := toXYZ(c[0], c[1])
		for row := range 3 {
			m[row][i] = v[row]
		}
	}
	white := toXYZ(.3127, .3290)
	share := m.inverse().apply(white)
	bradford := mat3{{.8951, .2664, -.1614}, {-.7502, 1.7135, .0367}, {.0389, -.0685, 1.0296}}
	from, to := bradford.apply(white), bradford.apply([3]float64{.9642, 1, .8249})
	var out [3][3]float64
	for i := range 3 {
		v := bradford.apply([3]float64{m[0][i] * share[i], m[1][i] * share[i], m[2][i] * share[i]})
		for row := range 3 {
			v[row] *= to[row] / from[row]
		}
		out[i] = bradford.inverse().apply(v)
	}
	return out
}

type mat3 [3][3]float64

func (m mat3) apply(v [3]float64) (out [3]float64) {
	for i, row := range m {
		out[i] = row[0]*v[0] + row[1]*v[1] + row[2]*v[2]
	}
	return out
}

func (m mat3) inverse() (out mat3) {
	minor := func(r, c int) float64 {
		a, b, d, e := (r+1)%3, (r+2)%3, (c+1)%3, (c+2)%3
		return m[a][d]*m[b][e] - m[a][e]*m[b][d]
	}
	det := m[0][0]*minor(0, 0) + m[0][1]*minor(0, 1) + m[0][2]*minor(0, 2)
	for r := range 3 {
		for c := range 3 {
			out[c][r] = minor(r, c) / det
		}
	}
	return out
}

// writeProfile makes a display profile of three colorants and one curve
// (ICC.1:2022, 8.4.3).
func writeProfile(colors [3][3]float64, transfer uint16) []byte {
	fixed := func(b []byte, v float64) []byte {
		return binary.BigEndian.AppendUint32(b, uint32(int32(math.Round(v*65536))))
	}
	curve := []byte("para\x00\x00\x00\x00\x00\x03\x00\x00")
	for _, v := range []float64{2.4, 1 / 1.055, .055 / 1.055, 1 / 12.92, .04045} {
		curve = fixed(curve, v)
	}
	if f := linear(transfer); f != nil {
		const n = 1024
		curve = binary.BigEndian.AppendUint32([]byte("curv\x00\x00\x00\x00"), n)
		for i := range n {
			curve = binary.BigEndian.AppendUint16(curve, uint16(math.Round(f(float64(i)/(n-1))*65535)))
		}
	}
	xyz := func(v [3]float64) []byte {
		out := []byte("XYZ \x00\x00\x00\x00")
		for _, x := range v {
			out = fixed(out, x)
		}
		return out
	}
	white := xyz([3]float64{.9642, 1, .8249})
	bodies := [][]byte{white, xyz(colors[0]), xyz(colors[1]), xyz(colors[2]), curve}
	tags := []struct {
		name string
		body int
	}{{"wtpt", 0}, {"rXYZ", 1}, {"gXYZ", 2}, {"bXYZ", 3}, {"rTRC", 4}, {"gTRC", 4}, {"bTRC", 4}}

	out := make([]byte, 128, 4096)
	copy(out[8:], "\x04\x40\x00\x00mntrRGB XYZ ")
	copy(out[36:], "acsp")
	copy(out[68:], white[8:]) // the illuminant
	out = binary.BigEndian.AppendUint32(out, uint32(len(tags)))
	at := make([]int, len(bodies))
	next := len(out) + 12*len(tags)
	for i, b := range bodies {
		at[i] = next
		next += len(b)
	}
	for _, t := range tags {
		out = append(out, t.name...)
		out = binary.BigEndian.AppendUint32(out, uint32(at[t.body]))
		out = binary.BigEndian.AppendUint32(out, uint32(len(bodies[t.body])))
	}
	for _, b := range bodies {
		out = append(out, b...)
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}
