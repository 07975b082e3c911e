package httpadapter_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/profile"
)

// Failures of peers in what they told, over HTTP.

func userNamed(name string) profile.User {
	return profile.User{Username: name, Email: name + "@example.org"}
}

// Every route that anybody may call with a name or an address answers the same
// whether the account exists, is disabled, private, or not there.
func TestP15_RoutesForAnybodyTellNothing(t *testing.T) {
	w := newWorld(t, func(c *httpadapter.Config) { c.Auth.SignUp, c.Stores = auth.VerifyFirst, c.Stores.Unlimited() })
	for _, name := range []string{"known", "disabled", "private"} {
		w.client().send("POST", "/api/auth/register", registration(name, name+"@example.org", password)).want(t, 202)
		w.client().send("POST", "/api/auth/email/verify", confirmation(w.mail.token(t, authmail.Verify, name+"@example.org"), password)).want(t, 204)
	}
	w.half("private").send("PATCH", "/api/settings", `{"privacy":{"visibility":"private"}}`).want(t, 200)
	u, err := w.store.Users().ByUsername(t.Context(), "disabled")
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	if _, err := w.store.Users().Update(t.Context(), u.ID, profile.Patch{Disabled: &yes}); err != nil {
		t.Fatal(err)
	}
	asks := map[string]func(name string) reply{
		"POST /api/auth/login": func(name string) reply {
			return w.client().send("POST", "/api/auth/login", login(name, "wrong horse battery staple"))
		},
		"POST /api/auth/login by address": func(name string) reply {
			return w.client().send("POST", "/api/auth/login", login(name+"@example.org", "wrong horse battery staple"))
		},
		"POST /api/auth/password/forgot": func(name string) reply {
			return w.client().send("POST", "/api/auth/password/forgot", `{"email":"`+name+`@example.org"}`)
		},
		"POST /api/auth/register": func(name string) reply {
			return w.client().send("POST", "/api/auth/register", registration("new"+name, name+"@example.org", password))
		},
		"GET /api/users/{username}":         func(name string) reply { return w.client().get("/api/users/" + name) },
		"GET /api/users/{username}/picture": func(name string) reply { return w.client().get("/api/users/" + name + "/picture") },
	}
	for route, ask := range asks {
		names := []string{"known", "disabled", "private"}
		if strings.HasPrefix(route, "GET ") {
			names = names[1:] // everybody may see the one who is public
		}
		want := strings.ReplaceAll(same(ask("nobody")), "nobody", "NAME")
		for _, name := range names {
			if got := strings.ReplaceAll(same(ask(name)), name, "NAME"); got != want {
				t.Errorf("%s, %s:\n%s\nwant\n%s", route, name, got, want)
			}
		}
	}
	// The table has no other route for anybody that takes a name or an address.
	takes := map[string]bool{}
	for route := range asks {
		method, rest, _ := strings.Cut(route, " ")
		path, _, _ := strings.Cut(rest, " ")
		takes[method+" "+path] = true
	}
	for _, r := range w.app.Routes() {
		if r.Class != httpadapter.Anyone || takes[r.Method+" "+r.Pattern] {
			continue
		}
		body := `{"email":"known@example.org","login":"known","username":"known"}`
		got := w.client().send(r.Method, strings.NewReplacer("{key}", "known").Replace(r.Pattern), body)
		if r.Method == "POST" && got.code(t) != "unknown_field" {
			t.Errorf("%s %s takes a name or an address: %d %s", r.Method, r.Pattern, got.StatusCode, got.body)
		}
	}
}

// Sessions are listed by whose they are, never by what a client says of itself.
func TestP16_SessionsWithoutAUserAgent(t *testing.T) {
	w := newWorld(t)
	for _, agent := range []string{"", " ", "curl/8"} {
		ada, eve := w.client(), w.client()
		for name, c := range map[string]*client{"ada": ada, "eve": eve} {
			c.header["User-Agent"] = []string{agent}
			c.register(fmt.Sprintf("%s%d", name, len(agent)))
		}
		list := items(t, ada.get("/api/auth/sessions").want(t, 200))
		if len(list) != 1 {
			t.Errorf("%q: ada sees %d sessions", agent, len(list))
		}
		foreign, _ := items(t, eve.get("/api/auth/sessions"))[0].(map[string]any)
		ada.send("DELETE", "/api/auth/sessions/"+foreign["id"].(string), "").want(t, 404)
		ada.send("DELETE", "/api/auth/sessions", "").want(t, 204)
		eve.get("/api/profile").want(t, 200)
	}
}

