package imagetest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
)

// Chunk is one of a PNG file.
type Chunk struct {
	Kind string
	Body []byte
}

// RawPNG writes the chunks, whatever they are.
func RawPNG(chunks ...Chunk) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	for _, c := range chunks {
		out = appendChunk(out, c)
	}
	return out
}

func appendChunk(out []byte, c Chunk) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(c.Body)))
	start := len(out)
	out = append(out, c.Kind...)
	out = append(out, c.Body...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}

// InsertChunk puts a chunk after the header of a PNG file.
func InsertChunk(file []byte, kind string, body []byte) []byte {
	const header = 8 + 12 + 13
	out := appendChunk(bytes.Clone(file[:header]), Chunk{kind, body})
	return append(out, file[header:]...)
}

// IHDR is the header chunk of a picture without interlacing.
func IHDR(w, h uint32, depth, kind byte) Chunk { return ihdr(w, h, depth, kind, 0) }

func ihdr(w, h uint32, depth, kind, interlace byte) Chunk {
	b := binary.BigEndian.AppendUint32(nil, w)
	b = binary.BigEndian.AppendUint32(b, h)
	return Chunk{"IHDR", append(b, depth, kind, 0, 0, interlace)}
}

// Deflate is data as chunks of a PNG hold it compressed.
func Deflate(data []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, err := w.Write(data)
	must(err)
	must(w.Close())
	return b.Bytes()
}

// Zeros is n zero bytes, deflated; pixels, text or profile of a bomb.
func Zeros(n int) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	block := make([]byte, 1<<20)
	for n > 0 {
		part := min(n, len(block))
		_, err := w.Write(block[:part])
		must(err)
		n -= part
	}
	must(w.Close())
	return b.Bytes()
}

// InterlacedPNG is m in the seven passes of Adam7, 8 bits a channel with
// alpha.
func InterlacedPNG(m *image.NRGBA) []byte {
	var data bytes.Buffer
	w := zlib.NewWriter(&data)
	b := m.Bounds()
	for _, p := range [7][4]int{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}} {
		for y := p[1]; y < b.Dy(); y += p[3] {
			if p[0] >= b.Dx() {
				break
			}
			row := []byte{0} // no filter
			for x := p[0]; x < b.Dx(); x += p[2] {
				c := m.NRGBAAt(b.Min.X+x, b.Min.Y+y)
				row = append(row, c.R, c.G, c.B, c.A)
			}
			_, err := w.Write(row)
			must(err)
		}
	}
	must(w.Close())
	return RawPNG(ihdr(uint32(b.Dx()), uint32(b.Dy()), 8, 6, 1), Chunk{"IDAT", data.Bytes()}, Chunk{"IEND", nil})
}
