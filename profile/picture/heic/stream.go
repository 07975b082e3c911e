package heic

// stream is what a HEVC bitstream says about itself (ITU-T H.265, 7.3.2.2).
type stream struct {
	codedWidth, codedHeight int // what the decoder allocates
	width, height           int // what it shows
	chroma                  int // 0 gray, 1 4:2:0, 2 4:2:2, 3 4:4:4
	lengthSize              int // of the lengths in front of the units
}

// Kinds of units (ITU-T H.265, table 7-1).
const (
	unitVideo    = 32
	unitSequence = 33
	unitPicture  = 34
)

// readStream reads the decoder configuration (ISO/IEC 14496-15, 8.3.3.1),
// which must have exactly one parameter set of the sequence: the decoder takes
// sizes from there, and so do we.
func readStream(hvcC []byte) (stream, error) {
	var s stream
	sets := 0
	err := configUnits(hvcC, func(unit []byte) error {
		if unitKind(unit) != unitSequence {
			return nil
		}
		sets++
		return s.readSequence(unit)
	})
	if err != nil {
		return stream{}, err
	}
	if sets != 1 {
		return stream{}, errDamaged
	}
	s.lengthSize = 1 + int(hvcC[21]&3)
	return s, nil
}

func unitKind(unit []byte) int { return int(unit[0] >> 1 & 63) }

// baseLayer reports whether a unit is of the only layer we show.
func baseLayer(unit []byte) bool { return unit[0]&1 == 0 && unit[1]>>3 == 0 }

// configUnits calls do for the units of the configuration.
func configUnits(hvcC []byte, do func(unit []byte) error) error {
	c := cursor{b: hvcC}
	c.take(22)
	for range c.u8() {
		c.u8() // their kind, which they say themselves
		for range c.u16() {
			unit := c.take(uint64(c.u16()))
			if c.bad || len(unit) < 3 {
				return errDamaged
			}
			if !baseLayer(unit) {
				continue
			}
			if err := do(unit); err != nil {
				return err
			}
		}
	}
	if c.bad {
		return errDamaged
	}
	return nil
}

func (s *stream) readSequence(unit []byte) error {
	b := bits{b: unescape(unit[2:])}
	b.read(4)
	layers := b.read(3) // less one
	b.read(1)
	b.skip(88 + 8) // profile, tier and level
	var has [8][2]bool
	for i := range layers {
		has[i] = [2]bool{b.read(1) == 1, b.read(1) == 1}
	}
	if layers > 0 {
		b.skip(2 * (8 - int(layers)))
	}
	for i := range layers {
		if has[i][0] {
			b.skip(88)
		}
		if has[i][1] {
			b.skip(8)
		}
	}
	b.golomb()
	chroma := b.golomb()
	if chroma == 3 && b.read(1) == 1 {
		return &unsupported{"this rare kind of HEIC picture"} // planes coded apart
	}
	width, height := b.golomb(), b.golomb()
	var left, right, top, bottom uint64
	if b.read(1) == 1 {
		left, right, top, bottom = b.golomb(), b.golomb(), b.golomb(), b.golomb()
	}
	if b.bad || chroma > 3 || width > 1<<16 || height > 1<<16 {
		return errDamaged
	}
	fx, fy := one444(int(chroma))
	right, bottom = (left+right)*uint64(fx), (top+bottom)*uint64(fy)
	if right >= width || bottom >= height {
		return errDamaged
	}
	s.chroma = int(chroma)
	s.codedWidth, s.codedHeight = int(width), int(height)
	s.width, s.height = int(width-right), int(height-bottom)
	return nil
}

// unescape takes out the bytes that keep start codes from appearing (7.4.2).
func unescape(b []byte) []byte {
	out := make([]byte, 0, min(len(b), 512))
	zeros := 0
	for _, v := range b[:min(len(b), 512)] { // sizes come long before
		if zeros >= 2 && v == 3 {
			zeros = 0
			continue
		}
		if v == 0 {
			zeros++
		} else {
			zeros = 0
		}
		out = append(out, v)
	}
	return out
}

// bits reads from the front, highest bit first.
type bits struct {
	b   []byte
	at  int
	bad bool
}

func (r *bits) read(n int) uint64 {
	var v uint64
	for range n {
		if r.at >= 8*len(r.b) {
			r.bad = true
			return 0
		}
		v = v<<1 | uint64(r.b[r.at/8]>>(7-r.at%8)&1)
		r.at++
	}
	return v
}

func (r *bits) skip(n int) {
	if r.at += n; r.at > 8*len(r.b) {
		r.bad = true
	}
}

// golomb reads a number of any length (ue(v): 9.2).
func (r *bits) golomb() uint64 {
	zeros := 0
	for r.read(1) == 0 {
		if zeros++; zeros > 31 || r.bad {
			r.bad = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.read(zeros)
}
