package picture

import "encoding/binary"

// inspectPNG walks the chunks to IEND (ISO/IEC 15948, 5.3). Nothing is
// inflated here: text never is, a profile and XMP are later, as far as they may
// be long.
func (h *header) inspectPNG(data []byte, lim Limits) error {
	var (
		pos       = 8
		chunks    int
		pixelData bool
		ihdr      []byte
		trns      bool
	)
	for {
		if len(data)-pos < 12 {
			return corrupt("PNG")
		}
		n := binary.BigEndian.Uint32(data[pos:])
		kind := string(data[pos+4 : pos+8])
		if int64(n) > int64(len(data)-pos-12) {
			return corrupt("PNG")
		}
		body := data[pos+8 : pos+8+int(n)]
		pos += 12 + int(n)
		if chunks++; chunks > lim.MaxChunks {
			return tooMany(ReasonChunks, "chunks", lim.MaxChunks)
		}
		if (chunks == 1) != (kind == "IHDR") {
			return corrupt("PNG")
		}
		switch kind {
		case "IHDR":
			if len(body) != 13 {
				return corrupt("PNG")
			}
			ihdr = body
			w, ht := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
			if w > 1<<31-1 || ht > 1<<31-1 {
				return corrupt("PNG")
			}
			if err := h.size(int(w), int(ht), lim.MaxPixels); err != nil {
				return err
			}
		case "tRNS":
			trns = true
		case "IDAT":
			pixelData = true
		case "eXIf":
			if h.exif == nil {
				h.exif = body
			}
		case "iTXt":
			if x, ok := pngXMP(body); ok && h.xmp.packet == nil {
				h.xmp = x
			}
		case "iCCP":
			if h.space.deflated == nil {
				h.space.deflated = iccpBody(body)
			}
		case "sRGB":
			h.space.declared = true
		case "cICP":
			h.space.cicp = body
		case "gAMA":
			h.space.gamma = body
		case "cHRM":
			h.space.chroma = body
		case "IEND":
			if !pixelData {
				return corrupt("PNG")
			}
			h.memory = pngMemory(h.pixels(), ihdr, trns)
			return nil
		}
	}
}

// pngMemory follows the types that image/png decodes into.
func pngMemory(pixels int64, ihdr []byte, trns bool) int64 {
	depth, kind, interlaced := ihdr[8], ihdr[9], ihdr[12]
	perPixel := int64(4)
	switch {
	case kind == 3, kind == 0 && !trns:
		perPixel = 1
	}
	if depth == 16 {
		perPixel *= 2
	}
	n := pixels * perPixel
	if interlaced != 0 {
		n += n / 2 // the last pass is held apart
	}
	return n
}
