package picture

import (
	"bytes"
	"compress/zlib"
	"io"
)

// xmpHeader begins the APP1 segment of a JPEG that holds XMP (ISO 16684-1), and
// xmpKeyword the iTXt chunk of a PNG.
const (
	xmpHeader  = "http://ns.adobe.com/xap/1.0/\x00"
	xmpKeyword = "XML:com.adobe.xmp\x00"
)

// xmpMax is how much of a packet is searched.
const xmpMax = 64 << 10

// xmpOrientation reads tiff:Orientation, as an attribute or as an element, from
// a packet; 0 when it says nothing. It is a search, not a parser: all that can
// come of it is one digit.
func xmpOrientation(packet []byte) orientation {
	packet = packet[:min(len(packet), xmpMax)]
	const name = "tiff:Orientation"
	for {
		at := bytes.Index(packet, []byte(name))
		if at < 0 {
			return 0
		}
		packet = packet[at+len(name):]
		rest := bytes.TrimLeft(packet, " \t\r\n")
		switch {
		case len(rest) > 0 && rest[0] == '=': // an attribute, in either kind of quotes
			rest = bytes.TrimLeft(rest[1:], " \t\r\n")
			if len(rest) >= 3 && (rest[0] == '"' || rest[0] == '\'') && rest[2] == rest[0] {
				if o := digit(rest[1]); o != 0 {
					return o
				}
			}
		case len(rest) > 0 && rest[0] == '>': // an element
			rest = bytes.TrimLeft(rest[1:], " \t\r\n")
			if len(rest) >= 2 && (rest[1] == '<' || rest[1] == ' ' || rest[1] == '\n' || rest[1] == '\r' || rest[1] == '\t') {
				if o := digit(rest[0]); o != 0 {
					return o
				}
			}
		}
	}
}

func digit(c byte) orientation {
	if c >= '1' && c <= '8' {
		return orientation(c - '0')
	}
	return 0
}

// xmp is a packet as it stands in the file.
type xmp struct {
	packet   []byte
	deflated bool // as a PNG may have it
}

// orientation is what the packet says, or 0. No more of it is inflated than is
// searched.
func (x xmp) orientation() orientation {
	if !x.deflated {
		return xmpOrientation(x.packet)
	}
	z, err := zlib.NewReader(bytes.NewReader(x.packet))
	if err != nil {
		return 0
	}
	packet, err := io.ReadAll(io.LimitReader(z, xmpMax))
	if err != nil {
		return 0
	}
	return xmpOrientation(packet)
}

// pngXMP is the packet of an iTXt chunk (PNG third edition, 11.3.3.4), if it
// holds one.
func pngXMP(body []byte) (x xmp, ok bool) {
	rest, ok := bytes.CutPrefix(body, []byte(xmpKeyword))
	if !ok || len(rest) < 2 || rest[0] > 1 || rest[1] != 0 {
		return xmp{}, false
	}
	x.deflated, rest = rest[0] == 1, rest[2:]
	for range 2 { // a language and a translated keyword
		_, after, found := bytes.Cut(rest, []byte{0})
		if !found {
			return xmp{}, false
		}
		rest = after
	}
	x.packet = rest
	return x, true
}
