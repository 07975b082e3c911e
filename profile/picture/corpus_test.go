package picture_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
)

func process(data []byte) (picture.Result, error) {
	return picture.Process(context.Background(), bytes.NewReader(data), picture.Options{})
}

// corpus is what became of every file of the corpus, made once for all tests.
var corpus = sync.OnceValue(func() []processed {
	files := imagetest.Corpus()
	all := make([]processed, len(files))
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() {
			for i := w; i < len(files); i += 2 {
				res, err := process(files[i].Data)
				all[i] = processed{files[i], res, err}
			}
		})
	}
	wg.Wait()
	return all
})

type processed struct {
	imagetest.File
	res picture.Result
	err error
}

// outcome is the error in the words of the corpus.
func outcome(err error) string {
	var rejected *picture.RejectedError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &rejected):
		return rejected.Reason
	case errors.Is(err, picture.ErrUnsupported):
		return "unsupported"
	case errors.Is(err, picture.ErrTooLarge):
		return "too_large"
	}
	return "error: " + err.Error()
}

// What a file is, its bytes decide, all of them decoded: names and types play
// no part, and what is not a picture through and through does not pass.
func TestS59_CorpusIsTakenOrRefused(t *testing.T) {
	for _, f := range corpus() {
		t.Run(f.Name, func(t *testing.T) {
			res, err := f.res, f.err
			if got := outcome(err); got != f.Refused {
				t.Fatalf("outcome %q (%v); want %q", got, err, f.Refused)
			}
			if err != nil {
				if strings.Contains(err.Error(), "\n") || len(err.Error()) > 200 {
					t.Errorf("the message is no short line: %q", err)
				}
				return
			}
			checkResult(t, res, f.Ext)
			for _, sq := range res.Squares {
				m := decodeSquare(t, res, sq)
				if f.Card {
					checkCard(t, m)
				}
				if f.Color != nil {
					checkColor(t, m, *f.Color)
				}
			}
		})
	}
}

func TestS59_MessagesNameWhatWasSent(t *testing.T) {
	foreign := imagetest.Foreign()
	for name, want := range map[string]string{
		"photo.heic": "HEIC", "photo-mif1.heic": "HEIC", "photo.avif": "AVIF", "photo-mif1.avif": "AVIF", "photo.bmp": "BMP",
		"photo.tif": "TIFF", "drawing.svg": "SVG", "drawing-xml.svg": "SVG", "page.html": "HTML", "page-spaces.jpg": "HTML",
		"paper.pdf": "PDF", "archive.zip": "ZIP", "movie.mp4": "video", "photo.jxl": "JPEG XL", "text": "this kind of file",
	} {
		data, ok := foreign[name]
		if !ok {
			t.Fatalf("the corpus has no %s", name)
		}
		_, err := process([]byte(data))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "JPEG, PNG, GIF or WebP") {
			t.Errorf("%s: %v; want it to name %s and what is taken", name, err, want)
		}
	}
}

// The messages of limits say the limit and what was sent.
func TestS60_MessagesNameTheLimit(t *testing.T) {
	for _, f := range imagetest.Bombs() {
		_, err := process(f.Data)
		want := map[string]string{
			"pixels": "megapixels; the limit is", "memory": "the limit is 512 MiB", "chunks": "20000 chunks",
			"scans": "100 scans", "frames": "2000 frames",
		}[f.Refused]
		if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q in it", f.Name, err, want)
		}
	}
}

// checkResult looks at the bytes as a stranger would.
func checkResult(t *testing.T, res picture.Result, ext string) {
	t.Helper()
	if res.Ext != ext || res.ContentType != map[string]string{"jpg": "image/jpeg", "png": "image/png"}[ext] {
		t.Errorf("ext %q, type %q; want those of %q", res.Ext, res.ContentType, ext)
	}
	if hash, err := base64.StdEncoding.DecodeString(res.Placeholder); err != nil || len(hash) != 24 && (len(hash) != 25 || ext != "png") {
		t.Errorf("placeholder %q is no ThumbHash of a square", res.Placeholder)
	}
	want := []int{512, 256, 128, 64}
	if len(res.Squares) != len(want) {
		t.Fatalf("%d squares; want %d", len(res.Squares), len(want))
	}
	for i, sq := range res.Squares {
		if sq.Size != want[i] {
			t.Errorf("square %d has size %d; want %d", i, sq.Size, want[i])
		}
		if err := cleanFile(sq.Data); err != nil {
			t.Errorf("the square of %d is not clean: %v", sq.Size, err)
		}
		decodeSquare(t, res, sq)
	}
}

