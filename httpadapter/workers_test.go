package httpadapter_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/httpadapter"
)

// poster is a Courier and a Recorder that counts how often it was run.
type poster struct{ runs *atomic.Int32 }

func (p poster) Deliver(context.Context, auth.Message) error     { return nil }
func (p poster) Record(context.Context, ...activity.Event) error { return nil }
func (p poster) Authenticate(*http.Request) (httpadapter.Caller, error) {
	return httpadapter.Caller{}, auth.ErrUnauthenticated
}

func (p poster) Run(ctx context.Context) error {
	p.runs.Add(1)
	<-ctx.Done()
	return ctx.Err()
}

// unlike is a poster that cannot be compared.
type unlike struct {
	poster
	_ []string
}

// Whoever writes notices down must also send them, and remove what is dead: with a
// sign-in of the host's own there is no Courier, and a Recorder alone does both.
func TestRunRunsTheCourierAndTheRecorder(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(cfg *httpadapter.Config, p poster)
		runs int32
	}{
		"neither": {func(*httpadapter.Config, poster) {}, 0},
		"one that is both": {func(cfg *httpadapter.Config, p poster) {
			cfg.Courier, cfg.Recorder = p, p
		}, 1},
		"two": {func(cfg *httpadapter.Config, p poster) {
			cfg.Courier, cfg.Recorder = p, &p
		}, 2},
		"two that cannot be compared": {func(cfg *httpadapter.Config, p poster) {
			cfg.Courier, cfg.Recorder = unlike{poster: p}, unlike{poster: p}
		}, 2},
		"a Recorder beside a sign-in of the host's own": {func(cfg *httpadapter.Config, p poster) {
			cfg.Authenticator, cfg.Recorder = p, p
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg, _ := config(t)
				p := poster{new(atomic.Int32)}
				c.set(&cfg, p)
				app, err := httpadapter.New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				ran := make(chan error, 1)
				go func() { ran <- app.Run(ctx) }()
				synctest.Wait()
				if n := p.runs.Load(); n != c.runs {
					t.Errorf("%d are run, want %d", n, c.runs)
				}
				cancel()
				if err := <-ran; !errors.Is(err, context.Canceled) {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}
