package picture

import "encoding/binary"

// Flags of the VP8X chunk (WebP container specification).
const (
	webpAnimated = 1 << 1
	webpAlpha    = 1 << 4
)

// inspectWebP walks the RIFF chunks.
func (h *header) inspectWebP(data []byte, lim Limits) error {
	end := int64(binary.LittleEndian.Uint32(data[4:])) + 8
	if end < 12 {
		return corrupt("WebP") // its own name is not inside
	}
	if end > int64(len(data)) {
		end = int64(len(data)) // told as cut short below, unless a limit is broken first
	}
	w := webpWalk{h: h, lim: lim}
	err := w.chunks(data[12:end], w.top)
	if err != nil {
		return err
	}
	if !w.image || int64(binary.LittleEndian.Uint32(data[4:]))+8 > int64(len(data)) {
		return corrupt("WebP")
	}
	return nil
}

type webpWalk struct {
	h        *header
	lim      Limits
	count    int
	frames   int
	flags    byte
	extended bool
	image    bool // a picture was found
}

// chunks calls do for each chunk of data.
func (w *webpWalk) chunks(data []byte, do func(kind string, body []byte) error) error {
	for len(data) >= 8 {
		if w.count++; w.count > w.lim.MaxChunks {
			return tooMany(ReasonChunks, "chunks", w.lim.MaxChunks)
		}
		kind, n := string(data[:4]), int64(binary.LittleEndian.Uint32(data[4:]))
		body := data[8:min(8+n, int64(len(data)))]
		if err := do(kind, body); err != nil {
			return err
		}
		if int64(len(body)) < n {
			return corrupt("WebP")
		}
		data = data[min(8+n+n&1, int64(len(data))):]
	}
	return nil
}

func (w *webpWalk) top(kind string, body []byte) error {
	switch kind {
	case "VP8X":
		if w.extended || w.image || len(body) < 10 {
			return corrupt("WebP")
		}
		w.extended, w.flags = true, body[0]
		return w.h.size(1+le24(body[4:]), 1+le24(body[7:]), w.lim.MaxPixels)
	case "VP8 ", "VP8L":
		if w.flags&webpAnimated != 0 || w.image {
			return nil // not looked at by the decoder either
		}
		return w.still(kind, body)
	case "ANMF":
		return w.animationFrame(body)
	case "ICCP":
		if w.h.space.whole == nil {
			w.h.space.whole = body
		}
	case "XMP ":
		if w.h.xmp.packet == nil {
			w.h.xmp.packet = body
		}
	case "EXIF":
		if w.h.exif == nil {
			w.h.exif = body
			if has(body, 0, "Exif\x00\x00") {
				w.h.exif = body[6:]
			}
		}
	}
	return nil
}

func (w *webpWalk) still(kind string, body []byte) error {
	width, height, memory, err := webpBitstream(kind, body, w.lim)
	if err != nil {
		return err
	}
	if w.extended && (width != w.h.width || height != w.h.height) {
		return corrupt("WebP")
	}
	w.image = true
	w.h.width, w.h.height = width, height
	w.h.memory += memory
	if w.flags&webpAlpha != 0 && kind == "VP8 " {
		w.h.memory += 5 * w.h.pixels() // the alpha plane, which may be coded as colours
	}
	return nil
}

// webpBitstream reads the sides from the head of a bitstream (RFC 6386, 9.1;
// WebP lossless specification, 4).
func webpBitstream(kind string, body []byte, lim Limits) (width, height int, memory int64, err error) {
	var h header
	switch {
	case kind == "VP8 " && len(body) >= 10 && has(body, 3, "\x9d\x01\x2a"):
		width = int(binary.LittleEndian.Uint16(body[6:]) & 0x3fff)
		height = int(binary.LittleEndian.Uint16(body[8:]) & 0x3fff)
		memory = 3 * int64(width) * int64(height) / 2
	case kind == "VP8L" && len(body) >= 5 && body[0] == 0x2f:
		bits := binary.LittleEndian.Uint32(body[1:])
		width, height = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
		memory = 8 * int64(width) * int64(height)
	default:
		return 0, 0, 0, corrupt("WebP")
	}
	return width, height, memory, h.size(width, height, lim.MaxPixels)
}

// animationFrame counts a frame and keeps the first one apart, because the
// decoder knows no animations.
func (w *webpWalk) animationFrame(body []byte) error {
	if w.flags&webpAnimated == 0 {
		return corrupt("WebP")
	}
	if w.frames++; w.frames > w.lim.MaxFrames {
		return tooMany(ReasonFrames, "frames", w.lim.MaxFrames)
	}
	if w.frames > 1 {
		return nil
	}
	if len(body) < 16 {
		return corrupt("WebP")
	}
	f := &webpFrame{x: 2 * le24(body), y: 2 * le24(body[3:]), width: 1 + le24(body[6:]), height: 1 + le24(body[9:])}
	if f.x+f.width > w.h.width || f.y+f.height > w.h.height {
		return corrupt("WebP")
	}
	return w.chunks(body[16:], func(kind string, chunk []byte) error {
		switch kind {
		case "ALPH":
			f.alpha = chunk
		case "VP8 ", "VP8L":
			if w.image {
				return nil
			}
			fw, fh, memory, err := webpBitstream(kind, chunk, w.lim)
			if err != nil {
				return err
			}
			if fw != f.width || fh != f.height {
				return corrupt("WebP")
			}
			w.image = true
			w.h.memory = memory + int64(len(body))
			if kind == "VP8L" {
				f.alpha = nil // it has its own
			}
			if f.alpha != nil {
				w.h.memory += 5 * int64(fw) * int64(fh)
			}
			f.kind, f.bitstream = kind, chunk
			w.h.frame = f
		}
		return nil
	})
}

// webpFrame is a frame of an animation and its place in the picture.
type webpFrame struct {
	x, y, width, height int
	kind                string // "VP8 " or "VP8L"
	bitstream, alpha    []byte
}

// file makes the frame a file of its own.
func (f *webpFrame) file() []byte {
	out := make([]byte, 12, 64+len(f.alpha)+len(f.bitstream))
	chunk := func(kind string, body []byte) {
		out = append(out, kind...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(body)))
		out = append(out, body...)
		if len(body)%2 == 1 {
			out = append(out, 0)
		}
	}
	if f.alpha != nil {
		x := [10]byte{0: webpAlpha}
		putLE24(x[4:], f.width-1)
		putLE24(x[7:], f.height-1)
		chunk("VP8X", x[:])
		chunk("ALPH", f.alpha)
	}
	chunk(f.kind, f.bitstream)
	copy(out, "RIFF")
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	copy(out[8:], "WEBP")
	return out
}

func le24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func putLE24(b []byte, v int) { b[0], b[1], b[2] = byte(v), byte(v>>8), byte(v>>16) }
