package heic

import "encoding/binary"

// file makes a file of one coded picture that holds nothing but it: no
// transformations, profiles, metadata or second picture. The decoder sees only
// this, so that whatever else was in the original file cannot reach it, and
// what we read and what it reads cannot differ.
func (t coded) file() ([]byte, error) {
	units, err := t.units()
	if err != nil {
		return nil, err
	}
	config, err := t.config()
	if err != nil {
		return nil, err
	}
	var w boxWriter
	w.box("ftyp", func() { w.str("heic\x00\x00\x00\x00mif1heic") })
	last := byte(2) // property
	var place int   // where the offset of the picture is written
	w.box("meta", func() {
		w.u32(0)
		w.box("hdlr", func() { w.str("\x00\x00\x00\x00\x00\x00\x00\x00pict"); w.b = append(w.b, make([]byte, 13)...) })
		w.box("pitm", func() { w.u32(0); w.u16(1) })
		w.box("iloc", func() {
			w.u32(0)
			w.u16(0x4400) // offset and length of 4 bytes
			w.u16(1)      // one item
			w.u16(1)      // its number
			w.u16(0)      // in this file
			w.u16(1)      // in one piece
			place = len(w.b)
			w.u32(0)
			w.u32(uint32(len(units)))
		})
		w.box("iinf", func() {
			w.u32(0)
			w.u16(1)
			w.box("infe", func() { w.u32(2 << 24); w.u16(1); w.u16(0); w.str("hvc1\x00") })
		})
		w.box("iprp", func() {
			w.box("ipco", func() {
				w.box("hvcC", func() { w.b = append(w.b, config...) })
				w.box("ispe", func() { w.u32(0); w.u32(uint32(t.stream.width)); w.u32(uint32(t.stream.height)) })
				if t.stream.chroma == 0 {
					// Without it libheif takes a gray picture for a coloured one.
					w.box("pixi", func() { w.u32(0); w.str("\x01"); w.b = append(w.b, 8+config[17]&7) })
					last = 3
				}
			})
			w.box("ipma", func() {
				w.u32(0)
				w.u32(1)
				w.u16(1)
				w.b = append(append(w.b, last), "\x81\x02\x03"[:last]...)
			})
		})
	})
	w.box("mdat", func() {
		binary.BigEndian.PutUint32(w.b[place:], uint32(len(w.b)))
		w.b = append(w.b, units...)
	})
	return w.b, nil
}

// config is the decoder configuration with parameter sets only.
func (t coded) config() ([]byte, error) {
	out := append([]byte{}, t.props.hvcC[:22]...)
	out[21] |= 3 // lengths of 4 bytes
	var units [][]byte
	err := configUnits(t.props.hvcC, func(unit []byte) error {
		if k := unitKind(unit); k >= unitVideo && k <= unitPicture {
			units = append(units, unit)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(units) > 64 {
		return nil, errDamaged
	}
	out = append(out, byte(len(units)))
	for _, unit := range units {
		out = append(out, 0x80|byte(unitKind(unit)), 0, 1)
		out = binary.BigEndian.AppendUint16(out, uint16(len(unit)))
		out = append(out, unit...)
	}
	return out, nil
}

// units are the slices of the first picture in the bitstream: no parameter
// sets, which could bring another size, and no second picture to work on.
func (t coded) units() ([]byte, error) {
	whole := t.data[0]
	if len(t.data) > 1 {
		whole = nil
		for _, extent := range t.data {
			whole = append(whole, extent...)
		}
	}
	var out []byte
	pictures := 0
	c := cursor{b: whole}
	for len(c.b) > 0 {
		unit := c.take(c.uint(t.stream.lengthSize))
		if c.bad {
			return nil, errDamaged
		}
		if len(unit) < 3 || unitKind(unit) >= unitVideo || !baseLayer(unit) {
			continue
		}
		if unit[2]&0x80 != 0 { // the first slice of a picture
			if pictures++; pictures > 1 {
				break
			}
		}
		out = binary.BigEndian.AppendUint32(out, uint32(len(unit)))
		out = append(out, unit...)
	}
	if pictures == 0 {
		return nil, errDamaged
	}
	return out, nil
}

type boxWriter struct{ b []byte }

func (w *boxWriter) str(s string) { w.b = append(w.b, s...) }
func (w *boxWriter) u16(v uint16) { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *boxWriter) u32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }

func (w *boxWriter) box(kind string, body func()) {
	at := len(w.b)
	w.u32(0)
	w.str(kind)
	body()
	binary.BigEndian.PutUint32(w.b[at:], uint32(len(w.b)-at))
}
