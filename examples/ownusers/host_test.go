package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/storage/memblob"
)

// browser is a client of the program under test that keeps cookies.
type browser struct {
	t   *testing.T
	url string
	*http.Client
}

func serve(t *testing.T, p people) browser {
	t.Helper()
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	h, err := newHandler(httpadapter.Config{
		Stores: httpadapter.StoresWithUsers(p.db, p), Blobs: memblob.New(memblob.Options{}), Keys: keys, BaseURL: "http://localhost",
		Auth: auth.Policy{Hashers: hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1})},
	}, p)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return browser{t, srv.URL, &http.Client{}}.again()
}

// again is a browser without cookies.
func (b browser) again() browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return browser{b.t, b.url, &http.Client{Jar: jar}}
}

// send expects a status and returns the answer as JSON, when it is.
func (b browser) send(status int, method, path, contentType string, body []byte) map[string]any {
	b.t.Helper()
	req, err := http.NewRequest(method, b.url+path, bytes.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := b.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if resp.StatusCode != status {
		b.t.Fatalf("%s %s: status %d, want %d: %s", method, path, resp.StatusCode, status, raw)
	}
	doc := map[string]any{}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(raw, &doc); err != nil {
			b.t.Fatal(err)
		}
	}
	return doc
}

func (b browser) json(status int, method, path, body string) map[string]any {
	b.t.Helper()
	return b.send(status, method, path, "application/json", []byte(body))
}

// kinds are those of the events in the feed, newest first.
func (b browser) kinds() string {
	b.t.Helper()
	items, _ := b.json(200, "GET", "/api/activity", "")["items"].([]any)
	var kinds []string
	for _, it := range items {
		kind, _ := it.(map[string]any)["kind"].(string)
		kinds = append(kinds, kind)
	}
	return strings.Join(kinds, " ")
}

// count asks the database directly.
func (p people) count(t *testing.T, query string) (n int) {
	t.Helper()
	if err := p.pool.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func (p people) exec(t *testing.T, statement string) {
	t.Helper()
	if _, err := p.pool.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

// TestD04_OwnUsersEndToEnd goes through the routes with users of the host's.
func TestD04_OwnUsersEndToEnd(t *testing.T) {
	const account, wrong = `{"login":"ada","password":"correct horse battery staple"}`, `{"login":"ada","password":"not the right password"}`
	onBoth(t, func(t *testing.T, open func(t *testing.T) people) {
		p := open(t)
		b := serve(t, p)
		made := b.json(201, "POST", "/api/auth/register", `{"username":"ada","email":"ada@example.org","password":"correct horse battery staple"}`)
		id, _ := made["user"].(map[string]any)["id"].(string)
		if !uuid.MatchString(id) {
			t.Errorf("the user's ID is %q, want the host's UUID", id)
		}
		other := b.again()
		other.json(409, "POST", "/api/auth/register", `{"username":"ADA","email":"x@example.org","password":"correct horse battery staple"}`)
		other.json(401, "POST", "/api/auth/login", wrong)
		other.json(200, "POST", "/api/auth/login", account)

		if bio := b.json(200, "PATCH", "/api/profile", `{"bio":"mine"}`)["bio"]; bio != "mine" {
			t.Errorf("bio %v", bio)
		}
		b.json(200, "PATCH", "/api/settings", `{"locale":"fr"}`)
		b.send(200, "PUT", "/api/profile/picture", "image/png", imagetest.PNG(imagetest.Card(64, 64)))
		if url := b.json(200, "GET", "/api/users/Ada", "")["profilePicture"]; url == nil {
			t.Error("the profile shows no picture")
		}
		b.send(200, "POST", "/orders", "", nil)
		b.json(204, "POST", "/api/auth/password", `{"currentPassword":"correct horse battery staple","newPassword":"another correct horse battery"}`)
		other.json(401, "GET", "/api/profile", "") // ended with the change
		want := "auth.password_changed shop.ordered picture.changed settings.changed profile.updated auth.sign_in auth.sign_in_failed auth.registered"
		if got := b.kinds(); got != want {
			t.Errorf("the feed holds\n%s, want\n%s", got, want)
		}

		for query, want := range map[string]int{
			`SELECT count(*) FROM people`:               1,
			`SELECT count(*) FROM users`:                0,
			`SELECT count(*) FROM profilekit_passwords`: 1,
			`SELECT count(*) FROM profilekit_sessions`:  1,
			`SELECT count(*) FROM orders`:               1,
		} {
			if n := p.count(t, query); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
	})
}

// TestD04_OwnUsersAndOurRowsAreOneTransaction makes ours impossible to write:
// then the host's are not written either.
func TestD04_OwnUsersAndOurRowsAreOneTransaction(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(t *testing.T) people) {
		p := open(t)
		b := serve(t, p)
		b.json(201, "POST", "/api/auth/register", `{"username":"ada","email":"ada@example.org","password":"correct horse battery staple"}`)

		p.exec(t, `ALTER TABLE profilekit_activity RENAME TO away`)
		b.json(500, "PATCH", "/api/profile", `{"bio":"half"}`)
		b.send(503, "POST", "/orders", "", nil)
		p.exec(t, `ALTER TABLE away RENAME TO profilekit_activity`)
		if bio := b.json(200, "GET", "/api/profile", "")["bio"]; bio != nil {
			t.Errorf("the bio is %v, and its event could not be written", bio)
		}
		if n := p.count(t, `SELECT count(*) FROM orders`); n != 0 {
			t.Errorf("%d orders, and their event could not be written", n)
		}

		p.exec(t, `ALTER TABLE profilekit_passwords RENAME TO away`)
		b.again().json(500, "POST", "/api/auth/register", `{"username":"bob","email":"bob@example.org","password":"correct horse battery staple"}`)
		p.exec(t, `ALTER TABLE away RENAME TO profilekit_passwords`)
		if n := p.count(t, `SELECT count(*) FROM people`); n != 1 {
			t.Errorf("%d people: one registered without a password", n)
		}
		b.again().json(201, "POST", "/api/auth/register", `{"username":"bob","email":"bob@example.org","password":"correct horse battery staple"}`)
	})
}
