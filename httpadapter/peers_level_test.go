package httpadapter_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity/limit"
	"github.com/profilekit/profilekit/auth/authlimit"
	"github.com/profilekit/profilekit/httpadapter"
)

// Failures of peers in how sure they were of somebody, over HTTP.

// The strength that is asked for is read at each sign-in, never kept from an
// earlier one.
func TestP01_TheNextSignInAsksForANewFactor(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	elsewhere := w.half("ada")
	elsewhere.get("/api/profile").want(t, 200)
	w.enrol(ada)
	elsewhere.get("/api/profile").want(t, 401)
	ada.get("/api/profile").want(t, 200)
	got := elsewhere.send("POST", "/api/auth/login", login("ada", password)).want(t, 200)
	if got.json(t)["status"] != "mfa_required" {
		t.Errorf("sign-in answers %s", got.body)
	}
	elsewhere.get("/api/profile").want(t, 401)

	// And back: without the factor the password is enough again.
	factors, _ := ada.get("/api/auth/mfa").json(t)["factors"].([]any)
	id, _ := factors[0].(map[string]any)["id"].(string)
	ada.send("DELETE", "/api/auth/mfa/"+id, "").want(t, 204)
	w.half("ada").get("/api/profile").want(t, 200)
}

// A cookie that somebody else planted does not become a signed-in one, and on
// https a cookie without the prefix that only the host itself can set is none.
func TestP10_PlantedCookies(t *testing.T) {
	w := newWorld(t)
	eve := w.client().register("eve")
	planted := cookieOf(t, eve, w.srv.URL, "profilekit")
	ada := w.client()
	ada.register("ada")
	ada.send("POST", "/api/auth/logout", "").want(t, 204)
	app, _ := w.enrol(w.half("ada"))

	ada.header.Set("Cookie", "profilekit="+planted+"; profilekit-half="+planted)
	got := ada.send("POST", "/api/auth/login", login("ada", password)).want(t, 200)
	half := cookieIn(got, "profilekit-half")
	if half == "" || half == planted {
		t.Fatalf("the half cookie is %q", half)
	}
	ada.header.Set("Cookie", "profilekit="+planted+"; profilekit-half="+half)
	got = ada.send("POST", "/api/auth/mfa", answer("totp", app.code(), "")).want(t, 200)
	full := cookieIn(got, "profilekit")
	if full == "" || full == planted || full == half {
		t.Fatalf("the cookie is %q", full)
	}
	if got := eve.get("/api/profile"); strings.Contains(string(got.body), "ada") {
		t.Errorf("who planted the cookie reads %s", got.body)
	}
	for _, token := range []string{planted, half} {
		ada.get("/api/profile", "Cookie", "profilekit="+token).want(t, 401)
	}

	secure := newWorld(t, func(c *httpadapter.Config) { c.BaseURL = "https://example.org" })
	got = secure.client().send("POST", "/api/auth/register", registration("ada", "ada@example.org", password)).want(t, 201)
	token := cookieIn(got, "__Host-profilekit")
	for name, want := range map[string]int{
		"profilekit": 401, "__Secure-profilekit": 401, "__host-profilekit": 401, "__Host-profilekit-half": 401,
		"__Host-profilekit-device": 401, "__Host-profilekit": 200,
	} {
		secure.client().get("/api/profile", "Cookie", name+"="+token).want(t, want)
	}
}

func cookieIn(r reply, name string) string {
	for _, c := range r.Cookies() {
		if c.Name == name && c.MaxAge >= 0 {
			return c.Value
		}
	}
	return ""
}

func cookieOf(t *testing.T, c *client, url, name string) string {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, ck := range c.Jar.Cookies(req.URL) {
		if ck.Name == name {
			return ck.Value
		}
	}
	t.Fatalf("there is no cookie %s", name)
	return ""
}

