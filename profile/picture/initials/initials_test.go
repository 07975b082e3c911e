package initials_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/profile/picture/initials"
)

func Example() {
	a := initials.New("42", "Ada Lovelace", "ada")
	fmt.Println(a.Text, len(a.SVG(64)) > 0)
	// Output: AL true
}

func TestOf(t *testing.T) {
	for name, want := range map[string]string{
		"Ada Lovelace": "AL", "ada": "A", "Jean-Luc Picard": "JP", "  ": "", "": "", "...": "",
		"Augusta Ada King": "AK", "élodie": "É", "e\u0301lodie": "É", "ßeta": "ß", "ada.lovelace_99": "A9",
		"山田太郎": "山", "Иван Петров": "ИП", "🙂 Smile": "S", "🙂": "", "<script>": "S", "\"&": "",
		"a\u0301\u0302\u0303\u0304\u0305b": "Á\u0302\u0303", "\u202eevil": "E", "x\x00y": "X",
	} {
		if got := initials.Of(name); got != want {
			t.Errorf("Of(%q) = %q; want %q", name, got, want)
		}
	}
}

// The colour is the user's own, and white letters can be read on each.
func TestColours(t *testing.T) {
	seen := map[color.NRGBA]bool{}
	for i := range 2000 {
		a := initials.New(fmt.Sprint(i), "x")
		seen[a.Background] = true
		if again := initials.New(fmt.Sprint(i), "y"); again.Background != a.Background {
			t.Fatalf("user %d has two colours", i)
		}
		if c := contrast(a.Background); c < 4.5 {
			t.Errorf("%v has a contrast of %.2f with white; want 4.5", a.Background, c)
		}
	}
	if len(seen) < 200 {
		t.Errorf("2000 users share %d colours; want hundreds", len(seen))
	}
}

// contrast with white, worked out by the table method of sRGB.
func contrast(c color.NRGBA) float64 {
	l := 0.0
	for _, p := range []struct {
		v uint8
		w float64
	}{{c.R, 0.2126}, {c.G, 0.7152}, {c.B, 0.0722}} {
		r, _, _, _ := color.NRGBA{p.v, p.v, p.v, 255}.RGBA()
		x := float64(r) / 0xffff
		if x > 0.04045 {
			y := (x + 0.055) / 1.055
			x = y * y * pow04(y)
		} else {
			x /= 12.92
		}
		l += p.w * x
	}
	return 1.05 / (l + 0.05)
}

// pow04 is y to the 0.4, by Newton's method on y² = r⁵.
func pow04(y float64) float64 {
	r := y
	for range 60 {
		r -= (r*r*r*r*r - y*y) / (5 * r * r * r * r)
	}
	return r
}

func TestPNG(t *testing.T) {
	for _, size := range []int{-1, 0, 1, 16, 64, 512, 4096} {
		for _, a := range []initials.Avatar{initials.New("1", "Ada Lovelace"), initials.New("1"), initials.New("1", "山田")} {
			b, err := a.PNG(size)
			if err != nil {
				t.Fatalf("size %d: %v", size, err)
			}
			img, err := png.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			want := min(max(size, 1), initials.MaxSize)
			if img.Bounds() != image.Rect(0, 0, want, want) {
				t.Errorf("size %d: %v", size, img.Bounds())
			}
			if size < 64 {
				continue
			}
			if got := color.NRGBAModel.Convert(img.At(0, 0)); got != a.Background {
				t.Errorf("the corner is %v; want %v", got, a.Background)
			}
			// Something is drawn in white, and it is in the middle.
			white, sum := 0, image.Point{}
			for y := range want {
				for x := range want {
					if r, g, b, _ := img.At(x, y).RGBA(); r+g+b == 3*0xffff {
						white++
						sum = sum.Add(image.Pt(x, y))
					}
				}
			}
			if white < want*want/50 {
				t.Fatalf("%q at %d: only %d pixels are white", a.Text, size, white)
			}
			if off := sum.X/white - want/2; off > want/10 || off < -want/10 {
				t.Errorf("%q at %d: the drawing is %d pixels off the middle", a.Text, size, off)
			}
		}
	}
}

// The SVG is well-formed and has nothing in it but what we draw.
func TestS64_SVGHoldsOnlyWhatWeDraw(t *testing.T) {
	for _, name := range []string{"Ada Lovelace", "", "<script>alert(1)</script>", `"><image href="x"`, "&amp;", "\u2028x"} {
		svg := initials.New("1", name).SVG(64)
		d := xml.NewDecoder(bytes.NewReader(svg))
		for {
			token, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v in %s", name, err, svg)
			}
			if e, ok := token.(xml.StartElement); ok {
				if !strings.Contains(" svg rect text g circle path ", " "+e.Name.Local+" ") {
					t.Errorf("%q: element %s", name, e.Name.Local)
				}
				for _, a := range e.Attr {
					if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" {
						t.Errorf("%q: attribute %s", name, a.Name.Local)
					}
				}
			}
		}
	}
}

func TestETag(t *testing.T) {
	a, b := initials.New("1", "Ada"), initials.New("1", "Bob")
	if a.ETag() == b.ETag() || a.ETag() == initials.New("2", "Ada").ETag() || a.ETag() != initials.New("1", "Ann").ETag() {
		t.Error("the tag does not follow letters and colour")
	}
	if strings.ContainsAny(initials.New("1", "山\"").ETag(), `" ,`) {
		t.Error("the tag has what a header cannot hold")
	}
}
