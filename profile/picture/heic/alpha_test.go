package heic

import (
	"image"
	"image/color"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

func alphaCard(w, h int) *image.NRGBA {
	m := imagetest.Card(w, h)
	for y := range h {
		for x := range w / 2 {
			i := m.PixOffset(x, y)
			m.Pix[i+3] = 100
		}
	}
	return m
}

func TestS61_Alpha(t *testing.T) {
	for _, sides := range [][2]int{{96, 64}, {130, 67}} {
		heic := heifEnc(t, imagetest.PNG(alphaCard(sides[0], sides[1])), "png", "-q", "95")
		m := decodeUpright(t, heic)
		b := m.Bounds()
		if b.Dx() != sides[0] || b.Dy() != sides[1] {
			t.Fatal(b)
		}
		for i, want := range imagetest.CardColors {
			if i%2 == 0 {
				want.A = 100
			}
			got := color.NRGBAModel.Convert(m.At(b.Dx()*(1+i%2*2)/4, b.Dy()*(1+i/2*2)/4)).(color.NRGBA)
			if distance(got, want) > 12 {
				t.Errorf("%v, quarter %d: %v; want %v", sides, i, got, want)
			}
		}
	}
}

// alphaSpec is the alpha card as a file of our own.
func alphaSpec(t *testing.T, refs ...specRef) spec {
	t.Helper()
	whole := mustParse(t, heifEnc(t, imagetest.PNG(alphaCard(96, 64)), "png", "-q", "95"))
	s := spec{primary: 1, refs: refs}
	for i, c := range []*canvas{&whole.color, whole.alpha} {
		tile := c.tiles[0]
		var data []byte
		for _, e := range tile.data {
			data = append(data, e...)
		}
		it := specItem{id: uint16(1 + i), kind: "hvc1", data: data, props: []byte{
			0x80 | s.prop("hvcC", tile.props.hvcC), s.prop("ispe", ispe(96, 64)),
		}}
		if i == 1 {
			it.props = append(it.props, 0x80|s.prop("auxC", []byte("\x00\x00\x00\x00urn:mpeg:hevc:2015:auxid:1\x00")))
		}
		s.items = append(s.items, it)
	}
	return s
}

func TestS61_AlphaReferences(t *testing.T) {
	alpha, premultiplied := specRef{"auxl", 2, []uint16{1}}, specRef{"prem", 1, []uint16{2}}
	m := decodeUpright(t, alphaSpec(t, alpha).file())
	if _, _, _, a := m.At(10, 10).RGBA(); a>>8 < 96 || a>>8 > 104 {
		t.Errorf("alpha %d", a>>8)
	}
	m = decodeUpright(t, alphaSpec(t, alpha, premultiplied).file())
	if r, g, b, a := m.At(10, 10).RGBA(); r>>8 < 96 || r > a || g > a || b > a {
		t.Errorf("premultiplied: %d %d %d %d", r>>8, g>>8, b>>8, a>>8)
	}
	// Without the reference it is another picture, which is not looked at.
	checkCard(t, decodeUpright(t, alphaSpec(t).file()), 96, 64)
	// A depth map is not alpha.
	depth := alphaSpec(t, alpha)
	depth.props[len(depth.props)-1].body = []byte("\x00\x00\x00\x00urn:mpeg:hevc:2015:auxid:2\x00")
	checkCard(t, decodeUpright(t, depth.file()), 96, 64)
	// Another size is refused, and bombs are.
	other := alphaSpec(t, alpha)
	other.props[3].body = ispe(90, 60)
	if got := refusal(t, other.file()); got != "unsupported" {
		t.Errorf("another size: %q", got)
	}
	other.props[3].body = ispe(90_000, 60_000)
	if got := refusal(t, other.file()); got != "pixels" {
		t.Errorf("a bomb: %q", got)
	}
}
