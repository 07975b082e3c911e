package heic

import (
	"errors"
	"testing"

	"github.com/profilekit/profilekit/profile/picture"
)

// FuzzBoxes: whatever the file, parse returns quickly, within limits, and with
// an error of the pipeline.
func FuzzBoxes(f *testing.F) {
	heic := cardHEIC(f, 96, 64)
	f.Add(heic)
	f.Add(single(f, heic, property{"irot", []byte{1}}, property{"imir", []byte{1}}, property{"clap", clap(50, 40, 2, 2)},
		property{"colr", nclxBox(12, 13, 6, true)}).file())
	f.Add(gridSpec(f, 129, 65).file())
	f.Add([]byte("\x00\x00\x00\x10ftyphevc\x00\x00\x00\x00\x00\x00\x00\x01moov\x00\x00\x00\x00\x00\x00\x00\x10"))
	const most = 1 << 20
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parse(data, most)
		if err != nil {
			var rejected *picture.RejectedError
			if !errors.As(err, &rejected) && !errors.Is(err, picture.ErrUnsupported) {
				t.Fatalf("%v", err)
			}
			return
		}
		if w, h := s.look.size(); w < 1 || h < 1 || w*h > most || !s.look.crop.In(imageRect(s.color)) {
			t.Fatalf("%d x %d of %v", w, h, s.look.crop)
		}
		if s.memory() < 1 || s.memory() > 64*most+8*int64(len(data))+(16<<20) {
			t.Fatalf("%d bytes", s.memory())
		}
		s.profile()
		for _, tile := range s.color.tiles {
			if file, err := tile.file(); err == nil && len(file) > 2*len(data)+4096 {
				t.Fatalf("%d bytes became %d", len(data), len(file))
			}
		}
	})
}
