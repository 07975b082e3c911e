package httpadapter_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
)

// named gives an app the name of its cookies, and the one of before.
func named(name, former string) func(*httpadapter.Config) {
	return func(c *httpadapter.Config) { c.HTTP.Cookie, c.HTTP.FormerCookie = name, former }
}

// renamed is the same app after a change of its Config: same database, clock and server.
func (w *world) renamed(change func(*httpadapter.Config)) *world {
	w.t.Helper()
	return newWorld(w.t, func(c *httpadapter.Config) {
		c.Stores, c.Now = httpadapter.StoresOf(w.store), w.clock.Now
		change(c)
	})
}

// set has the name and the value of each cookie that an answer sets; one that it clears is "".
func set(r reply) map[string]string {
	out := map[string]string{}
	for _, ck := range r.Cookies() {
		if out[ck.Name] = ck.Value; ck.MaxAge < 0 {
			out[ck.Name] = ""
		}
	}
	return out
}

// with sends cookies that are no jar's.
func with(cookies ...string) []string { return []string{"Cookie", strings.Join(cookies, "; ")} }

// All cookies have the name that the host chose, and the prefix over https.
func TestT14f_TheCookieHasTheHostsName(t *testing.T) {
	for base, prefix := range map[string]string{"http://localhost": "", "https://example.org": "__Host-"} {
		w := newWorld(t, named("shop", ""), func(c *httpadapter.Config) { c.BaseURL = base })
		got := set(w.client().send("POST", "/api/auth/register", registration("ada", "ada@example.org", password)).want(t, 201))
		token := got[prefix+"shop"]
		if len(got) != 1 || token == "" {
			t.Fatalf("%s: %v", base, got)
		}
		w.client().get("/api/profile", with(prefix+"shop="+token)...).want(t, 200)
		for _, name := range []string{"profilekit", "__Host-profilekit", prefix + "shop-half", "__Secure-shop"} {
			w.client().get("/api/profile", with(name+"="+token)...).want(t, 401)
		}
	}
	w := newWorld(t, named("shop", ""))
	app, _ := w.enrol(w.client().register("ada"))
	first := set(w.client().send("POST", "/api/auth/login", login("ada", password)).want(t, 200))
	if len(first) != 1 || first["shop-half"] == "" {
		t.Fatalf("half way: %v", first)
	}
	body := answer("totp", app.code(), `,"trustDevice":true`)
	done := set(w.client().send("POST", "/api/auth/mfa", body, with("shop-half="+first["shop-half"])...).want(t, 200))
	if len(done) != 3 || done["shop"] == "" || done["shop-device"] == "" || done["shop-half"] != "" {
		t.Fatalf("at the end: %v", done)
	}
}

// Two apps on one origin leave each other's people signed in.
func TestT14f_TwoAppsOnOneOrigin(t *testing.T) {
	one, two := newWorld(t), newWorld(t, named("shop", "profilekit"))
	c := one.client().register("ada")
	here := one.srv.URL
	for _, r := range []struct {
		method, path, body string
		status             int
	}{
		{"POST", "/api/auth/register", registration("bob", "bob@example.org", password), 201},
		{"POST", "/api/auth/login", login("bob", password), 200},
		{"POST", "/api/auth/password", `{"currentPassword":"` + password + `","newPassword":"a third and different password"}`, 204},
		{"POST", "/api/auth/logout", "", 204},
	} {
		// Cookies know no ports: the jar takes both servers for one origin.
		one.srv.URL = two.srv.URL
		c.send(r.method, r.path, r.body).want(t, r.status)
		one.srv.URL = here
		c.get("/api/profile").want(t, 200)
	}
}

