package rare_test

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/binary"
	"image"
	"slices"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// field of a TIFF directory; values are shorts, or longs where long is set.
type field struct {
	tag    uint16
	long   bool
	values []uint32
}

// tiffFile writes a TIFF file of its blocks and a directory that says what
// fields say, and then what changes say instead (a field without values is left
// out). The offsets and lengths of the blocks are fields 273 and 279, or 324
// and 325 when there is a 322.
func tiffFile(order binary.AppendByteOrder, blocks [][]byte, fields []field, changes ...field) []byte {
	out := []byte("MM\x00*....")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		out = []byte("II*\x00....")
	}
	offsets, counts := field{tag: 273, long: true}, field{tag: 279, long: true}
	if slices.ContainsFunc(fields, func(f field) bool { return f.tag == 322 }) {
		offsets.tag, counts.tag = 324, 325
	}
	for _, b := range blocks {
		offsets.values = append(offsets.values, uint32(len(out)))
		counts.values = append(counts.values, uint32(len(b)))
		out = append(out, b...)
	}
	all := append(slices.Clone(fields), offsets, counts)
	for _, c := range changes {
		all = slices.DeleteFunc(all, func(f field) bool { return f.tag == c.tag })
		if c.values != nil {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b field) int { return cmp.Compare(a.tag, b.tag) })
	var directory []byte
	directory = order.AppendUint16(directory, uint16(len(all)))
	for _, f := range all {
		kind, values := uint16(3), []byte(nil)
		for _, v := range f.values {
			if f.long {
				kind, values = 4, order.AppendUint32(values, v)
			} else {
				values = order.AppendUint16(values, uint16(v))
			}
		}
		directory = order.AppendUint16(directory, f.tag)
		directory = order.AppendUint16(directory, kind)
		directory = order.AppendUint32(directory, uint32(len(f.values)))
		if len(values) > 4 {
			directory = order.AppendUint32(directory, uint32(len(out)))
			out = append(out, values...)
		} else {
			directory = append(directory, append(values, 0, 0, 0, 0)[:4]...)
		}
	}
	copy(out[4:], order.AppendUint32(nil, uint32(len(out))))
	// The next directory is this one again: a ring, for those who follow it.
	return order.AppendUint32(append(out, directory...), uint32(len(out)))
}

// rgb are the fields of a w x h picture of 8 bits in one strip.
func rgb(w, h int) []field {
	return []field{
		{256, true, []uint32{uint32(w)}},
		{257, true, []uint32{uint32(h)}},
		{258, false, []uint32{8, 8, 8}},
		{259, false, []uint32{1}},
		{262, false, []uint32{2}},
		{277, false, []uint32{3}},
		{278, true, []uint32{uint32(h)}},
	}
}

func short(tag uint16, values ...uint32) field { return field{tag, false, values} }

func long(tag uint16, values ...uint32) field { return field{tag, true, values} }

// pixels of m, red, green and blue.
func pixels(m *image.NRGBA) []byte {
	var out []byte
	for i := 0; i < len(m.Pix); i += 4 {
		out = append(out, m.Pix[i:i+3]...)
	}
	return out
}

func deflated(data []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, _ = z.Write(data) // to memory
	_ = z.Close()
	return out.Bytes()
}

// cardTIFF is the card as stored with that orientation.
func cardTIFF(order binary.AppendByteOrder, orientation int) []byte {
	m := imagetest.Stored(imagetest.Card(96, 64), orientation)
	w, h := m.Rect.Dx(), m.Rect.Dy()
	return tiffFile(order, [][]byte{pixels(m)}, rgb(w, h), short(274, uint32(orientation)))
}

// bmpFile is a bitmap of version 3, or of another with a longer header, in
// which from the byte at more the given ones stand.
func bmpFile(w, h int32, depth uint16, info uint32, palette, rows []byte, at int, more ...byte) []byte {
	le := binary.LittleEndian
	head := make([]byte, 14+info)
	copy(head, "BM")
	le.PutUint32(head[2:], uint32(len(head)+len(palette)+len(rows)))
	le.PutUint32(head[10:], uint32(len(head)+len(palette)))
	le.PutUint32(head[14:], info)
	le.PutUint32(head[18:], uint32(w))
	le.PutUint32(head[22:], uint32(h))
	le.PutUint16(head[26:], 1)
	le.PutUint16(head[28:], depth)
	le.PutUint32(head[46:], uint32(len(palette)/4))
	copy(head[at:], more)
	return slices.Concat(head, palette, rows)
}

// bgra are the rows of m, top first, of 4 bytes a pixel.
func bgra(m *image.NRGBA, alpha byte) []byte {
	var out []byte
	for i := 0; i < len(m.Pix); i += 4 {
		out = append(out, m.Pix[i+2], m.Pix[i+1], m.Pix[i], alpha)
	}
	return out
}
