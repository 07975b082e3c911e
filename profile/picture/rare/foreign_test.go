package rare_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// Files of a program that is not ours, of every kind it writes: taken and
// right, or refused by name.
func TestP50_FilesOfImageMagick(t *testing.T) {
	convert, err := exec.LookPath("convert")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("convert is not installed, and CI is set")
		}
		t.Log("NOT CHECKED with ImageMagick: it is not installed")
		return
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "card.png")
	if err := os.WriteFile(in, imagetest.PNG(imagetest.Card(96, 64)), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"x.bmp":                         "",
		"-alpha off BMP3:x.bmp":         "",
		"-colors 4 -type palette x.bmp": "",
		"BMP2:x.bmp":                    "unsupported",
		"-colors 4 -type palette -compress RLE BMP3:x.bmp":                "unsupported",
		"-compress none x.tif":                                            "",
		"-compress LZW x.tif":                                             "",
		"-compress Zip x.tif":                                             "",
		"-compress RLE x.tif":                                             "",
		"-compress Zip -define tiff:endian=msb x.tif":                     "",
		"-compress LZW -define tiff:rows-per-strip=7 x.tif":               "",
		"-compress Zip -define tiff:tile-geometry=32x32 x.tif":            "",
		"-depth 16 -compress LZW x.tif":                                   "",
		"-depth 16 -define quantum:format=floating-point x.tif":           "unsupported",
		"-alpha set -compress Zip x.tif":                                  "",
		"-alpha off -colors 4 -type palette -depth 8 -compress LZW x.tif": "unsupported", // of 4 bits
		"-compress JPEG x.tif":                                            "unsupported",
		"-colorspace CMYK x.tif":                                          "unsupported",
		"-interlace plane x.tif":                                          "unsupported",
		"( +clone -negate ) -compress LZW x.tif":                          "", // of two pages, the first
	} {
		t.Run(args, func(t *testing.T) {
			fields := strings.Fields(args)
			last := len(fields) - 1
			format, name, named := strings.Cut(fields[last], ":")
			if !named {
				format, name = "", fields[last]
			}
			name = filepath.Join(t.TempDir(), name)
			fields[last] = name
			if named {
				fields[last] = format + ":" + name
			}
			if out, err := exec.CommandContext(t.Context(), convert, append([]string{in}, fields...)...).CombinedOutput(); err != nil {
				t.Fatalf("convert: %v: %s", err, out)
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			res, err := process(data)
			if outcome(err) != want {
				t.Fatalf("%v; want %q", err, want)
			}
			if err == nil {
				isCard(t, res)
			}
		})
	}
}
