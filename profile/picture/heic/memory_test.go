package heic

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
)

func long() bool { return os.Getenv("PROFILEKIT_LONG") != "" }

// noise is what takes most memory a pixel to decode.
func noise(t testing.TB, w, h int, deep bool, args ...string) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var m draw.Image = image.NewNRGBA(image.Rect(0, 0, w, h))
	if deep {
		m = image.NewNRGBA64(m.Bounds())
	}
	for y := range h {
		for x := range w {
			m.Set(x, y, color.NRGBA64{uint16(r.Uint32()), uint16(r.Uint32()), uint16(r.Uint32()), 0xffff})
		}
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.NoCompression}).Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return heifEnc(t, b.Bytes(), "png", append(args, "-p", "preset=ultrafast")...)
}

// TestR22_MemoryOfTheDecoder: what is told to the pool before decoding is what
// the decoder can get, and it is enough for the worst pictures.
func TestR22_MemoryOfTheDecoder(t *testing.T) {
	sides := []int{64, 300}
	if long() {
		sides = append(sides, 1024, 2048)
	}
	e := &engine{patience: 5 * time.Minute}
	defer e.close()
	var peak int64
	e.peak = func(n int64) { peak = n }
	for _, side := range sides {
		for _, args := range [][]string{
			{"-q", "50"},
			{"-q", "98"},
			{"-q", "98", "-p", "chroma=444"},
			{"-b", "10", "-q", "98"},
			{"-b", "12", "-q", "98", "-p", "chroma=422"},
		} {
			data := noise(t, side, side, args[0] == "-b", args...)
			s := mustParse(t, data)
			if _, err := e.decode(t.Context(), s); err != nil {
				t.Errorf("%d %v: %v", side, args, err)
				continue
			}
			t.Logf("%d %v: %d bytes took %d of %d KiB", side, args, len(data), peak>>10, s.engineMemory()>>10)
			if peak > s.engineMemory() || s.engineMemory() > s.memory() {
				t.Errorf("%d %v: %d bytes; the limit is %d of %d", side, args, peak, s.engineMemory(), s.memory())
			}
		}
	}
}

// TestR22_MemoryIsALimit: a decoder that wants more gets an error.
func TestR22_MemoryIsALimit(t *testing.T) {
	s := mustParse(t, cardHEIC(t, 1024, 1024))
	tile := s.color.tiles[0]
	file, err := tile.file()
	if err != nil {
		t.Fatal(err)
	}
	err = compiled().with(t.Context(), 1<<20, func(dec *session) error {
		_, err := dec.decode(file, tile.stream)
		return err
	})
	var rejected *picture.RejectedError
	if !errors.As(err, &rejected) || rejected.Reason != picture.ReasonMemory {
		t.Errorf("%v", err)
	}
	// And nothing of it is left for the next one.
	checkCard(t, decodeUpright(t, cardHEIC(t, 96, 64)), 96, 64)
}

// A grid takes the memory of one tile, whatever its size.
func TestR22_MemoryOfAGrid(t *testing.T) {
	small := mustParse(t, gridSpec(t, 64, 64).file()).engineMemory()
	s := mustParse(t, gridSpec(t, 640, 640).file())
	if got := s.engineMemory(); got > small+64<<10 {
		t.Errorf("%d bytes for 100 tiles, %d for one", got, small)
	}
	var peak int64
	e := &engine{patience: time.Minute, peak: func(n int64) { peak = max(peak, n) }}
	defer e.close()
	if _, err := e.decode(t.Context(), s); err != nil || peak > small {
		t.Errorf("%v; %d bytes were used", err, peak)
	}
	if want := s.engineMemory() + 640*640*3/2; s.memory() != want {
		t.Errorf("%d bytes; want %d", s.memory(), want)
	}
}

func BenchmarkDecode(b *testing.B) {
	card := heifEnc(b, imagetest.PNG(imagetest.Card(1024, 1024)), "png")
	s := mustParse(b, card)
	if err := compiled().start(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := compiled().decode(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}
