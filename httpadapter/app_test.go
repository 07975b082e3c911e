package httpadapter_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
)

func TestConfigRefused(t *testing.T) {
	for name, change := range map[string]func(*httpadapter.Config){
		"no stores":       func(c *httpadapter.Config) { c.Stores = httpadapter.Stores{} },
		"no keys":         func(c *httpadapter.Config) { c.Keys = nil },
		"no base URL":     func(c *httpadapter.Config) { c.BaseURL = "" },
		"base URL path":   func(c *httpadapter.Config) { c.BaseURL = "https://example.org/app" },
		"base URL scheme": func(c *httpadapter.Config) { c.BaseURL = "ftp://example.org" },
		"base":            func(c *httpadapter.Config) { c.HTTP.Base = "api" },
		"trusted origin":  func(c *httpadapter.Config) { c.HTTP.TrustedOrigins = []string{"*"} },
	} {
		c, _ := config(t)
		change(&c)
		if _, err := httpadapter.New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRequireUserAndRole(t *testing.T) {
	w := newWorld(t)
	anon, ada := w.client(), w.client().register("ada")
	if got := anon.get("/host").want(t, 401); got.code(t) != "unauthenticated" || got.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%s %v", got.body, got.Header)
	}
	if got := ada.get("/host").want(t, 200); string(got.body) != "adatrue" {
		t.Errorf("User gave %s", got.body)
	}
	if got := ada.send("POST", "/host", "", "Origin", "https://evil.example").want(t, 403); got.code(t) != "cross_origin" {
		t.Errorf("%s", got.body)
	}
	ada.get("/admin").want(t, 403)
	// What a host shows to somebody who is signed in is kept by no cache.
	for what, got := range map[string]reply{
		"of nobody": anon.get("/host"), "of ada": ada.get("/host"), "of another role": ada.get("/admin"),
		"of another origin": ada.send("POST", "/host", "", "Origin", "https://evil.example"),
	} {
		if h := got.Header; h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("Vary"), "Cookie") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("the answer %s: %v", what, h)
		}
	}
	u, err := w.store.Users().ByUsername(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	role := "admin"
	if _, err := w.store.Users().Update(t.Context(), u.ID, profile.Patch{Role: &role}); err != nil {
		t.Fatal(err)
	}
	ada.get("/admin").want(t, 200)
}

func TestBearer(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	in := w.client().send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"ada","password":%q,"transport":"bearer"}`, password)).want(t, 200)
	if len(in.Cookies()) != 0 {
		t.Error("a bearer sign-in set a cookie")
	}
	token, _ := in.json(t)["token"].(string)
	if token == "" || in.json(t)["expiresAt"] == nil {
		t.Fatalf("no token: %s", in.body)
	}
	api := w.client()
	api.header.Set("Authorization", "Bearer "+token)
	api.get("/api/profile").want(t, 200)
	// No cookie is involved, so no page can make the browser send it.
	api.send("PATCH", "/api/profile", `{"bio":"x"}`, "Origin", "https://elsewhere.example").want(t, 200)
	proved := api.send("POST", "/api/auth/reauthenticate", fmt.Sprintf(`{"password":%q}`, password)).want(t, 200)
	api.get("/api/profile").want(t, 401)
	api.header.Set("Authorization", "Bearer "+proved.inBody())
	api.get("/api/profile").want(t, 200)
	ada.get("/api/profile", "Authorization", "Bearer nonsense").want(t, 401)
	ada.get("/api/profile", "Authorization", "Bearer").want(t, 401)
	ada.get("/api/profile").want(t, 200)
	api.send("POST", "/api/auth/logout", "").want(t, 204)
	api.get("/api/profile").want(t, 401)
}

func TestS29_NewTokenAtEveryStep(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	token := func() string {
		for _, ck := range c.Jar.Cookies(mustURL(t, w.srv.URL)) {
			if ck.Name == "profilekit" {
				return ck.Value
			}
		}
		return ""
	}
	dead := func(step, old string) {
		t.Helper()
		if old == token() {
			t.Errorf("%s kept the token", step)
		}
		w.client().get("/api/profile", "Cookie", "profilekit="+old).want(t, 401)
		c.get("/api/profile").want(t, 200)
	}
	preset := strings.Repeat("A", 43)
	c.Jar.SetCookies(mustURL(t, w.srv.URL), []*http.Cookie{{Name: "profilekit", Value: preset}})
	c.register("ada")
	dead("registering", preset)
	old := token()
	c.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"ada","password":%q}`, password)).want(t, 200)
	dead("signing in", old)
	old = token()
	c.send("POST", "/api/auth/reauthenticate", fmt.Sprintf(`{"password":%q}`, password)).want(t, 204)
	dead("reauthenticating", old)
	old = token()
	c.send("POST", "/api/auth/password", fmt.Sprintf(`{"currentPassword":%q,"newPassword":"another long password"}`, password)).want(t, 204)
	dead("changing the password", old)
}

