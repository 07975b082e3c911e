package rare_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/profile/picture/rare"
)

func process(data []byte) (picture.Result, error) {
	return picture.Process(context.Background(), bytes.NewReader(data), picture.Options{
		Decoders: []picture.Decoder{rare.BMP(), rare.TIFF()},
	})
}

// outcome is "" for a picture, else the reason of the refusal.
func outcome(err error) string {
	var rejected *picture.RejectedError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &rejected):
		return rejected.Reason
	case errors.Is(err, picture.ErrUnsupported):
		return "unsupported"
	}
	return "error: " + err.Error()
}

// isCard checks the four corners of the largest square.
func isCard(t *testing.T, res picture.Result) {
	t.Helper()
	decode := jpeg.Decode
	if res.Ext == "png" {
		decode = png.Decode
	}
	m, err := decode(bytes.NewReader(res.Squares[0].Data))
	if err != nil {
		t.Fatal(err)
	}
	n := m.Bounds().Dx()
	for i, p := range []image.Point{{n / 8, n / 8}, {n - n/8, n / 8}, {n / 8, n - n/8}, {n - n/8, n - n/8}} {
		got, want := color.NRGBAModel.Convert(m.At(p.X, p.Y)).(color.NRGBA), imagetest.CardColors[i]
		for _, d := range []int{int(got.R) - int(want.R), int(got.G) - int(want.G), int(got.B) - int(want.B), int(got.A) - int(want.A)} {
			if d < -24 || d > 24 {
				t.Fatalf("at %v: %v; want about %v", p, got, want)
			}
		}
	}
}

// encoded is what x/image writes.
func encoded(write func(*bytes.Buffer) error) []byte {
	var out bytes.Buffer
	if err := write(&out); err != nil {
		log.Panic(err)
	}
	return out.Bytes()
}

// cards are files that show the card.
func cards() map[string][]byte {
	card := imagetest.Card(96, 64)
	paletted := imagetest.Paletted(card, imagetest.CardPalette())
	deep := image.NewNRGBA64(card.Rect)
	for y := range 64 {
		for x := range 96 {
			deep.Set(x, y, card.At(x, y))
		}
	}
	files := map[string][]byte{
		"bmp32 v3, alpha unset": bmpFile(96, -64, 32, 40, nil, bgra(card, 0), 0),
		"bmp32 v4, alpha unset": bmpFile(96, -64, 32, 108, nil, bgra(card, 0), 0),
		"bmp32 v5":              bmpFile(96, -64, 32, 124, nil, bgra(card, 255), 0),
		"tiff tiles":            tiledCard(),
	}
	for name, m := range map[string]image.Image{"rgba": card, "palette": paletted, "deep": deep} {
		files["bmp "+name] = encoded(func(w *bytes.Buffer) error { return bmp.Encode(w, m) })
		for how, c := range map[string]tiff.CompressionType{"plain": tiff.Uncompressed, "deflate": tiff.Deflate} {
			files["tiff "+name+" "+how] = encoded(func(w *bytes.Buffer) error {
				return tiff.Encode(w, m, &tiff.Options{Compression: c, Predictor: how == "deflate"})
			})
		}
	}
	for o := 1; o <= 8; o++ {
		files[fmt.Sprintf("tiff orientation %d", o)] = cardTIFF(binary.LittleEndian, o)
		files[fmt.Sprintf("tiff orientation %d, big-endian", o)] = cardTIFF(binary.BigEndian, o)
	}
	return files
}

func tiles(m *image.NRGBA, side int) [][]byte {
	var out [][]byte
	for y := 0; y < m.Rect.Dy(); y += side {
		for x := 0; x < m.Rect.Dx(); x += side {
			tile := image.NewNRGBA(image.Rect(0, 0, side, side))
			for ty := range side {
				for tx := range side {
					tile.Set(tx, ty, m.At(x+tx, y+ty))
				}
			}
			out = append(out, pixels(tile))
		}
	}
	return out
}

// tiledCard has tiles that stick out at the right and at the bottom.
func tiledCard() []byte {
	fields := append(rgb(96, 64), long(322, 48), long(323, 48))
	return tiffFile(binary.BigEndian, tiles(imagetest.Card(96, 64), 48), fields, long(278))
}

