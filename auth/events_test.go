package auth_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
)

func TestS68_EveryOutcomeIsAnEvent(t *testing.T) {
	type step func(t *testing.T, w *world, id auth.Identity) error
	ok := func(err error) bool { return err == nil }
	wrong := func(err error) bool { return errors.Is(err, auth.ErrInvalidCredentials) }
	for _, tt := range []struct {
		kind   activity.Kind
		detail map[string]string
		do     step
		want   func(error) bool
	}{
		{authevent.Registered, nil, func(*testing.T, *world, auth.Identity) error { return nil }, ok},
		{authevent.SignIn, map[string]string{"method": "password"}, func(t *testing.T, w *world, _ auth.Identity) error {
			_, err := w.signIn(t, "ada", password)
			return err
		}, ok},
		{authevent.SignInFailed, map[string]string{"method": "password", "reason": "wrong"}, func(t *testing.T, w *world, _ auth.Identity) error {
			_, err := w.signIn(t, "ada@example.org", other)
			return err
		}, wrong},
		{authevent.SignInFailed, map[string]string{"method": "password", "reason": "disabled"}, func(t *testing.T, w *world, id auth.Identity) error {
			w.disable(t, id.User.ID, true)
			_, err := w.signIn(t, "ada", password)
			return err
		}, wrong},
		{authevent.SignOut, nil, func(t *testing.T, w *world, id auth.Identity) error {
			return w.SignOut(t.Context(), id)
		}, ok},
		{authevent.Reauthenticated, map[string]string{"method": "password"}, func(t *testing.T, w *world, id auth.Identity) error {
			_, err := w.Reauthenticate(t.Context(), home, id, password)
			return err
		}, ok},
		{
			authevent.ReauthenticationFailed,
			map[string]string{"method": "password", "reason": "wrong", "for": "reauthenticate"},
			func(t *testing.T, w *world, id auth.Identity) error {
				_, err := w.Reauthenticate(t.Context(), home, id, other)
				return err
			}, wrong,
		},
		{
			authevent.ReauthenticationFailed,
			map[string]string{"method": "password", "reason": "wrong", "for": "password"},
			func(t *testing.T, w *world, id auth.Identity) error {
				_, err := w.ChangePassword(t.Context(), home, id, other, newer)
				return err
			}, wrong,
		},
		{authevent.PasswordChanged, map[string]string{"method": "password", "endedSessions": "1"}, func(t *testing.T, w *world, id auth.Identity) error {
			_, err := w.ChangePassword(t.Context(), home, id, password, newer)
			return err
		}, ok},
		{authevent.SessionEnded, nil, func(t *testing.T, w *world, id auth.Identity) error {
			return w.EndSession(t.Context(), id, id.Session.ID)
		}, ok},
		{authevent.SessionsEnded, map[string]string{"endedSessions": "1"}, func(t *testing.T, w *world, id auth.Identity) error {
			_, err := w.EndOtherSessions(t.Context(), id)
			return err
		}, ok},
	} {
		t.Run(string(tt.kind)+fmt.Sprint(tt.detail), func(t *testing.T) {
			w := open(t)
			in := w.register(t, "ada")
			id := w.alive(t, in.Token)
			before := 0
			if tt.kind != authevent.Registered {
				w.clock.add(time.Second)
				w.mustSignIn(t, "ada", password) // another session
				before = len(w.events(t, in.User.ID))
			}
			records := strings.Count(w.log.String(), "msg=auth ")
			w.clock.add(time.Second)
			if err := tt.do(t, w, id); !tt.want(err) {
				t.Fatal(err)
			}
			ev := w.events(t, in.User.ID)
			if len(ev) != before+1 {
				t.Fatalf("%d events, want one more than %d", len(ev), before)
			}
			e := ev[0]
			if e.Kind != tt.kind || fmt.Sprint(e.Detail) != fmt.Sprint(tt.detail) {
				t.Errorf("event = %s %v, want %v", e.Kind, e.Detail, tt.detail)
			}
			if e.Source.IP != "203.0.113.0/24" || e.Source.Device == "" || e.At.Location() != time.UTC {
				t.Errorf("event = %+v", e)
			}
			if tt.kind != authevent.Registered {
				if !e.At.Equal(w.clock.now()) {
					t.Errorf("at %v", e.At)
				}
				if n := strings.Count(w.log.String(), "msg=auth ") - records; n != 1 { // S67
					t.Errorf("%d log records, want 1", n)
				}
			}
		})
	}
}

