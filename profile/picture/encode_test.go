package picture_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/image/draw"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
)

// confetti has edges of colour without edges of luma, which subsampled chroma
// smears.
func confetti(n int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			c := color.NRGBA{200, 60, 60, 255}
			if (x*64/n*7+y*64/n*3)%5 < 2 {
				c = color.NRGBA{40, 128, 80, 255}
			}
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// Squares of up to 256 pixels keep the colour of each pixel, whatever form the
// source was in; the one of 512 has half of the colours each way.
func TestS61_SmallSquaresKeepColours(t *testing.T) {
	identify, ok := tool(t, "identify")
	gray := image.NewGray(image.Rect(0, 0, 300, 300))
	for name, data := range map[string][]byte{
		"jpeg": imagetest.JPEG(imagetest.Photo(700, 700, 5), 95),
		"png":  imagetest.PNG(imagetest.Card(300, 300)),
		"gray": imagetest.JPEG(gray, 90),
	} {
		res, err := process(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, sq := range res.Squares {
			want, factors := image.YCbCrSubsampleRatio444, "1x1,1x1,1x1"
			if sq.Size > 256 {
				want, factors = image.YCbCrSubsampleRatio420, "2x2,1x1,1x1"
			}
			switch m := decodeSquare(t, res, sq).(type) {
			case *image.YCbCr:
				if m.SubsampleRatio != want || name == "gray" {
					t.Errorf("%s at %d: chroma is %v; want %v", name, sq.Size, m.SubsampleRatio, want)
				}
			case *image.Gray:
				if name != "gray" {
					t.Errorf("%s at %d has lost its colours", name, sq.Size)
				}
				factors = "1x1"
			}
			if !ok {
				continue
			}
			file := filepath.Join(t.TempDir(), "square.jpg")
			if err := os.WriteFile(file, sq.Data, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(identify, "-format", "%[jpeg:sampling-factor] %w", file).CombinedOutput()
			if seen := factors + " " + strconv.Itoa(sq.Size); err != nil || string(out) != seen {
				t.Errorf("%s: identify says %q, %v; want %q", name, out, err, seen)
			}
		}
	}
}

// Edges of colour stay where they are: the small squares are far nearer to
// x/image's than what image/jpeg makes of those.
func TestS61_EdgesOfColour(t *testing.T) {
	src := confetti(512)
	res, err := process(imagetest.PNG(src))
	if err != nil {
		t.Fatal(err)
	}
	for _, sq := range res.Squares {
		if sq.Size > 256 {
			continue
		}
		want := image.NewRGBA(image.Rect(0, 0, sq.Size, sq.Size))
		draw.CatmullRom.Scale(want, want.Rect, src, src.Rect, draw.Src, nil)
		var halved bytes.Buffer
		if err := jpeg.Encode(&halved, want, &jpeg.Options{Quality: 85}); err != nil {
			t.Fatal(err)
		}
		theirs, err := jpeg.Decode(&halved)
		if err != nil {
			t.Fatal(err)
		}
		a, b := psnr(decodeSquare(t, res, sq), want), psnr(theirs, want)
		t.Logf("%d: %.1f dB, with half of the colours %.1f dB", sq.Size, a, b)
		if a < b+1.5 {
			t.Errorf("%d: %.1f dB; want 1.5 more than the %.1f of 4:2:0", sq.Size, a, b)
		}
	}
}

// plate is a zone plate: waves that get finer from the middle outwards, at
// radius r (of n/2) of frequency r/n, in cycles a pixel. It is transparent by a
// hair, so that squares are PNG and hold nothing but what scaling did.
func plate(n int) (m *image.NRGBA, opaque *image.RGBA) {
	m, opaque = image.NewNRGBA(image.Rect(0, 0, n, n)), image.NewRGBA(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			dx, dy := float64(x)+0.5-float64(n)/2, float64(y)+0.5-float64(n)/2
			v := byte(127.5 + 127*math.Cos(math.Pi*(dx*dx+dy*dy)/float64(n)))
			m.SetNRGBA(x, y, color.NRGBA{v, v, v, 254})
			opaque.SetRGBA(x, y, color.RGBA{v, v, v, 255})
		}
	}
	return m, opaque
}

// ripple is how far green departs from the middle gray, as a root mean square
// in levels, where the plate has frequencies of from to to times what a square
// can hold.
func ripple(m image.Image, plate int, from, to float64) float64 {
	n := m.Bounds().Dx()
	var sum, count float64
	for y := range n {
		for x := range n {
			dx, dy := float64(x)+0.5-float64(n)/2, float64(y)+0.5-float64(n)/2
			// In the square, radius r has frequency r*plate/n/n cycles a pixel.
			f := 2 * math.Hypot(dx, dy) * float64(plate) / float64(n*n)
			if math.Hypot(dx, dy) > float64(n)/2-2 || f < from || f > to {
				continue
			}
			_, g, _, _ := m.At(x, y).RGBA()
			sum += sq(float64(g>>8) - 127)
			count++
		}
	}
	return math.Sqrt(sum / count)
}

func sq(v float64) float64 { return v * v }

// What is too fine for a square becomes gray instead of waves that are not in
// the picture: of an amplitude of 90 levels no more than 3.5 is left beside what
// x/image's Catmull-Rom filter leaves; and what a square can hold is still there.
func TestS61_NoAliasing(t *testing.T) {
	plates := []int{1280} // leaves the filter least, see filterReduction
	if os.Getenv("PROFILEKIT_LONG") != "" {
		plates = append(plates, 1024, 1100, 1279, 1500, 2048, 2049, 2560)
	}
	for _, n := range plates {
		src, opaque := plate(n)
		res, err := process(imagetest.PNG(src))
		if err != nil {
			t.Fatal(err)
		}
		for _, sq := range res.Squares {
			theirs := image.NewRGBA(image.Rect(0, 0, sq.Size, sq.Size))
			draw.CatmullRom.Scale(theirs, theirs.Rect, opaque, opaque.Rect, draw.Src, nil)
			ours := decodeSquare(t, res, sq)
			const beyond = 1.5 // the filters' slope ends here
			a, b := ripple(ours, n, beyond, math.Inf(1)), ripple(theirs, n, beyond, math.Inf(1))
			kept, theirKept := ripple(ours, n, 0, 0.6), ripple(theirs, n, 0, 0.6)
			t.Logf("%d to %d: %.2f levels beyond, Catmull-Rom %.2f; %.1f within, Catmull-Rom %.1f", n, sq.Size, a, b, kept, theirKept)
			if !(a <= b+3.5) {
				t.Errorf("%d to %d: %.2f levels of false waves; Catmull-Rom leaves %.2f", n, sq.Size, a, b)
			}
			if sq.Size > 64 && !(kept >= 0.96*theirKept) { // the smallest has too few pixels to tell
				t.Errorf("%d to %d: %.1f levels of what fits; Catmull-Rom keeps %.1f", n, sq.Size, kept, theirKept)
			}
		}
	}
}

// Transparency is kept, or the background shows through it, as asked.
func TestS61_AlphaAsAsked(t *testing.T) {
	const n = 192
	patches := []color.NRGBA{{255, 0, 0, 255}, {255, 0, 0, 128}, {0, 0, 255, 64}, {255, 255, 255, 0}}
	m := image.NewNRGBA(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			m.SetNRGBA(x, y, patches[2*y/n*2+2*x/n])
		}
	}
	file := imagetest.PNG(m)
	white, navy := color.NRGBA{255, 255, 255, 255}, color.NRGBA{10, 20, 90, 255}
	for name, tt := range map[string]struct {
		background color.Color
		want       [4]color.NRGBA
	}{
		"kept":         {nil, [4]color.NRGBA(patches)},
		"white":        {color.White, [4]color.NRGBA{{255, 0, 0, 255}, {255, 127, 127, 255}, {191, 191, 255, 255}, white}},
		"another type": {color.YCbCr{255, 128, 128}, [4]color.NRGBA{{255, 0, 0, 255}, {255, 127, 127, 255}, {191, 191, 255, 255}, white}},
		"navy":         {navy, [4]color.NRGBA{{255, 0, 0, 255}, {133, 10, 45, 255}, {7, 15, 131, 255}, navy}},
	} {
		res, err := picture.Process(t.Context(), bytes.NewReader(file), picture.Options{Background: tt.background})
		if err != nil {
			t.Fatal(err)
		}
		ext := "jpg"
		if tt.background == nil {
			ext = "png"
		}
		checkResult(t, res, ext)
		for _, sq := range res.Squares {
			got := decodeSquare(t, res, sq)
			for i, want := range tt.want {
				p := image.Pt(sq.Size/4+i%2*sq.Size/2, sq.Size/4+i/2*sq.Size/2)
				c := color.NRGBAModel.Convert(got.At(p.X, p.Y)).(color.NRGBA)
				if want.A == 0 && c.A == 0 {
					continue // of no colour
				}
				if d := distance(c, want); d > 5 {
					t.Errorf("%s at %d, patch %d: %v; want %v", name, sq.Size, i, c, want)
				}
			}
		}
	}

	// A profile speaks of the picture, not of the background.
	p3 := imagetest.ICCInPNG(file, imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.SRGBCurve()}.Bytes())
	res, err := picture.Process(t.Context(), bytes.NewReader(p3), picture.Options{Background: navy})
	if err != nil {
		t.Fatal(err)
	}
	for _, sq := range res.Squares {
		if c := decodeSquare(t, res, sq).At(sq.Size*3/4, sq.Size*3/4); distance(c, navy) > 5 {
			t.Errorf("at %d the background became %v; want %v", sq.Size, c, navy)
		}
	}

	// A picture without transparency is the same with any background.
	opaque := imagetest.PNG(imagetest.Card(300, 300))
	with, err := picture.Process(t.Context(), bytes.NewReader(opaque), picture.Options{Background: navy})
	if err != nil {
		t.Fatal(err)
	}
	without, err := process(opaque)
	if err != nil {
		t.Fatal(err)
	}
	for i, sq := range with.Squares {
		if !bytes.Equal(sq.Data, without.Squares[i].Data) {
			t.Errorf("an opaque picture at %d differs with a background", sq.Size)
		}
	}
}

