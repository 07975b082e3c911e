package heic

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// compiled is one engine for all tests: compiling takes a second.
var compiled = sync.OnceValue(func() *engine { return &engine{patience: 5 * time.Minute} })

// heifEnc makes a HEIC file of what imagetest made. Debian's package is
// libheif-examples.
func heifEnc(t testing.TB, data []byte, ext string, args ...string) []byte {
	t.Helper()
	tool(t, "heif-enc")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in."+ext), filepath.Join(dir, "out.heic")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "heif-enc", append(args, "-o", out, in)...)
	if msg, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("heif-enc: %v: %s", err, msg)
	}
	made, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// heifConvert is another decoder's view of a file, upright.
func heifConvert(t *testing.T, data []byte) image.Image {
	t.Helper()
	tool(t, "heif-convert")
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.heic"), filepath.Join(dir, "out.jpg")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.CommandContext(t.Context(), "heif-convert", "-q", "100", in, out).CombinedOutput(); err != nil {
		t.Fatalf("heif-convert: %v: %s", err, msg)
	}
	made, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(bytes.NewReader(made))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func tool(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is missing (Debian: libheif-examples)", name)
		}
		t.Skipf("NOT RUN: %s is missing (Debian: libheif-examples)", name)
	}
}

func cardHEIC(t testing.TB, w, h int, args ...string) []byte {
	return heifEnc(t, imagetest.PNG(imagetest.Card(w, h)), "png", args...)
}

func mustParse(t testing.TB, data []byte) *still {
	t.Helper()
	s, err := parse(data, 50_000_000)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tileOf is a square of m; what lies outside shows the nearest pixel.
func tileOf(m *image.NRGBA, x0, y0, side int) *image.NRGBA {
	out := image.NewNRGBA(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			out.SetNRGBA(x, y, m.NRGBAAt(min(x0+x, m.Rect.Dx()-1), min(y0+y, m.Rect.Dy()-1)))
		}
	}
	return out
}

// decodeUpright decodes and turns by imagetest's table of orientations, which
// is not ours.
func decodeUpright(t testing.TB, data []byte) image.Image {
	t.Helper()
	s := mustParse(t, data)
	m, err := compiled().decode(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return seen(m, s.look.orientation())
}

// seen is what Stored undoes: the inverse of 6 is 8, the others are their own.
func seen(m image.Image, orientation int) image.Image {
	inverse := [...]int{0, 1, 2, 3, 4, 5, 8, 7, 6}
	return imagetest.Stored(m, inverse[orientation])
}

// checkCard looks at the middle of the quarters.
func checkCard(t testing.TB, m image.Image, w, h int) {
	t.Helper()
	b := m.Bounds()
	if b.Dx() != w || b.Dy() != h {
		t.Errorf("%d x %d pixels; want %d x %d", b.Dx(), b.Dy(), w, h)
	}
	for i, want := range imagetest.CardColors {
		got := color.NRGBAModel.Convert(m.At(b.Min.X+b.Dx()*(1+i%2*2)/4, b.Min.Y+b.Dy()*(1+i/2*2)/4)).(color.NRGBA)
		if distance(got, want) > 12 {
			t.Errorf("quarter %d is %v; want %v", i, got, want)
		}
	}
}

func distance(a, b color.NRGBA) int {
	d := func(x, y uint8) int { return max(int(x)-int(y), int(y)-int(x)) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B), d(a.A, b.A))
}

// comparePictures compares at the middle of quarters.
func comparePictures(t testing.TB, got, want image.Image, most int) {
	t.Helper()
	b := want.Bounds()
	for i := range 4 {
		at := image.Pt(b.Dx()*(1+i%2*2)/4, b.Dy()*(1+i/2*2)/4)
		g := color.NRGBAModel.Convert(got.At(at.X, at.Y)).(color.NRGBA)
		w := color.NRGBAModel.Convert(want.At(b.Min.X+at.X, b.Min.Y+at.Y)).(color.NRGBA)
		if distance(g, w) > most {
			t.Errorf("quarter %d is %v; want %v", i, g, w)
		}
	}
}

func grayOf(m image.Image) *image.Gray {
	out := image.NewGray(m.Bounds())
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.Set(x, y, m.At(x, y))
		}
	}
	return out
}

func imageRect(c canvas) image.Rectangle { return image.Rect(0, 0, c.width, c.height) }