// A path that looks like a file to a cache is not one of ours, and what is
// personal forbids keeping it.
func TestP56_NothingPersonalUnderPathsThatCachesKeep(t *testing.T) {
	w := newWorld(t)
	ada := w.client().register("ada")
	for _, r := range w.app.Routes() {
		if r.Method != "GET" || strings.Contains(r.Pattern, "{") {
			continue
		}
		for _, tail := range []string{"/x.css", "/x.js", "%2Fx.css", ";x.css", ".css", "/..%2Fx.png", "%00.css", "%23.css", "%3F.css", "/%2e%2e/x.ico"} {
			got := ada.get(r.Pattern + tail)
			if got.StatusCode < 400 || strings.Contains(string(got.body), "ada@example.org") {
				t.Errorf("%s%s: %d %s", r.Pattern, tail, got.StatusCode, got.body)
			}
		}
		got := ada.get(r.Pattern)
		if r.Class != httpadapter.Anyone && got.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", r.Pattern, got.Header.Get("Cache-Control"))
		}
	}
}

// One request is one record, whatever is in it: line ends, quotes and braces of
// clients stay inside their field, or out.
func TestS67_OneRecordARequest(t *testing.T) {
	w := newWorld(t)
	hostile := "x\",\"level\":\"ERROR\",\"msg\":\"forged\"}\t{\"level\":\"ERROR\",\"msg\":\"forged\"}"
	before := len(records(t, w))
	requests := 0
	ask := func(method, path, body string, headers ...string) {
		requests++
		w.client().send(method, path, body, append(headers, "User-Agent", hostile, "X-Request-Id", hostile, "Referer", hostile)...)
	}
	ask("POST", "/api/auth/register", registration("ada", "ada@example.org", password))
	escaped, err := json.Marshal("ada\n{\"level\":\"ERROR\",\"msg\":\"forged\"}\r\n\u2028\x1b[31m")
	if err != nil {
		t.Fatal(err)
	}
	ask("POST", "/api/auth/login", `{"login":`+string(escaped)+`,"password":`+string(escaped)+`}`)
	ask("POST", "/api/auth/register", `{"username":`+string(escaped)+`,"email":`+string(escaped)+`,"password":`+string(escaped)+`}`)
	ask("GET", "/api/users/%0A%7B%22msg%22:%22forged%22%7D", "")
	ask("GET", "/api/%0A%7B%22msg%22:%22forged%22%7D?x=%0Aforged", "")
	ask("PATCH", "/api/profile", `{"bio":`+string(escaped)+`}`)
	got := records(t, w)[before:]
	per := map[string]int{}
	for _, r := range got {
		id, _ := r["request_id"].(string)
		if msg, _ := r["msg"].(string); strings.Contains(msg, "forged") || r["level"] == "ERROR" {
			t.Errorf("a forged record: %v", r)
		}
		if r["msg"] == "request" {
			per[id]++
		}
	}
	if len(per) != requests {
		t.Errorf("%d requests have records of %d: %v", requests, len(per), got)
	}
	for id, n := range per {
		if n != 1 || strings.Contains(id, "forged") {
			t.Errorf("request %q has %d records", id, n)
		}
	}
}

// records are the lines of the log; each is one JSON object.
func records(t *testing.T, w *world) (list []map[string]any) {
	t.Helper()
	lines := bufio.NewScanner(strings.NewReader(w.log.String()))
	for lines.Scan() {
		var r map[string]any
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("%v in %q", err, lines.Text())
		}
		list = append(list, r)
	}
	return list
}

// Nothing that a user writes is fetched: a listener hears nothing, wherever its
// address is put.
func TestS54P27_NoAddressOfAUserIsFetched(t *testing.T) {
	var heard atomic.Int32
	listener := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard.Add(1) }))
	listener.Config.ConnState = func(net.Conn, http.ConnState) { heard.Add(1) }
	defer listener.Close()
	w := newWorld(t)
	ada := w.client().register("ada")
	at := listener.URL + "/x.png"
	for _, try := range [][3]string{
		{"PATCH", "/api/profile", `{"links":["` + at + `"],"bio":"` + at + `"}`},
		{"PATCH", "/api/profile", `{"profilePicture":"` + at + `"}`},
		{"PUT", "/api/profile", `{"username":"ada","email":"ada@example.org","profilePicture":"` + at + `"}`},
		{"PUT", "/api/profile/picture", `{"url":"` + at + `"}`},
		{"PUT", "/api/profile/picture?url=" + at, at},
		{"POST", "/upload-profile", `{"imageUrl":"` + at + `"}`},
		{"POST", "/api/auth/email/change", `{"email":"ada@` + strings.TrimPrefix(listener.URL, "http://") + `"}`},
		{"PATCH", "/api/settings", `{"locale":"` + at + `"}`},
	} {
		got := ada.send(try[0], try[1], try[2], "Origin", w.srv.URL, "Referer", at, "X-Forwarded-Host", strings.TrimPrefix(listener.URL, "http://"))
		if got.StatusCode >= 500 {
			t.Errorf("%s %s: %d %s", try[0], try[1], got.StatusCode, got.body)
		}
	}
	if got := ada.get("/api/profile").json(t); fmt.Sprint(got["links"]) != "["+at+"]" {
		t.Errorf("the link is not kept: %v", got["links"])
	}
	ada.get("/api/users/ada")
	ada.get("/api/users/ada/picture")
	if n := heard.Load(); n != 0 {
		t.Errorf("the listener heard %d times", n)
	}
}