func TestS31_RevokedMeansAtOnce(t *testing.T) {
	w := newWorld(t)
	one := w.client().register("ada")
	two := w.client()
	two.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":"ada","password":%q}`, password)).want(t, 200)
	items := one.get("/api/auth/sessions").want(t, 200).json(t)["items"].([]any)
	if len(items) != 2 {
		t.Fatalf("%d sessions", len(items))
	}
	for _, it := range items {
		if s := it.(map[string]any); s["current"] == false {
			one.send("DELETE", "/api/auth/sessions/"+s["id"].(string), "").want(t, 204)
		}
	}
	two.get("/api/profile").want(t, 401)
	yes := true
	u, _ := w.store.Users().ByUsername(t.Context(), "ada")
	if _, err := w.store.Users().Update(t.Context(), u.ID, profile.Patch{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	one.get("/api/profile").want(t, 401)
	one.get("/host").want(t, 401)
}

func TestRolesUnmount(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Blobs, c.HTTP = nil, httpadapter.HTTP{NoLegacy: true, NoPages: true} })
	for _, r := range w.app.Routes() {
		if strings.Contains(r.Pattern, "/pictures/") || r.Pattern == "/api/profile/picture" || !strings.HasPrefix(r.Pattern, "/api/") {
			t.Errorf("%s is mounted", r.Pattern)
		}
	}
	ada := w.client().register("ada")
	ada.send("PUT", "/api/profile/picture", "").want(t, 404)
	doc := ada.get("/api/openapi.json").want(t, 200).json(t)
	if _, ok := doc["paths"].(map[string]any)["/profile/picture"]; ok {
		t.Error("the contract names an unmounted route")
	}
}

// hostAuth is a host's own sign-in: a header names the user.
type hostAuth struct{ proved time.Time }

func (h hostAuth) Authenticate(r *http.Request) (httpadapter.Caller, error) {
	switch id := r.Header.Get("X-Test-User"); id {
	case "":
		return httpadapter.Caller{}, auth.ErrUnauthenticated
	case "down":
		return httpadapter.Caller{}, errors.New("directory is down")
	default:
		return httpadapter.Caller{UserID: id, ProvedAt: h.proved}, nil
	}
}

func TestHostsOwnSignIn(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Authenticator = hostAuth{time.Now()} })
	u, err := w.store.Users().Create(t.Context(), profile.User{Username: "ada", Email: "ada@example.org", Role: "user"},
		activity.NewEvent(t.Context(), "host.created", "", time.Now(), nil))
	if err != nil {
		t.Fatal(err)
	}
	c := w.client()
	c.get("/api/profile").want(t, 401)
	c.get("/api/profile", "X-Test-User", "nobody").want(t, 401)
	c.get("/api/profile", "X-Test-User", "down").want(t, 500)
	if got := c.get("/api/profile", "X-Test-User", u.ID).want(t, 200); got.json(t)["username"] != "ada" {
		t.Errorf("%s", got.body)
	}
	c.send("POST", "/api/auth/login", `{}`).want(t, 404)
}

func TestSharedBase(t *testing.T) {
	c, _ := config(t)
	c.HTTP.SharedBase = true
	app, err := httpadapter.New(c)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	app.Register(mux)
	for path, want := range map[string]int{"/api/profile": 401, "/api/hosts-own": 418, "/api/users/nobody": 404, "/default-avatar.png": 200} {
		req, _ := http.NewRequest("GET", path, nil)
		rec := newRecorder()
		mux.ServeHTTP(rec, req)
		if rec.Code != want {
			t.Errorf("GET %s: %d, want %d", path, rec.Code, want)
		}
	}
}

// TestS58_NoSessionNoBody: without a session an upload is refused before any
// of its body is sent.
func TestS58_NoSessionNoBody(t *testing.T) {
	w := newWorld(t)
	conn, err := net.Dial("tcp", w.srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(conn, "PUT /api/profile/picture HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 401 {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestSlowBody: a body that does not arrive is cut with 408.
func TestSlowBody(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.HTTP.BodyTimeout = 100 * time.Millisecond })
	for _, path := range []string{"/api/auth/login", "/api/auth/register"} {
		conn, err := net.Dial("tcp", w.srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", path)
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 408 {
			t.Errorf("%s: status %d", path, resp.StatusCode)
		}
	}
}
