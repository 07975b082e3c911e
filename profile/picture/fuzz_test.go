package picture_test

import (
	"bytes"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
)

// FuzzProcess: whatever the bytes, there is no panic and no answer but four
// clean squares or one of the errors that are documented.
func FuzzProcess(f *testing.F) {
	for _, file := range imagetest.Corpus() {
		if len(file.Data) < 1000 && !file.Card || file.Name == "lossy.webp" || file.Name == "exif.png" {
			f.Add(file.Data)
		}
	}
	// Small limits keep the fuzzer fast; the code is the same.
	lim := picture.Limits{MaxPixels: 100_000, MaxProgressivePixels: 50_000, MaxScans: 10, Memory: 64 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		res, err := picture.Process(t.Context(), bytes.NewReader(data), picture.Options{Limits: lim})
		switch got := outcome(err); got {
		case "":
			checkResult(t, res, res.Ext)
		case "empty", "corrupt", "sides", "pixels", "scans", "frames", "chunks", "memory", "unsupported":
		default:
			t.Errorf("outcome %q", got)
		}
	})
}