// What did not happen is no event, and nobody's failure is nobody's event.
func TestS68_NothingIsNoEvent(t *testing.T) {
	w := open(t)
	in := w.register(t, "ada")
	id := w.alive(t, in.Token)
	if n, err := w.EndOtherSessions(t.Context(), id); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	_ = w.EndSession(t.Context(), id, "nothing")
	_, _ = w.signIn(t, "nobody", password)
	_, _ = w.Register(t.Context(), home, auth.Registration{Username: "ada", Email: "x@example.org", Password: password})
	if ev := w.events(t, in.User.ID); len(ev) != 1 {
		t.Errorf("events = %+v", ev)
	}
	// A flood beyond the limit does not fill the feed of its victim.
	for range 50 {
		_, _ = w.signIn(t, "ada", other)
	}
	if ev := w.events(t, in.User.ID); len(ev) != 11 {
		t.Errorf("%d events, want 11", len(ev))
	}
}

func TestS66_NoSecretsInLogsErrorsAndEvents(t *testing.T) {
	w := open(t)
	var told strings.Builder
	note := func(err error) {
		if err != nil {
			fmt.Fprintf(&told, "%v %+v\n", err, err)
		}
	}
	const name, email, pass, next = "canaryname", "canary.mail@example.org", "canary-password-one", "canary-password-two"
	in, err := w.Register(t.Context(), home, auth.Registration{Username: name, Email: email, Password: pass})
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{pass, next, email, "canary.mail", "canary-typo", "203.0.113.7", in.Token, "canaryname"}
	for _, c := range []auth.Credentials{
		{Login: name, Password: pass},
		{Login: email, Password: "canary-typo-password"},
		{Login: "canary-typo@example.org", Password: pass},
		{Login: "canary-typo", Password: pass},
		{Login: pass, Password: name},
		{Login: "canary-typo\x00", Password: pass},
		{Login: name, Password: pass + "\x00"},
	} {
		s, err := w.SignIn(t.Context(), home, c)
		note(err)
		if s.Token != "" {
			secrets = append(secrets, s.Token)
		}
	}
	_, err = w.Register(t.Context(), home, auth.Registration{Username: name, Email: email, Password: pass})
	note(err)
	_, err = w.Register(t.Context(), home, auth.Registration{Username: "canary-typo ", Email: "canary-typo", Password: "canary-typo"})
	note(err)
	id := w.alive(t, in.Token)
	proof, err := w.Reauthenticate(t.Context(), home, id, pass)
	note(err)
	secrets = append(secrets, proof.Token)
	id = w.alive(t, proof.Token)
	_, err = w.ChangePassword(t.Context(), home, id, "canary-typo-password", next)
	note(err)
	proof, err = w.ChangePassword(t.Context(), home, id, pass, next)
	note(err)
	secrets = append(secrets, proof.Token)
	_, err = w.Authenticate(t.Context(), proof.Token+"x")
	note(err)
	for range 15 {
		_, err = w.SignIn(t.Context(), home, auth.Credentials{Login: email, Password: "canary-typo-password"})
		note(err)
	}
	note(w.SignOut(t.Context(), w.alive(t, proof.Token)))
	note(w.PurgeExpired(t.Context()))

	feed := fmt.Sprintf("%+v", w.events(t, in.User.ID))
	for where, text := range map[string]string{"the log": w.log.String(), "an error": told.String(), "an event": feed} {
		if text == "" {
			t.Errorf("nothing in %s to look at", where)
		}
		for i, s := range secrets {
			if s == "" || strings.Contains(strings.ToLower(text), strings.ToLower(s)) {
				t.Errorf("secret %d (%.12q) is in %s", i, s, where)
			}
		}
	}
}
