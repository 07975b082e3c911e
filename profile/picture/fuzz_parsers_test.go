package picture

import (
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// A profile is read without a panic and within its bounds, and what comes of it
// converts every colour.
func FuzzICC(f *testing.F) {
	f.Add(imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.SRGBCurve()}.Bytes())
	f.Add(imagetest.ICC{Columns: imagetest.AdobeColumns, Curve: imagetest.Gamma(2.2)}.Bytes())
	f.Add(imagetest.ICC{Columns: imagetest.SRGBColumns, Curve: imagetest.Table(33, imagetest.SRGBLight)}.Bytes())
	f.Add(imagetest.ICC{Gray: true, Curve: imagetest.Parametric(4, 2.4, 0.9, 0.1, 0.08, 0.04, 0.01, 0.01)}.Bytes())
	f.Fuzz(func(t *testing.T, profile []byte) {
		c, ok := parseICC(profile)
		if !ok {
			return
		}
		tr := newToSRGB(c)
		if tr == nil {
			return
		}
		for v := range 256 {
			tr.convert(byte(v), byte(255-v), byte(v*7))
		}
	})
}

// FuzzHeader: the walk over a file's structure never panics (Process would call
// that damage, and FuzzProcess not see it), and what it says is within the limits.
func FuzzHeader(f *testing.F) {
	for _, file := range imagetest.Corpus() {
		if len(file.Data) < 2000 {
			f.Add(file.Data)
		}
	}
	lim := Limits{}.withDefaults()
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := walk(data, lim, nil)
		if err != nil {
			return
		}
		if h.width < 1 || h.height < 1 || h.pixels() > lim.MaxPixels || h.memory < int64(len(data)) || h.memory > lim.Memory {
			t.Errorf("%d x %d pixels, %d bytes of memory", h.width, h.height, h.memory)
		}
		if o := h.turn(); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
		if p := h.space.profile(); len(p) > len(data) && len(p) > iccMaxBytes {
			t.Errorf("a profile of %d bytes", len(p))
		}
		h.space.transform()
	})
}

// FuzzR39_EXIF: whatever the block, the answer is an orientation or none.
func FuzzR39_EXIF(f *testing.F) {
	for o := range 10 {
		f.Add(imagetest.EXIF{Orientation: o, BigEndian: o%2 == 1, GPS: o%3 == 1}.TIFF())
	}
	for _, block := range imagetest.BrokenEXIF() {
		f.Add(block)
	}
	f.Fuzz(func(t *testing.T, block []byte) {
		if o := exifOrientation(block); o < 0 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}

// FuzzXMP: a packet, a deflated one, and the chunk of a PNG around it say an
// orientation or nothing.
func FuzzXMP(f *testing.F) {
	f.Add([]byte(`<rdf:Description tiff:Orientation="6"/>`))
	f.Add([]byte(`<tiff:Orientation> 8 </tiff:Orientation>`))
	f.Add([]byte("XML:com.adobe.xmp\x00\x01\x00en\x00x\x00" + string(imagetest.Deflate([]byte(`tiff:Orientation="6"`)))))
	f.Add(imagetest.Deflate([]byte(`<tiff:Orientation>8</tiff:Orientation>`)))
	f.Fuzz(func(t *testing.T, packet []byte) {
		if o := xmpOrientation(packet); o < 0 || o > 8 {
			t.Errorf("orientation %d", o)
		}
		if o := (xmp{packet: packet, deflated: true}).orientation(); o < 0 || o > 8 {
			t.Errorf("orientation %d of a deflated packet", o)
		}
		if x, ok := pngXMP(packet); ok && len(x.packet) > len(packet) {
			t.Error("more than there was")
		}
	})
}

func FuzzPNGColours(f *testing.F) {
	f.Add([]byte{0, 0, 0xb1, 0x8f}, make([]byte, 32), []byte{12, 13, 0, 1})
	f.Fuzz(func(t *testing.T, gamma, chroma, cicp []byte) {
		for _, s := range []space{{gamma: gamma, chroma: chroma}, {cicp: cicp}} {
			if tr := s.transform(); tr != nil {
				tr.convert(1, 2, 3)
			}
		}
	})
}
