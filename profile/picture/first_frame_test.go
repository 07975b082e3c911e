package picture_test

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// animations by name: full frames, and first frames that are smaller than the
// canvas, disposed of at once, or see-through.
func animations(t *testing.T) map[string][]byte {
	t.Helper()
	still := map[string][]byte{}
	for _, f := range imagetest.Accepted() {
		still[f.Name] = f.Data
	}
	bitstream := func(name string) []byte { // all chunks of a still picture
		data := still[name]
		if data == nil {
			t.Fatalf("the corpus has no %s", name)
		}
		if string(data[12:16]) == "VP8X" {
			return data[30:]
		}
		return data[12:]
	}
	card := imagetest.Card(64, 64)
	see := imagetest.Paletted(card, append(color.Palette{color.NRGBA{}}, palette.Plan9[:255]...))
	for i := range 64 * 16 {
		see.Pix[i] = 0 // a band that is not there
	}
	second := imagetest.Paletted(imagetest.Card(30, 20), imagetest.CardPalette())
	part := *see
	part.Rect = part.Rect.Add(image.Pt(10, 20))
	return map[string][]byte{
		"full.gif":       imagetest.GIF(image.Point{}, imagetest.Paletted(card, imagetest.CardPalette()), second),
		"part.gif":       gifOf(t, image.Pt(90, 100), &part, second),
		"full.webp":      imagetest.WebPAnimated(),
		"part.webp":      animatedWebP(96, 80, 16, 8, 64, 64, bitstream("lossy.webp"), bitstream("lossless.webp")),
		"lossless.webp":  animatedWebP(64, 64, 0, 0, 64, 64, bitstream("lossless.webp"), bitstream("lossy.webp")),
		"alpha.webp":     animatedWebP(90, 66, 20, 2, 64, 64, bitstream("alpha-lossy.webp"), bitstream("lossy.webp")),
		"default.apng":   animatedPNG(card, false),
		"alternate.apng": animatedPNG(card, true),
	}
}

func gifOf(t *testing.T, canvas image.Point, frames ...*image.Paletted) []byte {
	t.Helper()
	g := gif.GIF{Image: frames, Delay: make([]int, len(frames)), Disposal: []byte{gif.DisposalBackground, gif.DisposalPrevious}}
	g.Config.Width, g.Config.Height = canvas.X, canvas.Y
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// animatedWebP has frames of w x h pixels at (x, y) of a canvas that is cw x ch
// and see-through (WebP container specification, animation).
func animatedWebP(cw, ch, x, y, w, h int, frames ...[]byte) []byte {
	le24 := func(b []byte, v int) []byte { return append(b, byte(v), byte(v>>8), byte(v>>16)) }
	chunk := func(out []byte, kind string, body []byte) []byte {
		out = append(out, kind...)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(body)))
		out = append(out, body...)
		return append(out, make([]byte, len(body)%2)...)
	}
	body := chunk([]byte("WEBP"), "VP8X", le24(le24([]byte{0x12, 0, 0, 0}, cw-1), ch-1))
	body = chunk(body, "ANIM", make([]byte, 6))
	for _, f := range frames {
		head := le24(le24(le24(le24(le24(nil, x/2), y/2), w-1), h-1), 100)
		body = chunk(body, "ANMF", append(append(head, 1), f...)) // disposed of
	}
	return chunk(nil, "RIFF", body)
}

