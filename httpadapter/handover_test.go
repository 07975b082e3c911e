package httpadapter_test

import (
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
)

// TestAHandoverThroughHTTP: the link of a handover says from when it works. Then it gives the
// account the new address, and the next mail lets its reader set a password.
func TestAHandoverThroughHTTP(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	id, _ := ada.get("/api/profile").want(t, 200).json(t)["id"].(string)
	wait, err := w.app.Auth.BeginHandover(t.Context(), "desk-7", id, "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	token := w.mail.token(t, authmail.Handover, "ada@example.com")
	confirm := func() reply {
		return w.client().send("POST", "/api/auth/email/change/confirm", `{"token":"`+token+`"}`)
	}
	early := confirm().want(t, 409).json(t)
	params, _ := early["params"].(map[string]any)
	if early["code"] != "too_early" || params["from"] != wait.From.UTC().Format(time.RFC3339) {
		t.Errorf("before the wait is over: %v, want it from %v on", early, wait.From)
	}
	w.clock.advance(7 * 24 * time.Hour)
	confirm().want(t, 204)
	ada.get("/api/profile").want(t, 401)
	reset := w.mail.token(t, authmail.TakenOver, "ada@example.com")
	w.client().send("POST", "/api/auth/password/reset", `{"token":"`+reset+`","password":"another long password"}`).want(t, 204)
	w.client().send("POST", "/api/auth/login", `{"login":"ada@example.com","password":"another long password"}`).want(t, 200)
}

// TestARemovalByTheHostThroughHTTP: where people begin no way back from lost factors, the one
// that the host began can be followed, in a sign-in by the password.
func TestARemovalByTheHostThroughHTTP(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	w.enrol(ada)
	w.clock.advance(time.Second)
	id, _ := ada.get("/api/profile").want(t, 200).json(t)["id"].(string)
	wait, err := w.app.Auth.BeginFactorRemoval(t.Context(), "desk-7", id)
	if err != nil {
		t.Fatal(err)
	}
	begun, _ := ada.get("/api/auth/mfa").want(t, 200).json(t)["recovery"].(map[string]any)
	if begun["from"] != wait.From.UTC().Format(time.RFC3339Nano) {
		t.Errorf("the owner sees %v of a removal from %v on", begun, wait.From)
	}
	token := w.mail.token(t, authmail.FactorRemoval, "ada@example.org")
	confirm := func() reply {
		half := w.client()
		half.send("POST", "/api/auth/login", `{"login":"ada","password":"`+password+`"}`).want(t, 200)
		return half.send("POST", "/api/auth/mfa/recovery/confirm", `{"token":"`+token+`"}`)
	}
	if got := confirm().want(t, 409); got.code(t) != "too_early" {
		t.Errorf("before the wait is over: %s", got.body)
	}
	w.clock.advance(7 * 24 * time.Hour)
	confirm().want(t, 204)
	again := w.client()
	again.send("POST", "/api/auth/login", `{"login":"ada","password":"`+password+`"}`).want(t, 200)
	again.get("/api/profile").want(t, 200)
}
