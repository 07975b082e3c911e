package imagetest

import (
	"bytes"
	"encoding/binary"
	"image"
	"strings"
)

// Refused are files that must not become pictures, and must not cost much.
func Refused() []File {
	files := []File{{Name: "empty", Refused: "empty"}, {Name: "real.heic", Data: HEIC(), Refused: "unsupported"}}
	for name, data := range Foreign() {
		files = append(files, File{Name: name, Data: []byte(data), Refused: "unsupported"})
	}
	return append(append(files, Bombs()...), damaged()...)
}

// Foreign are the beginnings of files of other kinds, by name.
func Foreign() map[string]string {
	box := func(brands string) string { return "\x00\x00\x00\x18ftyp" + brands + strings.Repeat("\x00", 100) }
	return map[string]string{
		"text":            "hello",
		"one-byte":        "\xff",
		"page.html":       "<!DOCTYPE html><html><script>alert(1)</script></html>",
		"page-spaces.jpg": "\xef\xbb\xbf \r\n\t<HTML><body onload=alert(1)>",
		"drawing.svg":     "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
		"drawing-xml.svg": "<?xml version='1.0'?><!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg>&x;</svg>",
		"photo.heic":      box("heic\x00\x00\x00\x00mif1heic"),
		"photo-mif1.heic": box("mif1\x00\x00\x00\x00mif1miaf"),
		"photo.avif":      box("avif\x00\x00\x00\x00mif1avif"),
		"photo-mif1.avif": box("mif1\x00\x00\x00\x00mif1avif"),
		"movie.mp4":       box("isom\x00\x00\x02\x00isommp41"),
		"photo.bmp":       "BM" + strings.Repeat("\x00", 60),
		"photo.tif":       "II*\x00\x08\x00\x00\x00" + strings.Repeat("\x00", 60),
		"photo-mac.tif":   "MM\x00*\x00\x00\x00\x08" + strings.Repeat("\x00", 60),
		"photo.jxl":       "\xff\x0a\x00\x00",
		"photo-box.jxl":   "\x00\x00\x00\x0cJXL \r\n\x87\n",
		"photo.jp2":       "\x00\x00\x00\x0cjP  \r\n\x87\n",
		"icon.ico":        "\x00\x00\x01\x00\x01\x00",
		"paper.pdf":       "%PDF-1.7",
		"archive.zip":     string(zipFile()),
		"layers.psd":      "8BPS\x00\x01",
		"movie.webm":      "\x1a\x45\xdf\xa3",
		"script.php":      "<?php system($_GET[0]); ?>",
		"ghost.eps":       "%!PS-Adobe-3.0 EPSF-3.0",
		"magick.mvg":      "push graphic-context\nfill 'url(https://example.com/\"|ls \"-la)'",
		"sound.wav":       "RIFF\x24\x00\x00\x00WAVEfmt ",
		"almost.jpg":      "\xff\xd8\x00\x00",
		"almost.png":      "\x89PNG\n\r\x1a\n",
		"almost.gif":      "GIF88a" + strings.Repeat("\x00", 30),
	}
}

