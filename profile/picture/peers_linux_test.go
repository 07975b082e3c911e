package picture_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile/picture"
)

// cpu is the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// libvips makes the four squares by vipsthumbnail: the largest from the file,
// decoded at a reduced scale, each other from the one before. Its processor time
// is told without start, that of starting the program.
type libvips struct {
	program, dir string
	start        time.Duration
}

func (v *libvips) run(b *testing.B, in string, size int) time.Duration {
	s := strconv.Itoa(size)
	cmd := exec.CommandContext(b.Context(), v.program, in, "--size", s+"x"+s, "--smartcrop", "centre", "-o", filepath.Join(v.dir, s+".jpg[Q=85,strip]"))
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("vipsthumbnail: %v\n%s", err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

func (v *libvips) squares(b *testing.B, in string) (used time.Duration) {
	for _, n := range []int{512, 256, 128, 64} {
		used += v.run(b, in, n) - v.start
		in = filepath.Join(v.dir, strconv.Itoa(n)+".jpg")
	}
	return used
}

func newLibvips(b *testing.B) *libvips {
	program, err := exec.LookPath("vipsthumbnail")
	if err != nil {
		b.Log("NOT MEASURED beside libvips: vipsthumbnail is not installed (Debian: libvips-tools)")
		return nil
	}
	v := &libvips{program: program, dir: b.TempDir()}
	tiny := filepath.Join(v.dir, "tiny.jpg")
	if err := os.WriteFile(tiny, imagetest.JPEG(imagetest.Card(8, 8), 85), 0o600); err != nil {
		b.Fatal(err)
	}
	const runs = 5
	for range runs {
		v.start += v.run(b, tiny, 8) / runs
	}
	return v
}

// BenchmarkRow6 is the processor time of a photo of 12 megapixels, measured in
// turns: ours, the floor (the standard library with CatmullRom of x/image) and
// libvips. Ours must be at most 0.6 of the floor.
func BenchmarkRow6(b *testing.B) {
	data := photo12MP()
	file := filepath.Join(b.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		b.Fatal(err)
	}
	vips := newLibvips(b)
	ours(b, data) // makes what is made once
	var own, hand, theirs time.Duration
	for b.Loop() {
		start := cpu(b)
		ours(b, data)
		middle := cpu(b)
		floor(b, data)
		own, hand = own+middle-start, hand+cpu(b)-middle
		if vips != nil {
			theirs += vips.squares(b, file)
		}
	}
	ratio := float64(own) / float64(hand)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(own.Seconds()*1000/float64(b.N), "ours-cpu-ms")
	b.ReportMetric(hand.Seconds()*1000/float64(b.N), "floor-cpu-ms")
	b.ReportMetric(ratio, "ours/floor")
	if vips != nil {
		b.ReportMetric(theirs.Seconds()*1000/float64(b.N), "libvips-cpu-ms")
		b.ReportMetric(float64(own)/float64(theirs), "ours/libvips")
	}
	b.ReportMetric(float64(peak(b, file)-peak(b, ""))/(1<<20), "peak-MiB")
	if ratio > 0.6 {
		b.Errorf("%.2f of the floor's processor time; want at most 0.6", ratio)
	}
}

// peakVariable holds the file that a process started by peak works on.
const peakVariable = "PROFILEKIT_TEST_PEAK"

// peak is the most memory, in bytes, that a process of its own ever held while
// it made the squares of the file; "" is a process that makes none.
func peak(t testing.TB, file string) int64 {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestS60_PeakOfAPhoto$", "-test.timeout=2m")
	cmd.Env = append(os.Environ(), peakVariable+"="+file, "GOMAXPROCS=2")
	out, err := cmd.CombinedOutput()
	m := regexp.MustCompile(`peak (\d+) kB`).FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("the process that measures: %v\n%s", err, out)
	}
	kib, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// measured is the part of peak that runs in the other process.
func measured(file string) error {
	if file != "" {
		src, err := os.Open(file)
		if err != nil {
			return err
		}
		defer src.Close()
		if _, err := picture.Process(context.Background(), src, picture.Options{}); err != nil {
			return err
		}
	}
	// Not the rusage: a child inherits its parent's there.
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Println("peak", strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]))
	return nil
}

// A photo of 12 megapixels takes at most 64 MiB, with all that the process
// holds for it: row 6.
func TestS60_PeakOfAPhoto(t *testing.T) {
	if file, inside := os.LookupEnv(peakVariable); inside {
		if err := measured(file); err != nil {
			t.Fatal(err)
		}
		return
	}
	photo := photo12MP()
	p3 := imagetest.ICCInJPEG(photo, imagetest.ICC{Columns: imagetest.P3Columns, Curve: imagetest.SRGBCurve()}.Bytes(), 60000)
	base := peak(t, "")
	for name, data := range map[string][]byte{"photo": photo, "Display P3": p3} {
		file := filepath.Join(t.TempDir(), "photo.jpg")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		all := peak(t, file)
		took := all - base
		t.Logf("%s: %d MiB, in a process of %d MiB", name, took>>20, all>>20)
		if limit := int64(64 << 20); slowdown == 1 && took > limit || took > 4*limit { // the race detector takes its own
			t.Errorf("%s: %d MiB; want at most 64", name, took>>20)
		}
		if took < int64(4032*3024*3/2) {
			t.Errorf("%s: %d bytes are less than its pixels: nothing was measured", name, took)
		}
	}
}
