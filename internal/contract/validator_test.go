package contract_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/contract"
)

func TestGoodExchanges(t *testing.T) {
	v := validator(t)
	seen := map[string]bool{}
	for _, s := range append(samples, problems...) {
		if err := v.Check(s.exchange(t)); err != nil {
			t.Errorf("%s: %v", s.id, err)
		}
		seen[s.id] = true
	}
	for _, op := range v.Operations() {
		if !seen[op.ID] {
			t.Errorf("no sample of %s %s", op.Method, op.Path)
		}
	}
}

// TestSpoiledExchanges spoils every sample in every way that fits it.
func TestSpoiledExchanges(t *testing.T) {
	v := validator(t)
	ways := map[string]func(*contract.Exchange) bool{ // false: does not fit
		"status":            func(x *contract.Exchange) bool { x.Response.StatusCode = 418; return true },
		"status 200 or 204": func(x *contract.Exchange) bool { return otherStatus(x) },
		"no request id":     func(x *contract.Exchange) bool { x.Response.Header.Del("X-Request-Id"); return true },
		"request id":        func(x *contract.Exchange) bool { x.Response.Header.Set("X-Request-Id", "1"); return true },
		"sniffing":          func(x *contract.Exchange) bool { x.Response.Header.Del("X-Content-Type-Options"); return true },
		"sniffing twice": func(x *contract.Exchange) bool {
			x.Response.Header.Add("X-Content-Type-Options", "nosniff")
			return true
		},
		"no caching rule": func(x *contract.Exchange) bool { x.Response.Header.Del("Cache-Control"); return true },
		"other caching": func(x *contract.Exchange) bool {
			x.Response.Header.Set("Cache-Control", "public, immutable")
			return true
		},
		"vary": func(x *contract.Exchange) bool {
			x.Response.Header.Set("Vary", "Cookie")
			return x.Response.Header.Get("Cache-Control") == "no-store"
		},
		"foreign header": func(x *contract.Exchange) bool { x.Response.Header.Set("X-Powered-By", "Go"); return true },
		"server header":  func(x *contract.Exchange) bool { x.Response.Header.Set("Server", "Go"); return true },
		"location": func(x *contract.Exchange) bool {
			x.Response.Header.Set("Location", "/elsewhere")
			return x.Response.StatusCode != 302
		},
		"cors": func(x *contract.Exchange) bool {
			x.Response.Header.Set("Access-Control-Allow-Origin", "*")
			return true
		},
		"content type": func(x *contract.Exchange) bool { x.Response.Header.Set("Content-Type", "text/html"); return true },
		"charset":      func(x *contract.Exchange) bool { return typed(x, "; charset=utf-8") },
		"two types": func(x *contract.Exchange) bool {
			x.Response.Header.Add("Content-Type", "text/html")
			return typed(x, "")
		},
		"no type":      func(x *contract.Exchange) bool { x.Response.Header.Del("Content-Type"); return len(x.Body) > 0 },
		"no body":      func(x *contract.Exchange) bool { had := len(x.Body) > 0; x.Body = nil; return had },
		"a body":       func(x *contract.Exchange) bool { had := len(x.Body) > 0; x.Body = []byte("{}"); return !had },
		"body of HEAD": func(x *contract.Exchange) bool { x.Request.Method = "HEAD"; return len(x.Body) > 0 },
		"length":       func(x *contract.Exchange) bool { x.Response.Header.Set("Content-Length", "1"); return true },
		"not JSON":     func(x *contract.Exchange) bool { return onJSON(x, func(b []byte) []byte { return b[1:] }) },
		"array":        func(x *contract.Exchange) bool { return onJSON(x, func([]byte) []byte { return []byte("[]") }) },
		"trailing":     func(x *contract.Exchange) bool { return onJSON(x, func(b []byte) []byte { return append(b, '1') }) },
		"unknown name": func(x *contract.Exchange) bool {
			return onJSON(x, inject(`"extra":1`)) && !strings.Contains(x.Request.URL.Path, "openapi")
		},
		"twice":   func(x *contract.Exchange) bool { return onJSON(x, twice) },
		"picture": func(x *contract.Exchange) bool { return onPicture(x) },
		"unknown path": func(x *contract.Exchange) bool {
			x.Request.URL.Path += "/more/still"
			return x.Response.StatusCode != 404
		},
		"slash":          func(x *contract.Exchange) bool { x.Request.URL.Path += "/"; return x.Response.StatusCode != 404 },
		"unknown method": func(x *contract.Exchange) bool { x.Request.Method = "PURGE"; return !odd(x.Response.StatusCode) },
		"foreign cookie": func(x *contract.Exchange) bool { x.Response.Header.Add("Set-Cookie", "session=x; Path=/"); return true },
		"nobody": func(x *contract.Exchange) bool {
			x.Request.Header.Del("Cookie")
			return x.Response.StatusCode < 400 && class(v, x.Request) == "in"
		},
	}
	for name, spoil := range ways {
		n := 0
		for _, s := range append(samples, problems...) {
			x := s.exchange(t)
			if !spoil(&x) {
				continue
			}
			n++
			if v.Check(x) == nil {
				t.Errorf("%s: %s %s -> %d passes", name, s.method, s.path, s.status)
			}
		}
		if n < 2 {
			t.Errorf("%s fits %d samples", name, n)
		}
	}
}

