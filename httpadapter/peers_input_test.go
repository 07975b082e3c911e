package httpadapter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authfactor"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/imagetest"
)

// Failures of peers in what they took from outside, over HTTP.

// There is no secret that everybody knows, and a cursor of another's keys, or
// one made by hand, is none.
func TestP02_CursorsAreSealedByTheHostsKeys(t *testing.T) {
	c, _ := config(t)
	c.Keys = nil
	if _, err := httpadapter.New(c); err == nil {
		t.Error("an app starts without keys")
	}
	if _, err := keyring.New(); err == nil {
		t.Error("a keyring without keys")
	}
	if a, b := keyring.Generate().ID, keyring.Generate().ID; a == b {
		t.Error("two generated keys have one name")
	}
	cursors := map[string]string{}
	worlds := map[string]*world{"one": newWorld(t), "other": newWorld(t)}
	clients := map[string]*client{}
	for name, w := range worlds {
		ada := w.client().register("ada")
		for range 3 {
			ada.send("POST", "/api/auth/reauthenticate", `{"password":"`+password+`"}`).want(t, 204)
		}
		clients[name] = ada
		next, _ := ada.get("/api/activity?limit=1").want(t, 200).json(t)["next"].(string)
		if next == "" {
			t.Fatal("there is no second page")
		}
		cursors[name] = next
	}
	clients["one"].get("/api/activity?limit=1&cursor="+url.QueryEscape(cursors["one"])).want(t, 200)
	for name, cursor := range map[string]string{
		"another host's": cursors["other"], "SQL": "x' OR 1=1 --", "JSON": `{"after":"2000-01-01T00:00:00Z","id":"1"}`, "base64": "eyJhZnRlciI6MX0",
		"cut": cursors["one"][:len(cursors["one"])-2], "longer": cursors["one"] + "AA", "twice": cursors["one"] + cursors["one"],
	} {
		if got := clients["one"].get("/api/activity?limit=1&cursor=" + url.QueryEscape(cursor)); got.StatusCode != 400 || got.code(t) != "bad_cursor" {
			t.Errorf("%s: %d %s", name, got.StatusCode, got.body)
		}
	}
	eve := worlds["one"].client().register("eve")
	if got := eve.get("/api/activity?cursor=" + url.QueryEscape(cursors["one"])); got.StatusCode != 400 {
		t.Errorf("another user's: %d", got.StatusCode)
	}
}

// Both ends of an e-mail change are asked or told, whatever else is configured,
// and the address has one name.
func TestP05_EmailChangeUnderEveryConfiguration(t *testing.T) {
	for _, mode := range []auth.SignUpMode{auth.Open, auth.VerifyFirst, auth.Closed} {
		for flags := range 8 {
			w := newWorld(t, func(c *httpadapter.Config) {
				c.Auth.SignUp = mode
				c.HTTP.NoPages = flags&1 != 0
				c.HTTP.NoLegacy = flags&2 != 0
				if flags&4 != 0 {
					c.Auth.Factors = []authfactor.Factor{}
				}
			})
			ada := w.memberInMode(t, mode)
			for _, alias := range []string{"newEmail", "new_email", "Email", "EMAIL", "mail", "address", "to"} {
				if got := ada.send("POST", "/api/auth/email/change", `{"`+alias+`":"eve@example.org"}`); got.StatusCode != 400 || got.code(t) != "unknown_field" {
					t.Errorf("mode %v, flags %b, %s: %d %s", mode, flags, alias, got.StatusCode, got.body)
				}
			}
			if mode != auth.Closed { // there the host made the account a moment ago
				ada.readsMail()
			}
			ada.send("POST", "/api/auth/email/change?email=eve@example.org", `{"email":"new@example.org"}`).want(t, 202)
			if got := ada.get("/api/profile").json(t); got["email"] != "ada@example.org" || got["pendingEmail"] != "new@example.org" {
				t.Errorf("mode %v, flags %b: %v, pending %v", mode, flags, got["email"], got["pendingEmail"])
			}
			undo := w.mail.token(t, authmail.EmailChanging, "ada@example.org")
			confirm := w.mail.token(t, authmail.EmailChange, "new@example.org")
			w.client().send("POST", "/api/auth/email/change/confirm", `{"token":"`+undo+`"}`).want(t, 422)
			w.client().send("POST", "/api/auth/email/change/confirm", `{"token":"`+confirm+`"}`).want(t, 204)
			w.client().send("POST", "/api/auth/email/change/undo", `{"token":"`+undo+`"}`).want(t, 204)
		}
	}
}