// animatedPNG shows m, and then what is not m; with apart the picture that
// old programs show is no part of the animation (APNG 1.0).
func animatedPNG(m *image.NRGBA, apart bool) []byte {
	other := image.NewNRGBA(m.Rect)
	for i, v := range m.Pix {
		other.Pix[i] = v ^ 0xff
		if i%4 == 3 {
			other.Pix[i] = v
		}
	}
	frame := func(sequence uint32) imagetest.Chunk {
		be := binary.BigEndian
		b := be.AppendUint32(nil, sequence)
		b = be.AppendUint32(be.AppendUint32(b, uint32(m.Rect.Dx())), uint32(m.Rect.Dy()))
		return imagetest.Chunk{Kind: "fcTL", Body: append(b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 10, 0, 0)}
	}
	first, second := idat(imagetest.PNG(m)), idat(imagetest.PNG(other))
	chunks := []imagetest.Chunk{imagetest.IHDR(uint32(m.Rect.Dx()), uint32(m.Rect.Dy()), 8, 2)}
	count := uint32(2)
	if apart {
		count = 1
	}
	chunks = append(chunks, imagetest.Chunk{Kind: "acTL", Body: binary.BigEndian.AppendUint64(nil, uint64(count)<<32)})
	next := uint32(0)
	if !apart {
		chunks = append(chunks, frame(next))
		next++
	}
	chunks = append(chunks, imagetest.Chunk{Kind: "IDAT", Body: first}, frame(next),
		imagetest.Chunk{Kind: "fdAT", Body: append(binary.BigEndian.AppendUint32(nil, next+1), second...)}, imagetest.Chunk{Kind: "IEND"})
	return imagetest.RawPNG(chunks...)
}

// idat is the compressed pixels of a PNG file.
func idat(file []byte) (all []byte) {
	for pos := 8; pos < len(file); {
		n := int(binary.BigEndian.Uint32(file[pos:]))
		if string(file[pos+4:pos+8]) == "IDAT" {
			all = append(all, file[pos+8:pos+8+n]...)
		}
		pos += 12 + n
	}
	return all
}

// Of an animation the first frame is seen, on its canvas, as ImageMagick shows
// it.
func TestS61_FirstFrameAsOthersSeeIt(t *testing.T) {
	convert, ok := tool(t, "convert")
	for name, data := range animations(t) {
		res, err := process(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := decodeSquare(t, res, res.Squares[1])
		if name == "full.gif" || name == "full.webp" || name == "lossless.webp" || name == "default.apng" || name == "alternate.apng" {
			checkCard(t, got)
		}
		if !ok {
			continue
		}
		in := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(in, data, 0o600); err != nil {
			t.Fatal(err)
		}
		read := in
		if filepath.Ext(name) == ".apng" {
			read = "png:" + in // its reader of animations is another program
		}
		cmd := exec.CommandContext(t.Context(), convert, read+"[0]", "-coalesce", "-depth", "8", "png32:-")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("convert %s: %v: %s", name, err, stderr.Bytes())
		}
		want, err := png.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		compareFrame(t, name, got, want)
	}
}

// compareFrame compares the square with the middle of the whole at places where
// nothing changes from pixel to pixel.
func compareFrame(t *testing.T, name string, got, whole image.Image) {
	t.Helper()
	b := whole.Bounds()
	side := min(b.Dx(), b.Dy())
	corner := b.Min.Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	compared := 0
	for y := 2; y < side-2; y++ {
		for x := 2; x < side-2; x++ {
			at := corner.Add(image.Pt(x, y))
			want := color.NRGBAModel.Convert(whole.At(at.X, at.Y)).(color.NRGBA)
			if !flat(whole, at, want) {
				continue
			}
			if name == "part.webp" && !at.In(image.Rect(16, 8, 80, 72)) {
				// Beside the frame ImageMagick paints black, as the format allows;
				// browsers, and we, show nothing.
				want = color.NRGBA{}
			}
			n := got.Bounds().Dx()
			seen := color.NRGBAModel.Convert(got.At((2*x+1)*n/(2*side), (2*y+1)*n/(2*side))).(color.NRGBA)
			if want.A < 8 { // no colour is seen
				seen, want = color.NRGBA{A: seen.A}, color.NRGBA{A: want.A}
			}
			if distance(seen, want) > 24 {
				t.Errorf("%s at %d, %d: %v; ImageMagick has %v", name, x, y, seen, want)
				return
			}
			compared++
		}
	}
	if compared < side*side/3 {
		t.Errorf("%s: only %d places were compared", name, compared)
	}
}

// flat reports whether the pixels around at are like it.
func flat(m image.Image, at image.Point, c color.NRGBA) bool {
	for dy := -2; dy <= 2; dy++ {
		for dx := -2; dx <= 2; dx++ {
			if distance(m.At(at.X+dx, at.Y+dy), c) > 8 {
				return false
			}
		}
	}
	return true
}
