package httpadapter_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/httpadapter"
)

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestIfMatch(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	tag := ada.get("/api/profile").want(t, 200).Header.Get("ETag")
	for match, want := range map[string]int{
		`"999999"`: 412, `W/` + tag: 412, `nonsense`: 412, strings.Trim(tag, `"`): 412, `""`: 412,
	} {
		got := ada.send("PATCH", "/api/profile", `{"bio":"lost"}`, "If-Match", match)
		if got.StatusCode != want || got.code(t) != "stale" {
			t.Errorf("If-Match %s: %d %s", match, got.StatusCode, got.body)
		}
	}
	ada.send("PATCH", "/api/profile", `{"bio":"one"}`, "If-Match", `"1000", `+tag).want(t, 200)
	ada.send("PATCH", "/api/profile", `{"bio":"two"}`, "If-Match", tag).want(t, 412)
	ada.send("PATCH", "/api/profile", `{"bio":"three"}`, "If-Match", "*").want(t, 200)
	if bio := ada.get("/api/profile").json(t)["bio"]; bio != "three" {
		t.Errorf("bio is %v", bio)
	}

	tag = ada.get("/api/settings").want(t, 200).Header.Get("ETag")
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"dark"}}`, "If-Match", `"77"`).want(t, 412)
	got := ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"dark"}}`, "If-Match", tag).want(t, 200)
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"light"}}`, "If-Match", tag).want(t, 412)
	ada.send("PATCH", "/api/settings", `{"appearance":{"theme":"light"}}`, "If-Match", got.Header.Get("ETag")).want(t, 200)
}

func TestAccept(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	for accept, want := range map[string]int{
		"": 200, "*/*": 200, "application/json": 200, "application/*;q=0.1": 200, "text/html, */*;q=0.8": 200,
		"application/json, text/plain, */*": 200, "text/html": 406, "application/json;q=0": 406, "image/avif, image/webp": 406,
	} {
		if got := ada.get("/api/profile", "Accept", accept); got.StatusCode != want {
			t.Errorf("Accept %q: %d, want %d", accept, got.StatusCode, want)
		}
	}
}

// TestS47P24P53_CORS: only listed origins get headers, exactly theirs, and never "null".
func TestS47P24P53_CORS(t *testing.T) {
	const app = "https://app.example.org"
	w := newWorld(t, func(c *httpadapter.Config) { c.HTTP.TrustedOrigins = []string{app} })
	ada := w.client().register("ada")
	for _, origin := range []string{
		"null", "https://evil.example", "https://app.example.org.evil.example", "http://app.example.org",
		"https://APP.example.org", "https://app.example.org:444", "https://example.org", "https://sub.app.example.org",
	} {
		got := ada.get("/api/profile", "Origin", origin)
		if h := got.Header.Get("Access-Control-Allow-Origin"); h != "" {
			t.Errorf("origin %s got %q", origin, h)
		}
		if !strings.Contains(strings.Join(got.Header.Values("Vary"), ","), "Origin") {
			t.Errorf("origin %s: no Vary: Origin", origin)
		}
		ada.send("PATCH", "/api/profile", `{"bio":"x"}`, "Origin", origin).want(t, 403)
	}
	got := ada.send("PATCH", "/api/profile", `{"bio":"x"}`, "Origin", app, "Sec-Fetch-Site", "cross-site").want(t, 200)
	if got.Header.Get("Access-Control-Allow-Origin") != app || got.Header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("trusted origin: %v", got.Header)
	}
	pre := ada.do("OPTIONS", "/api/profile", "", nil, "Origin", app, "Access-Control-Request-Method", "PATCH").want(t, 204)
	if m := pre.Header.Get("Access-Control-Allow-Methods"); !strings.Contains(m, "PATCH") {
		t.Errorf("preflight allows %q", m)
	}
	ada.do("OPTIONS", "/api/profile", "", nil, "Origin", "https://evil.example", "Access-Control-Request-Method", "PATCH").want(t, 405)
}

// TestS10P28P36_ClientAddress: forwarding headers count only from configured proxies.
func TestS10P28P36_ClientAddress(t *testing.T) {
	spoof := []string{"X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP", "CF-Connecting-IP"}
	tries := func(t *testing.T, w *world, header func(i int) []string) (limited bool) {
		t.Helper()
		for i := range 25 {
			h := append([]string{}, header(i)...)
			got := w.client().send("POST", "/api/auth/register", `{"username":"u`+strings.Repeat("x", i+2)+`","email":"e`+strings.Repeat("x", i+1)+`@example.org","password":"`+password+`"}`, h...)
			if got.StatusCode == 429 {
				if got.Header.Get("Retry-After") == "" {
					t.Error("429 without Retry-After")
				}
				return true
			}
			got.want(t, 201)
		}
		return false
	}
	for _, name := range spoof {
		w := newWorld(t)
		if !tries(t, w, func(i int) []string { return []string{name, "203.0.113." + string(rune('0'+i%10))} }) {
			t.Errorf("%s lifted the limit", name)
		}
	}
	behind := func(c *httpadapter.Config) {
		c.HTTP.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}
	w := newWorld(t, behind)
	if tries(t, w, func(i int) []string { return []string{"X-Forwarded-For", "203.0.113." + itoa(i)} }) {
		t.Error("clients behind the trusted proxy shared one limit")
	}
	w = newWorld(t, behind)
	// What the client itself wrote stands left of what the proxy added.
	if !tries(t, w, func(i int) []string { return []string{"X-Forwarded-For", "203.0.113." + itoa(i) + ", 198.51.100.7"} }) {
		t.Error("a client chose its own address through the proxy")
	}
	w = newWorld(t, behind)
	if !tries(t, w, func(i int) []string { return []string{"X-Forwarded-For", "2001:db8::" + itoa(i+1)} }) {
		t.Error("addresses of one IPv6 /64 had limits of their own")
	}
}

func itoa(i int) string {
	if i < 10 {
		return string(rune('0' + i))
	}
	return itoa(i/10) + itoa(i%10)
}

// TestS35_Cookie: attributes follow BaseURL, also over https and when remembered.
func TestS35_Cookie(t *testing.T) {
	for base, name := range map[string]string{"http://localhost": "profilekit", "https://example.org": "__Host-profilekit"} {
		w := newWorld(t, func(c *httpadapter.Config) { c.BaseURL = base })
		w.client().register("ada")
		for _, remember := range []string{"false", "true"} {
			got := w.client().send("POST", "/api/auth/login", `{"login":"ada","password":"`+password+`","remember":`+remember+`}`).want(t, 200)
			cks := got.Cookies()
			if len(cks) != 1 {
				t.Fatalf("%d cookies", len(cks))
			}
			ck := cks[0]
			if ck.Name != name || !ck.HttpOnly || ck.SameSite != http.SameSiteLaxMode || ck.Path != "/" || ck.Domain != "" ||
				ck.Secure != strings.HasPrefix(base, "https") || len(ck.Raw) > 4096 {
				t.Errorf("%s: %s", base, ck.Raw)
			}
			if (ck.MaxAge > 0) != (remember == "true") {
				t.Errorf("remember %s: %s", remember, ck.Raw)
			}
		}
	}
}

// TestS66_NothingPersonalInLogs runs everything with canaries and looks for
// them in the log.
func TestS66_NothingPersonalInLogs(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	const secret, mail, bio = "canary-password-4711-xyz", "canary-mail@example.org", "canary-bio"
	c.send("POST", "/api/auth/register", `{"username":"canaryname","email":"`+mail+`","password":"`+secret+`"}`).want(t, 201)
	var tokens []string
	for _, ck := range c.Jar.Cookies(mustURL(t, w.srv.URL)) {
		tokens = append(tokens, ck.Value)
	}
	c.send("PATCH", "/api/profile", `{"bio":"`+bio+`","email":"other-`+mail+`"}`)
	c.send("PATCH", "/api/profile", `{"bio":"`+bio+`"}`).want(t, 200)
	c.send("PATCH", "/api/profile", `{"`+bio+`":1}`).want(t, 400)
	c.send("POST", "/api/auth/login", `{"login":"`+mail+`","password":"`+secret+`x"}`).want(t, 401)
	c.send("POST", "/api/auth/login", `{"login":"`+secret+`","password":"`+mail+`"}`).want(t, 401)
	c.send("POST", "/api/auth/password", `{"currentPassword":"`+secret+`","newPassword":"`+secret+`2"}`).want(t, 204)
	c.get("/api/users/canaryname?token=" + secret)
	c.get("/api/"+secret).want(t, 404)
	c.do("CANARY", "/api/profile", "", nil).want(t, 405)
	c.send("POST", "/api/auth/logout", "").want(t, 204)
	w.clock.advance(time.Hour)
	log := w.log.String()
	if strings.Count(log, `"msg":"request"`) < 9 {
		t.Fatalf("the log has too little to look at:\n%s", log)
	}
	for _, canary := range append(tokens, secret, mail, bio, "canaryname", "CANARY", "127.0.0.1") {
		if strings.Contains(log, canary) {
			t.Errorf("%q is in the log:\n%s", canary, log)
		}
	}
}
