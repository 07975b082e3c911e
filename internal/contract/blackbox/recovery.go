package blackbox

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// lostFactors is the way back in for who lost every factor, and what is none.
func lostFactors(t *testing.T, w *world) {
	ada, bob := w.user(t, "ada"), w.user(t, "bob")
	for _, c := range []*client{ada, bob} {
		c.enrol()
	}
	half, _ := ada.half("")
	// The address is one that nobody proved.
	w.Doubt(t, "ada")
	r := half.do("POST", "/api/auth/mfa/recovery", "", nil)
	r.is(422, "invalid")
	if !strings.Contains(string(r.body), `"field":"email"`) {
		t.Errorf("an unproved address: %s", r.body)
	}
	// The link of its sign-up is used: the account asks for another.
	ada.do("POST", "/api/auth/email/verify/resend", "", nil).want(202)
	ada.send("POST", "/api/auth/email/verify", tokenBody(w.Token(t, "verify", "ada@example.org"))).want(204)

	// The password is not enough, nor is a session, nor the link.
	ada.do("POST", "/api/auth/mfa/recovery", "", nil).is(401, "unauthenticated")
	w.client(t).do("POST", "/api/auth/mfa/recovery", "", nil).is(401, "unauthenticated")
	began := half.do("POST", "/api/auth/mfa/recovery", "", nil).want(202).object()
	from, err := time.Parse(time.RFC3339, began["from"].(string))
	until, uerr := time.Parse(time.RFC3339, began["until"].(string))
	if err != nil || uerr != nil || until.Sub(from) != 7*24*time.Hour {
		t.Errorf("it works from %v until %v (%v, %v)", began["from"], began["until"], err, uerr)
	}
	again := half.do("POST", "/api/auth/mfa/recovery", "", nil).want(202).object()
	if fmt.Sprint(again) != fmt.Sprint(began) {
		t.Errorf("asked again: %v, was %v", again, began)
	}
	half.get("/api/profile").is(401, "unauthenticated")
	// Who is signed in sees it, and others do not see theirs.
	if got := ada.get("/api/auth/mfa").want(200).object()["recovery"]; fmt.Sprint(got) != fmt.Sprint(map[string]any(began)) {
		t.Errorf("the account's own page shows %v, want %v", got, began)
	}
	if got, there := bob.get("/api/auth/mfa").want(200).object()["recovery"]; there {
		t.Errorf("another account's page shows %v", got)
	}
	token := tokenBody(w.Token(t, "factor_recovery", "ada@example.org"))
	confirm := func(c *client, body string) reply {
		t.Helper()
		return c.send("POST", "/api/auth/mfa/recovery/confirm", body)
	}
	confirm(ada, token).is(401, "unauthenticated")
	confirm(w.client(t), token).is(401, "unauthenticated")
	bobs, _ := bob.half("")
	confirm(bobs, token).is(422, "invalid_token")
	confirm(half, tokenBody("no token")).is(422, "invalid_token")
	confirm(half, tokenBody(w.Token(t, "report", "ada@example.org"))).is(422, "invalid_token")
	w.client(t).send("POST", "/api/auth/password/reset", strings.TrimSuffix(token, "}")+`,"password":"another horse, another staple"}`).is(422, "invalid_token")

	// Both together are, and end every session, this one too.
	r = confirm(half, token).want(204)
	if cookies := r.header.Values("Set-Cookie"); len(cookies) != 1 || !strings.Contains(cookies[0], w.Cookie+"-half=;") {
		t.Errorf("it sets %q", cookies)
	}
	ada.get("/api/profile").is(401, "unauthenticated")
	confirm(half, token).is(401, "unauthenticated")
	ada.again().get("/api/auth/mfa").want(200)
	bob.get("/api/profile").want(200)

	// A sign-in by a factor ends it.
	bobs.do("POST", "/api/auth/mfa/recovery", "", nil).want(202)
	token = tokenBody(w.Token(t, "factor_recovery", "bob@example.org"))
	codes := bob.do("POST", "/api/auth/mfa/recovery-codes", "", nil).want(200).object()["recoveryCodes"].([]any)
	confirm(bobs, token).is(422, "invalid_token")
	bobs.do("POST", "/api/auth/mfa/recovery", "", nil).want(202)
	token = tokenBody(w.Token(t, "factor_recovery", "bob@example.org"))
	other, _ := bob.half("")
	other.send("POST", "/api/auth/mfa", second("recovery_code", codes[0].(string), "")).want(200)
	confirm(bobs, token).is(422, "invalid_token")
	if got, there := bob.get("/api/auth/mfa").want(200).object()["recovery"]; there {
		t.Errorf("what was stopped is shown: %v", got)
	}
}
