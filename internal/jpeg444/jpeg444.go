// Package jpeg444 writes baseline JPEG files (ITU-T T.81) that keep the colour
// of every pixel, which image/jpeg does not: it halves chroma in both
// directions, and small pictures show that.
//
// A file holds what pixels need (DQT, SOF0, DHT, SOS) and nothing else. Its
// Huffman tables are made for the picture (Annex K.2), which on squares of a
// few kilobytes saves much of what the additional chroma costs.
package jpeg444

import (
	"encoding/binary"
	"fmt"
	"image"
)

// component is one channel of the picture.
type component struct {
	pix    []byte
	stride int
	tables int // 0 those of luma, 1 those of chroma
	lastDC int32
}

// Encode returns the file of an *image.Gray or of an *image.YCbCr without
// subsampling, of 1 to 65535 pixels a side. quality is 1 to 100, with the
// meaning it has in image/jpeg. Anything else is an error. The same pixels make
// the same bytes, on every machine.
func Encode(m image.Image, quality int) ([]byte, error) {
	b := m.Bounds()
	w, h := b.Dx(), b.Dy()
	if w < 1 || h < 1 || w > 65535 || h > 65535 {
		return nil, fmt.Errorf("jpeg444: %d x %d pixels", w, h)
	}
	if quality < 1 || quality > 100 {
		return nil, fmt.Errorf("jpeg444: quality %d", quality)
	}
	var components []component
	switch m := m.(type) {
	case *image.Gray:
		components = []component{{pix: m.Pix[m.PixOffset(b.Min.X, b.Min.Y):], stride: m.Stride}}
	case *image.YCbCr:
		if m.SubsampleRatio != image.YCbCrSubsampleRatio444 {
			return nil, fmt.Errorf("jpeg444: chroma is subsampled %v", m.SubsampleRatio)
		}
		c := m.COffset(b.Min.X, b.Min.Y)
		components = []component{
			{pix: m.Y[m.YOffset(b.Min.X, b.Min.Y):], stride: m.YStride},
			{pix: m.Cb[c:], stride: m.CStride, tables: 1},
			{pix: m.Cr[c:], stride: m.CStride, tables: 1},
		}
	default:
		return nil, fmt.Errorf("jpeg444: a picture of type %T", m)
	}
	var e encoder
	for i := range e.quantizers {
		e.quantizers[i] = newQuantizer(&baseQuantization[i], quality)
	}
	e.scan(components, w, h)
	return e.file(components, w, h), nil
}

// encoder holds the picture as symbols between the two passes: the tables are
// made of how often each occurs.
type encoder struct {
	quantizers [2]quantizer
	symbols    []symbol
	counts     [4][256]int // by table, see symbol
}

// symbol is what Huffman codes stand for, and the bits that follow its code:
// bits 0 to 7 are the symbol, 8 and 9 the table (DC and AC of luma, DC and AC of
// chroma), 10 to 13 how many bits follow, and 16 and up those bits.
type symbol uint32

func (e *encoder) put(table, sym int, bits int32, n int) {
	e.counts[table][sym]++
	e.symbols = append(e.symbols, symbol(sym|table<<8|n<<10)|symbol(bits)<<16)
}

// scan turns the picture into symbols, eight by eight pixels at a time.
func (e *encoder) scan(components []component, w, h int) {
	blocks := (w + 7) / 8 * ((h + 7) / 8) * len(components)
	e.symbols = make([]symbol, 0, 12*blocks)
	var b block
	for y := 0; y < h; y += 8 {
		for x := 0; x < w; x += 8 {
			for i := range components {
				c := &components[i]
				b.load(c, x, y, w, h)
				b.transform()
				q := e.quantizers[c.tables].apply(&b)
				e.block(c, q)
			}
		}
	}
}

