package picture

import "encoding/binary"

// inspectGIF counts the frames (GIF89a specification, appendix B). Only the
// first is decoded, so what is wrong after it does no harm.
func (h *header) inspectGIF(data []byte, lim Limits) error {
	if len(data) < 13 {
		return corrupt("GIF")
	}
	err := h.size(int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint16(data[8:])), lim.MaxPixels)
	if err != nil {
		return err
	}
	h.memory = h.pixels()
	pos := 13 + colorTable(data[10])
	for frames := 0; ; {
		if pos >= len(data) || data[pos] == 0x3b { // the trailer
			break
		}
		block := data[pos]
		pos++
		switch block {
		case 0x21: // an extension: its label, then sub-blocks
			pos++
		case 0x2c: // a frame: nine bytes, maybe a colour table, the code size
			if len(data)-pos < 9 {
				return corrupt("GIF")
			}
			if frames++; frames > lim.MaxFrames {
				return tooMany(ReasonFrames, "frames", lim.MaxFrames)
			}
			pos += 9 + colorTable(data[pos+8]) + 1
		default:
			if frames == 0 {
				return corrupt("GIF")
			}
			return nil
		}
		for pos < len(data) && data[pos] != 0 {
			pos += 1 + int(data[pos])
		}
		pos++
	}
	return nil
}

// colorTable is the length in bytes of the table that a packed field tells of.
func colorTable(packed byte) int {
	if packed&0x80 == 0 {
		return 0
	}
	return 3 << (packed&7 + 1)
}
