package imagetest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"strings"
)

// HostileNames are names that a file may have in a folder and that do harm
// where a name is believed: in a path, a shell, a page, a header, a query.
func HostileNames() []string {
	return []string{
		"-rf.jpg", "..jpg", "...jpg", ".htaccess", "photo.php", "photo.php.jpg", "photo.jpg.html", "photo.svg", "CON.jpg", "aux", "nul.jpg ",
		"$(id).jpg", "`id`.jpg", "|id", ";id;.jpg", "&id&.jpg", "a b\tc\nd.jpg", "photo.jpg\r\nX-Injected: yes", "..\\..\\photo.jpg", "C:\\photo.jpg",
		"<img src=x onerror=alert(1)>.jpg", "\" onload=alert(1) x=\".jpg", "'; DROP TABLE users; --.jpg", "%2e%2e%2fphoto.jpg", "photo%00.jpg",
		"photo.jpg;type=text-html", "\u202egpj.exe", "\ufeff.jpg", "\xff\xfe.jpg", "{{7*7}}.jpg", "${jndi:ldap}.jpg", strings.Repeat("a", 240) + ".jpg",
	}
}

// named are good pictures under names that say something else.
func named(jpg, png []byte) []File {
	files := []File{
		{Name: "named.png", Data: jpg},
		{Name: "named.jpg", Data: png},
		{Name: "named.gif", Data: WebPLossy()},
		{Name: "named.html", Data: jpg},
		{Name: "named.heic", Data: jpg},
		{Name: "named", Data: png},
	}
	for _, n := range HostileNames() {
		files = append(files, File{Name: n, Data: jpg})
	}
	return files
}

// wide are cards with a profile. Their colours are beyond sRGB, which has the
// card's colours in their place.
func wide(card *image.NRGBA) []File {
	p3 := ICC{Columns: P3Columns, Curve: SRGBCurve()}.Bytes()
	adobe := ICC{Columns: AdobeColumns, Curve: Gamma(2.2)}.Bytes()
	jpg, png := JPEG(card, 95), PNG(card)
	return []File{
		{Name: "p3.jpg", Data: ICCInJPEG(jpg, p3, 60000)},
		{Name: "p3-in-parts.jpg", Data: ICCInJPEG(jpg, p3, 100)},
		{Name: "p3-turned.jpg", Data: ICCInJPEG(EXIF{Orientation: 6, GPS: true}.InJPEG(JPEG(Stored(card, 6), 95)), p3, 60000)},
		{Name: "p3.png", Data: ICCInPNG(png, p3)},
		{Name: "p3-cicp.png", Data: InsertChunk(png, "cICP", []byte{12, 13, 0, 1})},
		{Name: "p3.webp", Data: InWebP(WebPLossy(), 64, 64, "ICCP", p3)},
		{Name: "profile-adobe.jpg", Data: ICCInJPEG(jpg, adobe, 60000)},
		{Name: "profile-cut.jpg", Data: ICCInJPEG(jpg, p3[:len(p3)/2], 60000)},
		{Name: "profile-html.jpg", Data: ICCInJPEG(jpg, []byte("<script>alert(1)</script>"), 60000)},
		{Name: "profile-html.png", Data: ICCInPNG(png, []byte("<script>alert(1)</script>"))},
		{Name: "profile-secret-name.png", Data: InsertChunk(png, "iCCP", append([]byte("SecretOwner\x00\x00"), Deflate(p3)...))},
	}
}