// block codes quantized coefficients in zigzag order: F.1.2.
func (e *encoder) block(c *component, q *[64]int32) {
	n, bits := magnitude(q[0] - c.lastDC)
	c.lastDC = q[0]
	e.put(2*c.tables, n, bits, n)
	run := 0
	for _, v := range q[1:] {
		if v == 0 {
			run++
			continue
		}
		for ; run > 15; run -= 16 {
			e.put(2*c.tables+1, 0xf0, 0, 0) // sixteen zeros
		}
		n, bits := magnitude(v)
		e.put(2*c.tables+1, run<<4|n, bits, n)
		run = 0
	}
	if run > 0 {
		e.put(2*c.tables+1, 0, 0, 0) // the rest is zeros
	}
}

// magnitude is how many bits v takes, and those bits: negative numbers count
// from the other end.
func magnitude(v int32) (n int, bits int32) {
	abs := v
	if v < 0 {
		abs = -v
		v--
	}
	for ; abs > 0; abs >>= 1 {
		n++
	}
	return n, v & (1<<n - 1)
}

// Markers of T.81, B.1.1.3.
const (
	markerSOF0 = 0xc0
	markerDHT  = 0xc4
	markerSOI  = 0xd8
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerDQT  = 0xdb
)

func (e *encoder) file(components []component, w, h int) []byte {
	used := 1
	if len(components) > 1 {
		used = 2
	}
	var codes [4]huffman
	bits := 0
	for i := range codes[:2*used] {
		codes[i] = newHuffman(&e.counts[i])
		for sym, n := range e.counts[i] {
			bits += n * (int(codes[i].size[sym]) + 8) // at most as many as follow a code
		}
	}
	out := make([]byte, 0, 1024+bits/8)
	out = append(out, 0xff, markerSOI)

	var body []byte
	for i := range used {
		body = append(append(body, byte(i)), e.quantizers[i].steps[:]...)
	}
	out = segment(out, markerDQT, body)

	body = append(body[:0], 8) // bits a sample
	body = binary.BigEndian.AppendUint16(body, uint16(h))
	body = binary.BigEndian.AppendUint16(body, uint16(w))
	body = append(body, byte(len(components)))
	for i, c := range components {
		body = append(body, byte(i+1), 0x11, byte(c.tables)) // 0x11: in full resolution
	}
	out = segment(out, markerSOF0, body)

	body = body[:0]
	for i := range codes[:2*used] {
		body = append(body, byte(i&1<<4|i>>1))
		body = append(body, codes[i].lengths[1:17]...)
		body = append(body, codes[i].symbols...)
	}
	out = segment(out, markerDHT, body)

	body = append(body[:0], byte(len(components)))
	for i, c := range components {
		body = append(body, byte(i+1), byte(c.tables<<4|c.tables))
	}
	out = segment(out, markerSOS, append(body, 0, 63, 0))
	out = e.stream(out, &codes)
	return append(out, 0xff, markerEOI)
}

func segment(out []byte, marker byte, body []byte) []byte {
	out = binary.BigEndian.AppendUint16(append(out, 0xff, marker), uint16(len(body)+2))
	return append(out, body...)
}

// stream writes the codes, and a zero after each byte that looks like the begin
// of a marker.
func (e *encoder) stream(out []byte, codes *[4]huffman) []byte {
	var acc uint64
	var have uint
	for _, s := range e.symbols {
		table := &codes[s>>8&3]
		n := uint(s >> 10 & 15)
		size := uint(table.size[s&255])
		acc = acc<<(size+n) | uint64(table.code[s&255])<<n | uint64(s>>16)
		have += size + n
		for ; have >= 8; have -= 8 {
			b := byte(acc >> (have - 8))
			out = append(out, b)
			if b == 0xff {
				out = append(out, 0)
			}
		}
	}
	if have > 0 { // ones fill the last byte
		b := byte(acc<<(8-have)) | byte(1<<(8-have)-1)
		out = append(out, b)
		if b == 0xff {
			out = append(out, 0)
		}
	}
	return out
}