// Bombs are small and would take much. Headers that lie do not get far; those
// that tell the truth are refused for it.
func Bombs() []File {
	// What follows a header need not be whole: the header is enough.
	pngOf := func(w, h uint32, depth, kind, interlace byte) []byte {
		return RawPNG(ihdr(w, h, depth, kind, interlace), Chunk{"IDAT", Zeros(1 << 20)}, Chunk{"IEND", nil})
	}
	sized := func(w, h int, progressive bool) []byte {
		f := FlatJPEG{Width: 8, Height: 8, Values: []byte{1, 128, 128}, Progressive: progressive}.Bytes()
		i := bytes.Index(f, []byte{0, 8, 0, 8, 3})
		binary.BigEndian.PutUint16(f[i:], uint16(h))
		binary.BigEndian.PutUint16(f[i+2:], uint16(w))
		return f
	}
	many := []Chunk{IHDR(1, 1, 8, 0)}
	for range 20_001 {
		many = append(many, Chunk{"IDAT", nil})
	}
	frame := Paletted(Card(1, 1), CardPalette())
	frames := make([]*image.Paletted, 2001)
	for i := range frames {
		frames[i] = frame
	}
	return []File{
		{Name: "bomb-30000.png", Data: pngOf(30000, 30000, 1, 0, 0), Refused: "pixels"},
		{Name: "bomb-50000-gray.png", Data: pngOf(50000, 50000, 1, 0, 0), Refused: "pixels"},
		{Name: "bomb-just-over.png", Data: pngOf(10000, 5001, 8, 2, 0), Refused: "pixels"},
		{Name: "bomb-line.png", Data: pngOf(1, 1<<31-1, 8, 6, 0), Refused: "pixels"},
		{Name: "bomb-interlaced-16.png", Data: pngOf(7000, 7000, 16, 6, 1), Refused: "memory"},
		{Name: "bomb-chunks.png", Data: RawPNG(many...), Refused: "chunks"},
		{Name: "bomb.jpg", Data: sized(65500, 65500, false), Refused: "pixels"},
		{Name: "bomb-progressive.jpg", Data: sized(5001, 5001, true), Refused: "pixels"},
		{Name: "bomb-scans.jpg", Data: FlatJPEG{Width: 24, Height: 24, Values: []byte{1, 128, 128}, Progressive: true, Scans: 101}.Bytes(), Refused: "scans"},
		{Name: "bomb-scans-3000.jpg", Data: FlatJPEG{Width: 800, Height: 800, Values: []byte{1, 128, 128}, Progressive: true, Scans: 3000}.Bytes(), Refused: "scans"},
		{Name: "bomb.gif", Data: append([]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"), GIF(image.Point{}, frame)[13:]...), Refused: "pixels"},
		{Name: "bomb-frames.gif", Data: GIF(image.Point{}, frames...), Refused: "frames"},
		{Name: "bomb.webp", Data: riff("VP8X", "\x00\x00\x00\x00\xff\x3f\x00\xff\x3f\x00"), Refused: "pixels"},
		{Name: "bomb-lossy.webp", Data: riff("VP8 ", "\x00\x00\x00\x9d\x01\x2a\xff\x3f\xff\x3f"), Refused: "pixels"},
		{Name: "bomb-lossless.webp", Data: riff("VP8L", "\x2f\xff\xff\xff\xff\x00"), Refused: "pixels"},
		// image.DecodeConfig takes this for a picture of 26684 x 28020 pixels.
		{Name: "html.gif", Data: []byte("GIF89a<html><script>alert(1)</script></html>"), Refused: "pixels"},
	}
}

func riff(kind, body string) []byte {
	out := []byte("RIFF\x00\x00\x00\x00WEBP" + kind)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(body)))
	out = append(out, body...)
	binary.LittleEndian.PutUint32(out[4:], uint32(len(out)-8))
	return out
}

