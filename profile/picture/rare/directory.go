package rare

import "encoding/binary"

// directory is the first image file directory of a TIFF file (TIFF 6.0,
// section 2). Nothing of it is copied: numbers are read where they are.
type directory struct {
	data    []byte
	order   binary.ByteOrder
	entries map[uint16]entry
}

// entry is a field whose values are all in the file; its zero has none.
type entry struct {
	kind  uint16 // 1 byte, 3 short, 4 long, 7 undefined
	count int64
	at    int64
}

// byteOrder is told by the first four bytes.
func byteOrder(data []byte) (binary.ByteOrder, bool) {
	if len(data) < 8 {
		return nil, false
	}
	switch string(data[:4]) {
	case "II*\x00":
		return binary.LittleEndian, true
	case "MM\x00*":
		return binary.BigEndian, true
	}
	return nil, false
}

// readDirectory keeps the fields that matter, of which there are few.
func readDirectory(data []byte, order binary.ByteOrder) (*directory, error) {
	d := &directory{data, order, make(map[uint16]entry)}
	at := int64(order.Uint32(data[4:]))
	if at < 8 || at+2 > int64(len(data)) {
		return nil, damaged("TIFF")
	}
	n := int64(order.Uint16(data[at:]))
	at += 2
	if n == 0 || at+12*n > int64(len(data)) {
		return nil, damaged("TIFF")
	}
	last := -1
	for ; n > 0; n, at = n-1, at+12 {
		tag := order.Uint16(data[at:])
		if int(tag) <= last { // in ascending order, none twice
			return nil, damaged("TIFF")
		}
		last = int(tag)
		if !matters(tag) {
			continue
		}
		e := entry{kind: order.Uint16(data[at+2:]), count: int64(order.Uint32(data[at+4:])), at: at + 8}
		if e.size() > 4 {
			e.at = int64(order.Uint32(data[at+8:]))
		}
		if e.width() == 0 || e.count == 0 || e.at+e.size() > int64(len(data)) {
			return nil, damaged("TIFF")
		}
		d.entries[tag] = e
	}
	return d, nil
}

func matters(tag uint16) bool {
	switch tag {
	case tagWidth, tagHeight, tagBits, tagCompression, tagPhotometric, tagStripOffsets, tagOrientation, tagRowsPerStrip,
		tagStripCounts, tagPlanes, tagPredictor, tagColorMap, tagTileWidth, tagTileHeight, tagTileOffsets, tagTileCounts,
		tagExtraSamples, tagSampleFormat, tagProfile:
		return true
	}
	return false
}

// width is that of one value in bytes; 0 is a kind that none of our fields has.
func (e entry) width() int64 {
	switch e.kind {
	case 1, 7:
		return 1
	case 3:
		return 2
	case 4:
		return 4
	}
	return 0
}

func (e entry) size() int64 { return e.count * e.width() }

// number is value i of e, which must have it.
func (d *directory) number(e entry, i int64) int64 {
	at := e.at + i*e.width()
	switch e.kind {
	case 3:
		return int64(d.order.Uint16(d.data[at:]))
	case 4:
		return int64(d.order.Uint32(d.data[at:]))
	}
	return int64(d.data[at])
}

// first is the first value of a field, or what it is when it is not there.
func (d *directory) first(tag uint16, otherwise int64) int64 {
	if e, ok := d.entries[tag]; ok {
		return d.number(e, 0)
	}
	return otherwise
}

func (d *directory) count(tag uint16) int64 { return d.entries[tag].count }

// bytes are the values of a field as they are.
func (d *directory) bytes(tag uint16) []byte {
	e, ok := d.entries[tag]
	if !ok {
		return nil
	}
	return d.data[e.at : e.at+e.size()]
}
