package picture

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"math"
)

// space is what a file says of its colours, as found while its structure is
// walked; nothing is inflated or put together before the picture is decoded.
type space struct {
	whole    []byte   // an ICC profile
	deflated []byte   // one of a PNG
	parts    [][]byte // one of a JPEG, in segments, each behind its number
	declared bool     // sRGB, by name
	cicp     []byte   // PNG: cICP
	gamma    []byte   // PNG: gAMA
	chroma   []byte   // PNG: cHRM
}

// iccHeader begins a segment of a profile in a JPEG, followed by its number,
// from 1, and how many there are (ICC.1:2022, B.4).
const iccHeader = "ICC_PROFILE\x00"

// transform is how the colours become sRGB's, or nil.
func (s *space) transform() *toSRGB {
	// A cICP that is not understood leaves the word to what stands beside it (PNG
	// third edition, 4.3): pictures in HDR bring a profile for programs like this.
	if c, ok := cicpColours(s.cicp); ok {
		return newToSRGB(c)
	}
	switch {
	case s.profile() != nil:
		if c, ok := parseICC(s.profile()); ok {
			return newToSRGB(c)
		}
		return nil
	case s.declared || s.gamma == nil:
		return nil
	}
	if c, ok := pngColours(s.gamma, s.chroma); ok {
		return newToSRGB(c)
	}
	return nil
}

// profile is the ICC profile, or nil.
func (s *space) profile() []byte {
	switch {
	case s.whole != nil:
	case s.deflated != nil:
		z, err := zlib.NewReader(bytes.NewReader(s.deflated))
		if err != nil {
			return nil
		}
		s.whole, err = io.ReadAll(io.LimitReader(z, iccMaxBytes+1))
		if err != nil || len(s.whole) > iccMaxBytes {
			s.whole = []byte{} // not one that is looked into
		}
	case s.parts != nil:
		s.whole = joinParts(s.parts)
	}
	return s.whole
}

// joinParts puts the segments in order. All of them must be there, once.
func joinParts(parts [][]byte) []byte {
	whole, n := []byte{}, len(parts)
	for i := range n {
		found := false
		for _, p := range parts {
			if int(p[0]) == i+1 && int(p[1]) == n && !found {
				found = true
				whole = append(whole, p[2:]...)
			}
		}
		if !found || len(whole) > iccMaxBytes {
			return []byte{}
		}
	}
	return whole
}

// iccpBody cuts the profile's name, which is nobody's business, and the
// method of compression off an iCCP chunk.
func iccpBody(body []byte) []byte {
	name := bytes.IndexByte(body[:min(len(body), 80)], 0)
	if name < 1 || len(body) < name+2 || body[name+1] != 0 {
		return nil
	}
	return body[name+2:]
}

// xy is a chromaticity.
type xy struct{ x, y float64 }

var (
	d65       = xy{0.3127, 0.3290}
	bt709     = [3]xy{{0.640, 0.330}, {0.300, 0.600}, {0.150, 0.060}}
	displayP3 = [3]xy{{0.680, 0.320}, {0.265, 0.690}, {0.150, 0.060}}
	bt2020    = [3]xy{{0.708, 0.292}, {0.170, 0.797}, {0.131, 0.046}}
)

// cicpColours reads a cICP chunk (PNG third edition, 11.3.2.6; ITU-T H.273): the
// primaries of BT.709, P3 and BT.2020 with the curve of sRGB. Curves of video
// and HDR are not taken.
func cicpColours(body []byte) (colours, bool) {
	if len(body) != 4 || body[1] != 13 || body[2] != 0 || body[3] != 1 {
		return colours{}, false
	}
	primaries, ok := map[byte][3]xy{1: bt709, 12: displayP3, 9: bt2020}[body[0]]
	if !ok {
		return colours{}, false
	}
	m, ok := primariesToXYZ(primaries, d65)
	return colours{curves: [3]func(float64) float64{srgbLight, srgbLight, srgbLight}, matrix: m}, ok
}

// pngColours reads gAMA and, when it is there, cHRM, in units of 1/100000.
func pngColours(gamma, chroma []byte) (colours, bool) {
	if len(gamma) != 4 {
		return colours{}, false
	}
	g := float64(binary.BigEndian.Uint32(gamma))
	// 1/2.2 is what programs write for sRGB.
	curve := srgbLight
	if math.Abs(g-45455) > 500 {
		if curve = gammaCurve(100000 / g); curve == nil {
			return colours{}, false
		}
	}
	white, primaries := d65, bt709
	if len(chroma) == 32 {
		at := func(i int) xy {
			return xy{float64(binary.BigEndian.Uint32(chroma[8*i:])) / 100000, float64(binary.BigEndian.Uint32(chroma[8*i+4:])) / 100000}
		}
		white, primaries = at(0), [3]xy{at(1), at(2), at(3)}
	}
	m, ok := primariesToXYZ(primaries, white)
	return colours{curves: [3]func(float64) float64{curve, curve, curve}, matrix: m}, ok
}

// primariesToXYZ is the matrix of a space by its primaries and its white, with
// the white adapted to D50 by Bradford's method (ICC.1:2022, annex E).
func primariesToXYZ(p [3]xy, white xy) (m [3][3]float64, ok bool) {
	for _, c := range append(p[:], white) {
		if c.y < 0.001 || c.x < 0 || c.x+c.y > 1.1 {
			return m, false
		}
	}
	tristimulus := func(c xy) [3]float64 { return [3]float64{c.x / c.y, 1, (1 - c.x - c.y) / c.y} }
	var columns [3][3]float64
	for j, c := range p {
		v := tristimulus(c)
		for i := range 3 {
			columns[i][j] = v[i]
		}
	}
	w := tristimulus(white)
	scale := apply3(invert3(columns), w)
	for i := range 3 {
		for j := range 3 {
			columns[i][j] *= scale[j]
		}
	}
	bradford := [3][3]float64{{0.8951, 0.2664, -0.1614}, {-0.7502, 1.7135, 0.0367}, {0.0389, -0.0685, 1.0296}}
	from, to := apply3(bradford, w), apply3(bradford, [3]float64{0.9642, 1, 0.8249})
	var adapt [3][3]float64
	for i := range 3 {
		adapt[i][i] = to[i] / from[i]
	}
	return multiply3(multiply3(invert3(bradford), multiply3(adapt, bradford)), columns), true
}

func apply3(m [3][3]float64, v [3]float64) (out [3]float64) {
	for i := range 3 {
		for j := range 3 {
			out[i] += m[i][j] * v[j]
		}
	}
	return out
}
