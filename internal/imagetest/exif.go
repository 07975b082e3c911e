package imagetest

import (
	"bytes"
	"encoding/binary"
)

// EXIF options.
type EXIF struct {
	Orientation int // 0: no such tag
	BigEndian   bool
	// GPS adds a position, a maker and a thumbnail's offset, the things that
	// must not survive.
	GPS bool
}

// TIFF is the block itself, without the "Exif" that goes before it in a JPEG.
func (e EXIF) TIFF() []byte {
	var order binary.AppendByteOrder = binary.LittleEndian
	out := []byte("II*\x00\x08\x00\x00\x00")
	if e.BigEndian {
		order = binary.BigEndian
		out = []byte("MM\x00*\x00\x00\x00\x08")
	}
	type entry struct {
		tag, kind uint16
		count     uint32
		value     [4]byte
	}
	short := func(v int) (b [4]byte) { copy(b[:], order.AppendUint16(nil, uint16(v))); return b }
	long := func(v int) (b [4]byte) { copy(b[:], order.AppendUint32(nil, uint32(v))); return b }
	var entries []entry
	const maker = "SecretCam\x00"
	if e.GPS {
		entries = append(entries, entry{0x010f, 2, uint32(len(maker)), [4]byte{}}) // Make
	}
	if e.Orientation != 0 {
		entries = append(entries, entry{0x0112, 3, 1, short(e.Orientation)})
	}
	if e.GPS {
		entries = append(entries, entry{0x8825, 4, 1, [4]byte{}}) // GPSInfo
	}
	end := 8 + 2 + 12*len(entries) + 4
	for i := range entries {
		switch entries[i].tag {
		case 0x010f:
			entries[i].value = long(end)
		case 0x8825:
			entries[i].value = long(end + len(maker))
		}
	}
	out = order.AppendUint16(out, uint16(len(entries)))
	for _, en := range entries {
		out = order.AppendUint16(out, en.tag)
		out = order.AppendUint16(out, en.kind)
		out = order.AppendUint32(out, en.count)
		out = append(out, en.value[:]...)
	}
	out = order.AppendUint32(out, 0)
	if !e.GPS {
		return out
	}
	out = append(out, maker...)
	gps := len(out)
	out = order.AppendUint16(out, 2)
	for i, ref := range []string{"N", ""} {
		out = order.AppendUint16(out, uint16(i+1)) // GPSLatitudeRef, GPSLatitude
		if ref != "" {
			out = order.AppendUint16(out, 2)
			out = order.AppendUint32(out, 2)
			out = append(out, ref[0], 0, 0, 0)
			continue
		}
		out = order.AppendUint16(out, 5)
		out = order.AppendUint32(out, 3)
		out = order.AppendUint32(out, uint32(gps+2+24+4))
	}
	out = order.AppendUint32(out, 0)
	for _, v := range []uint32{52, 1, 31, 1, 12, 1} {
		out = order.AppendUint32(out, v)
	}
	return out
}

// InJPEG puts the block into a JPEG file, as a camera does.
func (e EXIF) InJPEG(jpg []byte) []byte {
	return InsertSegment(jpg, 0xe1, append([]byte("Exif\x00\x00"), e.TIFF()...))
}

// InPNG puts the block into a PNG file.
func (e EXIF) InPNG(file []byte) []byte { return InsertChunk(file, "eXIf", e.TIFF()) }

// InsertSegment puts a segment right after the beginning of a JPEG file.
func InsertSegment(jpg []byte, marker byte, body []byte) []byte {
	out := bytes.Clone(jpg[:2])
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	out = append(out, body...)
	return append(out, jpg[2:]...)
}

// XMP is a packet with a position and an orientation.
func XMP() []byte {
	return []byte("http://ns.adobe.com/xap/1.0/\x00<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?>" +
		"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>" +
		"<rdf:Description xmlns:exif='http://ns.adobe.com/exif/1.0/' exif:GPSLatitude='52,31.2N' exif:GPSLongitude='13,24.6E'/>" +
		"</rdf:RDF></x:xmpmeta><?xpacket end='w'?>")
}

// IPTC is a Photoshop block with a caption and a city.
func IPTC() []byte {
	data := []byte("\x1c\x02\x5a\x00\x0cSecretCity!!" + "\x1c\x02\x78\x00\x0dSecretCaption")
	out := []byte("Photoshop 3.0\x008BIM\x04\x04\x00\x00")
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	return append(out, data...)
}
