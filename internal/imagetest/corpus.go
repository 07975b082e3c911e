package imagetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
)

// File is a picture and what must become of it.
type File struct {
	Name string
	Data []byte
	// Refused is "" for a picture that must be taken, else how it must be
	// refused: "unsupported", or the reason of a picture.RejectedError.
	Refused string
	// Ext of the result, "jpg" or "png".
	Ext string
	// Card: the result must show the card upright.
	Card bool
	// Color, when not nil, is what the result must show all over.
	Color *color.NRGBA
}

// Corpus is every picture, the taken ones first.
func Corpus() []File { return append(Accepted(), Refused()...) }

// Accepted are pictures that people send, with things in them that must not
// come out again.
func Accepted() []File {
	card := Card(96, 64)
	jpg := JPEG(card, 95)
	files := []File{
		{Name: "baseline.jpg", Data: jpg},
		{Name: "tall.jpg", Data: JPEG(Card(40, 90), 95)},
		{Name: "xmp.jpg", Data: InsertSegment(jpg, 0xe1, XMP())},
		{Name: "iptc.jpg", Data: InsertSegment(jpg, 0xed, IPTC())},
		{Name: "comment.jpg", Data: InsertSegment(jpg, 0xfe, []byte("<script>alert(1)</script>"))},
		{Name: "xmp-before-exif.jpg", Data: InsertSegment(EXIF{Orientation: 1, GPS: true}.InJPEG(jpg), 0xe1, XMP())},
		{Name: "zip-tail.jpg", Data: append(bytes.Clone(jpg), zipFile()...)},
		{Name: "second-picture.jpg", Data: append(bytes.Clone(jpg), JPEG(Card(200, 200), 50)...)},
		{Name: "still.png", Data: PNG(card)},
		{Name: "interlaced.png", Data: InterlacedPNG(card)},
		{Name: "palette.png", Data: PNG(Paletted(card, CardPalette()[1:]))},
		{Name: "exif.png", Data: EXIF{Orientation: 6, GPS: true}.InPNG(PNG(Stored(card, 6)))},
		{Name: "text.png", Data: InsertChunk(PNG(card), "tEXt", []byte("Comment\x00SecretCaption"))},
		{Name: "text-bomb.png", Data: InsertChunk(PNG(card), "zTXt", append([]byte("Comment\x00\x00"), Zeros(30<<20)...))},
		{Name: "profile-bomb.png", Data: InsertChunk(PNG(card), "iCCP", append([]byte("icc\x00\x00"), Zeros(30<<20)...))},
		{Name: "html-tail.png", Data: append(PNG(card), "<html><script>alert(1)</script>"...)},
		{Name: "still.gif", Data: GIF(image.Point{}, Paletted(card, CardPalette()[1:]))},
		{Name: "animated.gif", Data: GIF(image.Point{}, Paletted(card, CardPalette()[1:]), Paletted(Card(30, 20), CardPalette()))},
		{Name: "comment-tail.gif", Data: append(GIF(image.Point{}, Paletted(card, CardPalette()[1:])), "<html>"...)},
		{Name: "lossy.webp", Data: WebPLossy()},
		{Name: "lossless.webp", Data: unbase64(webpLossless)},
		{Name: "animated.webp", Data: WebPAnimated()},
		{Name: "tail.webp", Data: append(WebPLossy(), zipFile()...)},
		{Name: "16-bit.png", Data: PNG(deep(card))},
	}
	for o := 1; o <= 8; o++ {
		stored := JPEG(Stored(card, o), 95)
		files = append(files,
			File{Name: fmt.Sprintf("orientation-%d.jpg", o), Data: EXIF{Orientation: o, GPS: true}.InJPEG(stored)},
			File{Name: fmt.Sprintf("orientation-%d-motorola.jpg", o), Data: EXIF{Orientation: o, BigEndian: true}.InJPEG(stored)})
	}
	files = append(files, named(jpg, PNG(card))...)
	files = append(files, wide(card)...)
	files = append(files, xmpOriented(card)...)
	for name, tiff := range BrokenEXIF() {
		files = append(files, File{Name: "exif-" + name + ".jpg", Data: InsertSegment(jpg, 0xe1, append([]byte("Exif\x00\x00"), tiff...))})
	}
	for i := range files {
		files[i].Card, files[i].Ext = true, "jpg"
	}
	return slices.Concat(files, flatFiles(), wideFlat(), alphaFiles(), []File{polyglotGIF()})
}

