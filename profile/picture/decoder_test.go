package picture_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
)

// made is a Decoder of a format whose files begin with "MADE".
type made struct {
	header func(data []byte, maxPixels int64) (picture.Header, error)
	decode func(ctx context.Context) (image.Image, error)
}

func (made) Name() string           { return "MADE" }
func (made) MediaTypes() []string   { return []string{"image/x-made"} }
func (made) Sniff(head []byte) bool { return bytes.HasPrefix(head, []byte("MADE")) }

func (m made) Header(data []byte, maxPixels int64) (picture.Header, error) {
	return m.header(data, maxPixels)
}

func (m made) Decode(ctx context.Context, _ []byte, _ int64) (image.Image, error) {
	return m.decode(ctx)
}

// says makes a Decoder of what it says and what comes out.
func says(h picture.Header, m image.Image) made {
	return made{
		func([]byte, int64) (picture.Header, error) { return h, nil },
		func(context.Context) (image.Image, error) { return m, nil },
	}
}

func (m made) process(t *testing.T) (picture.Result, error) {
	return picture.Process(t.Context(), strings.NewReader("MADE of bytes"), picture.Options{Decoders: []picture.Decoder{m}})
}

func TestS61_DecoderOfTheHostIsUpright(t *testing.T) {
	for o := 1; o <= 8; o++ {
		stored := imagetest.Stored(imagetest.Card(320, 240), o)
		b := stored.Bounds()
		// Not at the origin: the pipeline has to find the picture.
		moved := image.NewRGBA(b.Add(image.Pt(7, -3)))
		for y := range b.Dy() {
			for x := range b.Dx() {
				moved.Set(x+7, y-3, stored.At(x, y))
			}
		}
		res, err := says(picture.Header{Width: b.Dx(), Height: b.Dy(), Orientation: o, Memory: 1 << 20}, moved).process(t)
		if err != nil {
			t.Fatalf("orientation %d: %v", o, err)
		}
		checkResult(t, res, "jpg")
		checkCard(t, decodeSquare(t, res, res.Squares[0]))
	}
}