func TestBackgroundMustBeOpaque(t *testing.T) {
	for _, c := range []color.Color{color.Transparent, color.NRGBA{255, 255, 255, 254}} {
		if _, err := picture.Process(t.Context(), bytes.NewReader(imagetest.PNG(imagetest.Card(8, 8))), picture.Options{Background: c}); err == nil {
			t.Errorf("Process took the background %v", c)
		}
	}
	w := newWorld(t)
	cfg := picture.Config{Users: w.db.Users(), Ledger: w.db.Ledger(), Blobs: w.blobs, Tx: w.db, LimitStore: limit.Off{}, Policy: picture.Policy{Background: color.Transparent}}
	if _, err := picture.New(cfg); err == nil {
		t.Error("New took a transparent background")
	}
}

// What Config.Background says holds for what a Service keeps.
func TestS61_ServicePaintsTheBackground(t *testing.T) {
	w := newWorld(t)
	m := image.NewNRGBA(image.Rect(0, 0, 64, 64)) // nothing is seen of it
	for background, want := range map[color.Color]string{nil: "png", color.White: "jpg"} {
		svc := w.service(t, func(c *picture.Config) { c.Background = background })
		u, err := svc.Put(t.Context(), w.user.ID, bytes.NewReader(imagetest.PNG(m)), picture.PutOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if u.Picture.Ext != want {
			t.Errorf("with the background %v it is kept as %s; want %s", background, u.Picture.Ext, want)
		}
	}
}
