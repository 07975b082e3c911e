package httpadapter_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/settings/notify"
)

// mailedTo is a Sender that keeps what it sends.
type mailedTo struct {
	mu   sync.Mutex
	list []notify.Letter
}

func (l *mailedTo) Send(_ context.Context, m notify.Letter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, m)
	return nil
}

// to are the subjects of what went to the address.
func (l *mailedTo) to(address string) (subjects []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.list {
		if m.To == address {
			subjects = append(subjects, m.Subject)
		}
	}
	return subjects
}

// Senders and a name are all that mail needs: links are sent, notices are sent, and a
// Recorder of the host's hears of everything beside that.
func TestMailInThreeLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, _ := config(t)
		sent, heard := &mailedTo{}, &told{}
		cfg.Auth.Courier, cfg.Recorder = nil, heard
		cfg.Name, cfg.Mail = "Example", notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: sent}}
		fit(&cfg)
		app, err := httpadapter.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error)
		go func() { ran <- app.Run(ctx) }()
		in, err := app.Auth.Register(ctx, auth.Client{}, auth.Registration{Username: "ada", Email: "ada@example.org", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Auth.Forgot(ctx, auth.Client{}, "ada@example.org"); err != nil {
			t.Fatal(err)
		}
		id, err := app.Auth.Authenticate(ctx, in.Token)
		if err != nil {
			t.Fatal(err)
		}
		// A new account whose address nobody proved gets no notices: it may be a stranger's.
		if id.User, err = cfg.Stores.Users.Update(ctx, id.User.ID, profile.Patch{EmailVerified: new(true)}); err != nil {
			t.Fatal(err)
		}
		if _, err := app.Deletions.Request(ctx, id.Caller()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // of the bubble: Run looks every second
		synctest.Wait()
		got := sent.to("ada@example.org")
		if len(got) < 3 || !strings.Contains(strings.Join(got, "; "), "Example") {
			t.Errorf("letters %q", got)
		}
		if kinds := heard.all(); !slices.Equal(kinds, []activity.Kind{authevent.Registered, profile.KindDeletionRequested}) {
			t.Errorf("the host's Recorder heard %v", kinds)
		}
		cancel()
		if err := <-ran; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
}

// With a host's own sign-in the same Mail sends notices, and no link of ours.
func TestMailBesideAnAuthenticator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, w := config(t)
		sent := &mailedTo{}
		cfg.Auth, cfg.Authenticator = auth.Policy{}, nobody{}
		cfg.Name, cfg.Mail = "Example", notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: sent}}
		fit(&cfg)
		app, err := httpadapter.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ada, err := w.store.Users().Create(t.Context(), profile.User{Username: "ada", Email: "ada@example.org", EmailVerified: true, Role: "user"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.Deletions.Request(t.Context(), profile.Caller{User: ada, ProvedAt: w.clock.Now()}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error)
		go func() { ran <- app.Run(ctx) }()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		cancel()
		<-ran
		sent.mu.Lock()
		defer sent.mu.Unlock()
		if len(sent.list) != 1 || sent.list[0].To != "ada@example.org" || strings.Contains(sent.list[0].Text, "/account/") {
			t.Errorf("letters %+v", sent.list)
		}
		for _, r := range app.Routes() {
			if strings.Contains(r.Pattern, "/account/") || strings.Contains(r.Pattern, "/auth/") {
				t.Errorf("%s is mounted", r.Pattern)
			}
		}
	})
}

func TestMailIsOneThing(t *testing.T) {
	cfg, w := config(t)
	cfg.Auth.Courier = w.mail
	cfg.Mail = notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: &mailedTo{}}}
	if _, err := httpadapter.New(cfg); err == nil {
		t.Error("Mail and Courier together are taken")
	}
}

// Run does not go on without those who send: their error is its own.
func TestRunEndsWithItsWorkers(t *testing.T) {
	broken := errors.New("the queue is gone")
	for _, want := range []error{broken, nil} {
		cfg, _ := config(t)
		fit(&cfg)
		app, err := httpadapter.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		app.AddWorker(func(context.Context) error { return want })
		if err := app.Run(t.Context()); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("Run: %v, want %v", err, want)
		}
	}
}

// Whatever the cause of its context's end is, Run returns the error of the context.
func TestRunReturnsTheErrorOfItsContext(t *testing.T) {
	cfg, _ := config(t)
	fit(&cfg)
	app, err := httpadapter.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the host stops"))
	if err := app.Run(ctx); err != context.Canceled {
		t.Errorf("Run: %v", err)
	}
}
