package nodes

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// put uploads a picture.
func (p *person) put(ctx context.Context, file []byte) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, "PUT", p.node.url+"/api/profile/picture", bytes.NewReader(file))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", "image/jpeg")
	req.AddCookie(&http.Cookie{Name: cookieName, Value: p.cookie})
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{status: resp.StatusCode, header: resp.Header, body: body}, err
}

// squares are the addresses of the person's picture.
func (p *person) squares() map[string]string {
	p.t.Helper()
	var v struct {
		PictureSizes map[string]string `json:"pictureSizes"`
	}
	p.must(200, "GET", "/api/profile", "").into(p.t, &v)
	return v.PictureSizes
}

// blobs are the files of the store, temporary ones apart.
func (s *place) blobs() (keys []string) {
	s.t.Helper()
	err := filepath.WalkDir(filepath.Join(s.data, "pictures"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir // a later start removes what a crash left there
		}
		if err == nil && d.Type().IsRegular() {
			keys = append(keys, d.Name())
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return keys
}

// TestR02_KillNineAmidUploads kills the program while sixteen people upload: no
// profile points to a picture that is not whole (I2), a purge leaves exactly what
// profiles point to (I3), and a second one finds nothing.
func TestR02_KillNineAmidUploads(t *testing.T) {
	onBoth(t, func(t *testing.T, s *place) {
		s.with("LIMITS=off")
		n := s.start()
		people := n.crowd("uploader", 16)
		files := make([][]byte, 8)
		for i := range files {
			files[i] = imagetest.JPEG(imagetest.Photo(200+10*i, 160, uint32(i)), 85)
		}
		var done atomic.Int64
		for kill := range rounds(2, 80) {
			var running sync.WaitGroup
			goal := done.Load() + 8 + rand.Int64N(64)
			for i, p := range people {
				p.node = n
				running.Go(func() {
					for j := 0; ; j++ {
						r, err := p.put(t.Context(), files[(i+j)%len(files)])
						if err != nil {
							return // the node was killed
						}
						if r.status != 200 && r.status != 503 {
							t.Errorf("upload: %s", r)
							return
						}
						done.Add(1)
					}
				})
			}
			waitFor(t, "uploads", func() bool { return done.Load() >= goal || t.Failed() })
			time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) // at any point of the next ones
			n.kill()
			running.Wait()
			if s.name == "Postgres" {
				s.deserted()
			}
			for i, want := range []bool{true, false} {
				out, err := s.purge()
				if err != nil || (want != (out != "purged 0 blobs")) && i == 1 {
					t.Fatalf("kill %d, purge %d: %q, %v", kill, i, out, err)
				}
			}
			n = s.start()
			count := 0
			for _, p := range people {
				p.node = n
				for size, at := range p.squares() {
					count++
					r := p.must(200, "GET", at, "")
					if kind := http.DetectContentType(r.body); kind != r.header.Get("Content-Type") || !strings.HasPrefix(kind, "image/") {
						t.Errorf("kill %d: the square %s is %d bytes of %s", kill, size, len(r.body), kind)
					}
				}
			}
			if have := len(s.blobs()); have != count {
				t.Errorf("kill %d: the store has %d blobs for %d squares", kill, have, count)
			}
			if t.Failed() {
				return
			}
		}
		t.Logf("%d uploads were done", done.Load())
	})
}

// purge runs the program's own, whatever the age of what it finds.
func (s *place) purge() (string, error) {
	cmd := exec.Command(binary, "-addr", "127.0.0.1:0", "-data", s.data, "-purge")
	cmd.Env = slices.Concat(os.Environ(), s.env)
	var why bytes.Buffer
	cmd.Stderr = &why
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, &why)
	}
	return strings.TrimSpace(string(out)), err
}

// resident is the process's memory in bytes, by the kernel.
func (n *node) resident(field string) int64 {
	n.t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		n.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			kib, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				n.t.Fatal(err)
			}
			return kib << 10
		}
	}
	n.t.Fatalf("no %s in status", field)
	return 0
}

// descriptors is how many files the process has open.
func (n *node) descriptors() int {
	n.t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", n.cmd.Process.Pid))
	if err != nil {
		n.t.Fatal(err)
	}
	return len(list)
}

