package picture

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/internal/imagetest"
)

// Files that grow beside one another, all of them larger than their share, all
// arrive: none waits for ever, and together they never hold more than they may.
func TestR22_FilesShareTheirMemory(t *testing.T) {
	for _, n := range []int{1, 2, 7, 50} {
		synctest.Test(t, func(t *testing.T) {
			const most = 1000
			f := newFiles(Limits{Files: 3 * most, QueueTime: time.Hour})
			var all sync.WaitGroup
			for range n {
				all.Go(func() {
					c := f.file(most)
					defer c.close()
					for held := int64(100); held <= most; held *= 2 {
						if err := c.hold(t.Context(), held); err != nil {
							t.Errorf("hold: %v", err)
						}
						f.mu.Lock()
						if f.used > f.budget {
							t.Errorf("%d are held of %d", f.used, f.budget)
						}
						f.mu.Unlock()
						time.Sleep(time.Duration(rand.IntN(1000)) * time.Millisecond)
					}
				})
			}
			all.Wait()
			if f.used != 0 || len(f.open) != 0 {
				t.Errorf("%d are held by %d files at the end", f.used, len(f.open))
			}
		})
	}
}

// A sender who stops holds what came of the file. Others wait for a bounded
// time when that is all there is, and are served otherwise.
func TestR21_FilesOfSlowSenders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most = 1000
		f := newFiles(Limits{Files: 4 * most, QueueTime: 10 * time.Second})
		slow := f.file(most)
		if err := slow.hold(t.Context(), 100); err != nil {
			t.Fatal(err)
		}
		for range 3 { // the slow one may need 900 more
			if err := f.file(most).hold(t.Context(), most); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		late := f.file(most)
		if err := late.hold(t.Context(), 1); !errors.Is(err, ErrBusy) || time.Since(start) != 10*time.Second {
			t.Errorf("%v after %v; want ErrBusy after 10 s", err, time.Since(start))
		}
		late.close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		gone := f.file(most)
		if err := gone.hold(ctx, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v; want that of the context", err)
		}
		gone.close()
		gone.close()
		next := make(chan error)
		go func() { next <- f.file(most).hold(t.Context(), most) }()
		synctest.Wait()
		if err := slow.hold(t.Context(), most); err != nil {
			t.Errorf("what the oldest may need is taken: %v", err)
		}
		slow.close()
		if err := <-next; err != nil {
			t.Errorf("with the oldest gone: %v", err)
		}
	})
}

// The pipeline holds a file until nobody works on it any more, also when the
// one who sent it was answered long ago.
func TestR22_FilesAreHeldUntilTheDecoderEnds(t *testing.T) {
	file := append(imagetest.JPEG(imagetest.Photo(64, 64, 1), 80), make([]byte, 200_000)...)
	synctest.Test(t, func(t *testing.T) {
		lim := Limits{Slots: 1, MaxBytes: 1 << 20, QueueTime: time.Second}.withDefaults()
		pool := NewPool(lim)
		release := make(chan struct{})
		go pool.run(t.Context(), 1, func(context.Context) (Result, error) { <-release; return Result{}, nil })
		synctest.Wait()
		held := func() int64 {
			pool.files.mu.Lock()
			defer pool.files.mu.Unlock()
			return pool.files.used
		}
		done := make(chan error)
		send := func(src io.Reader) {
			go func() {
				_, err := process(t.Context(), src, Options{Limits: lim, Pool: pool})
				done <- err
			}()
			synctest.Wait()
		}
		send(bytes.NewReader(file))
		if n := held(); n != 256<<10 {
			t.Errorf("a file that waits for its turn holds %d; want 256 KiB", n)
		}
		if err := <-done; !errors.Is(err, ErrBusy) || held() != 0 {
			t.Errorf("%v, %d are held", err, held())
		}
		close(release)
		synctest.Wait()
		for name, src := range map[string]io.Reader{
			"good": bytes.NewReader(file), "bad": bytes.NewReader(file[:len(file)-200_100]), "small": bytes.NewReader(file[:100]),
		} {
			send(src)
			<-done
			synctest.Wait()
			if n := held(); n != 0 {
				t.Errorf("%s: %d are held at the end", name, n)
			}
		}

		pool.lim.DecodeTime = time.Second
		hang := make(chan struct{})
		go func() {
			_, err := process(t.Context(), io.MultiReader(strings.NewReader("hang"), bytes.NewReader(file)), Options{Limits: lim, Decoders: []Decoder{hanging(hang)}, Pool: pool})
			done <- err
		}()
		var rejected *RejectedError
		if err := <-done; !errors.As(err, &rejected) || rejected.Reason != ReasonTime {
			t.Errorf("%v; want it rejected for its time", err)
		}
		if held() != 256<<10 {
			t.Errorf("%d are held while the decoder hangs; want 256 KiB", held())
		}
		close(hang)
		synctest.Wait()
		if held() != 0 {
			t.Errorf("%d are held after the decoder ended", held())
		}
	})
}

// hanging is a Decoder that does not stop when it should.
type hanging chan struct{}

func (hanging) Name() string           { return "HANG" }
func (hanging) MediaTypes() []string   { return nil }
func (hanging) Sniff(head []byte) bool { return bytes.HasPrefix(head, []byte("hang")) }

func (hanging) Header([]byte, int64) (Header, error) { return Header{Width: 8, Height: 8}, nil }

func (h hanging) Decode(context.Context, []byte, int64) (image.Image, error) {
	<-h
	return image.NewGray(image.Rect(0, 0, 8, 8)), nil
}
