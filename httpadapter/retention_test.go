package httpadapter_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/httpadapter"
)

// TestR37_RunRemovesOldEvents runs the clean-up beside two others, as nodes
// do: in the first round and in each after, old events go and no others.
func TestR37_RunRemovesOldEvents(t *testing.T) {
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		retention time.Duration
		left      [2]int // of 3000 events an hour apart: at once, and 100 days later
	}{
		"the default":  {0, [2]int{3000, 3000}},
		"thirty days":  {30 * day, [2]int{720, 0}},
		"for ever":     {-1, [2]int{3000, 3000}},
		"a short time": {time.Nanosecond, [2]int{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cfg, w := config(t)
				cfg.Activity.Retention = c.retention
				fit(&cfg)
				app, err := httpadapter.New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				var events []activity.Event
				for i := range 3000 {
					at := w.clock.Now().Add(-time.Duration(i)*time.Hour - time.Minute)
					events = append(events, activity.NewEvent(t.Context(), "test.one", "7", at, nil))
				}
				if err := app.Activity.Record(t.Context(), events...); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				ran := make(chan error, 3)
				for range cap(ran) {
					go func() { ran <- app.Run(ctx) }()
				}
				for round, want := range c.left {
					synctest.Wait()
					left, err := w.store.Activity().Page(ctx, activity.Query{UserID: "7", Limit: 5000})
					if err != nil || len(left) != want {
						t.Errorf("round %d: %d events are left, want %d; error %v", round, len(left), want, err)
					}
					w.clock.advance(100 * day)
					time.Sleep(time.Hour) // of the bubble: several rounds
				}
				cancel()
				for range cap(ran) {
					if err := <-ran; !errors.Is(err, context.Canceled) {
						t.Errorf("Run: %v", err)
					}
				}
			})
		})
	}
}

func TestR37_TheDefaultRetentionIs400Days(t *testing.T) {
	cfg, w := config(t)
	fit(&cfg)
	app, err := httpadapter.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	at := w.clock.Now()
	if err := app.Activity.Record(t.Context(), activity.NewEvent(t.Context(), "test.one", "7", at, nil)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		age  time.Duration
		want int
	}{
		{400*24*time.Hour - time.Minute, 0},
		{400*24*time.Hour + time.Minute, 1},
	} {
		w.clock.advance(at.Add(c.age).Sub(w.clock.Now()))
		if n, err := app.Activity.PurgeExpired(t.Context()); n != c.want || err != nil {
			t.Errorf("%d events went at the age of %v, want %d; error %v", n, c.age, c.want, err)
		}
	}
}

// What our sign-in left goes when its time is over, also after a host has put its own
// sign-in in our place.
func TestRunPurgesWhatOurSignInLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, w := config(t)
		fit(&cfg)
		app, err := httpadapter.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		in, err := app.Auth.Register(t.Context(), auth.Client{}, auth.Registration{Username: "ada", Email: "ada@example.org", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		ticket := authstore.Ticket{Hash: [32]byte{1}, Purpose: "reset", UserID: in.User.ID, CreatedAt: w.clock.Now(), ExpiresAt: w.clock.Now().Add(time.Hour)}
		if err := cfg.Stores.Auth.Tickets.AddTickets(t.Context(), in.User.ID, "", []authstore.Ticket{ticket}); err != nil {
			t.Fatal(err)
		}
		made := w.clock.Now()
		w.clock.advance(100 * 24 * time.Hour)
		cfg.Authenticator = nobody{}
		fit(&cfg)
		if app, err = httpadapter.New(cfg); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error)
		go func() { ran <- app.Run(ctx) }()
		synctest.Wait()
		cancel()
		<-ran
		sessions, err := everySession(t.Context(), cfg.Stores.Auth.Sessions, in.User.ID)
		tickets, err2 := cfg.Stores.Auth.Tickets.Tickets(t.Context(), in.User.ID, "reset", made)
		if err := errors.Join(err, err2); err != nil || len(sessions)+len(tickets) != 0 {
			t.Errorf("%d sessions and %d tickets are left, %v", len(sessions), len(tickets), err)
		}
	})
}
