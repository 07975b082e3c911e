package imagetest

import "encoding/binary"

// FlatJPEG is a JPEG file written by hand, for kinds that the standard library
// does not write: all pixels have the same Values, one for each component.
type FlatJPEG struct {
	Width, Height int
	Values        []byte
	Progressive   bool
	// Scans, for a progressive file, is their number: the first gives the
	// values, the others say that nothing is added. 0 is 1.
	Scans int
	// Adobe, when not nil, is the colour transform of an Adobe segment: 0 for
	// RGB and CMYK, 1 for YCbCr, 2 for YCCK.
	Adobe *byte
}

// Bytes returns the file. Width and Height may be lies; the data is for a
// picture of 8 x 8 pixels then, unless Full.
func (f FlatJPEG) Bytes() []byte {
	out := []byte{0xff, 0xd8}
	if f.Adobe != nil {
		out = segment(out, 0xee, append([]byte("Adobe\x00\x64\x00\x00\x00\x00"), *f.Adobe))
	}
	// All steps 8, so that a DC difference of 1 is one level of brightness.
	table := make([]byte, 65)
	for i := range 64 {
		table[1+i] = 8
	}
	out = segment(out, 0xdb, table)
	sof := byte(0xc0)
	if f.Progressive {
		sof = 0xc2
	}
	frame := []byte{8}
	frame = binary.BigEndian.AppendUint16(frame, uint16(f.Height))
	frame = binary.BigEndian.AppendUint16(frame, uint16(f.Width))
	frame = append(frame, byte(len(f.Values)))
	for i := range f.Values {
		frame = append(frame, byte(i+1), 0x11, 0)
	}
	out = segment(out, sof, frame)
	// DC: nine categories with codes of four bits. AC: one code, "0", that ends
	// a block.
	out = segment(out, 0xc4, append(append([]byte{0x00, 0, 0, 0, 9}, make([]byte, 12)...), 0, 1, 2, 3, 4, 5, 6, 7, 8))
	out = segment(out, 0xc4, append(append([]byte{0x10, 1}, make([]byte, 15)...), 0))

	blocks := ((f.Width + 7) / 8) * ((f.Height + 7) / 8)
	out = f.scan(out, allComponents(len(f.Values)), 0, f.firstEnd(), func(b *bits) {
		for i := range blocks {
			for _, v := range f.Values {
				diff := 0
				if i == 0 {
					diff = int(v) - 128
				}
				b.dc(diff)
				if !f.Progressive {
					b.put(0, 1) // end of block
				}
			}
		}
	})
	for i := 1; i < f.Scans; i++ {
		band := byte(1 + (i-1)%63)
		out = f.scan(out, []byte{byte(1 + i%len(f.Values))}, band, band, func(b *bits) {
			for range blocks {
				b.put(0, 1)
			}
		})
	}
	return append(out, 0xff, 0xd9)
}

func (f FlatJPEG) firstEnd() byte {
	if f.Progressive {
		return 0
	}
	return 63
}

func allComponents(n int) []byte {
	ids := make([]byte, n)
	for i := range ids {
		ids[i] = byte(i + 1)
	}
	return ids
}

func (f FlatJPEG) scan(out, ids []byte, from, to byte, write func(*bits)) []byte {
	head := []byte{byte(len(ids))}
	for _, id := range ids {
		head = append(head, id, 0x00)
	}
	out = segment(out, 0xda, append(head, from, to, 0))
	b := bits{out: out}
	write(&b)
	return b.end()
}

func segment(out []byte, marker byte, body []byte) []byte {
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(out, body...)
}

// bits writes entropy-coded data.
type bits struct {
	out  []byte
	acc  uint32
	have uint
}

func (b *bits) put(v uint32, n uint) {
	b.acc = b.acc<<n | v&(1<<n-1)
	for b.have += n; b.have >= 8; b.have -= 8 {
		c := byte(b.acc >> (b.have - 8))
		b.out = append(b.out, c)
		if c == 0xff {
			b.out = append(b.out, 0)
		}
	}
}

// dc writes a difference: its category, which is its length in bits, and then
// the bits, those of diff-1 when it is negative.
func (b *bits) dc(diff int) {
	category := uint(0)
	for v := max(diff, -diff); v > 0; v >>= 1 {
		category++
	}
	b.put(uint32(category), 4)
	if diff < 0 {
		diff--
	}
	b.put(uint32(diff), category)
}

func (b *bits) end() []byte {
	if b.have > 0 {
		b.put(1<<(8-b.have)-1, 8-b.have)
	}
	return b.out
}
