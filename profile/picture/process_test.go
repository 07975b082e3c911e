package picture_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/image/draw"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings/input"
)

// endless is a JPEG file that never ends.
func endless() *counting {
	head := []byte("\xff\xd8\xff\xe0\xff\xff")
	return &counting{Reader: io.MultiReader(bytes.NewReader(head), zeros{})}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// The limit on bytes is kept while they are read: one more than allowed is
// asked for, and none after it.
func TestS58_BytesAreCappedWhileReading(t *testing.T) {
	for _, limit := range []int64{0, 1, 1000, 64 << 10, 200_000} {
		src := endless()
		_, err := picture.Process(t.Context(), src, picture.Options{Limits: picture.Limits{MaxBytes: limit}})
		if limit == 0 {
			limit = 10 << 20
		}
		if !errors.Is(err, picture.ErrTooLarge) {
			t.Errorf("limit %d: %v; want ErrTooLarge", limit, err)
		}
		if src.n != limit+1 {
			t.Errorf("limit %d: %d bytes were read; want %d", limit, src.n, limit+1)
		}
	}
	// Exactly the limit is no more than the limit.
	file := imagetest.JPEG(imagetest.Card(64, 64), 90)
	for less, want := range map[int64]error{0: nil, 1: picture.ErrTooLarge} {
		lim := picture.Limits{MaxBytes: int64(len(file)) - less}
		if _, err := picture.Process(t.Context(), bytes.NewReader(file), picture.Options{Limits: lim}); !errors.Is(err, want) {
			t.Errorf("a file of the limit plus %d: %v; want %v", less, err, want)
		}
	}
}

// What is refused by its first bytes is not read to the end.
func TestS58_RefusedEarly(t *testing.T) {
	for name, head := range map[string]string{
		"html": "<!doctype html>",
		"png":  string(imagetest.RawPNG(imagetest.IHDR(30000, 30000, 8, 6))),
	} {
		src := &counting{Reader: io.MultiReader(strings.NewReader(head), zeros{})}
		if _, err := process2(src); err == nil || src.n > 64<<10 {
			t.Errorf("%s: %v after %d bytes; want a refusal within 64 KiB", name, err, src.n)
		}
	}
}

func process2(src io.Reader) (picture.Result, error) {
	return picture.Process(context.Background(), src, picture.Options{})
}

func TestReaderErrorIsKept(t *testing.T) {
	broken := errors.New("broken pipe")
	file := imagetest.JPEG(imagetest.Card(64, 64), 90)
	for n := range 3 {
		src := io.MultiReader(bytes.NewReader(file[:n*100]), iotest.ErrReader(broken))
		if _, err := process2(src); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: %v; want the reader's error", n*100, err)
		}
	}
	res, err := process2(iotest.OneByteReader(bytes.NewReader(file)))
	if err != nil || len(res.Squares) != 4 {
		t.Errorf("a reader of single bytes: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := picture.Process(ctx, bytes.NewReader(file), picture.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with an ended context: %v; want context.Canceled", err)
	}
}

