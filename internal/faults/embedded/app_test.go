package embedded

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/storage/diskblob"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// site is the whole program on one disk.
type site struct {
	t     *testing.T
	app   *httpadapter.App
	srv   *httptest.Server
	blobs *diskblob.Store
	clock clock
}

type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

func serve(t *testing.T, db *sqlstore.DB, pictures string) *site {
	t.Helper()
	s := &site{t: t}
	keys, err := keyring.New(keyring.Generate())
	if err == nil {
		s.blobs, err = diskblob.Open(pictures, diskblob.Options{})
	}
	if err != nil {
		t.Fatal(err)
	}
	s.app, err = httpadapter.New(httpadapter.Config{
		Stores: httpadapter.StoresOf(db).Unlimited(), Blobs: s.blobs, Keys: keys, BaseURL: "http://localhost", Now: s.clock.now,
		Auth: auth.Policy{Hashers: hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1})},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s.app.Register(mux)
	s.srv = httptest.NewServer(mux)
	t.Cleanup(s.close)
	return s
}

func (s *site) close() {
	s.srv.Close()
	_ = s.blobs.Close()
}

// person is a signed-in client.
type person struct {
	site   *site
	cookie *http.Cookie
}

type answer struct {
	status int
	header http.Header
	body   []byte
}

// send may be called by any goroutine; status 0 is no answer at all.
func (p *person) send(method, path, kind string, body []byte) answer {
	req, err := http.NewRequestWithContext(p.site.t.Context(), method, p.site.srv.URL+path, bytes.NewReader(body))
	if err != nil {
		return answer{body: []byte(err.Error())}
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	if p.cookie != nil {
		req.AddCookie(p.cookie)
	}
	resp, err := p.site.srv.Client().Do(req)
	if err != nil {
		return answer{body: []byte(err.Error())}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{body: []byte(err.Error())}
	}
	return answer{resp.StatusCode, resp.Header, b}
}

func (s *site) register(name string) *person {
	s.t.Helper()
	p := &person{site: s}
	a := p.send("POST", "/api/auth/register", "application/json",
		[]byte(`{"username":"`+name+`","email":"`+name+`@example.org","password":"correct horse battery staple"}`))
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		p.cookie = c
	}
	if a.status != http.StatusCreated || p.cookie == nil {
		s.t.Fatalf("register: %d %s", a.status, a.body)
	}
	return p
}

func (p *person) patch(bio string) answer {
	body, _ := json.Marshal(map[string]string{"bio": bio}) // a string can always be
	return p.send("PATCH", "/api/profile", "application/json", body)
}

func (p *person) upload(picture []byte) answer {
	return p.send("PUT", "/api/profile/picture", "image/jpeg", picture)
}

// shown is what the profile says.
type shown struct {
	Bio     *string           `json:"bio"`
	Picture *string           `json:"profilePicture"`
	Sizes   map[string]string `json:"pictureSizes"`
}

func (p *person) profile() shown {
	p.site.t.Helper()
	a := p.send("GET", "/api/profile", "", nil)
	var v shown
	if err := json.Unmarshal(a.body, &v); err != nil || a.status != http.StatusOK {
		p.site.t.Fatalf("GET: %d %s", a.status, a.body)
	}
	return v
}