func flatFiles() []File {
	rgb, ycc, ycck := byte(0), byte(1), byte(2)
	flat := func(name string, f FlatJPEG, c color.NRGBA) File {
		f.Width, f.Height = 24, 24
		return File{Name: name, Data: f.Bytes(), Ext: "jpg", Color: &c}
	}
	gray := color.NRGBA{200, 200, 200, 255}
	tiny := image.NewNRGBA(image.Rect(0, 0, 1, 1))
	tiny.SetNRGBA(0, 0, gray)
	line := image.NewGray(image.Rect(0, 0, 3000, 1))
	for i := range line.Pix {
		line.Pix[i] = 200
	}
	gray16 := image.NewGray16(image.Rect(0, 0, 20, 20))
	for i := range gray16.Pix {
		gray16.Pix[i] = 200
	}
	return []File{
		flat("gray.jpg", FlatJPEG{Values: []byte{200}}, gray),
		flat("progressive.jpg", FlatJPEG{Values: []byte{200, 128, 128}, Progressive: true}, gray),
		flat("progressive-100-scans.jpg", FlatJPEG{Values: []byte{200, 128, 128}, Progressive: true, Scans: 100}, gray),
		flat("adobe-ycc.jpg", FlatJPEG{Values: []byte{200, 128, 128}, Adobe: &ycc}, gray),
		flat("adobe-rgb.jpg", FlatJPEG{Values: []byte{10, 200, 90}, Adobe: &rgb}, color.NRGBA{10, 200, 90, 255}),
		// Adobe stores the ink of CMYK inverted (this is 0, 55, 0, 0 of 255), and
		// that of YCCK as it is, but for the black.
		flat("cmyk.jpg", FlatJPEG{Values: []byte{255, 200, 255, 255}, Adobe: &rgb}, color.NRGBA{255, 200, 255, 255}),
		flat("ycck.jpg", FlatJPEG{Values: []byte{200, 128, 128, 255}, Adobe: &ycck}, color.NRGBA{55, 55, 55, 255}),
		{Name: "one-pixel.png", Data: PNG(tiny), Ext: "jpg", Color: &gray},
		{Name: "one-pixel.jpg", Data: JPEG(tiny, 100), Ext: "jpg", Color: &gray},
		{Name: "line.png", Data: PNG(line), Ext: "jpg", Color: &gray},
		{Name: "gray-16.png", Data: PNG(gray16), Ext: "jpg", Color: &gray},
		{Name: "black.webp", Data: WebPBlack(), Ext: "jpg", Color: &color.NRGBA{0, 0, 0, 255}},
	}
}

func alphaFiles() []File {
	half := Card(64, 64)
	for i := 3; i < len(half.Pix)/2; i += 4 {
		half.Pix[i] = 128
	}
	empty := image.NewNRGBA(image.Rect(0, 0, 10, 10))
	corner := Paletted(Card(32, 32), CardPalette()[1:])
	transparent := Paletted(Card(64, 64), CardPalette())
	copy(transparent.Pix, make([]byte, 64*10)) // the first ten rows
	return []File{
		{Name: "alpha.png", Data: PNG(half), Ext: "png"},
		{Name: "alpha-16.png", Data: PNG(deep(half)), Ext: "png"},
		{Name: "alpha-interlaced.png", Data: InterlacedPNG(half), Ext: "png"},
		{Name: "alpha-palette.png", Data: PNG(transparent), Ext: "png"},
		{Name: "invisible.png", Data: PNG(empty), Ext: "png"},
		{Name: "alpha.gif", Data: GIF(image.Point{}, transparent), Ext: "png"},
		{Name: "frame-smaller-than-canvas.gif", Data: GIF(image.Pt(64, 64), corner), Ext: "png"},
		{Name: "alpha-lossy.webp", Data: unbase64(webpLossyAlpha), Ext: "png"},
		{Name: "alpha-lossless.webp", Data: unbase64(webpAlpha), Ext: "png"},
		{Name: "alpha-text.png", Data: InsertChunk(PNG(half), "iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00<x:xmpmeta/>")), Ext: "png"},
	}
}

func deep(m *image.NRGBA) *image.NRGBA64 {
	out := image.NewNRGBA64(m.Bounds())
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			out.Set(x, y, m.NRGBAAt(x, y))
		}
	}
	return out
}

// BrokenEXIF are EXIF blocks that no camera writes, by name; a picture with
// one of them counts as upright.
func BrokenEXIF() map[string][]byte {
	good := EXIF{Orientation: 6, GPS: true}.TIFF()
	change := func(at int, b ...byte) []byte {
		out := bytes.Clone(good)
		copy(out[at:], b)
		return out
	}
	const entry = 8 + 2 + 12 // the second entry, which is the orientation
	return map[string][]byte{
		"empty":            {},
		"short":            []byte("II*\x00"),
		"no-tiff":          []byte("this is no TIFF structure at all"),
		"cut":              good[:entry+4],
		"zero":             EXIF{Orientation: 0}.TIFF(),
		"nine":             EXIF{Orientation: 9}.TIFF(),
		"huge":             EXIF{Orientation: 0xffff}.TIFF(),
		"as-text":          change(entry+2, 2),
		"offset-outside":   change(4, 0xff, 0xff, 0xff, 0x7f),
		"offset-backwards": change(4, 0, 0, 0, 0),
		"no-entries":       change(8, 0, 0),
	}
}

func zipFile() []byte {
	return []byte("PK\x03\x04\x14\x00\x00\x00\x00\x00evil.class<?php system($_GET[0]); ?>PK\x05\x06" + strings.Repeat("\x00", 18))
}

func putUint32(b []byte, at int, v uint32) []byte {
	out := bytes.Clone(b)
	binary.BigEndian.PutUint32(out[at:], v)
	return out
}
