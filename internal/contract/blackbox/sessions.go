package blackbox

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// sessions: everybody lists and ends the own ones, and no token is shown.
func sessions(t *testing.T, w *world) {
	alice := w.user(t, "alice")
	devices := []*client{alice}
	for _, agent := range []string{"", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "<script>alert(1)</script>", strings.Repeat("A", 5000)} {
		d := w.client(t)
		d.name = "alice"
		d.header["User-Agent"] = []string{agent}
		d.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"alice","password":%q}`, password)).want(200)
		devices = append(devices, d)
	}
	devices = append(devices, alice.bearer())
	bob := w.client(t)
	bob.header["User-Agent"] = []string{""}
	bob.send("POST", "/api/auth/register", fmt.Sprintf(`{"username":"bob","email":"bob@example.org","password":%q}`, password)).want(201)

	var tokens []string
	for _, d := range append(devices, bob) {
		token := d.token()
		if token == "" {
			token = strings.TrimPrefix(d.header.Get("Authorization"), "Bearer ")
		}
		if len(token) < 43 { // 256 bits
			t.Fatalf("the token has %d characters", len(token))
		}
		tokens = append(tokens, token)
	}
	mine, his := map[string]bool{}, map[string]bool{}
	for _, d := range devices {
		r := d.get("/api/auth/sessions").want(200)
		current := 0
		for _, s := range r.items() {
			mine[s["id"].(string)] = true
			if s["current"] == true {
				current++
			}
		}
		if len(r.items()) != len(devices) || current != 1 {
			t.Errorf("%d sessions of %d, %d current", len(r.items()), len(devices), current)
		}
		for _, token := range tokens {
			if strings.Contains(string(r.body), token[:20]) {
				t.Errorf("the list shows a token: %s", r.body)
			}
		}
		if strings.Contains(string(r.body), "script") || strings.Contains(string(r.body), "AAAAA") {
			t.Errorf("the list repeats a user agent: %s", r.body)
		}
	}
	for _, s := range bob.get("/api/auth/sessions").want(200).items() {
		his[s["id"].(string)] = true
	}
	if len(mine) != len(devices) || len(his) != 1 {
		t.Errorf("alice lists %d, bob %d", len(mine), len(his))
	}
	for id := range mine {
		if his[id] {
			t.Errorf("bob lists %s", id)
		}
		bob.do("DELETE", "/api/auth/sessions/"+id, "", nil).is(404, "not_found")
		w.client(t).get("/api/profile", "Authorization", "Bearer "+id).is(401, "unauthenticated")
	}
	bob.do("DELETE", "/api/auth/sessions", "", nil).want(204)
	for _, d := range devices {
		d.get("/api/profile").want(200)
	}
	for id := range his {
		alice.do("DELETE", "/api/auth/sessions/"+id, "", nil).is(404, "not_found")
	}
	bob.get("/api/profile").want(200)
}

// cookies: every Set-Cookie line is parsed by the validator; this makes sure
// that they are there, and what they do.
func cookies(t *testing.T, w *world) {
	c := w.user(t, "alice")
	line := func(r reply) *http.Cookie {
		t.Helper()
		lines := r.header.Values("Set-Cookie")
		if len(lines) != 1 {
			t.Fatalf("%s: %d cookies", r.what, len(lines))
		}
		ck, err := http.ParseSetCookie(lines[0])
		if err != nil || ck.Name != w.Cookie {
			t.Fatalf("%s: %v %s", r.what, err, lines[0])
		}
		return ck
	}
	in := fmt.Sprintf(`"login":"alice","password":%q`, password)
	if ck := line(c.send("POST", "/api/auth/login", `{`+in+`}`).want(200)); ck.MaxAge != 0 || !ck.Expires.IsZero() {
		t.Errorf("not remembered, and yet it stays: %s", ck.Raw)
	}
	if ck := line(c.send("POST", "/api/auth/login", `{`+in+`,"remember":true}`).want(200)); ck.MaxAge < 24*3600 {
		t.Errorf("remembered for %d s", ck.MaxAge)
	}
	line(c.send("POST", "/api/auth/reauthenticate", fmt.Sprintf(`{"password":%q}`, password)).want(204))
	line(c.send("POST", "/api/auth/password", fmt.Sprintf(`{"currentPassword":%q,"newPassword":"another horse, another staple"}`, password)).want(204))
	for _, k := range [][2]string{{"GET", "/api/profile"}, {"GET", "/api/settings"}, {"GET", "/api/auth/sessions"}, {"GET", "/api/users/alice"}, {"DELETE", "/api/auth/sessions"}} {
		if r := c.do(k[0], k[1], "", nil); len(r.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s sets a cookie", r.what)
		}
	}
	if ck := line(c.do("POST", "/api/auth/logout", "", nil).want(204)); ck.Value != "" || ck.MaxAge != -1 {
		t.Errorf("the cookie is not cleared: %s", ck.Raw)
	}
	wrong := c.send("POST", "/api/auth/login", `{"login":"alice","password":"wrong"}`).want(401)
	if len(wrong.header.Values("Set-Cookie")) > 0 {
		t.Error("a failed sign-in sets a cookie")
	}
	other := w.user(t, "bob")
	device := other.bearer()
	if device.token() != "" {
		t.Error("a bearer sign-in sets a cookie")
	}
	for _, r := range []reply{
		device.send("POST", "/api/auth/reauthenticate", fmt.Sprintf(`{"password":%q}`, password)).want(200),
		device.do("POST", "/api/auth/logout", "", nil).want(204),
	} {
		if len(r.header.Values("Set-Cookie")) > 0 {
			t.Errorf("%s by bearer sets a cookie", r.what)
		}
	}
}

// newTokens: each proof of identity changes the token of the session. A browser has it in
// the cookie and never in the body, a client with a bearer token the other way round. The
// token before is dead at once.
func newTokens(t *testing.T, w *world) {
	proofs := map[string]bool{
		"/api/auth/reauthenticate": true, "/api/auth/password": true, "/api/auth/passkeys/register/finish": true,
		"/api/auth/mfa/phone/confirm": true, "/api/auth/mfa/email/confirm": true, "/api/auth/mfa/totp/confirm": true,
		"/api/auth/proof/mail/confirm": true,
	}
	tried := 0
	for _, op := range w.v.Operations() {
		if !proofs[op.Path] {
			continue
		}
		for _, bearer := range []bool{false, true} {
			tried++
			name := fmt.Sprintf("ada%d", tried)
			c := w.user(t, name)
			if bearer {
				c = c.bearer()
			}
			var k call
			for _, good := range w.callsWith(t, ids{username: name}, nil) {
				if good.method == op.Method && good.path == op.Path {
					k = good
				}
			}
			c, k = w.ready(c, k)
			used := c.token()
			if bearer {
				used = strings.TrimPrefix(c.header.Get("Authorization"), "Bearer ")
			}
			r := c.call(k)
			switch {
			case r.status >= 300:
				t.Errorf("%s, bearer %v: %d %s", r.what, bearer, r.status, r.body)
			case bearer && (r.token() == "" || r.token() == used || c.token() != ""):
				t.Errorf("%s by bearer answers %s, and the cookie is %q", r.what, r.body, c.token())
			case !bearer && (r.token() != "" || c.token() == "" || c.token() == used):
				t.Errorf("%s by cookie answers %s, and the cookie was replaced: %v", r.what, r.body, c.token() != used)
			}
			w.client(t).get("/api/profile", "Authorization", "Bearer "+used).is(401, "unauthenticated")
			c.get("/api/profile").want(200)
		}
	}
	if tried != 2*len(proofs) {
		t.Errorf("%d proofs were tried, want each of %d in both ways", tried, len(proofs))
	}
}

// cursors: one that the list did not give to this user, for this kind, is refused.
func cursors(t *testing.T, w *world) {
	alice, bob := w.user(t, "alice"), w.user(t, "bob")
	for i := range 7 {
		for _, c := range []*client{alice, bob} {
			c.send("PATCH", "/api/profile", fmt.Sprintf(`{"bio":"%d"}`, i)).want(200)
		}
	}
	seen := map[string]bool{}
	cursor, pages := "", 0
	for {
		r := alice.get("/api/activity?limit=3&cursor=" + cursor).want(200)
		for _, e := range r.items() {
			id := e["id"].(string)
			if seen[id] {
				t.Errorf("%s is there twice", id)
			}
			seen[id] = true
		}
		pages++
		next, _ := r.object()["next"].(string)
		if next == "" {
			break
		}
		cursor = next
	}
	if len(seen) != 8 || pages != 3 {
		t.Errorf("%d events on %d pages", len(seen), pages)
	}
	good := alice.get("/api/activity?limit=3").want(200).object()["next"].(string)
	flipped := []byte(good)
	flipped[len(flipped)/2] ^= 1
	for _, bad := range []string{good[:len(good)-1], good[1:], good + "A", string(flipped), strings.ToUpper(good), "x", "%00", "1%20OR%201=1", strings.Repeat("A", 4000)} {
		alice.get("/api/activity?cursor="+bad).is(400, "bad_cursor")
	}
	bob.get("/api/activity?cursor="+good).is(400, "bad_cursor")
	alice.get("/api/activity?kind=profile.updated&cursor="+good).is(400, "bad_cursor")
	for _, q := range []string{"limit=0", "limit=101", "limit=-1", "limit=x", "limit=1.5", "limit=99999999999999999999", "kind=A", "kind=a%27--", "kind=" + strings.Repeat("a", 65)} {
		alice.get("/api/activity?"+q).is(400, "bad_parameter")
	}
}