// A locked account answers the right password as it does a wrong one.
func TestP31_ALockedAccountTellsNothing(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Auth.Limits = authlimit.Tries{Address: limit.Rule{Limit: 1000, Window: time.Hour}}
	})
	w.client().register("ada")
	var last reply
	for range 11 {
		last = w.client().send("POST", "/api/auth/login", login("ada", "wrong horse battery staple"))
	}
	last.want(t, 429)
	right := w.client().send("POST", "/api/auth/login", login("ada", password)).want(t, 429)
	nobody := last
	for range 11 {
		nobody = w.client().send("POST", "/api/auth/login", login("nobody", "wrong horse battery staple"))
	}
	nobody.want(t, 429)
	for name, r := range map[string]reply{"right": right, "nobody": nobody} {
		if same(r) != same(last) {
			t.Errorf("%s: %s; want %s", name, same(r), same(last))
		}
	}
}

// same is what of an answer may not differ between two accounts.
func same(r reply) string {
	h := r.Header.Clone()
	for _, own := range []string{"X-Request-Id", "Date"} {
		h.Del(own)
	}
	var b strings.Builder
	h.Write(&b)
	return r.Status + "\n" + b.String() + string(r.body)
}

// With the credentials of two people in one request each opens only what it is
// for: nobody removes another's factor, and nobody finishes as another.
func TestP32_TwoIdentitiesInOneRequest(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.client().register("ada"), w.client().register("eve")
	adas, _ := w.enrol(ada)
	eves, _ := w.enrol(eve)
	half := cookieOf(t, w.half("ada"), w.srv.URL, "profilekit-half")
	full := cookieOf(t, eve, w.srv.URL, "profilekit")
	both := w.client()
	both.header.Set("Cookie", "profilekit="+full+"; profilekit-half="+half)

	factors, _ := ada.get("/api/auth/mfa").json(t)["factors"].([]any)
	id, _ := factors[0].(map[string]any)["id"].(string)
	both.send("DELETE", "/api/auth/mfa/"+id, "").want(t, 404)
	both.send("POST", "/api/auth/mfa", answer("totp", eves.code(), "")).want(t, 422)
	if name := both.get("/api/profile").json(t)["username"]; name != "eve" {
		t.Errorf("both are %v", name)
	}
	got := both.send("POST", "/api/auth/mfa", answer("totp", adas.code(), "")).want(t, 200)
	user, _ := got.json(t)["user"].(map[string]any)
	if user["username"] != "ada" {
		t.Errorf("ada's half and ada's code opened %s", got.body)
	}
	// A Bearer header disables the cookies, also one that opens nothing.
	both.get("/api/profile", "Authorization", "Bearer nonsense").want(t, 401)
	both.send("POST", "/api/auth/mfa", answer("totp", adas.code(), ""), "Authorization", "Bearer "+full).want(t, 401)
}

// Who is asking is never read from what they send.
func TestP35_BodiesAreNoIdentity(t *testing.T) {
	w := newWorld(t)
	ada, eve := w.client().register("ada"), w.client().register("eve")
	id, _ := ada.get("/api/profile").json(t)["id"].(string)
	for _, body := range []string{
		`{"userId":"` + id + `","bio":"by eve"}`, `{"id":"` + id + `","bio":"by eve"}`, `{"user":{"id":"` + id + `"},"bio":"by eve"}`,
		`{"userId":"` + id + `","username":"ada","email":"ada@example.org","bio":"by eve"}`,
	} {
		for _, c := range []*client{eve, w.client()} {
			for _, try := range [][2]string{
				{"PATCH", "/api/profile"},
				{"PUT", "/api/profile"},
				{"PATCH", "/api/settings"},
				{"POST", "/api/auth/password"},
				{"POST", "/api/auth/email/change"},
				{"POST", "/api/auth/mfa/totp"},
				{"POST", "/api/auth/mfa/recovery-codes"},
			} {
				for _, path := range []string{try[1], try[1] + "?userId=" + id} {
					got := c.send(try[0], path, body, "X-User-Id", id)
					if c != eve && got.StatusCode != 401 || got.StatusCode < 400 {
						t.Errorf("%s %s %s: %d %s", try[0], path, body, got.StatusCode, got.body)
					}
				}
			}
		}
	}
	if got := ada.get("/api/profile").json(t); got["bio"] != nil || got["username"] != "ada" {
		t.Errorf("ada is %v", got)
	}
}
