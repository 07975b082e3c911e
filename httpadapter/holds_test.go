package httpadapter_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
)

// Whatever is held is refused in the words for what is in use, on every route
// that gives a name or an address.
func TestS11_HeldLooksLikeTaken(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Stores.Limits = limit.Off{} })
	ada, eve := w.client().register("ada"), w.client().register("eve")
	ada.send("PATCH", "/api/profile", `{"username":"countess"}`).want(t, 200)
	// An address that was never proved is not held.
	ada.send("POST", "/api/auth/email/verify", `{"token":"`+w.mail.token(t, authmail.Verify, "ada@example.org")+`"}`).want(t, 204)
	ada.send("POST", "/api/auth/email/change", `{"email":"new@example.org"}`).want(t, 202)
	ada.send("POST", "/api/auth/email/change/confirm", `{"token":"`+w.mail.token(t, authmail.EmailChange, "new@example.org")+`"}`).want(t, 204)
	undo := w.mail.token(t, authmail.EmailChanging, "ada@example.org")

	confirm := func(address string) reply {
		eve.send("POST", "/api/auth/email/change", `{"email":"`+address+`"}`).want(t, 202)
		return eve.send("POST", "/api/auth/email/change/confirm", `{"token":"`+w.mail.token(t, authmail.EmailChange, address)+`"}`)
	}
	// An address that somebody gets between the two steps is one in use.
	late := func() reply {
		eve.send("POST", "/api/auth/email/change", `{"email":"late@example.org"}`).want(t, 202)
		w.client().send("POST", "/api/auth/register", registration("late", "late@example.org", password)).want(t, 201)
		return eve.send("POST", "/api/auth/email/change/confirm", `{"token":"`+w.mail.token(t, authmail.EmailChange, "late@example.org")+`"}`)
	}
	join := func(name, email string) reply {
		return w.client().send("POST", "/api/auth/register", registration(name, email, password))
	}
	put := func(name string) reply {
		return eve.send("PUT", "/api/profile", fmt.Sprintf(`{"username":%q,"email":"eve@example.org"}`, name))
	}
	patch := func(name string) reply {
		return eve.send("PATCH", "/api/profile", fmt.Sprintf(`{"username":%q,"bio":"x"}`, name))
	}
	for what, pair := range map[string][2]reply{
		"register, name":    {join("Ada", "x@example.org"), join("Countess", "x@example.org")},
		"register, address": {join("newcomer", "ADA@example.org"), join("newcomer", "NEW@example.org")},
		"PATCH":             {patch("ada"), patch("countess")},
		"PUT":               {put("ADA"), put("COUNTESS")},
		"confirm":           {confirm("ada@example.org"), late()},
	} {
		held, used := pair[0].want(t, 409), pair[1].want(t, 409)
		if held.code(t) != "taken" || same(held) != same(used) {
			t.Errorf("%s: held\n%s\nin use\n%s", what, same(held), same(used))
		}
	}
	if me := eve.get("/api/profile").json(t); me["username"] != "eve" || me["email"] != "eve@example.org" || me["bio"] != nil {
		t.Errorf("the refused account is now %v", me)
	}
	// The owner has both back.
	ada.send("PATCH", "/api/profile", `{"username":"ada"}`).want(t, 200)
	ada.send("POST", "/api/auth/email/change/undo", `{"token":"`+undo+`"}`).want(t, 204)
	u, err := w.store.Users().ByUsername(t.Context(), "ada")
	if err != nil || u.Email != "ada@example.org" || u.Disabled {
		t.Errorf("after the undo: %q, disabled %v (%v)", u.Email, u.Disabled, err)
	}
}

func TestS41_NameHoldIsTheHosts(t *testing.T) {
	for hold, status := range map[time.Duration]int{0: 409, time.Hour: 409, -1: 200} {
		w := newWorld(t, func(c *httpadapter.Config) { c.Profile.NameHold = hold })
		ada, eve := w.client().register("ada"), w.client().register("eve")
		ada.send("PATCH", "/api/profile", `{"username":"countess"}`).want(t, 200)
		eve.send("PATCH", "/api/profile", `{"username":"ada"}`).want(t, status)
		if hold > 0 {
			w.clock.advance(hold)
			eve.send("PATCH", "/api/profile", `{"username":"ada"}`).want(t, 200)
		}
	}
}

// A host that keeps no holds frees names at once.
func TestS41_StoresWithoutHolds(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Stores.Holds = nil })
	ada, eve := w.client().register("ada"), w.client().register("eve")
	ada.send("PATCH", "/api/profile", `{"username":"countess"}`).want(t, 200)
	eve.send("PATCH", "/api/profile", `{"username":"ada"}`).want(t, 200)
}

// Run removes holds that have ended, and keeps the name of who was erased.
func TestR43_RunKeepsTheNameOfWhoIsErased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg, w := config(t)
		cfg.Profile.DeletionGrace, cfg.Profile.NameHold = time.Hour, 30*time.Minute
		fit(&cfg)
		app, err := httpadapter.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		join := func(name, email string) (auth.Identity, error) {
			in, err := app.Auth.Register(t.Context(), auth.Client{}, auth.Registration{Username: name, Email: email, Password: password})
			if err != nil {
				return auth.Identity{}, err
			}
			return app.Auth.Authenticate(t.Context(), in.Token)
		}
		ada, err := join("ada", "ada@example.org")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := app.Deletions.Request(t.Context(), ada.Caller()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- app.Run(ctx) }()
		w.clock.advance(2 * time.Hour)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if _, err := join("ada", "other@example.org"); err == nil {
			t.Error("the name of who was erased was given out")
		}
		if _, err := join("ada.l", "ada@example.org"); err != nil {
			t.Errorf("the address of who was erased: %v", err)
		}
		key, err := profile.UsernameHold("ada")
		if err != nil {
			t.Fatal(err)
		}
		kept := func() int {
			t.Helper()
			held, err := w.store.Holds().Held(t.Context(), "nobody", []string{key}, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			return len(held)
		}
		if kept() != 1 {
			t.Error("the hold is not there")
		}
		w.clock.advance(time.Hour)
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if kept() != 0 {
			t.Error("the hold is there after its end")
		}
		if _, err := join("ada", "other@example.org"); err != nil {
			t.Errorf("after the hold: %v", err)
		}
		cancel()
		<-ran
	})
}