// A bomb costs next to nothing: its header is enough to refuse it. Row 7.
func TestS60_BombsAreCheap(t *testing.T) {
	for _, f := range imagetest.Bombs() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		fastest := time.Hour
		// The fastest run counts. A busy machine gets more of them.
		runs := uint64(0)
		for ; runs < 10 || fastest >= slowdown*time.Millisecond && runs < 500; runs++ {
			start := time.Now()
			_, err := process(f.Data)
			fastest = min(fastest, time.Since(start))
			if outcome(err) != f.Refused {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
		runtime.ReadMemStats(&after)
		allocated := (after.TotalAlloc - before.TotalAlloc) / runs
		t.Logf("%-24s %7d bytes in, %7d bytes allocated, %v", f.Name, len(f.Data), allocated, fastest)
		if allocated >= 1<<20 {
			t.Errorf("%s: %d bytes allocated; want under 1 MiB", f.Name, allocated)
		}
		if fastest >= slowdown*time.Millisecond {
			t.Errorf("%s: %v; want under 1 ms", f.Name, fastest)
		}
	}
}

// A file cut anywhere is refused as damaged, or for what its header says; none
// panics, none gives half a picture.
func TestS60_TruncatedAnywhere(t *testing.T) {
	files := map[string][]byte{
		"jpg":  imagetest.EXIF{Orientation: 6, GPS: true}.InJPEG(imagetest.JPEG(imagetest.Card(16, 16), 80)),
		"prog": imagetest.FlatJPEG{Width: 16, Height: 16, Values: []byte{1, 128, 128}, Progressive: true, Scans: 5}.Bytes(),
		"png":  imagetest.EXIF{Orientation: 6}.InPNG(imagetest.PNG(imagetest.Card(16, 16))),
		"adam": imagetest.InterlacedPNG(imagetest.Card(16, 16)),
		"webp": imagetest.WebPLossy(),
		"anim": imagetest.WebPAnimated(),
	}
	for name, data := range files {
		for n := range len(data) {
			_, err := process(data[:n])
			if got := outcome(err); got != "corrupt" && got != "unsupported" && got != "empty" {
				t.Errorf("%s cut to %d of %d bytes: outcome %q (%v)", name, n, len(data), got, err)
			}
		}
	}
	// A GIF needs no more than its first frame.
	gif := imagetest.GIF(image.Point{}, imagetest.Paletted(imagetest.Card(16, 16), imagetest.CardPalette()))
	for n := range len(gif) {
		if _, err := process(gif[:n]); err == nil && n < len(gif)-3 {
			t.Errorf("gif cut to %d of %d bytes was taken", n, len(gif))
		}
	}
}

func TestCrop(t *testing.T) {
	card := imagetest.Card(96, 64)
	// The four quarters of the upright card, whatever way it is stored.
	for o := 1; o <= 8; o++ {
		data := imagetest.EXIF{Orientation: o}.InJPEG(imagetest.JPEG(imagetest.Stored(card, o), 95))
		for i, c := range []picture.Crop{{4, 2, 24}, {60, 2, 24}, {4, 38, 24}, {60, 38, 24}} {
			res, err := picture.Process(t.Context(), bytes.NewReader(data), picture.Options{Crop: &c})
			if err != nil {
				t.Fatalf("orientation %d, crop %v: %v", o, c, err)
			}
			m := decodeSquare(t, res, res.Squares[3])
			if d := distance(m.At(32, 32), imagetest.CardColors[i]); d > 24 {
				t.Errorf("orientation %d, crop %v: %v; want quarter %d", o, c, m.At(32, 32), i)
			}
		}
	}
	data := imagetest.EXIF{Orientation: 6}.InJPEG(imagetest.JPEG(imagetest.Stored(card, 6), 95))
	for _, c := range []picture.Crop{
		{-1, 0, 10},
		{0, -1, 10},
		{0, 0, 0},
		{0, 0, -5},
		{0, 0, 65},
		{0, 1, 64},
		{33, 0, 64},
		{96, 0, 1},
		{0, 64, 1},
		{math.MaxInt, 0, 1},
		{0, math.MaxInt, math.MaxInt},
		{1, 1, math.MaxInt},
		{math.MinInt, math.MinInt, math.MinInt},
	} {
		_, err := picture.Process(t.Context(), bytes.NewReader(data), picture.Options{Crop: &c})
		var invalid *input.InvalidError
		if !errors.As(err, &invalid) || invalid.Fields[0].Field != "crop" || invalid.Fields[0].Code != input.Square {
			t.Errorf("crop %v: %v; want it refused as invalid", c, err)
		}
	}
	for _, c := range []picture.Crop{{0, 0, 64}, {32, 0, 64}, {95, 63, 1}} {
		if _, err := picture.Process(t.Context(), bytes.NewReader(data), picture.Options{Crop: &c}); err != nil {
			t.Errorf("crop %v: %v; want it taken", c, err)
		}
	}
}

func TestSameBytesSameSquares(t *testing.T) {
	compared := 0
	for _, first := range corpus() {
		switch first.Name {
		case "orientation-6.jpg", "alpha.png", "still.gif", "lossy.webp", "16-bit.png":
		default:
			continue
		}
		second, err := process(first.Data)
		if err != nil || first.err != nil {
			t.Fatalf("%s: %v, %v", first.Name, first.err, err)
		}
		for i, sq := range first.res.Squares {
			if !bytes.Equal(sq.Data, second.Squares[i].Data) {
				t.Errorf("%s: the squares of %d differ", first.Name, sq.Size)
			}
			compared++
		}
	}
	if compared != 5*4 {
		t.Errorf("%d squares were compared; want 20", compared)
	}
}

// The squares look like those of x/image's Catmull-Rom filter on the whole
// picture: what the averaging before the filter changes is invisible.
func TestQualityBesideCatmullRom(t *testing.T) {
	for _, size := range []image.Point{{1100, 1050}, {300, 301}} {
		photo := imagetest.Photo(size.X, size.Y, 7)
		jpg := imagetest.JPEG(photo, 95)
		for name, data := range map[string][]byte{
			"jpeg": jpg,
			"png":  imagetest.PNG(toRGBA(photo)),
		} {
			res, err := process(data)
			if err != nil {
				t.Fatal(err)
			}
			src, _, err := image.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatal(err)
			}
			side := min(size.X, size.Y)
			crop := image.Rect(0, 0, side, side).Add(image.Pt((size.X-side)/2, (size.Y-side)/2))
			for _, sq := range res.Squares {
				want := image.NewRGBA(image.Rect(0, 0, sq.Size, sq.Size))
				draw.CatmullRom.Scale(want, want.Bounds(), src, crop, draw.Src, nil)
				got := psnr(decodeSquare(t, res, sq), want)
				t.Logf("%s %v to %d: %.1f dB", name, size, sq.Size, got)
				if got < 33 { // most of the loss is the JPEG of quality 85
					t.Errorf("%s %v to %d: %.1f dB; want at least 33", name, size, sq.Size, got)
				}
			}
		}
	}
}