func TestS60_DecoderOfTheHostIsNotBelieved(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 30, 20))
	good := picture.Header{Width: 30, Height: 20}
	with := func(change func(*picture.Header)) picture.Header {
		h := good
		change(&h)
		return h
	}
	if _, err := says(good, m).process(t); err != nil {
		t.Fatalf("an honest one: %v", err)
	}
	if _, err := says(with(func(h *picture.Header) { h.Orientation = 9 }), m).process(t); err != nil {
		t.Errorf("an unknown orientation is not upright: %v", err)
	}
	for name, c := range map[string]struct {
		dec  made
		want string
	}{
		"wider":           {says(with(func(h *picture.Header) { h.Width = 29 }), m), "corrupt"},
		"narrower":        {says(with(func(h *picture.Header) { h.Width = 31 }), m), "corrupt"},
		"turned":          {says(with(func(h *picture.Header) { h.Width, h.Height = 20, 30 }), m), "corrupt"},
		"no sides":        {says(with(func(h *picture.Header) { h.Width = 0 }), m), "sides"},
		"huge":            {says(with(func(h *picture.Header) { h.Width, h.Height = math.MaxInt, math.MaxInt }), m), "pixels"},
		"memory":          {says(with(func(h *picture.Header) { h.Memory = 1<<63 - 1 }), m), "memory"},
		"negative memory": {says(with(func(h *picture.Header) { h.Memory = -1 << 62 }), m), "corrupt"},
		"no picture":      {says(good, nil), "corrupt"},
		"nil picture":     {says(good, (*image.Gray)(nil)), "corrupt"},
		"too few bytes":   {says(good, &image.Gray{Pix: make([]byte, 10), Stride: 30, Rect: image.Rect(0, 0, 30, 20)}), "corrupt"},
		"panic in Header": {made{header: func([]byte, int64) (picture.Header, error) { panic("out of range") }}, "corrupt"},
	} {
		if _, err := c.dec.process(t); outcome(err) != c.want {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

// Which of a Decoder's errors reach the sender, from both of its methods.
func TestS60_ErrorsOfTheHostsDecoder(t *testing.T) {
	rejected := &picture.RejectedError{Reason: picture.ReasonChunks, Limit: "it has too many tiles"}
	for _, c := range []struct{ give, want error }{
		{rejected, rejected},
		{fmt.Errorf("tile 7: %w", rejected), rejected},
		{fmt.Errorf("%w: only 8 bits", picture.ErrUnsupported), picture.ErrUnsupported},
		{picture.ErrBusy, picture.ErrBusy},
		{storage.ErrUnavailable, storage.ErrUnavailable},
		{errors.New("secret detail at 0xdeadbeef"), nil},
		{context.Canceled, nil}, // of a context that is not the caller's
	} {
		inHeader := made{header: func([]byte, int64) (picture.Header, error) { return picture.Header{}, c.give }}
		inDecode := says(picture.Header{Width: 1, Height: 1}, nil)
		inDecode.decode = func(context.Context) (image.Image, error) { return nil, c.give }
		for where, m := range map[string]made{"Header": inHeader, "Decode": inDecode} {
			_, err := m.process(t)
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%s returned %v; Process %v", where, c.give, err)
			}
			if c.want == nil && (outcome(err) != "corrupt" || !strings.Contains(err.Error(), "the MADE file is damaged")) {
				t.Errorf("%s returned %v; Process %v; want a damaged file", where, c.give, err)
			}
		}
	}
}

// The formats of the package stay with it, whatever a Decoder wants, and those
// that nobody wants are refused with the list of what is taken.
func TestS59_DecoderOfTheHostTakesItsOwnOnly(t *testing.T) {
	greedy := made{header: func([]byte, int64) (picture.Header, error) { panic("asked") }}
	opts := picture.Options{Decoders: []picture.Decoder{wantsAll{greedy}}}
	if _, err := picture.Process(t.Context(), bytes.NewReader(imagetest.JPEG(imagetest.Card(40, 30), 80)), opts); err != nil {
		t.Errorf("a JPEG picture: %v", err)
	}
	if _, err := picture.Process(t.Context(), strings.NewReader(""), opts); !errors.Is(err, picture.ErrEmpty) {
		t.Errorf("no bytes: %v", err)
	}
	opts.Decoders = []picture.Decoder{made{}}
	_, err := picture.Process(t.Context(), strings.NewReader(imagetest.Foreign()["photo.avif"]), opts)
	if !errors.Is(err, picture.ErrUnsupported) || err.Error() != "an AVIF picture is not supported; send a JPEG, PNG, GIF, WebP or MADE picture" {
		t.Errorf("AVIF: %v", err)
	}
}

type wantsAll struct{ made }

func (wantsAll) Sniff([]byte) bool { return true }

// Decode is told when nobody waits any more: because the caller went, and
// because it took too long.
func TestS60_DecoderOfTheHostIsStopped(t *testing.T) {
	for name, lim := range map[string]picture.Limits{"caller": {}, "time": {DecodeTime: 1}} {
		ctx, cancel := context.WithCancel(t.Context())
		stopped := make(chan error, 1)
		m := says(picture.Header{Width: 1, Height: 1}, nil)
		m.decode = func(ctx context.Context) (image.Image, error) {
			if name == "caller" {
				cancel()
			}
			<-ctx.Done()
			stopped <- ctx.Err()
			return nil, ctx.Err()
		}
		_, err := picture.Process(ctx, strings.NewReader("MADE"), picture.Options{Decoders: []picture.Decoder{m}, Limits: lim})
		cancel()
		if err := <-stopped; err == nil {
			t.Errorf("%s: Decode was not stopped", name)
		}
		if name == "caller" && !errors.Is(err, context.Canceled) || name == "time" && outcome(err) != "time" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
