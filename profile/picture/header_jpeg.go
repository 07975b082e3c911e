package picture

import (
	"bytes"
	"encoding/binary"
)

// Markers of ITU-T T.81, table B.1.
const (
	markerSOF0  = 0xc0
	markerSOF2  = 0xc2
	markerDHT   = 0xc4
	markerJPG   = 0xc8
	markerDAC   = 0xcc
	markerSOF15 = 0xcf
	markerRST0  = 0xd0
	markerRST7  = 0xd7
	markerEOI   = 0xd9
	markerSOS   = 0xda
	markerAPP1  = 0xe1
	markerAPP2  = 0xe2
	markerAPP14 = 0xee
)

// inspectJPEG walks the markers exactly as image/jpeg does, so that no scan is
// hidden from the count, to the end of the picture; what follows is nobody's.
func (h *header) inspectJPEG(data []byte, lim Limits) error {
	var (
		j     jpegFrame
		scans int
		parts int
	)
	for pos := 2; ; {
		next := bytes.IndexByte(data[pos:], 0xff)
		if next < 0 {
			return corrupt("JPEG")
		}
		pos += next + 1
		for pos < len(data) && data[pos] == 0xff {
			pos++
		}
		if pos >= len(data) {
			return corrupt("JPEG")
		}
		marker := data[pos]
		pos++
		switch {
		case marker == 0, marker >= markerRST0 && marker <= markerRST7:
			continue // inside of a scan
		case marker == markerEOI:
			if h.width == 0 || scans == 0 {
				return corrupt("JPEG")
			}
			h.memory = j.memory(h.pixels())
			return nil
		}
		if parts++; parts > lim.MaxChunks {
			return tooMany(ReasonChunks, "segments", lim.MaxChunks)
		}
		if len(data)-pos < 2 {
			return corrupt("JPEG")
		}
		n := int(binary.BigEndian.Uint16(data[pos:]))
		if n < 2 || n > len(data)-pos {
			return corrupt("JPEG")
		}
		segment := data[pos+2 : pos+n]
		pos += n
		switch {
		case marker == markerSOS:
			if scans++; scans > lim.MaxScans {
				return tooMany(ReasonScans, "scans", lim.MaxScans)
			}
		case marker == markerAPP1 && h.exif == nil && has(segment, 0, "Exif\x00\x00"):
			h.exif = segment[6:]
		case marker == markerAPP1 && h.xmp.packet == nil && has(segment, 0, xmpHeader):
			h.xmp.packet = segment[len(xmpHeader):]
		case marker == markerAPP2 && len(segment) > len(iccHeader)+2 && has(segment, 0, iccHeader) && len(h.space.parts) < 255:
			h.space.parts = append(h.space.parts, segment[len(iccHeader):])
		case marker == markerAPP14 && len(segment) >= 12 && has(segment, 0, "Adobe"):
			j.rgb = j.rgb || segment[11] == 0
		case marker >= markerSOF0 && marker <= markerSOF15 && marker != markerDHT && marker != markerJPG && marker != markerDAC:
			if err := h.jpegFrame(&j, marker, segment, lim); err != nil {
				return err
			}
		}
	}
}

// jpegFrame is what a frame header says of the memory it will take.
type jpegFrame struct {
	components  int
	progressive bool
	rgb         bool
	// samples of all components for each hv samples of the picture.
	samples, hv int64
}

func (h *header) jpegFrame(j *jpegFrame, marker byte, segment []byte, lim Limits) error {
	if marker > markerSOF2 {
		return &unsupportedError{what: "a lossless or arithmetic-coded JPEG picture"}
	}
	if j.components != 0 || len(segment) < 6 {
		return corrupt("JPEG")
	}
	j.components = int(segment[5])
	j.progressive = marker == markerSOF2
	if j.components == 0 || len(segment) != 6+3*j.components {
		return corrupt("JPEG")
	}
	var maxH, maxV int64 = 1, 1
	for i := range j.components {
		factors := segment[6+3*i+1]
		fh, fv := int64(factors>>4), int64(factors&15)
		if fh < 1 || fh > 4 || fv < 1 || fv > 4 {
			return corrupt("JPEG")
		}
		maxH, maxV = max(maxH, fh), max(maxV, fv)
		j.samples += fh * fv
	}
	j.hv = maxH * maxV
	j.rgb = j.rgb || j.components == 3 && segment[6] == 'R' && segment[9] == 'G' && segment[12] == 'B'
	most := lim.MaxPixels
	if j.progressive {
		most = min(most, lim.MaxProgressivePixels)
	}
	return h.size(int(binary.BigEndian.Uint16(segment[3:])), int(binary.BigEndian.Uint16(segment[1:])), most)
}

func (j *jpegFrame) memory(pixels int64) int64 {
	samples := pixels * j.samples / j.hv
	n := samples
	if j.progressive {
		n += 4 * samples // an int32 for each coefficient
	}
	if j.components == 4 || j.rgb {
		n += 4 * pixels // the planes are copied into one
	}
	return n
}
