package picture_test

import (
	"bytes"
	"fmt"
	"image/color"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// tool finds a program that is not ours. In CI it must be there; elsewhere its
// part of a test is left out, loudly, and our own checker has seen the files.
func tool(t *testing.T, name string) (string, bool) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path, true
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed, and CI is set", name)
	}
	t.Logf("NOT CHECKED with %s: it is not installed", name)
	return "", false
}

// Every accepted picture comes out as pixels alone: our own checker sees no
// segment or chunk that pixels do not need and no byte after the end, exiftool
// finds no metadata, and another decoder reads the right size.
func TestS61_OutputsAreClean(t *testing.T) {
	dir := t.TempDir()
	var names []string
	var taken []processed
	for i, f := range corpus() {
		if f.Refused != "" {
			continue
		}
		res := f.res
		if f.err != nil {
			t.Fatalf("%s: %v", f.Name, f.err)
		}
		for _, sq := range res.Squares {
			if err := cleanFile(sq.Data); err != nil {
				t.Errorf("%s at %d: %v", f.Name, sq.Size, err)
			}
			for _, secret := range []string{"Secret", "script", "Exif", "xpacket", "GPS", "php", "PK\x03\x04", "%PDF", f.Name} {
				if bytes.Contains(sq.Data, []byte(secret)) {
					t.Errorf("%s at %d: %q came through", f.Name, sq.Size, secret)
				}
			}
		}
		sq := res.Squares[2]                                           // 128 pixels: all sizes go the same way
		name := filepath.Join(dir, fmt.Sprintf("%03d.%s", i, res.Ext)) // programs make much of a name like f.Name
		if err := os.WriteFile(name, sq.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		names, taken = append(names, name), append(taken, f)
	}
	if path, ok := tool(t, "exiftool"); ok {
		// The checker must be able to find something.
		dirty := filepath.Join(dir, "dirty.jpg")
		if err := os.WriteFile(dirty, imagetest.EXIF{Orientation: 6, GPS: true}.InJPEG(imagetest.JPEG(imagetest.Card(8, 8), 80)), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := metadata(t, path, dirty); !strings.Contains(out, "SecretCam") {
			t.Errorf("exiftool finds nothing in a dirty file: %s", out)
		}
		if out := metadata(t, path, names...); out != "" {
			t.Errorf("exiftool found metadata:\n%s", out)
		}
	}
	if path, ok := tool(t, "identify"); ok {
		seenByImageMagick(t, path, names, taken)
	}
}

// seenByImageMagick checks that another decoder sees each square in its size,
// without an orientation or a profile, the card upright and colours as they
// must be.
func seenByImageMagick(t *testing.T, identify string, names []string, taken []processed) {
	t.Helper()
	format := "%w %h %[orientation] [%[profile:icc]]"
	for _, p := range []string{"16,16", "112,16", "16,112", "112,112"} {
		for _, c := range "rgba" {
			format += fmt.Sprintf(" %%[fx:round(255*p{%s}.%c)]", p, c)
		}
	}
	out, err := exec.Command(identify, append([]string{"-quiet", "-format", format + "\n"}, names...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("identify: %v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(names) {
		t.Fatalf("identify read %d of %d pictures:\n%s", len(lines), len(names), out)
	}
	for i, line := range lines {
		f := taken[i]
		rest, ok := strings.CutPrefix(line, "128 128 Undefined [] ")
		values := strings.Fields(rest)
		if !ok || len(values) != 16 {
			t.Errorf("%s: identify says %q", f.Name, line)
			continue
		}
		for corner := range 4 {
			var want color.NRGBA
			within := 24
			switch {
			case f.Card:
				want = imagetest.CardColors[corner]
			case f.Color != nil:
				want, within = *f.Color, 6
			default:
				continue
			}
			var seen [4]uint8
			for c := range seen {
				v, err := strconv.ParseUint(values[4*corner+c], 10, 8)
				if err != nil {
					t.Fatalf("%s: identify says %q", f.Name, line)
				}
				seen[c] = uint8(v)
			}
			if got := (color.NRGBA{seen[0], seen[1], seen[2], seen[3]}); distance(got, want) > within {
				t.Errorf("%s: ImageMagick sees %v in corner %d; want about %v", f.Name, got, corner, want)
			}
		}
	}
}

// metadata lists every tag of the groups that hold metadata, and trailers.
func metadata(t *testing.T, exiftool string, names ...string) string {
	t.Helper()
	args := append([]string{
		"-q", "-q", "-s", "-G1", "-ee", "-u", "-EXIF:all", "-GPS:all", "-XMP:all", "-IPTC:all", "-Photoshop:all",
		"-ICC_Profile:all", "-MakerNotes:all", "-Comment", "-Trailer:all", "-PNG:Comment", "-JFIF:all", "-APP14:all", "-Warning",
	}, names...)
	out, err := exec.Command(exiftool, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("exiftool: %v\n%s", err, out)
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "======== ") {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}
