package blackbox

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// otherMethods: what a path does not know is 405, with what it knows in Allow.
func otherMethods(t *testing.T, w *world) {
	alice, of := w.owner(t, "alice")
	anon := w.client(t)
	known := map[string]map[string]bool{}
	var paths []string
	for _, k := range w.calls(t, of) {
		if known[k.path] == nil {
			known[k.path] = map[string]bool{}
			paths = append(paths, k.path)
		}
		known[k.path][k.method] = true
		known[k.path]["HEAD"] = known[k.path]["HEAD"] || k.method == "GET"
	}
	before := alice.rows()
	for _, p := range paths {
		for _, method := range []string{
			"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "MADEUP", "PURGE", "DEBUG", "get", "Post", "PATCH2", "LINK",
		} {
			if known[p][method] {
				continue
			}
			for _, c := range []*client{alice, anon} {
				got := c.do(method, p, "", nil) // Allow is held against the document there
				if got.status != http.StatusMethodNotAllowed {
					t.Errorf("%s: %d", got.what, got.status)
				}
			}
			alice.send(method, p, `{"bio":"x"}`, "Origin", "https://evil.example").want(405)
		}
	}
	unchanged(t, alice, before)
}

// headersOfEveryAnswer looks at what the document says of all answers, apart
// from the validator, over answers of as many statuses as a client can cause.
func headersOfEveryAnswer(t *testing.T, w *world) {
	alice, of := w.owner(t, "alice")
	anon := w.client(t)
	tag := alice.get("/api/pictures/" + of.key).header.Get("ETag")
	big := `{"bio":"` + strings.Repeat("x", 70<<10) + `"}`
	canary := "canary4711"
	replies := []reply{
		alice.get("/api/profile").want(200),
		anon.send("POST", "/api/auth/register", `{"username":"carol","email":"carol@example.org","password":"`+password+`"}`).want(201),
		alice.do("DELETE", "/api/auth/sessions", "", nil).want(204),
		anon.get("/api/users/alice/picture").want(302),
		anon.get("/api/pictures/"+of.key, "If-None-Match", tag).want(304),
		alice.send("PATCH", "/api/profile", `{"`+canary+`":1}`).want(400),
		alice.send("PATCH", "/api/settings", `{"`+canary+`":1}`).want(400),
		alice.send("PATCH", "/api/profile", canary).want(400),
		alice.get("/api/activity?cursor=" + canary).want(400),
		alice.get("/api/activity?kind=" + canary + "<script>").want(400),
		w.client(t).get("/api/profile?x="+canary, "X-Request-Id", canary).want(401),
		alice.do("POST", "/api/auth/logout", "", nil, "Origin", "https://"+canary+".example").want(403),
		alice.get("/api/" + canary).want(404),
		alice.get("/api/users/" + canary).want(404),
		alice.get("/api/pictures/" + canary).want(404),
		alice.do("DELETE", "/api/auth/sessions/"+canary, "", nil).want(404),
		alice.do(strings.ToUpper(canary), "/api/profile", "", nil).want(405),
		alice.get("/api/profile", "Accept", "text/"+canary).want(406),
		alice.send("PATCH", "/api/profile", `{"username":"carol"}`).want(409),
		alice.send("PATCH", "/api/profile", `{}`, "If-Match", `"`+canary+`"`).want(412),
		alice.send("PATCH", "/api/profile", big).want(413),
		alice.do("PATCH", "/api/profile", "text/"+canary, []byte(`{}`)).want(415),
		alice.send("PATCH", "/api/profile", `{"links":["`+canary+`:x"],"birthday":"`+canary+`","username":"<`+canary+`>"}`).want(422),
		alice.do("PUT", "/api/profile/picture", "image/jpeg", bytes.Repeat([]byte(canary), 100)).want(415),
		alice.do("POST", "/upload-profile", "multipart/form-data; boundary="+canary, []byte(canary)).want(400),
		alice.send("POST", "/upload-profile", `{}`).want(415),
		anon.get("/default-avatar.png").want(200),
		anon.get("/api/openapi.json").want(200),
		anon.get("/api/capabilities").want(200),
	}
	requests := map[string]bool{}
	statuses := map[int]bool{}
	for _, r := range replies {
		statuses[r.status] = true
		if got := r.header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", r.what, got)
		}
		id := r.header.Get("X-Request-Id")
		if id == "" || requests[id] || strings.Contains(id, canary) {
			t.Errorf("%s: request id %q", r.what, id)
		}
		requests[id] = true
		if len(r.body) > 0 && r.status >= 400 && !strings.HasPrefix(r.what, "POST /upload") && r.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: Content-Type %q", r.what, r.header.Get("Content-Type"))
		}
		if r.status >= 400 && (r.header.Get("Cache-Control") != "no-store" || !strings.Contains(r.header.Get("Vary"), "Cookie")) {
			t.Errorf("%s: Cache-Control %q, Vary %q", r.what, r.header.Get("Cache-Control"), r.header.Get("Vary"))
		}
		// The names of unknown fields are told, as the contract says; nothing else.
		if named := r.status == 400 && strings.Contains(string(r.body), "unknown_field"); !named && strings.Contains(string(r.body), canary) {
			t.Errorf("%s repeats what was sent: %s", r.what, r.body)
		}
		for name, values := range r.header {
			if strings.Contains(strings.Join(values, ""), canary) {
				t.Errorf("%s repeats what was sent in %s", r.what, name)
			}
		}
	}
	if len(statuses) < 16 {
		t.Errorf("only the statuses %v", statuses)
	}
	notAcceptable(t, alice, w.calls(t, of))
}

// notAcceptable: a client that does not take JSON is told so before anything
// is done.
func notAcceptable(t *testing.T, alice *client, calls []call) {
	before := alice.rows()
	for _, k := range calls {
		bytesRoute := strings.Contains(k.path, "/pictures/") || strings.HasPrefix(k.path, "/api/users/") && strings.HasSuffix(k.path, "/picture") ||
			!strings.HasPrefix(k.path, "/api/") || strings.HasSuffix(k.path, "/openapi.json") || strings.HasSuffix(k.path, "/capabilities") || strings.HasSuffix(k.path, "/profile/export")
		if bytesRoute {
			continue
		}
		for _, accept := range []string{"text/html", "image/*", "application/json;q=0", "text/html, application/xml;q=0.9"} {
			alice.call(k, "Accept", accept).is(406, "not_acceptable")
		}
	}
	unchanged(t, alice, before)
	for _, accept := range []string{"*/*", "application/json", "application/*", "text/html, */*;q=0.1", "application/problem+json"} {
		alice.get("/api/profile", "Accept", accept).want(200)
	}
}
