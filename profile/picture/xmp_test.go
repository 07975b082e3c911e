package picture_test

import (
	"bytes"
	"fmt"
	"image/color"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// The orientation stands in XMP when EXIF has none.
func TestS61_OrientationInXMP(t *testing.T) {
	packet := func(body string) []byte {
		return []byte("http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF>" + body + "</rdf:RDF></x:xmpmeta>")
	}
	for o := 1; o <= 8; o++ {
		stored := imagetest.Stored(imagetest.Card(320, 200), o)
		jpg := imagetest.JPEG(stored, 95)
		attribute := fmt.Sprintf(`<rdf:Description tiff:Orientation="%d"/>`, o)
		element := fmt.Sprintf("<rdf:Description>\n<tiff:Orientation>%d</tiff:Orientation></rdf:Description>", o)
		for name, file := range map[string][]byte{
			"attribute": imagetest.InsertSegment(jpg, 0xe1, packet(attribute)),
			"quotes":    imagetest.InsertSegment(jpg, 0xe1, packet(fmt.Sprintf("<rdf:Description tiff:Orientation = '%d'/>", o))),
			"element":   imagetest.InsertSegment(jpg, 0xe1, packet(element)),
			"deflated":  imagetest.InsertChunk(imagetest.PNG(stored), "iTXt", append([]byte("XML:com.adobe.xmp\x00\x01\x00en\x00XMP\x00"), imagetest.Deflate([]byte(attribute))...)),
			"PNG":       imagetest.InsertChunk(imagetest.PNG(stored), "iTXt", append([]byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"), attribute...)),
			"EXIF wins": imagetest.EXIF{Orientation: o}.InJPEG(imagetest.InsertSegment(jpg, 0xe1, packet(`<a tiff:Orientation="3"/>`))),
		} {
			m := square(t, file)
			for i, want := range imagetest.CardColors {
				x, y := 128+256*(i%2), 128+256*(i/2)
				if d := off(color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA), [3]float64{float64(want.R), float64(want.G), float64(want.B)}); d > 12 {
					t.Errorf("%s %d: corner %d is %v, want %v", name, o, i, m.At(x, y), want)
				}
			}
		}
	}
	// What nobody would search to its end, and what is no packet, says nothing.
	late := append(bytes.Repeat([]byte(" "), 1<<20), `tiff:Orientation="6"`...)
	upright := imagetest.PNG(imagetest.Card(320, 200))
	for name, text := range map[string]string{
		"late":          "\x00\x00\x00\x00" + string(late),
		"late deflated": "\x01\x00\x00\x00" + string(imagetest.Deflate(late)),
		"a bomb":        "\x01\x00\x00\x00" + string(imagetest.Zeros(50<<20)),
		"not deflated":  "\x01\x00\x00\x00" + `tiff:Orientation="6"`,
		"of no kind":    "\x02\x00\x00\x00" + `tiff:Orientation="6"`,
		"cut":           "\x00\x00",
	} {
		m := square(t, imagetest.InsertChunk(upright, "iTXt", []byte("XML:com.adobe.xmp\x00"+text)))
		if d := distance(m.At(128, 128), imagetest.CardColors[0]); d > 12 {
			t.Errorf("%s turned the picture", name)
		}
	}
	for _, bad := range []string{`tiff:Orientation="9"`, `tiff:Orientation="0"`, `tiff:Orientation="66"`, `tiff:Orientation=6`, `tiff:Orientation`, `tiff:Orientation>`, `tiff:Orientation="6`} {
		m := square(t, imagetest.InsertSegment(imagetest.JPEG(imagetest.Card(320, 200), 95), 0xe1, packet("<a "+bad)))
		want := imagetest.CardColors[0]
		if d := off(color.NRGBAModel.Convert(m.At(128, 128)).(color.NRGBA), [3]float64{float64(want.R), float64(want.G), float64(want.B)}); d > 12 {
			t.Errorf("%s turned the picture", bad)
		}
	}
}

// A WebP says it in either of its chunks; EXIF counts first.
func TestS61_OrientationOfWebP(t *testing.T) {
	xmp := []byte(`<rdf:Description tiff:Orientation="3"/>`)
	exif := imagetest.EXIF{Orientation: 3, GPS: true}.TIFF()
	for name, file := range map[string][]byte{
		"XMP":            imagetest.InWebP(imagetest.WebPLossy(), 64, 64, "XMP ", xmp),
		"EXIF":           imagetest.InWebP(imagetest.WebPLossy(), 64, 64, "EXIF", exif),
		"EXIF as a JPEG": imagetest.InWebP(imagetest.WebPLossy(), 64, 64, "EXIF", append([]byte("Exif\x00\x00"), exif...)),
	} {
		m := square(t, file)
		for i, want := range imagetest.CardColors {
			x, y := 384-256*(i%2), 384-256*(i/2) // the card is upside down now
			if d := distance(m.At(x, y), want); d > 24 {
				t.Errorf("%s: corner %d is %v, want %v", name, i, m.At(x, y), want)
			}
		}
	}
}
