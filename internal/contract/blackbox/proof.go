package blackbox

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// readsMail has the session of the client prove that its user reads the mail: by the link
// of the sign-up while the address was never proved, and by a code of a message after that.
func (c *client) readsMail() *client {
	c.t.Helper()
	proofs := c.get("/api/auth/proof").want(200).object()
	switch {
	case proofs["state"] == "newcomer":
		c.send("POST", "/api/auth/email/verify", tokenBody(c.w.Token(c.t, "verify", c.address()))).want(200, 204)
	case proofs["state"] == "mailbox" && !slices.Contains(proofs["have"].([]any), any("mailbox")):
		c.send("POST", "/api/auth/proof/mail/confirm", `{"code":"`+c.mailCode()+`"}`).want(200, 204)
	}
	return c
}

// mailCode asks for a code that proves the mailbox, and returns it.
func (c *client) mailCode() string {
	c.t.Helper()
	c.do("POST", "/api/auth/proof/mail", "", nil).want(202)
	return c.w.Code(c.t, "proof", c.address())
}

// address is where the mail of the user goes now.
func (c *client) address() string {
	c.t.Helper()
	return c.get("/api/profile").want(200).object()["email"].(string)
}

// twoProofs: a stolen password alone adds no factor and changes no address. Who shows as
// well that the mail is read may at once, and who does not get the mail waits.
func twoProofs(t *testing.T, w *world) {
	ada := w.user(t, "ada")
	state := func(c *client, want string) {
		t.Helper()
		got := c.get("/api/auth/proof").want(200).object()
		if is := fmt.Sprint(got["state"], got["have"]); is != want {
			t.Errorf("what is proved is %s, want %s", is, want)
		}
	}
	adds := func(c *client) reply { t.Helper(); return c.send("POST", "/api/auth/mfa/totp", `{}`) }
	moves := func(c *client) reply {
		t.Helper()
		return c.send("POST", "/api/auth/email/change", `{"email":"moved@example.org"}`)
	}
	prove := func(c *client, code string) reply {
		t.Helper()
		return c.send("POST", "/api/auth/proof/mail/confirm", `{"code":"`+code+`"}`)
	}

	// Nobody proved the address: no factor is bound to it, and no code proves it.
	state(ada, "newcomer[password]")
	ada.do("POST", "/api/auth/proof/mail", "", nil).is(422, "invalid")
	ada.do("POST", "/api/auth/proof/wait", "", nil).is(422, "invalid")
	adds(ada).is(422, "invalid")

	// The link of the sign-up is such a proof where it is followed, and nowhere else.
	elsewhere := ada.again()
	ada.readsMail()
	state(ada, "mailbox[password mailbox]")
	state(elsewhere, "mailbox[password]")
	adds(ada).want(200)
	for _, r := range []reply{adds(elsewhere), moves(elsewhere)} {
		if r.is(403, "proof_required") {
			params := r.object()["params"].(map[string]any)
			if fmt.Sprint(params["missing"]) != "[[mailbox] [wait]]" || params["state"] != "mailbox" || params["mayWait"] != true || params["waitUntil"] != nil {
				t.Errorf("%s says %v", r.what, params)
			}
		}
	}

	// A code is that of the session that asked for it, the newest, and good once.
	device := ada.bearer()
	first := device.mailCode()
	prove(elsewhere, first).is(422, "invalid_code")
	code := device.mailCode()
	prove(device, first).is(422, "invalid_code")
	prove(device, "").is(422, "invalid")
	prove(device, code).want(200)
	prove(device, code).is(422, "invalid_code")
	state(device, "mailbox[password mailbox]")
	state(elsewhere, "mailbox[password]")
	adds(device).want(200)
	moves(elsewhere).is(403, "proof_required")

	waiting(t, ada, elsewhere)
}

// waiting: the wait of the newer session is called off by the older one, and not by itself.
func waiting(t *testing.T, older, newer *client) {
	newer.do("DELETE", "/api/auth/proof/wait", "", nil).want(204) // there is none
	begun := newer.do("POST", "/api/auth/proof/wait", "", nil).want(202).object()
	from, err := time.Parse(time.RFC3339, fmt.Sprint(begun["from"]))
	until, uerr := time.Parse(time.RFC3339, fmt.Sprint(begun["until"]))
	if days := time.Until(from).Hours() / 24; err != nil || uerr != nil || days < 6.9 || days > 7.1 || until.Sub(from) != 7*24*time.Hour {
		t.Errorf("it stands for a proof from %v until %v: %v, %v", begun["from"], begun["until"], err, uerr)
	}
	if again := newer.do("POST", "/api/auth/proof/wait", "", nil).want(202).object(); fmt.Sprint(again) != fmt.Sprint(begun) {
		t.Errorf("asked again: %v, was %v", again, begun)
	}
	shown := func(c *client) any { return c.get("/api/auth/proof").want(200).object()["wait"] }
	for _, c := range []*client{older, newer} {
		if got := shown(c); fmt.Sprint(got) != fmt.Sprint(begun) {
			t.Errorf("it is shown as %v, want %v", got, begun)
		}
	}
	r := newer.send("POST", "/api/auth/mfa/totp", `{}`)
	if r.is(403, "proof_required") {
		params := r.object()["params"].(map[string]any)
		if params["mayWait"] != false || params["waitUntil"] == nil {
			t.Errorf("during the wait it says %v", params)
		}
	}
	// A thief who came after it must not stop the owner's, nor the owner lose it.
	late := older.again()
	late.do("DELETE", "/api/auth/proof/wait", "", nil).is(403, "proof_required")
	if shown(older) == nil {
		t.Error("a session that is newer than the wait ended it")
	}
	older.do("DELETE", "/api/auth/proof/wait", "", nil).want(204)
	if got := shown(newer); got != nil {
		t.Errorf("what was called off is shown: %v", got)
	}
	// The link in its message is another way, and then the password is not enough.
	newer.do("POST", "/api/auth/proof/wait", "", nil).want(202)
	older.w.client(t).send("POST", "/api/activity/report", tokenBody(older.w.Token(t, "report", older.address()))).want(204)
	for _, c := range []*client{older, newer, late} {
		c.get("/api/auth/proof").is(401, "unauthenticated")
	}
}