func damaged() []File {
	jpg := FlatJPEG{Width: 24, Height: 24, Values: []byte{1, 128, 128}}
	flat := jpg.Bytes()
	sof := bytes.Index(flat, []byte{0xff, 0xc0})
	as := func(at int, b ...byte) []byte {
		out := bytes.Clone(flat)
		copy(out[at:], b)
		return out
	}
	noHeight, noWidth := jpg, jpg
	noHeight.Height, noWidth.Width = 0, 0
	png := PNG(Card(20, 20))
	gif := GIF(image.Point{}, Paletted(Card(20, 20), CardPalette()))
	return []File{
		{Name: "cut.jpg", Data: flat[:len(flat)-5], Refused: "corrupt"},
		{Name: "cut.png", Data: png[:len(png)-20], Refused: "corrupt"},
		{Name: "cut.gif", Data: gif[:len(gif)-20], Refused: "corrupt"},
		{Name: "cut.webp", Data: WebPLossy()[:100], Refused: "corrupt"},
		{Name: "html-named.png", Data: []byte("<!doctype html><body onload=alert(1)>"), Refused: "unsupported"},
		{Name: "zero-height.jpg", Data: noHeight.Bytes(), Refused: "sides"},
		{Name: "zero-width.jpg", Data: noWidth.Bytes(), Refused: "sides"},
		{Name: "zero.png", Data: RawPNG(IHDR(0, 10, 8, 2), Chunk{"IDAT", Zeros(10)}, Chunk{"IEND", nil}), Refused: "sides"},
		{Name: "zero.gif", Data: append([]byte("GIF89a\x00\x00\x10\x00"), gif[10:]...), Refused: "sides"},
		{Name: "zero.webp", Data: riff("VP8 ", "\x00\x00\x00\x9d\x01\x2a\x00\x00\x10\x00"), Refused: "sides"},
		{Name: "lossless.jpg", Data: as(sof+1, 0xc3), Refused: "unsupported"},
		{Name: "arithmetic.jpg", Data: as(sof+1, 0xc9), Refused: "unsupported"},
		{Name: "12-bit.jpg", Data: as(sof+4, 12), Refused: "unsupported"},
		{Name: "two-frames.jpg", Data: append(bytes.Clone(flat[:sof]), append(bytes.Clone(flat[sof:sof+19]), flat[sof:]...)...), Refused: "corrupt"},
		{Name: "no-scan.jpg", Data: append(bytes.Clone(flat[:sof+19]), 0xff, 0xd9), Refused: "corrupt"},
		{Name: "no-frame.jpg", Data: []byte("\xff\xd8\xff\xd9"), Refused: "corrupt"},
		{Name: "segment-too-long.jpg", Data: []byte("\xff\xd8\xff\xe0\xff\xff\x00"), Refused: "corrupt"},
		{Name: "html.jpg", Data: []byte("\xff\xd8\xff\xe0<html><script>alert(1)</script></html>"), Refused: "corrupt"},
		{Name: "bad-checksum.png", Data: putUint32(png, len(png)-30, 0x12345678), Refused: "corrupt"},
		{Name: "no-pixels.png", Data: RawPNG(IHDR(10, 10, 8, 2), Chunk{"IEND", nil}), Refused: "corrupt"},
		{Name: "too-few-pixels.png", Data: RawPNG(IHDR(1000, 1000, 8, 6), Chunk{"IDAT", Zeros(1000)}, Chunk{"IEND", nil}), Refused: "corrupt"},
		{Name: "header-second.png", Data: RawPNG(Chunk{"tEXt", nil}, IHDR(1, 1, 8, 2)), Refused: "corrupt"},
		{Name: "html-with-size.gif", Data: []byte("GIF89a\x10\x00\x10\x00\x00\x00\x00<html><script>alert(1)</script></html>"), Refused: "corrupt"},
		{Name: "no-frame.gif", Data: []byte("GIF89a\x10\x00\x10\x00\x00\x00\x00;"), Refused: "corrupt"},
		{Name: "size-0.webp", Data: []byte("RIFF\x00\x00\x00\x00WEBP"), Refused: "corrupt"},
		{Name: "size-3.webp", Data: []byte("RIFF\x03\x00\x00\x00WEBPVP8 "), Refused: "corrupt"},
		{Name: "no-image.webp", Data: riff("VP8X", "\x00\x00\x00\x00\x0f\x00\x00\x0f\x00\x00"), Refused: "corrupt"},
		{Name: "html.webp", Data: riff("VP8 ", "<html><script>alert(1)</script></html>"), Refused: "corrupt"},
		{Name: "larger-than-canvas.webp", Data: largerThanCanvas(), Refused: "corrupt"},
	}
}

// largerThanCanvas has a canvas of 16 x 16 and a frame of 64 x 64.
func largerThanCanvas() []byte {
	out := WebPAnimated()
	i := bytes.Index(out, []byte("VP8X")) + 8
	copy(out[i+4:], "\x0f\x00\x00\x0f\x00\x00")
	return out
}