// TestMissingNames takes each required member out of each JSON answer.
func TestMissingNames(t *testing.T) {
	v := validator(t)
	n := 0
	for _, s := range append(samples, problems...) {
		if !strings.HasSuffix(s.answerType, "json") {
			continue
		}
		var all map[string]any
		if err := json.Unmarshal([]byte(s.answer), &all); err != nil {
			t.Fatal(err)
		}
		for name, value := range all {
			if s.id == "getUser" && name != "username" && !strings.Contains(name, "icture") {
				continue // fields are there when they may be seen
			}
			delete(all, name)
			x := s.exchange(t)
			x.Body, _ = json.Marshal(all)
			if v.Check(x) == nil {
				t.Errorf("%s %s without %s passes", s.method, s.path, name)
			}
			all[name] = []any{[]any{}} // no member is an array of arrays
			x = s.exchange(t)
			x.Body, _ = json.Marshal(all)
			if v.Check(x) == nil {
				t.Errorf("%s %s with another type of %s passes", s.method, s.path, name)
			}
			all[name] = value
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d names", n)
	}
}

// replacements are single changes that make an answer wrong.
func TestWrongValues(t *testing.T) {
	v := validator(t)
	for _, c := range []struct{ id, old, new string }{
		{"getProfile", `"bio":null`, `"bio":1`},
		{"getProfile", `"bio":null`, `"bio":""`},
		{"getProfile", `"username":"ada"`, `"username":null`},
		{"getProfile", `"username":"ada"`, `"username":"` + strings.Repeat("a", 51) + `"`},
		{"getProfile", `"birthday":"1990-05-17"`, `"birthday":"1990-02-30"`},
		{"getProfile", `"birthday":"1990-05-17"`, `"birthday":"1990-05-17T00:00:00Z"`},
		{"getProfile", `"createdAt":"2026-11-20T08:00:00Z"`, `"createdAt":"2026-11-20T08:00:00+01:00"`},
		{"getProfile", `"createdAt":"2026-11-20T08:00:00Z"`, `"createdAt":"2026-11-31T08:00:00Z"`},
		{"getProfile", `"createdAt":"2026-11-20T08:00:00Z"`, `"createdAt":1700000000`},
		{"getProfile", `"country":"CH"`, `"country":"Switzerland"`},
		{"getProfile", `"country":"CH"`, `"country":"CH","planet":null`},
		{"getProfile", `"phone":"+41791234567"`, `"phone":"079 123 45 67"`},
		{"getProfile", `"links":["https://example.org"]`, `"links":["javascript:alert(1)"]`},
		{"getProfile", `"links":["https://example.org"]`, `"links":null`},
		{"getProfile", `"512":"/api`, `"500":"/api`},
		{"getProfile", `"id":"17"`, `"id":17`},
		{"getProfile", `"id":"17"`, `"id":"17","passwordHash":"x"`},
		{"getProfile", `"email":"ada@example.org"`, `"email":"ada"`},
		{"register", `"complete"`, `"mfa_required"`},
		{"register", `{"status"`, `{"token":"` + strings.Repeat("t", 43) + `","status"`},
		{"listSessions", `"203.0.113.0/24"`, `"203.0.113.9"`},
		{"listSessions", `"current":true`, `"current":"true"`},
		{"listSessions", `"id":"s"`, `"id":"s","token":"x"`},
		{"listSessions", `"items"`, `"next":null,"items"`},
		{"getUser", `"username"`, `"role":"user","username"`},
		{"getUser", `"username"`, `"id":"17","username"`},
		{"getUser", `"pictureSizes":{},`, ``},
		{"putPicture", `"64":"/api/pictures/a-64.jpg"`, `"65":"/api/pictures/a-64.jpg"`},
		{"getSettings", `"theme":"dark"`, `"theme":"blue"`},
		{"getSettings", `"fontScale":1.25`, `"fontScale":1.51`},
		{"getSettings", `"accent":"#2563eb"`, `"accent":"red"`},
		{"getSettings", `"security":{"email":true`, `"security":{"email":false`},
		{"getSettings", `"links":"members"`, `"links":"friends"`},
		{"getSettings", `"bio":"public",`, ``},
		{"getSettings", `"locale":"en"`, `"locale":"en","$schema":1`},
		{"listActivity", `{"method":"password"}`, `{"ended":1}`},
		{"listActivity", `{"method":"password"}`, `null`},
		{"listActivity", `"next":"abc"`, `"next":""`},
		{"listActivity", `"auth.sign_in"`, `"Sign In"`},
		{"uploadProfile", `true`, `false`},
		{"uploadProfile", `"/api/pictures/a-512.jpg"`, `null`},
	} {
		s := find(t, c.id)
		if !strings.Contains(s.answer, c.old) {
			t.Fatalf("%s has no %s", c.id, c.old)
		}
		s.answer = strings.Replace(s.answer, c.old, c.new, 1)
		if v.Check(s.exchange(t)) == nil {
			t.Errorf("%s with %s passes", c.id, c.new)
		}
	}
}

func TestWrongHeaders(t *testing.T) {
	v := validator(t)
	for _, c := range []struct{ id, name, value string }{
		{"getProfile", "ETag", ""},
		{"getProfile", "ETag", "7"},
		{"getProfile", "ETag", `W/"7"`},
		{"getProfile", "ETag", `""`},
		{"getUserPicture", "Location", ""},
		{"getUserPicture", "Location", "a b"},
		{"getUserPicture", "Location", "<x>"},
		{"getUserPicture", "Location", `\\evil`},
		{"getPicture", "Content-Security-Policy", ""},
		{"getPicture", "Content-Security-Policy", "sandbox"},
		{"getPicture", "Content-Disposition", `inline; filename="me.jpg"`},
		{"getPicture", "Cache-Control", "public, max-age=60"},
		{"getPicture", "Cache-Control", "no-cache"},
		{"getPicture", "ETag", ""},
		{"register", "Set-Cookie", "profilekit=x; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"register", "Set-Cookie", strings.Replace(cookie, "; Secure", "", 1)},
		{"register", "Set-Cookie", strings.Replace(cookie, "; HttpOnly", "", 1)},
		{"register", "Set-Cookie", strings.Replace(cookie, "; SameSite=Lax", "", 1)},
		{"register", "Set-Cookie", strings.Replace(cookie, "SameSite=Lax", "SameSite=None", 1)},
		{"register", "Set-Cookie", strings.Replace(cookie, "Path=/", "Path=/api", 1)},
		{"register", "Set-Cookie", cookie + "; Domain=example.org"},
		{"register", "Set-Cookie", cookie + "; Partitioned2"},
		{"register", "Set-Cookie", strings.Replace(cookie, "A;", strings.Repeat("A", 4096)+";", 1)},
		{"register", "Set-Cookie", "__Host-profilekit=; Path=/; HttpOnly; Secure; SameSite=Lax"},
		{"register", "Set-Cookie", "admin=1; Path=/; HttpOnly; SameSite=Lax"},
	} {
		x := find(t, c.id).exchange(t)
		x.Response.Header.Set(c.name, c.value)
		if c.value == "" {
			x.Response.Header.Del(c.name)
		}
		if v.Check(x) == nil {
			t.Errorf("%s with %s: %s passes", c.id, c.name, c.value)
		}
	}
	for i, c := range []struct{ name, value string }{
		{"WWW-Authenticate", ""},
		{"WWW-Authenticate", "Basic"},
		{"Retry-After", ""},
		{"Retry-After", "0"},
		{"Retry-After", "soon"},
		{"Retry-After", "-1"},
		{"Allow", ""},
		{"Allow", "GET"},
		{"Allow", "GET, HEAD, PATCH, DELETE"},
		{"Allow", "*"},
	} {
		n := 0
		for _, p := range problems {
			x := p.exchange(t)
			if x.Response.Header.Get(c.name) == "" {
				continue
			}
			n++
			x.Response.Header.Set(c.name, c.value)
			if c.value == "" {
				x.Response.Header.Del(c.name)
			}
			if v.Check(x) == nil {
				t.Errorf("%s %s with %s: %s passes", p.method, p.path, c.name, c.value)
			}
		}
		if n == 0 {
			t.Errorf("%d: no sample with %s", i, c.name)
		}
	}
}

func TestWrongProblems(t *testing.T) {
	v := validator(t)
	n := 0
	for _, p := range problems {
		if p.answerType != problem {
			continue
		}
		for _, change := range [][2]string{
			{`"code":"`, `"code":"made_up_`},
			{`"status":`, `"status":1`},
			{`"detail":"`, `"Detail":"`},
			{`"title":"`, `"type":"about:blank","title":"`},
			{`"detail":"No."`, `"detail":""`},
			{`"message":`, `"value":`},
			{`"errors":[`, `"errors":[],"x":[`},
		} {
			if !strings.Contains(p.answer, change[0]) {
				continue
			}
			q := p
			q.answer = strings.Replace(p.answer, change[0], change[1], 1)
			n++
			if v.Check(q.exchange(t)) == nil {
				t.Errorf("%s passes", q.answer)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d changes", n)
	}
}

func TestBadDocuments(t *testing.T) {
	for _, d := range []string{
		`{`, `{"openapi":"3.0.3","info":{"title":"t","version":"1"},"paths":{}}`, `{"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{}}`,
		`{"openapi":"3.1.0","paths":{}}`,
	} {
		if _, err := contract.New([]byte(d)); err == nil {
			t.Errorf("%s is accepted", d)
		}
	}
}

func find(t *testing.T, id string) sample {
	t.Helper()
	for _, s := range samples {
		if s.id == id {
			return s
		}
	}
	t.Fatalf("no sample %s", id)
	return sample{}
}

func class(v *contract.Validator, r *http.Request) string {
	for _, s := range samples {
		if s.method == r.Method && strings.Split(s.path, "?")[0] == r.URL.Path {
			for _, op := range v.Operations() {
				if op.ID == s.id {
					return op.Class
				}
			}
		}
	}
	return ""
}

func odd(status int) bool { return status == 404 || status == 405 }

func otherStatus(x *contract.Exchange) bool {
	if x.Response.StatusCode == 204 {
		x.Response.StatusCode = 200
	} else {
		x.Response.StatusCode = 204
	}
	return true
}

func typed(x *contract.Exchange, suffix string) bool {
	t := x.Response.Header.Get("Content-Type")
	if len(x.Body) == 0 {
		return false
	}
	if suffix != "" {
		x.Response.Header.Set("Content-Type", t+suffix)
	}
	return true
}

func onJSON(x *contract.Exchange, change func([]byte) []byte) bool {
	if !strings.HasSuffix(x.Response.Header.Get("Content-Type"), "json") {
		return false
	}
	x.Body = change(append([]byte(nil), x.Body...))
	return true
}

func inject(member string) func([]byte) []byte {
	return func(b []byte) []byte { return []byte("{" + member + "," + string(b[1:])) }
}

// twice repeats the first member.
func twice(b []byte) []byte {
	s := string(b)
	first := s[1:strings.Index(s, ":")]
	return []byte("{" + first + ":null," + s[1:])
}

func onPicture(x *contract.Exchange) bool {
	if !strings.HasPrefix(x.Response.Header.Get("Content-Type"), "image/") {
		return false
	}
	x.Body = []byte("<html>")
	return true
}
