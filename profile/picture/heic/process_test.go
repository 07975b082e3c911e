package heic

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
)

// plugged is one Decoder for all tests, as a host has it.
var plugged = sync.OnceValue(func() *Decoder { return &Decoder{engine{patience: 5 * time.Minute}} })

// patient limits are for machines that do other things meanwhile.
var patient = picture.Limits{DecodeTime: 5 * time.Minute, QueueTime: 5 * time.Minute}

func process(t testing.TB, data []byte, lim picture.Limits) (picture.Result, error) {
	return picture.Process(t.Context(), bytes.NewReader(data), picture.Options{
		Limits: lim, Decoders: []picture.Decoder{plugged()},
	})
}

// reason is why the pipeline refused, as refusal tells of the decoder.
func reason(err error) string {
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

func decodeSquare(t testing.TB, res picture.Result, i int) image.Image {
	t.Helper()
	decode := jpeg.Decode
	if res.Ext == "png" {
		decode = png.Decode
	}
	m, err := decode(bytes.NewReader(res.Squares[i].Data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// What a phone sends comes out upright in all sizes, and with nothing of its
// metadata: place, time, camera, colour profile.
func TestS61_ThroughThePipeline(t *testing.T) {
	dir := t.TempDir()
	files := map[string][]byte{"grid": gridSpec(t, 200, 150).file()}
	for name, turn := range turns {
		exif := imagetest.EXIF{Orientation: turn.orientation, GPS: true}
		jpg := exif.InJPEG(imagetest.JPEG(imagetest.Stored(imagetest.Card(96, 64), turn.orientation), 95))
		files[name] = single(t, heifEnc(t, jpg, "jpg", "-q", "95"), turn.props...).file()
	}
	// As heif-enc makes it, with all that was in the file it was made of.
	exif := imagetest.EXIF{Orientation: 1, GPS: true}
	dirty := heifEnc(t, imagetest.InsertSegment(exif.InJPEG(imagetest.JPEG(imagetest.Card(96, 64), 95)), 0xe1, imagetest.XMP()), "jpg", "-q", "95")
	if !bytes.Contains(dirty, []byte("SecretCam")) {
		t.Fatal("the file has no metadata to be taken away")
	}
	files["dirty"] = dirty
	var names []string
	for name, data := range files {
		res, err := process(t, data, patient)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, sq := range res.Squares {
			checkCard(t, decodeSquare(t, res, i), sq.Size, sq.Size)
			for _, secret := range []string{"Secret", "Exif", "xpacket", "GPS", "ICC_PROFILE", "heic"} {
				if bytes.Contains(sq.Data, []byte(secret)) {
					t.Errorf("%s at %d: %q came through", name, sq.Size, secret)
				}
			}
		}
		file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".jpg")
		if err := os.WriteFile(file, res.Squares[0].Data, 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, file)
	}
	exiftool, err := exec.LookPath("exiftool")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("exiftool is missing (Debian: libimage-exiftool-perl)")
		}
		t.Log("NOT CHECKED with exiftool: it is not installed")
		return
	}
	args := []string{"-q", "-q", "-s", "-G1", "-EXIF:all", "-GPS:all", "-XMP:all", "-IPTC:all", "-ICC_Profile:all", "-MakerNotes:all", "-Comment", "-Trailer:all", "-Warning"}
	out, err := exec.CommandContext(t.Context(), exiftool, append(args, names...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("exiftool: %v: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "======== ") {
			t.Errorf("exiftool found %s", line)
		}
	}
}

func TestS61_AlphaThroughThePipeline(t *testing.T) {
	m := imagetest.Card(96, 96)
	for y := range 96 {
		for x := range 48 {
			m.Pix[m.PixOffset(x, y)+3] = 0
		}
	}
	res, err := process(t, heifEnc(t, imagetest.PNG(m), "png", "-q", "95"), patient)
	if err != nil || res.Ext != "png" {
		t.Fatalf("%q, %v", res.Ext, err)
	}
	out := decodeSquare(t, res, 1)
	_, _, _, left := out.At(64, 128).RGBA()
	right := color.NRGBAModel.Convert(out.At(192, 64)).(color.NRGBA)
	if left>>8 > 3 || distance(right, color.NRGBA{0, 255, 0, 255}) > 12 {
		t.Errorf("alpha %d on the left, %v on the right", left>>8, right)
	}
}

// A file that is cut short anywhere, or that claims more than limits allow, is
// refused with the reason, before anything is decoded where the head tells.
func TestP49_RefusedByThePipeline(t *testing.T) {
	whole := cardHEIC(t, 96, 64)
	for n := 16; n < len(whole); n += 1 + len(whole)/40 {
		if _, err := process(t, whole[:n], patient); reason(err) != "corrupt" {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
	huge := gridSpec(t, 200, 150)
	huge.items[len(huge.items)-1].data = []byte{0, 1, 0, 0, 0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0}
	boxes := func(w *boxWriter) {
		for range maxBoxes {
			w.box("free", func() {})
		}
	}
	crowded := single(t, whole)
	crowded.before = boxes
	for name, c := range map[string]struct {
		want string
		data []byte
		lim  picture.Limits
	}{
		"pixels":     {"pixels", whole, picture.Limits{MaxPixels: 96*64 - 1}},
		"memory":     {"memory", whole, picture.Limits{Memory: 4 << 20}},
		"boxes":      {"chunks", crowded.file(), picture.Limits{}},
		"grid":       {"pixels", huge.file(), picture.Limits{}},
		"AVIF":       {"unsupported", heifEnc(t, imagetest.PNG(imagetest.Card(96, 64)), "png", "-A"), picture.Limits{}},
		"other head": {"corrupt", append([]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), imagetest.JPEG(imagetest.Card(64, 64), 90)...), picture.Limits{}},
	} {
		_, err := process(t, c.data, c.lim)
		if reason(err) != c.want {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
		if name == "AVIF" && err.Error() != "an AVIF picture is not supported; send a JPEG, PNG, GIF, WebP or HEIC picture" {
			t.Errorf("AVIF: %v", err)
		}
	}
	if _, err := picture.Process(t.Context(), bytes.NewReader(whole), picture.Options{}); reason(err) != "unsupported" || !strings.HasPrefix(err.Error(), "a HEIC picture is") {
		t.Errorf("when it is not plugged in: %v", err)
	}
}

// counted notes how many pictures are decoded at once.
type counted struct {
	picture.Decoder
	now, most atomic.Int64
}

func (c *counted) Decode(ctx context.Context, data []byte, maxPixels int64) (image.Image, error) {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for old := c.most.Load(); n > old && !c.most.CompareAndSwap(old, n); old = c.most.Load() {
	}
	return c.Decoder.Decode(ctx, data, maxPixels)
}

// Pictures wait for the memory that their headers told of.
func TestS60_MemoryIsSharedByThePool(t *testing.T) {
	data := cardHEIC(t, 96, 64)
	h, err := plugged().Header(data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	lim := patient
	// One has a place, beside what the squares are made in; two have none.
	lim.Slots, lim.Memory = 4, h.Memory+int64(len(data))+4*96*64+4<<20
	dec := &counted{Decoder: plugged()}
	opts := picture.Options{Limits: lim, Pool: picture.NewPool(lim), Decoders: []picture.Decoder{dec}}
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			if _, err := picture.Process(t.Context(), bytes.NewReader(data), opts); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if n := dec.most.Load(); n != 1 {
		t.Errorf("%d pictures at once", n)
	}
}

// A decoder that hangs gives its place in the pool back when the picture's time
// is over: it is stopped, not forgotten.
func TestS60_HangingGivesItsPlaceBack(t *testing.T) {
	dec, err := New(Options{Module: hanging, Patience: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := dec.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	lim := picture.Limits{Slots: 1, DecodeTime: 50 * time.Millisecond, QueueTime: 5 * time.Minute}
	opts := picture.Options{Limits: lim, Pool: picture.NewPool(lim), Decoders: []picture.Decoder{dec}}
	data := cardHEIC(t, 96, 64)
	for range 2 { // the second needs the place of the first
		if _, err := picture.Process(t.Context(), bytes.NewReader(data), opts); reason(err) != "time" {
			t.Errorf("%v; want it to take too long", err)
		}
	}
	if err := dec.Close(); err != nil {
		t.Error(err)
	}
	if _, err := picture.Process(t.Context(), bytes.NewReader(data), opts); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("after closing: %v", err)
	}
}