func decodeSquare(t *testing.T, res picture.Result, sq picture.Square) image.Image {
	t.Helper()
	var m image.Image
	var err error
	if res.Ext == "png" {
		m, err = png.Decode(bytes.NewReader(sq.Data))
	} else {
		m, err = jpeg.Decode(bytes.NewReader(sq.Data))
	}
	if err != nil {
		t.Fatalf("the square of %d does not decode: %v", sq.Size, err)
	}
	if m.Bounds() != image.Rect(0, 0, sq.Size, sq.Size) {
		t.Fatalf("the square of %d has bounds %v", sq.Size, m.Bounds())
	}
	return m
}

func checkCard(t *testing.T, m image.Image) {
	t.Helper()
	n := m.Bounds().Dx()
	for i, p := range []image.Point{{n / 8, n / 8}, {n - n/8, n / 8}, {n / 8, n - n/8}, {n - n/8, n - n/8}} {
		if d := distance(m.At(p.X, p.Y), imagetest.CardColors[i]); d > 24 {
			t.Errorf("size %d at %v: %v; want about %v", n, p, m.At(p.X, p.Y), imagetest.CardColors[i])
		}
	}
}

func checkColor(t *testing.T, m image.Image, want color.NRGBA) {
	t.Helper()
	n := m.Bounds().Dx()
	for y := 0; y < n; y += 7 {
		for x := 0; x < n; x += 7 {
			if d := distance(m.At(x, y), want); d > 6 {
				t.Fatalf("size %d at %d,%d: %v; want about %v", n, x, y, m.At(x, y), want)
			}
		}
	}
}

func distance(a, b color.Color) int {
	x, y := color.NRGBAModel.Convert(a).(color.NRGBA), color.NRGBAModel.Convert(b).(color.NRGBA)
	d := 0
	for _, v := range [][2]uint8{{x.R, y.R}, {x.G, y.G}, {x.B, y.B}, {x.A, y.A}} {
		d = max(d, int(v[0])-int(v[1]), int(v[1])-int(v[0]))
	}
	return d
}

// cleanFile checks that a file holds a picture and nothing else: only the
// segments or chunks that pixels need, and no byte after the end.
func cleanFile(data []byte) error {
	if bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) {
		return cleanPNG(data[8:])
	}
	return cleanJPEG(data)
}

func cleanPNG(rest []byte) error {
	for {
		if len(rest) < 12 {
			return errors.New("PNG without an end")
		}
		n, kind := int(binary.BigEndian.Uint32(rest)), string(rest[4:8])
		if kind != "IHDR" && kind != "IDAT" && kind != "IEND" {
			return errors.New("chunk " + kind)
		}
		if len(rest) < 12+n {
			return errors.New("chunk beyond the end")
		}
		rest = rest[12+n:]
		if kind == "IEND" {
			if len(rest) > 0 {
				return errors.New("bytes after the end")
			}
			return nil
		}
	}
}

func cleanJPEG(data []byte) error {
	if !bytes.HasPrefix(data, []byte{0xff, 0xd8}) {
		return errors.New("no JPEG")
	}
	for pos := 2; pos+4 <= len(data); {
		if data[pos] != 0xff {
			return errors.New("no marker where one must be")
		}
		marker := data[pos+1]
		switch marker {
		case 0xdb, 0xc0, 0xc4, 0xda:
		default:
			return errors.New("segment " + string("0123456789abcdef"[marker>>4]) + string("0123456789abcdef"[marker&15]))
		}
		pos += 2 + int(binary.BigEndian.Uint16(data[pos+2:]))
		if marker != 0xda {
			continue
		}
		end := bytes.Index(data[pos:], []byte{0xff, 0xd9})
		if end < 0 || pos+end+2 != len(data) {
			return errors.New("bytes after the end")
		}
		for i := pos; i < pos+end; i++ {
			if data[i] == 0xff && data[i+1] != 0 {
				return errors.New("a marker in the scan")
			}
		}
		return nil
	}
	return errors.New("JPEG without a scan")
}
