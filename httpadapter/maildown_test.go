package httpadapter_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/settings/notify"
)

// troubled is a Sender that notes each try, and fails until it is mended.
type troubled struct {
	fail func(ctx context.Context) error

	mu     sync.Mutex
	mended bool
	tries  map[string][]time.Time // by kind and address
	sent   []string
}

func (s *troubled) Send(ctx context.Context, l notify.Letter) error {
	letter := l.Subject + " to " + l.To
	s.mu.Lock()
	s.tries[letter] = append(s.tries[letter], time.Now())
	mended := s.mended
	if mended {
		s.sent = append(s.sent, letter)
	}
	s.mu.Unlock()
	if mended {
		return nil
	}
	return s.fail(ctx)
}

func (s *troubled) count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, times := range s.tries {
		n += len(times)
	}
	return n
}

// ofKind has letters say what they are.
func ofKind(m authmail.Message, _ string) (notify.Letter, error) {
	return notify.Letter{Subject: string(m.Kind), Text: m.Link}, nil
}

// posting is an app whose mail goes by a troubled sender, on the clock of its bubble.
type posting struct {
	t      *testing.T
	app    *httpadapter.App
	sender *troubled
}

// ask sends a request, and returns what of the answer could tell how the mail is. It
// takes no time: nothing that it waits for is outside this process.
func (p posting) ask(path, body string) string {
	p.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.RemoteAddr = "203.0.113.7:1234"
	w, start := httptest.NewRecorder(), time.Now()
	p.app.ServeHTTP(w, r)
	if took := time.Since(start); took != 0 {
		p.t.Errorf("POST %s waited %v", path, took)
	}
	h := w.Header()
	for _, own := range []string{"X-Request-Id", "Set-Cookie"} {
		if h.Get(own) != "" {
			h.Set(own, "there")
		}
	}
	return fmt.Sprint(w.Code, h, w.Body)
}

// requests are what sends mail by somebody who is not signed in.
func (p posting) requests(name string) (answers []string) {
	p.t.Helper()
	return []string{
		p.ask("/api/auth/register", registration(name, name+"@example.org", password)),
		p.ask("/api/auth/password/forgot", `{"email":"`+name+`@example.org"}`),
		p.ask("/api/auth/password/forgot", `{"email":"nobody@example.org"}`),
	}
}

// live runs f with an app in a bubble of its own. run has App.Run work from then on.
func live(t *testing.T, fail func(context.Context) error, f func(p posting, run func())) {
	synctest.Test(t, func(t *testing.T) {
		cfg, _ := config(t)
		p := posting{t: t, sender: &troubled{fail: fail, tries: map[string][]time.Time{}}}
		cfg.Auth.Courier, cfg.Now, cfg.Logger = nil, time.Now, slog.New(slog.DiscardHandler)
		cfg.Mail = notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: p.sender}, Render: ofKind}
		var err error
		if p.app, err = httpadapter.New(cfg); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer cancel()
		f(p, func() { go p.app.Run(ctx) })
	})
}

// R27: whatever is the matter with the mailer, sign-up and forgot answer as they do
// when it works, and never wait for it; what they wrote down is sent later, ever more
// seldom tried, and not at all once its link is over.
func TestR27_SignUpAndForgotWithoutAMailer(t *testing.T) {
	var healthy []string
	both := func(p posting, run func()) []string {
		first := p.requests("ada")
		if n := p.sender.count(); n != 0 {
			p.t.Errorf("%d letters were sent by the requests themselves", n)
		}
		run()
		time.Sleep(3 * time.Second) // of the bubble: what waits is being sent
		synctest.Wait()
		if p.sender.count() == 0 {
			p.t.Error("nothing is sent by Run")
		}
		return append(first, p.requests("bob")...)
	}
	live(t, func(context.Context) error { return nil }, func(p posting, run func()) { healthy = both(p, run) })
	for i, status := range []string{"201 ", "202 ", "202 ", "201 ", "202 ", "202 "} {
		if !strings.HasPrefix(healthy[i], status) {
			t.Fatalf("answer %d is %s", i, healthy[i])
		}
	}
	for name, c := range map[string]struct {
		fail func(ctx context.Context) error
		good bool // for good: it is no use to try again
		hang time.Duration
	}{
		"down": {fail: func(context.Context) error { return errors.New("connection refused") }},
		"4xx":  {fail: func(context.Context) error { return errors.New("451 try again later") }},
		"5xx":  {fail: func(context.Context) error { return &notify.PermanentError{Err: errors.New("550 no such mailbox")} }, good: true},
		"slow": {fail: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, hang: 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			live(t, c.fail, func(p posting, run func()) {
				t := p.t
				if answers := both(p, run); !slices.Equal(answers, healthy) {
					t.Errorf("the answers are\n%s\nwith a mailer that works\n%s", strings.Join(answers, "\n"), strings.Join(healthy, "\n"))
				}
				time.Sleep(time.Hour + time.Minute)
				p.sender.mu.Lock()
				for letter, tries := range p.sender.tries {
					if strings.Contains(letter, "nobody") {
						t.Errorf("%s was sent", letter)
					}
					triedAt(t, letter, tries, c.good, c.hang)
				}
				if len(p.sender.tries) != 4 {
					t.Errorf("%d letters were tried, want 4", len(p.sender.tries))
				}
				p.sender.mended = true
				p.sender.mu.Unlock()
				time.Sleep(3 * time.Hour)
				p.sender.mu.Lock()
				defer p.sender.mu.Unlock()
				want := []string{"verify to ada@example.org", "verify to bob@example.org"}
				if c.good {
					want = nil
				}
				if slices.Sort(p.sender.sent); !slices.Equal(p.sender.sent, want) {
					t.Errorf("in the end %q were sent, want %q: links to reset are over", p.sender.sent, want)
				}
			})
		})
	}
}

// triedAt checks the times at which one letter was tried in an hour.
func triedAt(t *testing.T, letter string, tries []time.Time, good bool, hang time.Duration) {
	t.Helper()
	if good {
		if len(tries) != 1 {
			t.Errorf("%s: tried %d times, want once", letter, len(tries))
		}
		return
	}
	if len(tries) < 5 || len(tries) > 10 {
		t.Errorf("%s: tried %d times in an hour", letter, len(tries))
	}
	for i := 1; i < len(tries); i++ {
		least := 10*time.Second<<(i-1) + hang
		// Each wait is up to a half longer, and three letters may be before it.
		most := least + least/2 + 2*time.Second + 3*hang
		if waited := tries[i].Sub(tries[i-1]); waited < least || waited > most {
			t.Errorf("%s: %v before try %d, want from %v to %v", letter, waited, i+1, least, most)
		}
	}
}