// TestR22_ParallelBombsOverHTTP sends every bomb of the corpus at once, many
// times: the process grows by at most 256 MiB, goes on saying that it is alive,
// and takes a good picture right after.
func TestR22_ParallelBombsOverHTTP(t *testing.T) {
	s := site(t, "SQLite").with("LIMITS=off")
	n := s.start()
	p := s.people(n, "bomber", 1)[0]
	good := imagetest.JPEG(imagetest.Photo(400, 300, 1), 85)
	if r, err := p.put(t.Context(), good); err != nil || r.status != 200 {
		t.Fatalf("a good picture: %v %v", r, err)
	}
	base := n.resident("VmRSS")
	bombs := imagetest.Bombs()
	stop := make(chan struct{})
	var slow []time.Duration
	var health sync.WaitGroup
	health.Go(func() {
		for {
			began := time.Now()
			r, err := n.send(t.Context(), "GET", "/healthz", "", "")
			if err != nil || r.status != 200 {
				t.Errorf("healthz: %v %v", r, err)
			}
			slow = append(slow, time.Since(began))
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
			}
		}
	})
	for range rounds(2, 20) {
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				r, err := p.put(t.Context(), bombs[i%len(bombs)].Data)
				if err != nil || r.status != 422 && r.status != 503 && r.status != 413 {
					t.Errorf("%s: %v %v", bombs[i%len(bombs)].Name, r, err)
				}
			})
		}
		all.Wait()
	}
	close(stop)
	health.Wait()
	began := time.Now()
	if r, err := p.put(t.Context(), good); err != nil || r.status != 200 || time.Since(began) > 15*time.Second {
		t.Errorf("a good picture afterwards: %v %v after %s", r, err, time.Since(began))
	}
	grown := n.resident("VmHWM") - base
	slices.Sort(slow)
	p99 := slow[len(slow)*99/100]
	t.Logf("grown by %d MiB at most; healthz p99 %s of %d", grown>>20, p99, len(slow))
	if grown > 256<<20 {
		t.Errorf("the process grew by %d MiB", grown>>20)
	}
	if long() && p99 > 200*time.Millisecond {
		t.Errorf("healthz took %s at the 99th percentile", p99)
	}
}

// TestR21_SlowUploadsOverHTTP opens many uploads that send a byte a second: all
// are cut in 30 s, hold 64 KiB each at most, and leave no descriptor behind.
func TestR21_SlowUploadsOverHTTP(t *testing.T) {
	s := site(t, "SQLite").with("LIMITS=off")
	n := s.start()
	p := s.people(n, "slow", 1)[0]
	files, base := n.descriptors(), n.resident("VmRSS")
	count := rounds(200, 1000)
	file := append(imagetest.JPEG(imagetest.Photo(64, 48, 1), 80), make([]byte, 1<<20)...)
	flight := make([]*underWay, count)
	var opening sync.WaitGroup
	for i := range flight {
		opening.Go(func() { flight[i] = n.begin(t, "PUT", "/api/profile/picture", p.cookie, "image/jpeg", file) })
		if i%50 == 49 {
			opening.Wait()
		}
	}
	opening.Wait()
	if t.Failed() {
		return
	}
	began := time.Now()
	var all sync.WaitGroup
	var worst atomic.Int64
	for _, u := range flight {
		all.Go(func() {
			answered := make(chan struct{})
			go func() {
				defer close(answered)
				resp, err := http.ReadResponse(u.from, nil)
				if err == nil {
					if resp.StatusCode != 408 && resp.StatusCode != 503 {
						t.Errorf("a slow upload: %d", resp.StatusCode)
					}
					resp.Body.Close()
				}
				worst.Store(max(worst.Load(), int64(time.Since(began))))
			}()
			for i := 0; ; i++ {
				u.conn.Write(u.body[i%100 : i%100+1])
				select {
				case <-answered:
					u.conn.Close()
					return
				case <-time.After(time.Second):
				}
			}
		})
	}
	all.Wait()
	if took := time.Duration(worst.Load()); took > 33*time.Second {
		t.Errorf("the last was cut after %s", took)
	}
	grown := n.resident("VmHWM") - base
	t.Logf("%d uploads, cut after %s at most, %d KiB each", count, time.Duration(worst.Load()), grown/int64(count)>>10)
	// Beside what is kept of the file there are the connection's own buffers.
	if per := grown / int64(count); per > 64<<10 && count >= 1000 {
		t.Errorf("each took %d KiB", per>>10)
	}
	client.CloseIdleConnections()
	waitFor(t, "descriptors", func() bool { return n.descriptors() <= files+16 }) // SQLite may have opened more readers
	if r, err := p.put(t.Context(), imagetest.JPEG(imagetest.Photo(64, 48, 1), 80)); err != nil || r.status != 200 {
		t.Errorf("an upload afterwards: %v %v", r, err)
	}
}