func TestP50_TakenWhenTheHostAsks(t *testing.T) {
	for name, data := range cards() {
		t.Run(name, func(t *testing.T) {
			res, err := process(data)
			if err != nil {
				t.Fatal(err)
			}
			isCard(t, res)
			if _, err := picture.Process(t.Context(), bytes.NewReader(data), picture.Options{}); outcome(err) != "unsupported" ||
				!strings.Contains(err.Error(), strings.ToUpper(name[:3])) {
				t.Errorf("without being asked: %v; want a refusal with its name", err)
			}
			// A part of a file is no picture.
			for _, n := range []int{12, 17, 30, 60, len(data) / 2, len(data) * 3 / 4} {
				if _, err := process(data[:n]); outcome(err) == "" || strings.HasPrefix(outcome(err), "error") {
					t.Errorf("%d of %d bytes: %v", n, len(data), err)
				}
			}
		})
	}
}

func TestP50_RefusedFromTheHeader(t *testing.T) {
	card := [][]byte{pixels(imagetest.Card(96, 64))}
	le := binary.LittleEndian
	with := func(changes ...field) []byte { return tiffFile(le, card, rgb(96, 64), changes...) }
	zeros := deflated(make([]byte, 1<<20))
	many := func(n int, v uint32) []uint32 { return slices.Repeat([]uint32{v}, n) }
	// One blob in every one of 24,000 tiles, of which one column is seen.
	thin := append(rgb(1, 6_144_000), long(322, 256), long(323, 256))
	thinFile := tiffFile(le, [][]byte{zeros}, thin, short(259, 8), long(278), long(324, many(24_000, 8)...), long(325, many(24_000, uint32(len(zeros)))...))
	rows := bgra(imagetest.Card(96, 64), 255)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"tiff no directory":         {[]byte("II*\x00\xff\xff\xff\x7f"), "corrupt"},
		"tiff directory in head":    {[]byte("II*\x00\x00\x00\x00\x00\x01\x00"), "corrupt"},
		"tiff big":                  {[]byte("II+\x00\x08\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00"), "unsupported"},
		"tiff no width":             {with(long(256, 0)), "sides"},
		"tiff gigapixels":           {with(long(256, 1<<31), long(257, 1<<31)), "pixels"},
		"tiff strip beyond the end": {with(long(273, 1<<30)), "corrupt"},
		"tiff strip too long":       {with(long(279, 1<<30)), "corrupt"},
		"tiff no strips":            {with(long(273)), "corrupt"},
		"tiff strips missing":       {with(long(278, 1)), "corrupt"},
		"tiff one strip a row":      {with(long(257, 100_000), long(278, 1)), "chunks"},
		"tiff one strip, bomb":      {tiffFile(le, [][]byte{zeros}, rgb(7000, 7000), short(259, 8)), "memory"},
		"tiff thin with wide tiles": {thinFile, "corrupt"},
		"tiff tiles too small":      {with(long(322, 1), long(323, 1), long(324, 8), long(325, 9)), "corrupt"},
		"tiff tile larger":          {with(long(322, 1<<20), long(323, 1<<20), long(324, 8), long(325, 9)), "corrupt"},
		"tiff cmyk":                 {with(short(262, 5), short(258, 8, 8, 8, 8)), "unsupported"},
		"tiff jpeg inside":          {with(short(259, 7)), "unsupported"},
		"tiff planes":               {with(short(284, 2)), "unsupported"},
		"tiff float":                {with(short(339, 3, 3, 3)), "unsupported"},
		"tiff 32 bits":              {with(short(258, 32, 32, 32)), "unsupported"},
		"tiff mixed bits":           {with(short(258, 8, 16, 8)), "unsupported"},
		"tiff unknown compression":  {with(short(259, 9999)), "unsupported"},
		"tiff unknown predictor":    {with(short(259, 8), short(317, 3)), "unsupported"},
		"tiff fax of colours":       {with(short(259, 4)), "unsupported"},
		"tiff palette missing":      {with(short(262, 3), short(258, 8)), "corrupt"},
		"bmp no width":              {bmpFile(0, 64, 32, 40, nil, rows, 0), "sides"},
		"bmp negative width":        {bmpFile(-96, 64, 32, 40, nil, rows, 0), "sides"},
		"bmp lowest height":         {bmpFile(96, -1<<31, 32, 40, nil, rows, 0), "pixels"},
		"bmp gigapixels":            {bmpFile(1<<31-1, 1<<31-1, 1, 40, nil, rows, 0), "pixels"},
		"bmp rows missing":          {bmpFile(96, 65, 32, 40, nil, rows, 0), "corrupt"},
		"bmp run lengths":           {bmpFile(96, 64, 8, 40, make([]byte, 1024), rows, 30, 1), "unsupported"},
		"bmp of OS/2":               {bmpFile(96, 64, 24, 40, nil, rows, 14, 16), "unsupported"},
		"bmp 16 bits":               {bmpFile(96, 64, 16, 40, nil, rows, 0), "unsupported"},
		"bmp too many colours":      {bmpFile(96, 64, 1, 40, make([]byte, 64), rows, 0), "corrupt"},
		"bmp gap":                   {bmpFile(96, 64, 32, 40, make([]byte, 8), rows, 0), "unsupported"},
		"bmp colour not there":      {bmpFile(8, 1, 8, 40, make([]byte, 8), bytes.Repeat([]byte{7}, 8), 0), "corrupt"},
	} {
		_, err := process(c.data)
		if outcome(err) != c.want {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
		if err != nil && len(err.Error()) > 150 {
			t.Errorf("%s: the message is long: %v", name, err)
		}
	}
}