// wideFlat are one colour each; what it is in sRGB is known by the exact
// conversion (216.4, 68.9, 17.1).
func wideFlat() []File {
	flat := func(c color.NRGBA) *image.NRGBA {
		m := image.NewNRGBA(image.Rect(0, 0, 24, 24))
		for i := 0; i < len(m.Pix); i += 4 {
			m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = c.R, c.G, c.B, 255
		}
		return m
	}
	in, out := color.NRGBA{200, 80, 40, 255}, color.NRGBA{216, 69, 17, 255}
	p3 := ICC{Columns: P3Columns, Curve: Table(1024, SRGBLight)}.Bytes()
	gray := FlatJPEG{Width: 24, Height: 24, Values: []byte{128}}.Bytes()
	linear := ICC{Gray: true, Curve: Gamma(1)}.Bytes()
	return []File{
		{Name: "p3-flat.jpg", Data: ICCInJPEG(JPEG(flat(in), 100), p3, 60000), Ext: "jpg", Color: &out},
		{Name: "p3-flat.png", Data: ICCInPNG(PNG(flat(in)), p3), Ext: "jpg", Color: &out},
		{Name: "gray-linear.jpg", Data: ICCInJPEG(gray, linear, 60000), Ext: "jpg", Color: &color.NRGBA{188, 188, 188, 255}},
		{Name: "cmyk-profile.jpg", Data: ICCInJPEG(FlatJPEG{Width: 24, Height: 24, Values: []byte{255, 200, 255, 255}, Adobe: new(byte)}.Bytes(), cmykProfile(), 60000), Ext: "jpg", Color: &color.NRGBA{255, 200, 255, 255}},
	}
}

// cmykProfile says that it is of CMYK, by tables that nobody here reads.
func cmykProfile() []byte {
	p := ICC{Columns: P3Columns, Curve: Gamma(2.2)}.Bytes()
	copy(p[16:], "CMYK")
	copy(p[20:], "Lab ")
	return p
}

// xmpOriented are cards whose orientation stands in XMP alone.
func xmpOriented(card *image.NRGBA) []File {
	var files []File
	for _, o := range []int{3, 6, 8} {
		packet := fmt.Sprintf("<x:xmpmeta><rdf:Description dc:creator='SecretOwner' tiff:Orientation='%d'/></x:xmpmeta>", o)
		segment := append([]byte("http://ns.adobe.com/xap/1.0/\x00"), packet...)
		jpg, png := JPEG(Stored(card, o), 95), PNG(Stored(card, o))
		const keyword = "XML:com.adobe.xmp\x00"
		files = append(files,
			File{Name: fmt.Sprintf("xmp-orientation-%d.jpg", o), Data: InsertSegment(jpg, 0xe1, segment)},
			File{Name: fmt.Sprintf("xmp-orientation-%d.png", o), Data: InsertChunk(png, "iTXt", []byte(keyword+"\x00\x00\x00\x00"+packet))},
			File{Name: fmt.Sprintf("xmp-orientation-%d-deflated.png", o), Data: InsertChunk(png, "iTXt", append([]byte(keyword+"\x01\x00\x00\x00"), Deflate([]byte(packet))...))})
	}
	return append(files,
		File{Name: "xmp-bomb.png", Data: InsertChunk(PNG(card), "iTXt", append([]byte("XML:com.adobe.xmp\x00\x01\x00\x00\x00"), Zeros(30<<20)...))},
		File{Name: "xmp-html.webp", Data: InWebP(WebPLossy(), 64, 64, "XMP ", []byte("<html><script>alert(1)</script></html>"))},
		File{Name: "exif-gps.webp", Data: InWebP(WebPLossy(), 64, 64, "EXIF", EXIF{Orientation: 1, GPS: true}.TIFF())},
		File{Name: "pdf.jpg", Data: InsertSegment(JPEG(card, 95), 0xfe, []byte("%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj"))},
		File{Name: "php.jpg", Data: InsertSegment(JPEG(card, 95), 0xe0, []byte("JFIF\x00<?php system($_GET[0]); ?>"))},
	)
}

// polyglotGIF is a script too: its canvas is "/*" pixels wide, so that the
// picture is a comment.
func polyglotGIF() File {
	data := GIF(image.Point{}, Paletted(Card(64, 64), CardPalette()[1:]))
	data = bytes.Replace(data, binary.LittleEndian.AppendUint16([]byte("GIF89a"), 64), []byte("GIF89a/*"), 1)
	return File{Name: "script.gif", Data: append(data, "*/=1;alert(1)//<script>"...), Ext: "png"}
}
