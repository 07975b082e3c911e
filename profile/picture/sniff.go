package picture

import (
	"bytes"
	"strings"
)

type format int

const (
	formatJPEG format = iota + 1
	formatPNG
	formatGIF
	formatWebP
	formatOther // a Decoder's
)

func (f format) String() string {
	return [...]string{"", "JPEG", "PNG", "GIF", "WebP", ""}[f]
}

// recognise knows the format from the first bytes: one of ours, else one that
// the host added. Names, extensions and headers play no part.
func recognise(data []byte, decoders []Decoder) (header, error) {
	f, err := sniff(data)
	if err == nil || len(data) == 0 {
		return header{format: f}, err
	}
	if d := decoderFor(data, decoders); d != nil {
		return header{format: formatOther, decoder: d}, nil
	}
	var names []string
	for _, d := range decoders {
		names = append(names, d.Name())
	}
	return header{}, &unsupportedError{foreign(data), names}
}

// sniff knows the formats of this package.
func sniff(data []byte) (format, error) {
	switch {
	case len(data) == 0:
		return 0, rejectf(ReasonEmpty, "it holds no bytes")
	case has(data, 0, "\xff\xd8\xff"):
		return formatJPEG, nil
	case has(data, 0, "\x89PNG\r\n\x1a\n"):
		return formatPNG, nil
	case has(data, 0, "GIF87a"), has(data, 0, "GIF89a"):
		return formatGIF, nil
	case has(data, 0, "RIFF") && has(data, 8, "WEBP"):
		return formatWebP, nil
	}
	return 0, ErrUnsupported
}

// foreign names a well-known kind of file that is not taken, for the message.
func foreign(data []byte) string {
	for _, k := range []struct {
		at          int
		magic, name string
	}{
		{0, "BM", "a BMP picture"},
		{0, "II*\x00", "a TIFF or raw camera picture"},
		{0, "MM\x00*", "a TIFF or raw camera picture"},
		{0, "\x00\x00\x01\x00", "an icon"},
		{0, "8BPS", "a Photoshop file"},
		{0, "\xff\x0a", "a JPEG XL picture"},
		{4, "JXL \r\n\x87\n", "a JPEG XL picture"},
		{4, "jP  \r\n\x87\n", "a JPEG 2000 picture"},
		{0, "%PDF", "a PDF document"},
		{0, "PK\x03\x04", "a ZIP archive"},
		{0, "\x1a\x45\xdf\xa3", "a video"},
	} {
		if has(data, k.at, k.magic) {
			return k.name
		}
	}
	if has(data, 4, "ftyp") {
		return isoMedia(data)
	}
	text := strings.ToLower(string(bytes.TrimLeft(data[:min(len(data), 512)], "\xef\xbb\xbf \t\r\n")))
	switch {
	case strings.HasPrefix(text, "<svg"), strings.HasPrefix(text, "<?xml") && strings.Contains(text, "<svg"):
		return "an SVG drawing"
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"), strings.HasPrefix(text, "<script"):
		return "an HTML page"
	case strings.HasPrefix(text, "<"):
		return "an XML or HTML document"
	}
	return ""
}

// isoMedia names a file of the ISO base media format by its brands, the major
// one at 8 and the compatible ones from 16 (ISO/IEC 14496-12, 4.3).
func isoMedia(data []byte) string {
	end := min(len(data), 8+4*16)
	name := "a video"
	for at := 8; at+4 <= end; at += 4 {
		switch string(data[at : at+4]) {
		case "avif", "avis":
			return "an AVIF picture"
		case "heic", "heix", "hevc", "hevx", "heim", "heis":
			return "a HEIC picture"
		case "mif1", "msf1":
			name = "a HEIC picture"
		}
	}
	return name
}

func has(data []byte, at int, magic string) bool {
	return len(data) >= at+len(magic) && string(data[at:at+len(magic)]) == magic
}
