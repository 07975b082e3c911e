package blackbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/internal/contract"
)

const (
	password = "correct horse battery staple"
	jsonType = "application/json"
)

// world is a target and the document that it serves.
type world struct {
	Target
	v    *contract.Validator
	seen *coverage
}

func newWorld(t *testing.T, target Target, seen *coverage) *world {
	t.Helper()
	w := &world{Target: target, seen: seen}
	hc := &http.Client{Transport: target.Transport, Timeout: 30 * time.Second}
	resp, err := hc.Get(target.URL + "/api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	document, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	// Its own examples are checked too, which takes longer than many a part.
	if !bytes.Equal(document, seen.document) {
		if seen.v, err = contract.New(document); err != nil {
			t.Fatal(err)
		}
		seen.document = document
	}
	w.v = seen.v
	return w
}

// client is somebody who calls: it keeps cookies, follows no redirect and
// sends no Origin unless asked to.
type client struct {
	t    *testing.T
	w    *world
	hc   *http.Client
	name string
	// header goes with every request.
	header http.Header
	// keeps has the client send the newest token that an answer told, instead of a cookie.
	keeps bool
}

func (w *world) client(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{t: t, w: w, header: http.Header{}, hc: &http.Client{
		Transport: w.Transport, Jar: jar, Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// user is a client that registered and is signed in.
func (w *world) user(t *testing.T, name string) *client {
	t.Helper()
	c := w.client(t)
	c.name = name
	c.send("POST", "/api/auth/register", fmt.Sprintf(`{"username":%q,"email":"%s@example.org","password":%q}`, name, name, password)).want(201)
	return c
}

// bearer is the same user on a device that keeps a token.
func (c *client) bearer() *client {
	c.t.Helper()
	b := c.w.client(c.t)
	b.name = c.name
	b.keeps = true
	b.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":%q,"password":%q,"transport":"bearer"}`, c.name, password)).want(200)
	if b.header.Get("Authorization") == "" {
		c.t.Fatal("the sign-in told no token")
	}
	return b
}

// again is the same user on another device with a cookie of its own.
func (c *client) again() *client {
	c.t.Helper()
	b := c.w.client(c.t)
	b.name = c.name
	b.send("POST", "/api/auth/login", fmt.Sprintf(`{"login":%q,"password":%q}`, c.name, password)).want(200)
	return b
}

// token is the value of the session cookie.
func (c *client) token() string {
	u, err := url.Parse(c.w.URL)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, ck := range c.hc.Jar.Cookies(u) {
		if ck.Name == c.w.Cookie {
			return ck.Value
		}
	}
	return ""
}

// rows is what is stored of the user.
func (c *client) rows() string {
	c.t.Helper()
	return c.w.Rows(c.t, c.name)
}

// reply is an answer that matched the document.
type reply struct {
	t      *testing.T
	what   string
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

// do asks, and holds the answer against the document. Headers come in pairs;
// an empty value takes the header away.
func (c *client) do(method, path, contentType string, body []byte, headers ...string) reply {
	c.t.Helper()
	var rd io.Reader
	if body != nil {
		rd = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.w.URL+path, rd)
	if err != nil {
		c.t.Fatal(err)
	}
	for k, v := range c.header {
		req.Header[k] = v
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	start := time.Now()
	resp, err := c.hc.Do(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	r := reply{c.t, method + " " + path, resp.StatusCode, resp.Header, got, time.Since(start)}
	c.check(contract.Exchange{Request: req, RequestBody: body, Response: resp, Body: got})
	if token := r.token(); c.keeps && token != "" {
		c.header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// token is what the body tells under that name, or "".
func (r reply) token() string {
	var out struct{ Token string }
	if json.Unmarshal(r.body, &out) != nil {
		return ""
	}
	return out.Token
}

func (c *client) check(x contract.Exchange) {
	c.t.Helper()
	if err := c.w.v.Check(x); err != nil {
		c.t.Errorf("%v\nanswer: %.200q", err, x.Body)
	}
	s := c.w.seen
	s.mu.Lock()
	defer s.mu.Unlock()
	s.checked++
	if id, ok := c.w.v.ID(x.Request); ok && x.Response.StatusCode < 400 {
		s.answered[id] = true
	}
}

func (c *client) get(path string, headers ...string) reply {
	c.t.Helper()
	return c.do("GET", path, "", nil, headers...)
}

// send sends JSON.
func (c *client) send(method, path, body string, headers ...string) reply {
	c.t.Helper()
	return c.do(method, path, jsonType, []byte(body), headers...)
}

// want ends the test unless the answer has one of those statuses.
func (r reply) want(statuses ...int) reply {
	r.t.Helper()
	for _, s := range statuses {
		if r.status == s {
			return r
		}
	}
	r.t.Fatalf("%s: status %d, want %v: %.300q", r.what, r.status, statuses, r.body)
	return r
}

// is notes a fault, unless the answer has that status and code.
func (r reply) is(status int, code string) bool {
	r.t.Helper()
	got := ""
	if strings.HasSuffix(r.header.Get("Content-Type"), "json") {
		got, _ = r.object()["code"].(string)
	}
	if r.status != status || got != code {
		r.t.Errorf("%s: %d %q, want %d %q: %.300q", r.what, r.status, got, status, code, r.body)
		return false
	}
	return true
}

// object is the body as a JSON object.
func (r reply) object() map[string]any {
	r.t.Helper()
	var out map[string]any
	if err := json.Unmarshal(r.body, &out); err != nil {
		r.t.Fatalf("%s: %v in %.300q", r.what, err, r.body)
	}
	return out
}

// items is the member "items".
func (r reply) items() []map[string]any {
	r.t.Helper()
	var out struct{ Items []map[string]any }
	if err := json.Unmarshal(r.body, &out); err != nil {
		r.t.Fatalf("%s: %v in %.300q", r.what, err, r.body)
	}
	return out.Items
}