// People who were signed in before the name changed stay signed in, and the first answer
// that sets or clears a cookie puts the new name in the place of the old one.
func TestT14f_TheFormerCookieIsAccepted(t *testing.T) {
	for base, prefix := range map[string]string{"http://localhost": "", "https://example.org": "__Host-"} {
		at := func(c *httpadapter.Config) { c.BaseURL = base }
		before := newWorld(t, at)
		sign := func() string {
			return set(before.client().send("POST", "/api/auth/login", login("ada", password)).want(t, 200))[prefix+"profilekit"]
		}
		before.client().send("POST", "/api/auth/register", registration("ada", "ada@example.org", password)).want(t, 201)
		after := before.renamed(func(c *httpadapter.Config) { at(c); named("shop", "profilekit")(c) })
		without := before.renamed(func(c *httpadapter.Config) { at(c); named("shop", "")(c) })
		old, name := sign(), prefix+"profilekit="

		if got := after.client().get("/api/profile", with(name+old)...).want(t, 200); len(got.Cookies()) != 0 {
			t.Errorf("a read sets %v", set(got))
		}
		without.client().get("/api/profile", with(name+old)...).want(t, 401)
		after.client().get("/api/profile", with(name+old, prefix+"shop=nonsense")...).want(t, 401)
		if prefix != "" { // a subdomain can set this one
			after.client().get("/api/profile", with("profilekit="+old)...).want(t, 401)
		}

		got := set(after.client().send("POST", "/api/auth/reauthenticate", `{"password":"`+password+`"}`, with(name+old)...).want(t, 204))
		token := got[prefix+"shop"]
		if cleared, ok := got[prefix+"profilekit"]; !ok || cleared != "" || token == "" || len(got) != 2 {
			t.Fatalf("a proof sets %v", got)
		}
		after.client().get("/api/profile", with(name+old)...).want(t, 401)
		after.client().get("/api/profile", with(prefix+"shop="+token)...).want(t, 200)

		old = sign()
		got = set(after.client().send("POST", "/api/auth/login", login("ada", password), with(name+old)...).want(t, 200))
		if cleared, ok := got[prefix+"profilekit"]; !ok || cleared != "" || got[prefix+"shop"] == "" {
			t.Errorf("a sign-in sets %v", got)
		}
		after.client().get("/api/profile", with(name+old)...).want(t, 401)

		old = sign()
		got = set(after.client().send("POST", "/api/auth/logout", "", with(name+old)...).want(t, 204))
		if cleared, ok := got[prefix+"profilekit"]; !ok || cleared != "" || got[prefix+"shop"] != "" {
			t.Errorf("a sign-out sets %v", got)
		}
		after.client().get("/api/profile", with(name+old)...).want(t, 401)
	}
}

// An unfinished sign-in and a trusted device go on after the change too.
func TestT14f_FormerHalfAndDeviceCookies(t *testing.T) {
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	sealed := func(c *httpadapter.Config) { c.Keys = keys }
	before := newWorld(t, sealed)
	app, _ := before.enrol(before.client().register("ada"))
	half := func() string {
		return set(before.client().send("POST", "/api/auth/login", login("ada", password)).want(t, 200))["profilekit-half"]
	}
	body := answer("totp", app.code(), `,"trustDevice":true`)
	device := set(before.client().send("POST", "/api/auth/mfa", body, with("profilekit-half="+half())...).want(t, 200))["profilekit-device"]
	if device == "" {
		t.Fatal("no device")
	}
	unfinished := half()
	before.clock.advance(time.Minute) // for another code
	after := before.renamed(func(c *httpadapter.Config) { sealed(c); named("shop", "profilekit")(c) })
	got := set(after.client().send("POST", "/api/auth/mfa", answer("totp", app.code(), ""), with("profilekit-half="+unfinished)...).want(t, 200))
	if cleared, ok := got["profilekit-half"]; !ok || cleared != "" || got["shop"] == "" {
		t.Errorf("the end of a sign-in sets %v", got)
	}
	if got := after.client().send("POST", "/api/auth/login", login("ada", password), with("profilekit-device="+device)...).want(t, 200); set(got)["shop"] == "" {
		t.Errorf("the trusted device is asked: %s", got.body)
	}
}

// New refuses names that browsers would drop or take for something else.
func TestT14f_NamesAreChecked(t *testing.T) {
	for _, bad := range []string{
		"a b", "a;b", "a=b", "a,b", `a"b`, "é", "a\x00", "a\n", "(a)", "a/b", strings.Repeat("a", 65), "__Host-shop", "__host-shop", "__Secure-shop",
		"__shop", "shop-half", "shop-device", "-half",
	} {
		for _, field := range []string{"Cookie", "FormerCookie"} {
			c := wired(t)
			if c.HTTP.Cookie = bad; field == "FormerCookie" {
				c.HTTP.Cookie, c.HTTP.FormerCookie = "", bad
			}
			if _, err := httpadapter.New(c); err == nil || !strings.Contains(err.Error(), "Config.HTTP."+field+":") {
				t.Errorf("%s %q: %v", field, bad, err)
			}
		}
	}
	for _, pair := range [][2]string{{"", "profilekit"}, {"shop", "shop"}, {"profilekit", "profilekit"}} {
		c := wired(t)
		c.HTTP.Cookie, c.HTTP.FormerCookie = pair[0], pair[1]
		if _, err := httpadapter.New(c); err == nil || !strings.Contains(err.Error(), "FormerCookie has no effect") {
			t.Errorf("%q: %v", pair, err)
		}
	}
	for _, good := range []string{"a", "Shop.v2", "my_shop-1", strings.Repeat("a", 64)} {
		c := wired(t)
		c.HTTP.Cookie, c.HTTP.FormerCookie = good, "profilekit"
		if _, err := httpadapter.New(c); err != nil {
			t.Errorf("%q: %v", good, err)
		}
		if ck := (http.Cookie{Name: "__Host-" + good, Value: "x"}); ck.Valid() != nil {
			t.Errorf("net/http does not write %q", good)
		}
	}
}
