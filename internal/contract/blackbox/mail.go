package blackbox

import (
	"fmt"
	"sync/atomic"
	"testing"
)

// writers numbers the users that links are asked for, so that no two share one.
var writers atomic.Int64

// links are good tokens of every kind, each of a user of its own: what one of
// them does leaves the others good.
func (w *world) links(t *testing.T) map[string]string {
	t.Helper()
	tokens := map[string]string{}
	for _, kind := range []string{"reset", "verify", "email_change", "email_changing", "report"} {
		name := fmt.Sprintf("writer%d", writers.Add(1))
		address := name + "@example.org"
		c := w.user(t, name)
		switch kind {
		case "reset":
			c.send("POST", "/api/auth/password/forgot", `{"email":"`+address+`"}`).want(202)
		case "email_change", "email_changing":
			c.send("POST", "/api/auth/email/change", `{"email":"new-`+address+`"}`).want(202)
		}
		if kind == "email_change" {
			address = "new-" + address
		}
		tokens[kind] = w.Token(t, kind, address)
	}
	return tokens
}

func tokenBody(token string) string { return `{"token":"` + token + `"}` }

// linksInMail is one person's way through every link that comes by mail.
func linksInMail(t *testing.T, w *world) {
	ada := w.user(t, "ada")
	const old, next = "ada@example.org", "ada.l@example.com"
	const second, third = "another horse, another staple", "the third horse of this person"
	nobody := w.client(t)
	post := func(c *client, path, body string) reply { t.Helper(); return c.send("POST", path, body) }

	// The proof of the address, by a page in the same browser. Reading the page
	// is not following the link.
	token := w.Token(t, "verify", old)
	for _, page := range []string{"reset", "verify", "email", "undo", "not-me", "recover"} {
		r := ada.get("/account/" + page).want(200)
		if r.header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: Referrer-Policy %q", page, r.header.Get("Referrer-Policy"))
		}
	}
	// Elsewhere it asks for the password, and a wrong one leaves the link good.
	post(nobody, "/api/auth/email/verify", tokenBody(token)).is(422, "confirmation_required")
	post(nobody, "/api/auth/email/verify", `{"token":"`+token+`","password":"`+second+`"}`).is(401, "invalid_credentials")
	post(nobody, "/api/auth/email/verify", `{"token":"`+token+`","answer":"perhaps"}`).is(422, "invalid")
	post(nobody, "/api/auth/email/verify", `{"token":"`+token+`","password":"`+second+`","answer":"not_mine"}`).is(422, "invalid")
	post(ada, "/api/auth/email/verify", tokenBody(token)).want(204)
	post(ada, "/api/auth/email/verify", tokenBody(token)).is(422, "invalid_token")
	if got := ada.get("/api/profile").want(200).object(); got["emailVerified"] != true {
		t.Errorf("after the proof: %v", got["emailVerified"])
	}
	ada.do("POST", "/api/auth/email/verify/resend", "", nil).want(202)

	// A reset. The answer is the same for an address of nobody.
	known, unknown := post(nobody, "/api/auth/password/forgot", `{"email":"ADA@example.org"}`), post(nobody, "/api/auth/password/forgot", `{"email":"nobody@example.org"}`)
	if known.status != 202 || unknown.status != 202 || string(known.body) != string(unknown.body) || fmt.Sprint(headerNames(known)) != fmt.Sprint(headerNames(unknown)) {
		t.Errorf("known %d %q %v, unknown %d %q %v", known.status, known.body, headerNames(known), unknown.status, unknown.body, headerNames(unknown))
	}
	token = w.Token(t, "reset", old)
	post(nobody, "/api/auth/password/reset", `{"token":"`+token+`","password":"short"}`).is(422, "invalid")
	r := post(nobody, "/api/auth/password/reset", `{"token":"`+token+`","password":"`+second+`"}`).want(204)
	if len(r.header.Values("Set-Cookie")) > 0 {
		t.Error("a reset makes a session")
	}
	post(nobody, "/api/auth/password/reset", `{"token":"`+token+`","password":"`+third+`"}`).is(422, "invalid_token")
	ada.get("/api/profile").is(401, "unauthenticated")
	signIn := func(password string) reply {
		return post(ada, "/api/auth/login", fmt.Sprintf(`{"login":"ada","password":%q}`, password))
	}
	signIn(password).is(401, "invalid_credentials")
	signIn(second).want(200)

	// A change of the address, by PATCH as by its route, and back. The new session has
	// not shown that it reads the mail.
	ada.send("PATCH", "/api/profile", `{"bio":"moved","email":"`+next+`"}`).is(403, "proof_required")
	post(ada, "/api/auth/email/change", `{"email":"`+next+`"}`).is(403, "proof_required")
	if got := ada.get("/api/profile").want(200).object(); got["bio"] == "moved" || got["pendingEmail"] != nil {
		t.Errorf("after the refusal: bio %v, pending %v", got["bio"], got["pendingEmail"])
	}
	ada.readsMail()
	if got := ada.send("PATCH", "/api/profile", `{"bio":"moved","email":"`+next+`"}`).want(200).object(); got["email"] != old || got["pendingEmail"] != next || got["bio"] != "moved" {
		t.Errorf("PATCH answers %v, pending %v", got["email"], got["pendingEmail"])
	}
	post(ada, "/api/auth/email/change", `{"email":"`+next+`"}`).want(202)
	undo := w.Token(t, "email_changing", old)
	post(nobody, "/api/auth/email/change/confirm", tokenBody(undo)).is(422, "invalid_token")
	post(nobody, "/api/auth/email/change/confirm", tokenBody(w.Token(t, "email_change", next))).want(204)
	if got := ada.get("/api/profile").want(200).object(); got["email"] != next || got["pendingEmail"] != nil {
		t.Errorf("after the change: %v, pending %v", got["email"], got["pendingEmail"])
	}
	post(nobody, "/api/auth/email/change/undo", tokenBody(undo)).want(204)
	ada.get("/api/profile").is(401, "unauthenticated")
	if got := signIn(second).want(200).object(); got["status"] != "password_reset_required" || got["user"] != nil {
		t.Errorf("signing in answers %v", got)
	}
	ada.get("/api/profile").is(401, "unauthenticated")
	post(nobody, "/api/auth/password/forgot", `{"email":"`+old+`"}`).want(202)
	report := w.Token(t, "report", old)
	post(nobody, "/api/auth/password/reset", `{"token":"`+w.Token(t, "reset", old)+`","password":"`+third+`"}`).want(204)
	signIn(third).want(200)

	// This wasn't me.
	post(nobody, "/api/activity/report", tokenBody(report)).want(204)
	ada.get("/api/profile").is(401, "unauthenticated")
	if got := signIn(third).want(200).object(); got["status"] != "password_reset_required" {
		t.Errorf("signing in answers %v", got)
	}
}

func headerNames(r reply) map[string]bool {
	names := map[string]bool{}
	for name := range r.header {
		names[name] = true
	}
	return names
}
