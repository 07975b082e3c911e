package jpeg444

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// photo is in full resolution, also its colours.
func photo(w, h int) *image.YCbCr {
	src := imagetest.Photo(w, h, 3)
	m := image.NewYCbCr(src.Rect, image.YCbCrSubsampleRatio444)
	for y := range h {
		for x := range w {
			i := m.YOffset(x, y)
			c := src.YCbCrAt(x, y)
			m.Y[i], m.Cb[i], m.Cr[i] = c.Y, c.Cb+byte(x%3), c.Cr+byte(y%5)
		}
	}
	return m
}

func decode(t testing.TB, data []byte) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("image/jpeg: %v", err)
	}
	return m
}

// channels are all samples of m, in its own form.
func channels(t testing.TB, m image.Image) [][]byte {
	t.Helper()
	b := m.Bounds()
	var planes [][]byte
	row := func(p, pix []byte, at int) []byte { return append(p, pix[at:at+b.Dx()]...) }
	switch m := m.(type) {
	case *image.Gray:
		planes = make([][]byte, 1)
		for y := b.Min.Y; y < b.Max.Y; y++ {
			planes[0] = row(planes[0], m.Pix, m.PixOffset(b.Min.X, y))
		}
	case *image.YCbCr:
		if m.SubsampleRatio != image.YCbCrSubsampleRatio444 {
			t.Fatalf("chroma is %v", m.SubsampleRatio)
		}
		planes = make([][]byte, 3)
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for i, p := range [][]byte{m.Y, m.Cb, m.Cr} {
				planes[i] = row(planes[i], p, m.YOffset(b.Min.X, y))
			}
		}
	default:
		t.Fatalf("a picture of type %T", m)
	}
	return planes
}

func psnr(a, b []byte) float64 {
	var sum float64
	for i, v := range a {
		d := float64(v) - float64(b[i])
		sum += d * d
	}
	return 10 * math.Log10(255*255*float64(len(a))/max(sum, 1))
}

// Every channel comes back as near as the quality says, whatever the size.
func TestEncode(t *testing.T) {
	whole := photo(96, 80)
	gray := &image.Gray{Pix: whole.Y, Stride: whole.YStride, Rect: whole.Rect}
	for _, tt := range []struct {
		m       image.Image
		quality int
		want    float64 // dB
	}{
		{whole, 100, 50},
		{whole, 85, 34},
		{whole, 50, 28},
		{whole, 1, 12},
		{gray, 100, 50},
		{gray, 85, 34},
		{whole.SubImage(image.Rect(3, 5, 50, 44)), 95, 36},
		{gray.SubImage(image.Rect(7, 1, 8, 70)), 95, 36},
		{whole.SubImage(image.Rect(0, 0, 1, 1)), 95, 36},
		{whole.SubImage(image.Rect(8, 8, 25, 9)), 95, 36},
	} {
		data, err := Encode(tt.m, tt.quality)
		if err != nil {
			t.Fatal(err)
		}
		back := decode(t, data)
		if back.Bounds().Size() != tt.m.Bounds().Size() {
			t.Errorf("%v came back as %v", tt.m.Bounds(), back.Bounds())
			continue
		}
		got := channels(t, back)
		for i, p := range channels(t, tt.m) {
			if db := psnr(p, got[i]); db < tt.want {
				t.Errorf("%T %v at quality %d, channel %d: %.1f dB; want %.1f", tt.m, tt.m.Bounds(), tt.quality, i, db, tt.want)
			}
		}
		again, err := Encode(tt.m, tt.quality)
		if err != nil || !bytes.Equal(data, again) {
			t.Errorf("%v at quality %d: the same pixels made other bytes (%v)", tt.m.Bounds(), tt.quality, err)
		}
	}
}

// At equal quality the luma is as good as that of image/jpeg, for no more bytes.
func TestLumaBesideTheStandardLibrary(t *testing.T) {
	m := photo(256, 256)
	gray := &image.Gray{Pix: m.Y, Stride: m.YStride, Rect: m.Rect}
	for _, quality := range []int{30, 60, 85, 95, 100} {
		ours, err := Encode(gray, quality)
		if err != nil {
			t.Fatal(err)
		}
		var theirs bytes.Buffer
		if err := jpeg.Encode(&theirs, gray, &jpeg.Options{Quality: quality}); err != nil {
			t.Fatal(err)
		}
		a := psnr(gray.Pix, channels(t, decode(t, ours))[0])
		b := psnr(gray.Pix, channels(t, decode(t, theirs.Bytes()))[0])
		t.Logf("quality %d: %d bytes, %.2f dB; image/jpeg %d bytes, %.2f dB", quality, len(ours), a, theirs.Len(), b)
		if a < b-0.2 || len(ours) > theirs.Len() {
			t.Errorf("quality %d: %d bytes with %.2f dB; image/jpeg has %d with %.2f", quality, len(ours), a, theirs.Len(), b)
		}
	}
}

