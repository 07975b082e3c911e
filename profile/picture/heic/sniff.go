package heic

import "encoding/binary"

// sniff reports whether the first bytes are those of a file that may hold a
// HEIC picture: by the brands in its first box (ISO/IEC 23008-12, 10.2). AVIF
// is not, although it is built the same way, nor are videos.
func sniff(head []byte) bool {
	if len(head) < 12 || string(head[4:8]) != "ftyp" {
		return false
	}
	size := uint64(binary.BigEndian.Uint32(head))
	if size < 16 {
		return false
	}
	end := int(min(size, uint64(len(head)), 16+4*64))
	still := false
	for at := 8; at+4 <= end; at += 4 {
		if at == 12 {
			continue // the version of the major brand
		}
		switch string(head[at : at+4]) {
		case "avif", "avis":
			return false
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
			still = true
		}
	}
	return still
}