// An even area stays exactly even, and nothing outside of the crop gets in.
func TestFlatAreasStayFlat(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 1111, 1000))
	for i := range m.Pix {
		m.Pix[i] = 255
	}
	inner := image.Rect(101, 203, 101+555, 203+555)
	for y := inner.Min.Y; y < inner.Max.Y; y++ {
		for x := inner.Min.X; x < inner.Max.X; x++ {
			m.SetNRGBA(x, y, color.NRGBA{40, 90, 160, 254}) // transparent by a hair: PNG, no loss
		}
	}
	res, err := picture.Process(t.Context(), bytes.NewReader(imagetest.PNG(m)), picture.Options{Crop: &picture.Crop{X: 101, Y: 203, Size: 555}})
	if err != nil {
		t.Fatal(err)
	}
	for _, sq := range res.Squares {
		got := decodeSquare(t, res, sq)
		for y := range sq.Size {
			for x := range sq.Size {
				if d := distance(got.At(x, y), color.NRGBA{40, 90, 160, 254}); d > 1 {
					t.Fatalf("size %d at %d,%d: %v", sq.Size, x, y, got.At(x, y))
				}
			}
		}
	}
}

// What hides under full transparency does not shine through at its edge.
func TestNoBleedingFromTransparency(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 800, 800))
	for y := range 800 {
		for x := range 800 {
			if x < 403 {
				m.SetNRGBA(x, y, color.NRGBA{255, 0, 255, 0}) // magenta, unseen
			} else {
				m.SetNRGBA(x, y, color.NRGBA{0, 200, 0, 255})
			}
		}
	}
	res, err := process(imagetest.PNG(m))
	if err != nil {
		t.Fatal(err)
	}
	for _, sq := range res.Squares {
		got := decodeSquare(t, res, sq)
		for x := range sq.Size {
			c := color.NRGBAModel.Convert(got.At(x, sq.Size/2)).(color.NRGBA)
			if c.A > 8 && (c.R > 8 || c.B > 8) {
				t.Errorf("size %d at %d: %v has a tinge of what was hidden", sq.Size, x, c)
			}
		}
	}
}

func toRGBA(m image.Image) *image.RGBA {
	out := image.NewRGBA(m.Bounds())
	draw.Draw(out, out.Bounds(), m, m.Bounds().Min, draw.Src)
	return out
}

func psnr(a, b image.Image) float64 {
	var sum float64
	r := a.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			ar, ag, ab, _ := a.At(x, y).RGBA()
			br, bg, bb, _ := b.At(x, y).RGBA()
			for _, d := range []float64{float64(ar>>8) - float64(br>>8), float64(ag>>8) - float64(bg>>8), float64(ab>>8) - float64(bb>>8)} {
				sum += d * d
			}
		}
	}
	return 10 * math.Log10(255*255*3*float64(r.Dx()*r.Dy())/max(sum, 1))
}

func ExampleProcess() {
	photo := imagetest.EXIF{Orientation: 6, GPS: true}.InJPEG(imagetest.JPEG(imagetest.Card(640, 480), 90))
	res, err := picture.Process(context.Background(), bytes.NewReader(photo), picture.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, sq := range res.Squares {
		fmt.Println(sq.Size, res.ContentType)
	}
	_, err = picture.Process(context.Background(), strings.NewReader("<svg onload=alert(1)>"), picture.Options{})
	fmt.Println(err)
	// Output:
	// 512 image/jpeg
	// 256 image/jpeg
	// 128 image/jpeg
	// 64 image/jpeg
	// an SVG drawing is not supported; send a JPEG, PNG, GIF or WebP picture
}