// The hardest samples neither overflow nor need a code that is too long: the
// strongest frequencies there are, and counts that double, which make the
// deepest trees.
func TestExtremes(t *testing.T) {
	for u := range 8 {
		for v := range 8 {
			m := image.NewGray(image.Rect(0, 0, 24, 16))
			for i := range m.Pix {
				x, y := i%m.Stride, i/m.Stride
				if math.Cos(float64(2*x%16+1)*float64(u)*math.Pi/16)*math.Cos(float64(2*y%16+1)*float64(v)*math.Pi/16) > 0 != (x/8%2 == 1) {
					m.Pix[i] = 255
				}
			}
			data, err := Encode(m, 100)
			if err != nil {
				t.Fatal(err)
			}
			if db := psnr(m.Pix, channels(t, decode(t, data))[0]); db < 50 {
				t.Errorf("frequency %d,%d: %.1f dB", u, v, db)
			}
		}
	}
	var counts [256]int
	for i := range 45 {
		counts[5*i] = 1 << i
	}
	if depth := depthsOf(&counts)[0]; depth <= 2*maxLength {
		t.Fatalf("the deepest symbol is at %d: the test tests nothing", depth)
	}
	h := newHuffman(&counts)
	var room float64
	for sym, n := range counts {
		if (n > 0) != (h.size[sym] > 0) || h.size[sym] > maxLength {
			t.Errorf("symbol %d, %d times: %d bits", sym, n, h.size[sym])
		}
		if n > 0 {
			room += math.Pow(2, -float64(h.size[sym]))
			if h.code[sym] == 1<<h.size[sym]-1 {
				t.Errorf("the code of symbol %d is all ones", sym)
			}
		}
	}
	if room >= 1 {
		t.Errorf("the codes take %v of the room; want less than all", room)
	}
}

func TestRefused(t *testing.T) {
	full := image.Rect(0, 0, 8, 8)
	for name, m := range map[string]image.Image{
		"RGBA":     image.NewRGBA(full),
		"4:2:0":    image.NewYCbCr(full, image.YCbCrSubsampleRatio420),
		"empty":    image.NewGray(image.Rectangle{}),
		"too wide": &image.Gray{Rect: image.Rect(0, 0, 65536, 1)},
	} {
		if _, err := Encode(m, 85); err == nil {
			t.Errorf("%s was encoded", name)
		}
	}
	for _, q := range []int{-1, 0, 101} {
		if _, err := Encode(image.NewGray(full), q); err == nil {
			t.Errorf("quality %d was taken", q)
		}
	}
}

// ImageMagick reads the same pixels and sees no subsampling.
func TestS61_FullChromaAsImageMagickSeesIt(t *testing.T) {
	identify, err := exec.LookPath("identify")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("identify is not installed, and CI is set")
		}
		t.Log("NOT CHECKED with identify: it is not installed")
		return
	}
	m := photo(61, 47)
	data, err := Encode(m, 90)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "m.jpg")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	format, points := "%w %h %Q %[jpeg:sampling-factor]", []image.Point{{0, 0}, {30, 20}, {60, 46}}
	want := "61 47 90 1x1,1x1,1x1"
	back := decode(t, data)
	for _, p := range points {
		c := color.NRGBAModel.Convert(back.At(p.X, p.Y)).(color.NRGBA)
		for i, v := range []uint8{c.R, c.G, c.B} {
			// Decoders may round differently.
			format += fmt.Sprintf(" %%[fx:abs(round(255*p{%d,%d}.%c)-%d)<=2]", p.X, p.Y, "rgb"[i], v)
			want += " 1"
		}
	}
	out, err := exec.Command(identify, "-quiet", "-format", format, name).CombinedOutput()
	if err != nil || string(out) != want {
		t.Errorf("identify: %q, %v; want %q", out, err, want)
	}
}

// Whatever the pixels, image/jpeg decodes them, and they are about the same.
func FuzzEncode(f *testing.F) {
	f.Add([]byte{0, 1, 2}, byte(0), byte(84), false)
	f.Add(bytes.Repeat([]byte{0, 255, 255, 0, 12}, 50), byte(16), byte(99), true)
	f.Add(bytes.Repeat([]byte{255, 0}, 300), byte(8), byte(1), true)
	f.Fuzz(func(t *testing.T, pix []byte, width, quality byte, gray bool) {
		w, n := int(width)%40+1, 3
		if gray {
			n = 1
		}
		h := min(len(pix)/(n*w), 64)
		if h == 0 {
			return // not one row
		}
		rect := image.Rect(0, 0, w, h)
		var m image.Image = &image.Gray{Pix: pix, Stride: w, Rect: rect}
		if !gray {
			m = &image.YCbCr{Y: pix, Cb: pix[w*h:], Cr: pix[2*w*h:], YStride: w, CStride: w, SubsampleRatio: image.YCbCrSubsampleRatio444, Rect: rect}
		}
		q := int(quality)%100 + 1
		data, err := Encode(m, q)
		if err != nil {
			t.Fatal(err)
		}
		got := channels(t, decode(t, data))
		// The error of a frequency is at most half of its step (at most 128 below
		// quality 50), that of a sample of a block on average no more than that.
		// Where a block goes over the edge, all of it may be in what is seen.
		floor := 5.0
		switch {
		case q == 100:
			floor = 45
		case q >= 50:
			floor = 10
		}
		blocks := ((w + 7) / 8) * ((h + 7) / 8)
		floor -= 10 * math.Log10(float64(64*blocks)/float64(w*h))
		for i, p := range channels(t, m) {
			if db := psnr(p, got[i]); db < floor {
				t.Errorf("%d x %d at quality %d, channel %d: %.1f dB; want %.1f", w, h, q, i, db, floor)
			}
		}
	})
}

func BenchmarkEncode256(b *testing.B) {
	m := photo(256, 256)
	b.Run("ours 4:4:4", func(b *testing.B) {
		for b.Loop() {
			if _, err := Encode(m, 85); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("image/jpeg 4:2:0", func(b *testing.B) {
		for b.Loop() {
			if err := jpeg.Encode(new(bytes.Buffer), m, &jpeg.Options{Quality: 85}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
