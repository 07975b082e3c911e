package heic

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
)

func newDecoder(t *testing.T) *Decoder {
	t.Helper()
	d, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func TestS59_Decoder(t *testing.T) {
	d := newDecoder(t)
	if err := d.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	heic := gridSpec(t, 200, 150, property{"clap", clap(100, 80, 0, 0)}, property{"irot", []byte{1}}).file()
	h, err := d.Header(heic, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if h.Width != 100 || h.Height != 80 || h.Orientation != 8 || h.Profile != nil || h.Memory < 4<<20 {
		t.Errorf("%+v", h)
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			m, err := d.Decode(t.Context(), heic, 1_000_000)
			if err != nil {
				t.Error(err)
				return
			}
			checkCard(t, m, 100, 80)
		})
	}
	wait.Wait()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Decode(ctx, heic, 1_000_000); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	var rejected *picture.RejectedError
	if _, err := d.Header(heic, 10_000); !errors.As(err, &rejected) || rejected.Reason != picture.ReasonPixels {
		t.Errorf("a small limit: %v", err)
	}
}

func TestS59_Options(t *testing.T) {
	for _, o := range []Options{{Patience: -1}, {Module: []byte("none")}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func TestS59_Sniff(t *testing.T) {
	d := newDecoder(t)
	for name, c := range map[string]struct {
		head string
		want bool
	}{
		"heif-enc":       {string(cardHEIC(t, 96, 64)), true},
		"phone":          {"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", true},
		"phone, general": {"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", true},
		"sequence":       {"\x00\x00\x00\x18ftypmsf1\x00\x00\x00\x00hevciso8", true},
		"AVIF":           {string(heifEnc(t, imagetest.PNG(imagetest.Card(96, 64)), "png", "-A")), false},
		"AVIF, general":  {"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1avif", false},
		"video":          {"\x00\x00\x00\x18ftypisom\x00\x00\x00\x00isommp42", false},
		"outside":        {"\x00\x00\x00\x10ftypisom\x00\x00\x00\x00heic", false},
		"version":        {"\x00\x00\x00\x14ftypisomheicisom", false},
		"JPEG":           {string(imagetest.JPEG(imagetest.Card(9, 9), 90)), false},
		"short":          {"\x00\x00\x00\x18ftyp", false},
		"empty":          {"", false},
		"size 0":         {"\x00\x00\x00\x00ftypheic\x00\x00\x00\x00", false},
	} {
		if got := d.Sniff([]byte(c.head)); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	// An AVIF picture with general brands only is told as AVIF all the same.
	avif := bytes.Replace(heifEnc(t, imagetest.PNG(imagetest.Card(96, 64)), "png", "-A"), []byte("avif"), []byte("mif1"), 2)
	if _, err := d.Header(avif, 1<<20); !errors.Is(err, picture.ErrUnsupported) || !bytes.Contains([]byte(err.Error()), []byte("AVIF")) {
		t.Errorf("%v", err)
	}
}
