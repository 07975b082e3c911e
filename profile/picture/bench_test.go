package picture_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
)

var photo12MP = sync.OnceValue(func() []byte {
	return imagetest.EXIF{Orientation: 6}.InJPEG(imagetest.JPEG(imagetest.Photo(4032, 3024, 1), 90))
})

// floor is what somebody would write by hand with the standard library and
// x/image: decode, scale the centre square to each size, turn, encode.
func floor(b *testing.B, data []byte) {
	m, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		b.Fatal(err)
	}
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	side := min(w, h)
	crop := image.Rect(0, 0, side, side).Add(image.Pt((w-side)/2, (h-side)/2))
	for _, n := range []int{512, 256, 128, 64} {
		small, turned := image.NewRGBA(image.Rect(0, 0, n, n)), image.NewRGBA(image.Rect(0, 0, n, n))
		draw.CatmullRom.Scale(small, small.Bounds(), m, crop, draw.Src, nil)
		for y := range n {
			for x := range n {
				copy(turned.Pix[turned.PixOffset(n-1-y, x):][:4], small.Pix[small.PixOffset(x, y):])
			}
		}
		var out bytes.Buffer
		if err := jpeg.Encode(&out, turned, &jpeg.Options{Quality: 85}); err != nil {
			b.Fatal(err)
		}
	}
}

func ours(b *testing.B, data []byte) {
	res, err := picture.Process(b.Context(), bytes.NewReader(data), picture.Options{})
	if err != nil || len(res.Squares) != 4 {
		b.Fatal(err)
	}
}

// BenchmarkPipeline12MP prints where the time goes; for ratios see BenchmarkRow6.
func BenchmarkPipeline12MP(b *testing.B) {
	data := photo12MP()
	b.Run("floor", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			floor(b, data)
		}
	})
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			ours(b, data)
		}
	})
	b.Run("Display P3", func(b *testing.B) {
		p3 := imagetest.ICCInJPEG(data, imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.SRGBCurve()}.Bytes(), 60000)
		b.ReportAllocs()
		for b.Loop() {
			ours(b, p3)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(data)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHeaderCheck is what any upload costs before it is decoded or
// refused: row 7. Beside it is image.DecodeConfig, which reads the size alone.
// That ours stays below a millisecond and 1 MiB is what
// TestS60_BombsAreCheap proves.
func BenchmarkHeaderCheck(b *testing.B) {
	for _, f := range imagetest.Bombs() {
		b.Run(f.Name, func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var ours, config time.Duration
			for b.Loop() {
				start := time.Now()
				if _, err := process(f.Data); err == nil {
					b.Fatal("taken")
				}
				middle := time.Now()
				_, _, _ = image.DecodeConfig(bytes.NewReader(f.Data)) // some it refuses, too
				ours, config = ours+middle.Sub(start), config+time.Since(middle)
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "ours-ns")
			b.ReportMetric(float64(config.Nanoseconds())/float64(b.N), "DecodeConfig-ns")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N), "allocated-B")
			b.ReportMetric(0, "ns/op")
		})
	}
}
