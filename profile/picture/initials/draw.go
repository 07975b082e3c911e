package initials

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

func side(size int) int { return min(max(size, 1), MaxSize) }

// letterSize is the size of the letters as a part of the side.
const letterSize = 0.42

// SVG returns the picture as an SVG of size by size pixels.
func (a Avatar) SVG(size int) []byte {
	var b bytes.Buffer
	c := a.Background
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%[1]d" viewBox="0 0 100 100">`, side(size))
	fmt.Fprintf(&b, `<rect width="100" height="100" fill="#%02x%02x%02x"/>`, c.R, c.G, c.B)
	if a.Text == "" {
		b.WriteString(`<g fill="#fff"><circle cx="50" cy="40" r="17"/><path d="M16 100a34 36 0 0 1 68 0z"/></g>`)
	} else {
		fmt.Fprintf(&b, `<text x="50" y="50" dy=".35em" fill="#fff" font-family="system-ui,sans-serif" font-weight="700" font-size="%g" text-anchor="middle">`, 100*letterSize)
		_ = xml.EscapeText(&b, []byte(a.Text))
		b.WriteString(`</text>`)
	}
	b.WriteString(`</svg>`)
	return b.Bytes()
}

// bold is the typeface of the letters in a PNG.
var bold = sync.OnceValues(func() (*sfnt.Font, error) { return opentype.Parse(gobold.TTF) })

// PNG returns the picture as a PNG of size by size pixels.
func (a Avatar) PNG(size int) ([]byte, error) {
	n := side(size)
	img := image.NewNRGBA(image.Rect(0, 0, n, n))
	draw.Draw(img, img.Bounds(), image.NewUniform(a.Background), image.Point{}, draw.Src)
	drawn, err := a.letters(img)
	if err != nil {
		return nil, fmt.Errorf("initials: %w", err)
	}
	if !drawn {
		person(img)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("initials: %w", err)
	}
	return b.Bytes(), nil
}

// letters draws the text in the middle; drawn is false when the typeface lacks
// a letter.
func (a Avatar) letters(img draw.Image) (drawn bool, err error) {
	if a.Text == "" {
		return false, nil
	}
	face, err := bold()
	if err != nil {
		return false, err
	}
	var buf sfnt.Buffer
	for _, r := range a.Text {
		if i, err := face.GlyphIndex(&buf, r); err != nil || i == 0 {
			return false, nil
		}
	}
	n := img.Bounds().Dx()
	f, err := opentype.NewFace(face, &opentype.FaceOptions{Size: float64(n) * letterSize, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return false, err
	}
	defer f.Close()
	bounds, _ := font.BoundString(f, a.Text)
	middle := func(lo, hi fixed.Int26_6) fixed.Int26_6 { return fixed.I(n)/2 - (lo+hi)/2 }
	d := font.Drawer{Dst: img, Src: image.White, Face: f, Dot: fixed.Point26_6{
		X: middle(bounds.Min.X, bounds.Max.X), Y: middle(bounds.Min.Y, bounds.Max.Y),
	}}
	d.DrawString(a.Text)
	return true, nil
}

// person draws a head and shoulders, the same as in the SVG.
func person(img draw.Image) {
	n := img.Bounds().Dx()
	at := func(v float32) float32 { return v * float32(n) / 100 }
	r := vector.NewRasterizer(n, n)
	ellipse := func(cx, cy, rx, ry float32) {
		const k = 0.5523 // of a quarter as a cubic curve
		r.MoveTo(at(cx+rx), at(cy))
		r.CubeTo(at(cx+rx), at(cy+k*ry), at(cx+k*rx), at(cy+ry), at(cx), at(cy+ry))
		r.CubeTo(at(cx-k*rx), at(cy+ry), at(cx-rx), at(cy+k*ry), at(cx-rx), at(cy))
		r.CubeTo(at(cx-rx), at(cy-k*ry), at(cx-k*rx), at(cy-ry), at(cx), at(cy-ry))
		r.CubeTo(at(cx+k*rx), at(cy-ry), at(cx+rx), at(cy-k*ry), at(cx+rx), at(cy))
		r.ClosePath()
	}
	ellipse(50, 40, 17, 17)
	ellipse(50, 100, 34, 36)
	r.Draw(img, img.Bounds(), image.NewUniform(color.White), image.Point{})
}

// ETag names the bytes that SVG and PNG make, for all sizes: "svg" or "png" and
// the size must be added.
func (a Avatar) ETag() string {
	var b strings.Builder
	for _, r := range a.Text {
		fmt.Fprintf(&b, "%x-", r)
	}
	return fmt.Sprintf("i1-%s%02x%02x%02x", b.String(), a.Background.R, a.Background.G, a.Background.B)
}
