package nodes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// password is everybody's, unless a test changes it.
const password = "correct horse battery staple"

// cookieName is that of a host on plain http.
const cookieName = "profilekit"

// client has no cookie jar: a test says which session it uses. It keeps many
// connections, as many people do.
var client = &http.Client{
	Transport: &http.Transport{MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute},
	Timeout:   patience,
}

// person is somebody with an account, and a session at a node.
type person struct {
	t      *testing.T
	node   *node
	name   string
	cookie string // value of the session cookie
}

// reply is an answer that has been read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) String() string { return fmt.Sprintf("%d %s", r.status, r.body) }

func (r reply) ok() bool { return r.status >= 200 && r.status < 300 }

// cookie is the value of the session cookie that the answer sets, or "".
func (r reply) cookie() string {
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		if c.Name == cookieName {
			return c.Value
		}
	}
	return ""
}

// into decodes the body.
func (r reply) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Fatalf("%v in %s", err, r)
	}
}

// send sends a request with a session cookie, "" for none. A body makes it
// JSON.
func (n *node) send(ctx context.Context, method, path, cookie, body string, headers ...string) (reply, error) {
	var src io.Reader
	if body != "" {
		src = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, n.url+path, src)
	if err != nil {
		return reply{}, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if cookie != "" {
		req.AddCookie(&http.Cookie{Name: cookieName, Value: cookie})
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(resp.Body); err != nil {
		return reply{}, err
	}
	return reply{status: resp.StatusCode, header: resp.Header, body: buf.Bytes()}, nil
}

// must is send for an answer that has to come, with that status.
func (n *node) must(want int, method, path, cookie, body string) reply {
	n.t.Helper()
	r, err := n.send(n.t.Context(), method, path, cookie, body)
	if err != nil {
		n.t.Fatalf("%s %s: %v\n%s", method, path, err, n.log.tail())
	}
	if r.status != want {
		n.t.Fatalf("%s %s: %s, want %d", method, path, r, want)
	}
	return r
}

// object is a JSON object.
func object(fields map[string]any) string {
	b, err := json.Marshal(fields)
	if err != nil {
		return err.Error() // no test has such a field
	}
	return string(b)
}

func signUpBody(name, email, password string) string {
	return object(map[string]any{"username": name, "email": email, "password": password})
}

func signInBody(login, password string) string {
	return object(map[string]any{"login": login, "password": password})
}

// signUp makes an account and its first session.
func (n *node) signUp(name string) *person {
	n.t.Helper()
	r := n.must(201, "POST", "/api/auth/register", "", signUpBody(name, name+"@example.org", password))
	return &person{t: n.t, node: n, name: name, cookie: r.cookie()}
}

// crowd signs up n people, named after prefix.
func (n *node) crowd(prefix string, count int) []*person {
	n.t.Helper()
	people := make([]*person, count)
	for i := range people {
		people[i] = n.signUp(fmt.Sprintf("%s%d", prefix, i))
	}
	return people
}

// signIn makes another session of the person.
func (p *person) signIn() *person {
	p.t.Helper()
	r := p.node.must(200, "POST", "/api/auth/login", "", signInBody(p.name, password))
	return &person{t: p.t, node: p.node, name: p.name, cookie: r.cookie()}
}

// at is the person at another node, with the same session.
func (p *person) at(n *node) *person {
	q := *p
	q.node = n
	return &q
}

// send is the node's, with the person's session.
func (p *person) send(ctx context.Context, method, path, body string, headers ...string) (reply, error) {
	return p.node.send(ctx, method, path, p.cookie, body, headers...)
}

// must is the node's, with the person's session.
func (p *person) must(want int, method, path, body string) reply {
	p.t.Helper()
	return p.node.must(want, method, path, p.cookie, body)
}

// view is what the tests look at of the own view.
type view struct {
	ID          string `json:"id"`
	Username    string `json:"username"`
	DisplayName string `json:"displayName"`
	Bio         string `json:"bio"`
	Birthday    string `json:"birthday"`
	CreatedAt   string `json:"createdAt"`
	UpdatedAt   string `json:"updatedAt"`

	etag string
}

func (p *person) profile() view {
	p.t.Helper()
	r := p.must(200, "GET", "/api/profile", "")
	var v view
	r.into(p.t, &v)
	v.etag = r.header.Get("ETag")
	return v
}

// event is a row of the feed.
type event struct {
	ID     string         `json:"id"`
	Kind   string         `json:"kind"`
	At     string         `json:"at"`
	Detail map[string]any `json:"detail"`
}

// page is one page of the feed, which takes query, and the cursor of the next.
func (p *person) page(query string) ([]event, string) {
	p.t.Helper()
	var out struct {
		Items []event `json:"items"`
		Next  *string `json:"next"`
	}
	p.must(200, "GET", "/api/activity?"+query, "").into(p.t, &out)
	if out.Next == nil {
		return out.Items, ""
	}
	return out.Items, *out.Next
}

// feed is all of the feed of one kind, "" for all, newest first.
func (p *person) feed(kind string) []event {
	p.t.Helper()
	var all []event
	for cursor := ""; ; {
		items, next := p.page("limit=100&kind=" + kind + "&cursor=" + cursor)
		all = append(all, items...)
		if next == "" {
			return all
		}
		cursor = next
	}
}