// No answer leads to another site: neither by a parameter nor by a path that a
// browser reads otherwise.
func TestP09_NoRedirectLeavesTheHost(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	evil := "evil.example"
	var redirects int
	for _, r := range w.app.Routes() {
		path := strings.NewReplacer("{id}", "1", "{username}", "ada", "{key}", "x").Replace(r.Pattern)
		for _, target := range []string{"https://" + evil, "//" + evil, `/\` + evil, "/%2F" + evil, "javascript:alert(1)"} {
			for _, name := range []string{"next", "redirect", "redirect_uri", "return_to", "returnTo", "url", "continue", "state"} {
				got := ada.do(r.Method, path+"?"+name+"="+url.QueryEscape(target), "application/json", strings.NewReader(`{}`),
					"Referer", target, "X-Forwarded-Host", evil, "X-Original-URL", target)
				if l := got.Header.Get("Location"); l != "" {
					redirects++
					if !strings.HasPrefix(l, "/api/") && !strings.HasPrefix(l, "/account/") || strings.Contains(l, "evil") || strings.HasPrefix(l, "//") {
						t.Errorf("%s %s leads to %q", r.Method, path, l)
					}
				}
			}
		}
	}
	for _, path := range []string{
		"//evil.example/api/profile", "/api//evil.example", "/api/profile/", "//evil.example/%2e%2e", "/api/..//evil.example/", `/\evil.example`, "/%2f%2fevil.example",
		"/account//evil.example", "/api/./profile", "/api/users/..%2f..%2f%2fevil.example",
	} {
		got := w.raw(t, "GET", path)
		// net/http's mux cleans some of them itself: to a path of this host.
		l := got.Header.Get("Location")
		if here := strings.HasPrefix(l, "/") && !strings.HasPrefix(l, "//") && !strings.HasPrefix(l, `/\`); l != "" && !here || got.StatusCode < 300 {
			t.Errorf("%s: %d to %q", path, got.StatusCode, l)
		}
	}
}

// raw asks for a path exactly as written.
func (w *world) raw(t *testing.T, method, path string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, w.srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Opaque = "//" + req.URL.Host + path
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp
}

// Nobody makes themselves an administrator, or proved, by a field of a body.
func TestP19P57_FieldsThatOthersDecide(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	before := ada.get("/api/profile").json(t)
	for _, field := range []string{
		`"role":"admin"`, `"Role":"admin"`, `"isAdmin":true`, `"emailVerified":true`, `"email_verified":true`, `"disabled":false`, `"id":"1"`,
		`"createdAt":"2000-01-01T00:00:00Z"`, `"pendingEmail":"x@example.org"`, `"passwordHash":"x"`, `"version":9`, `"phone":"+4915112345678"`,
		`"pictureSizes":{"64":"https://evil.example/x"}`,
	} {
		for _, try := range [][3]string{
			{"PATCH", "/api/profile", `{"bio":"x",` + field + `}`},
			{"PUT", "/api/profile", `{"username":"ada","email":"ada@example.org",` + field + `}`},
			{"POST", "/api/auth/register", `{"username":"bob","email":"bob@example.org","password":"` + password + `",` + field + `}`},
		} {
			if got := ada.send(try[0], try[1], try[2]); got.StatusCode != 400 && got.StatusCode != 422 {
				t.Errorf("%s %s %s: %d %s", try[0], try[1], field, got.StatusCode, got.body)
			}
		}
	}
	after := ada.get("/api/profile").json(t)
	for _, name := range []string{"role", "emailVerified", "id", "createdAt", "pendingEmail", "phone", "bio", "pictureSizes"} {
		if b, a := fmt.Sprint(before[name]), fmt.Sprint(after[name]); b != a || name == "role" && a != "user" {
			t.Errorf("%s was %s and is %s", name, b, a)
		}
	}
	w.client().get("/admin").want(t, 401)
	ada.get("/admin").want(t, 403)
}

// What sorts, filters or pages is a closed list of words, and what is looked up is a
// value, on databases that would take either for SQL.
func TestP24_ParametersAreNoSQL(t *testing.T) {
	onSpied(t, func(t *testing.T, s *spied) {
		ada := s.client().register("ada")
		all := len(items(t, ada.get("/api/activity")))
		if all == 0 || len(items(t, ada.get("/api/activity?kind=auth.registered"))) == 0 {
			t.Fatal("the feed is empty")
		}
		for _, q := range []string{
			"kind=x'%20OR%20'1'='1", "kind=%25", "kind=auth.sign_up'--", "kind=auth.sign_up%00", "limit=1;DROP%20TABLE%20users", "limit=5&limit=6", "kind=%zz", "limit=1e9", "limit=-1",
			"limit=0", "limit=101", "cursor=1'%20OR%201=1", "kind=" + strings.Repeat("a", 5000), "kind=auth_registered", "kind=" + strings.Repeat("_", len("auth.registered")),
		} {
			got := ada.get("/api/activity?" + q)
			if got.StatusCode == 200 && len(items(t, got)) > 0 || got.StatusCode != 200 && got.StatusCode != 400 {
				t.Errorf("%s: %d %s", q, got.StatusCode, got.body)
			}
		}
		for _, q := range []string{"sort=password_hash", "order=id--", "field=password_hash", "where=1=1"} {
			if got := ada.get("/api/activity?" + q); len(items(t, got.want(t, 200))) != all {
				t.Errorf("%s changes the answer: %s", q, got.body)
			}
		}
		for _, name := range []string{"ada'--", "ada' OR '1'='1", `ada" OR "1"="1`, "%", "a_a", "ada%00", "ada\\", "' UNION SELECT password_hash FROM users--", "'; DROP TABLE users; --"} {
			for _, of := range []string{"", "/picture"} {
				if got := s.client().get("/api/users/" + url.PathEscape(name) + of); got.StatusCode != 404 {
					t.Errorf("%q%s: %d %s", name, of, got.StatusCode, got.body)
				}
			}
			for _, login := range []string{login(name, password), login(name+"@example.org", password)} {
				if got := s.client().send("POST", "/api/auth/login", login); got.StatusCode != 401 {
					t.Errorf("%s: %d %s", login, got.StatusCode, got.body)
				}
			}
			// As a value it is kept as it is.
			bio, err := json.Marshal(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := ada.send("PATCH", "/api/profile", `{"bio":`+string(bio)+`}`).want(t, 200).json(t)["bio"]; got != name {
				t.Errorf("the bio %q became %q", name, got)
			}
		}
		for _, id := range []string{"1'%20OR%20'1'='1", "'--", "%25"} {
			for _, path := range []string{"/api/auth/sessions/", "/api/auth/mfa/", "/api/auth/devices/", "/api/auth/passkeys/"} {
				ada.send("DELETE", path+id, "").want(t, 404)
			}
		}
		ada.get("/api/profile").want(t, 200)
		if got := s.client().send("POST", "/api/auth/login", login("ada", password)); got.StatusCode != 200 {
			t.Errorf("ada signs in: %d %s", got.StatusCode, got.body)
		}
	})
}

func items(t *testing.T, r reply) []any {
	t.Helper()
	list, _ := r.json(t)["items"].([]any)
	return list
}

// The type of a picture is that of its bytes at each upload; there is nothing
// that could change it later.
func TestP29_TheTypeIsThatOfTheBytes(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	var file bytes.Buffer
	if err := png.Encode(&file, imagetest.Photo(80, 80, 1)); err != nil {
		t.Fatal(err)
	}
	for _, sent := range []string{"image/jpeg", "image/gif", "image/svg+xml", "image/png;charset=utf-8", "image/x-html"} {
		got := ada.do("PUT", "/api/profile/picture", sent, bytes.NewReader(file.Bytes()))
		if got.StatusCode == 415 {
			continue
		}
		pic, _ := got.want(t, 200).json(t)["picture"].(map[string]any)
		at, _ := pic["url"].(string)
		served := ada.get(at).want(t, 200)
		if kind := http.DetectContentType(served.body); kind != served.Header.Get("Content-Type") || !slices.Contains([]string{"image/jpeg", "image/png"}, kind) {
			t.Errorf("sent as %s it is served as %s and is %s", sent, served.Header.Get("Content-Type"), kind)
		}
		for _, method := range []string{"PUT", "PATCH", "POST", "MOVE", "COPY"} {
			if r := ada.do(method, at, "application/json", strings.NewReader(`{"contentType":"text/html","name":"x.html"}`)); r.StatusCode != 405 {
				t.Errorf("%s %s: %d", method, at, r.StatusCode)
			}
		}
	}
}

// A host's own sign-in names a user by id: nobody is found by an address or a
// name that a provider asserts, and one id is one user.
func TestP04P40P47_UsersAreFoundByIDAlone(t *testing.T) {
	var who string
	w := newWorld(t, func(c *httpadapter.Config) {
		c.Authenticator = authenticatorFunc(func(*http.Request) (httpadapter.Caller, error) {
			if who == "" {
				return httpadapter.Caller{}, auth.ErrUnauthenticated
			}
			return httpadapter.Caller{UserID: who, ProvedAt: time.Now()}, nil
		})
	})
	ids := map[string]string{}
	for _, name := range []string{"ada", "eve"} {
		u, err := w.store.Users().Create(t.Context(), userNamed(name))
		if err != nil {
			t.Fatal(err)
		}
		if ids[u.ID] != "" {
			t.Errorf("%s and %s are %s", name, ids[u.ID], u.ID)
		}
		ids[u.ID] = name
	}
	for id, name := range ids {
		who = id
		if got := w.client().get("/api/profile").want(t, 200).json(t)["username"]; got != name {
			t.Errorf("id %s is %v; want %s", id, got, name)
		}
		for _, other := range []string{name, name + "@example.org", " " + id, id + " ", "0" + id, "+" + id, id + "\x00", id + "'--"} {
			who = other
			w.client().get("/api/profile").want(t, 401)
		}
	}
	who = ""
	w.client().get("/api/profile").want(t, 401)
}

type authenticatorFunc func(*http.Request) (httpadapter.Caller, error)

func (f authenticatorFunc) Authenticate(r *http.Request) (httpadapter.Caller, error) { return f(r) }

// memberInMode is a signed-in ada however people sign up.
func (w *world) memberInMode(t *testing.T, mode auth.SignUpMode) *client {
	t.Helper()
	c := w.client()
	switch mode {
	case auth.Open:
		return c.register("ada")
	case auth.VerifyFirst:
		c.send("POST", "/api/auth/register", registration("ada", "ada@example.org", password)).want(t, 202)
		c.send("POST", "/api/auth/email/verify", confirmation(w.mail.token(t, authmail.Verify, "ada@example.org"), password)).want(t, 204)
	default:
		u, err := w.store.Users().Create(t.Context(), userNamed("ada"))
		if err != nil {
			t.Fatal(err)
		}
		hash, err := hash.New(cheap).Hash(context.WithoutCancel(t.Context()), password)
		if err := errors.Join(err, w.store.Auth().Passwords.SetPassword(t.Context(), u.ID, "", hash)); err != nil {
			t.Fatal(err)
		}
	}
	c.send("POST", "/api/auth/login", login("ada", password)).want(t, 200)
	return c
}
