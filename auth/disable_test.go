package auth_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authevent"
	"github.com/profilekit/profilekit/auth/authstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/storage"
)

// Disabling ends sessions, unfinished sign-ins and trusted devices for good, whoever
// sets Disabled: enabling the account brings none of them back.
func TestT14a_DisablingEndsSessionsForGood(t *testing.T) {
	set := func(w *world, id string, yes bool) error {
		_, err := w.db.Users().Update(t.Context(), id, profile.Patch{Disabled: &yes})
		return err
	}
	for name, way := range map[string]struct {
		disable, enable func(w *world, id string) error
		// met is whether a session comes by while the account is disabled.
		met bool
	}{
		"Disable and Enable": {
			func(w *world, id string) error { return w.Disable(t.Context(), id) },
			func(w *world, id string) error { return w.Enable(t.Context(), id) }, false,
		},
		"Disable and Update": {
			func(w *world, id string) error { return w.Disable(t.Context(), id) },
			func(w *world, id string) error { return set(w, id, false) }, false,
		},
		"Update and Enable": {
			func(w *world, id string) error { return set(w, id, true) },
			func(w *world, id string) error { return w.Enable(t.Context(), id) }, false,
		},
		"Update alone, when a session is met": {
			func(w *world, id string) error { return set(w, id, true) },
			func(w *world, id string) error { return set(w, id, false) }, true,
		},
	} {
		for _, first := range []string{"session", "half"} {
			if !way.met && first == "half" {
				continue
			}
			t.Run(name+" "+first, func(t *testing.T) {
				onDatabases(t, func(t *testing.T, db database) {
					totp, _ := withTOTP(t)
					w := openOn(t, db, totp, limitsOff)
					a, _, token := w.enrol(t, w.register(t, "ada").Token)
					trusted, err := w.FinishSignIn(t.Context(), home, w.half(t), byTOTP(a.code(0)), true)
					if err != nil || trusted.Device == "" {
						t.Fatalf("%q, %v", trusted.Device, err)
					}
					half := w.mustSignIn(t, "ada", password)
					id := w.alive(t, token).User.ID
					is(t, way.disable(w, id), nil)
					if way.met {
						if first == "session" {
							w.dead(t, token)
						} else if _, err := w.AuthenticateHalf(t.Context(), half.Token); !errors.Is(err, auth.ErrUnauthenticated) {
							t.Errorf("half: %v", err)
						}
					}
					is(t, way.enable(w, id), nil)
					w.dead(t, token)
					w.dead(t, trusted.Token)
					if _, err := w.AuthenticateHalf(t.Context(), half.Token); !errors.Is(err, auth.ErrUnauthenticated) {
						t.Errorf("the unfinished sign-in of before: %v", err)
					}
					in, err := w.SignIn(t.Context(), home, auth.Credentials{Login: "ada", Password: password, Device: trusted.Device})
					if err != nil || in.Status != auth.SecondFactorRequired {
						t.Errorf("on the device of before: %q, %v", in.Status, err)
					}
					w.clock.add(time.Minute)
					h, err := w.AuthenticateHalf(t.Context(), in.Token)
					is(t, err, nil)
					in, err = w.FinishSignIn(t.Context(), home, h, byTOTP(a.code(0)), false)
					is(t, err, nil)
					w.alive(t, in.Token)
				})
			})
		}
	}
}

// Disabling an account removes what was begun and records one event. Disabling a user who
// is not there is storage.ErrNotFound.
func TestT14a_WhatWasBegunIsOff(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		p := openPost(t, db, unlimitedMail)
		p.proved(t, "ada")
		in := p.mustSignIn(t, "ada", password)
		id := p.alive(t, in.Token)
		reset := p.forgot(t, "ada")
		is(t, p.BeginEmailChange(t.Context(), home, id, "new@example.org", 0), nil)
		for range 2 {
			is(t, p.Disable(t.Context(), id.User.ID), nil)
		}
		u, err := db.Users().User(t.Context(), id.User.ID)
		if err != nil || !u.Disabled || u.PendingEmail != "" {
			t.Errorf("disabled %v, pending %q, %v", u.Disabled, u.PendingEmail, err)
		}
		if list, err := everySession(t.Context(), db.Auth().Sessions, id.User.ID); err != nil || len(list) != 0 {
			t.Errorf("%d sessions are left, %v", len(list), err)
		}
		for range 2 {
			is(t, p.Enable(t.Context(), id.User.ID), nil)
		}
		is(t, p.Reset(t.Context(), home, reset, newer), auth.ErrInvalidToken)
		for _, kind := range []activity.Kind{authevent.Disabled, authevent.Enabled} {
			if n := countKind(p.events(t, id.User.ID), kind); n != 1 {
				t.Errorf("%d events %s, want 1", n, kind)
			}
			if n := p.notices.count(kind); n != 1 {
				t.Errorf("%s was told %d times, want once", kind, n)
			}
		}
		is(t, p.Disable(t.Context(), "424242"), storage.ErrNotFound)
		is(t, p.Enable(t.Context(), "424242"), storage.ErrNotFound)

		in = p.mustSignIn(t, "ada", password)
		p.notices.fail = errDown // what cannot be told does not happen
		is(t, p.Disable(t.Context(), id.User.ID), errDown)
		p.alive(t, in.Token)
	})
}

// What the owner has against a thief does nothing while the account is disabled, and is not
// used up by that: it works when the host has enabled the account again.
func TestT14a_TheOwnersLinksOutliveADisabling(t *testing.T) {
	onDatabases(t, func(t *testing.T, db database) {
		c := openChange(t, db)
		user := c.id.User.ID
		confirm, undo := c.begin(t, adaNew)
		is(t, c.ConfirmEmailChange(t.Context(), home, confirm), nil)
		c.world.leave(t, c.token)
		link, err := c.ReportLink(t.Context(), user, adaNew)
		if err != nil {
			t.Fatal(err)
		}
		report := tokenIn(t, link)

		is(t, c.Disable(t.Context(), user), nil)
		for range 2 {
			is(t, c.UndoEmailChange(t.Context(), home, undo), auth.ErrInvalidToken)
			is(t, c.Report(t.Context(), home, report), auth.ErrInvalidToken)
		}
		is(t, c.Enable(t.Context(), user), nil)
		is(t, c.Report(t.Context(), home, report), nil)
		if u := c.now(t); u.DeletionPending() {
			t.Errorf("after the report it is %+v", u)
		}
		is(t, c.UndoEmailChange(t.Context(), home, undo), nil)
		if u := c.now(t); u.Email != adaOld {
			t.Errorf("after the undo it is %+v", u)
		}
		is(t, c.UndoEmailChange(t.Context(), home, undo), auth.ErrInvalidToken)
		is(t, c.Report(t.Context(), home, report), auth.ErrInvalidToken)
	})
}

// deafSessions cannot end sessions.
type deafSessions struct{ authstore.SessionStore }

func (deafSessions) EndSessions(context.Context, string, string, ...activity.Event) (int, error) {
	return 0, errDown
}

// The refusal stands when the rows cannot be removed, and the log says why they are there.
func TestT14a_AStoreThatIsDownRefusesToo(t *testing.T) {
	w := open(t, func(c *auth.Config) { c.Stores.Sessions = deafSessions{c.Stores.Sessions} })
	in := w.register(t, "ada")
	w.disable(t, in.User.ID, true)
	w.dead(t, in.Token)
	if !strings.Contains(w.log.String(), "were not removed") {
		t.Errorf("the log is silent:\n%s", w.log.String())
	}
}