// What a bomb takes is what was told to the pool, or less.
func TestS60_MemoryIsWhatWasTold(t *testing.T) {
	bomb := deflated(make([]byte, 8*1000*1000))
	for name, data := range map[string][]byte{
		"one strip": tiffFile(binary.LittleEndian, [][]byte{bomb}, rgb(1000, 1000), short(259, 8)),
		"bitmap":    bmpFile(1000, 1000, 32, 40, nil, make([]byte, 4_000_000), 0),
	} {
		dec := rare.TIFF()
		if name == "bitmap" {
			dec = rare.BMP()
		}
		h, err := dec.Header(data, 50_000_000)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := dec.Decode(t.Context(), data, 50_000_000); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		runtime.ReadMemStats(&after)
		// All that was ever allocated: of a buffer that doubles, that is more
		// than what there is at once.
		if took := int64(after.TotalAlloc - before.TotalAlloc); took > 2*h.Memory || h.Memory < 4_000_000 {
			t.Errorf("%s: told %d bytes, took %d", name, h.Memory, took)
		}
	}
}

func TestS60_StopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, dec := range map[string]picture.Decoder{"bmp rgba": rare.BMP(), "tiff rgba deflate": rare.TIFF()} {
		if m, err := dec.Decode(ctx, cards()[name], 1<<20); err == nil {
			t.Errorf("%s: decoded %v after its context", name, m.Bounds())
		}
	}
}

func TestS61_ProfileIsHandedOn(t *testing.T) {
	profile := bytes.Repeat([]byte("profile "), 20)
	rows := append(bgra(imagetest.Card(96, 64), 255), profile...)
	le := binary.LittleEndian
	where := le.AppendUint32(le.AppendUint32(nil, 124+96*64*4), uint32(len(profile)))
	five := bmpFile(96, 64, 32, 124, nil, rows, 126, where...)
	copy(five[70:], "DEBM")
	var values []uint32
	for i := 0; i < len(profile); i += 4 {
		values = append(values, le.Uint32(profile[i:]))
	}
	made := tiffFile(le, [][]byte{pixels(imagetest.Card(96, 64))}, rgb(96, 64), long(34675, values...))
	for name, c := range map[string]struct {
		dec  picture.Decoder
		data []byte
	}{"bmp": {rare.BMP(), five}, "tiff": {rare.TIFF(), made}} {
		if h, err := c.dec.Header(c.data, 1<<20); err != nil || !bytes.Equal(h.Profile, profile) {
			t.Errorf("%s: %q, %v", name, h.Profile, err)
		}
	}
}

// Text that begins with the two letters of a bitmap is none.
func TestS59_TextIsNoBitmap(t *testing.T) {
	if _, err := process([]byte("BMW is a maker of cars, and of motorcycles.")); outcome(err) != "unsupported" {
		t.Error(err)
	}
}

func FuzzProcess(f *testing.F) {
	for _, data := range cards() {
		f.Add(data)
	}
	lim := picture.Limits{MaxPixels: 100_000, Memory: 64 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		res, err := picture.Process(t.Context(), bytes.NewReader(data), picture.Options{
			Limits: lim, Decoders: []picture.Decoder{rare.BMP(), rare.TIFF()},
		})
		if o := outcome(err); strings.HasPrefix(o, "error") || o == "time" {
			t.Fatal(err)
		}
		if err == nil && len(res.Squares) != 4 {
			t.Fatalf("%d squares", len(res.Squares))
		}
	})
}

func Example() {
	scan := cardTIFF(binary.LittleEndian, 6)
	opts := picture.Options{Decoders: []picture.Decoder{rare.TIFF()}}
	res, err := picture.Process(context.Background(), bytes.NewReader(scan), opts)
	fmt.Println(len(res.Squares), res.ContentType, err)
	_, err = picture.Process(context.Background(), bytes.NewReader(scan), picture.Options{})
	fmt.Println(err)
	// Output:
	// 4 image/jpeg <nil>
	// a TIFF or raw camera picture is not supported; send a JPEG, PNG, GIF or WebP picture
}
