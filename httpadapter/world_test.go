package httpadapter_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/sqlite"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

const password = "correct horse battery staple"

// world is a running app on SQLite, with its log and clock in hand. Without a server, as
// config makes it for a synctest bubble, its stores are in memory.
type world struct {
	t     *testing.T
	app   *httpadapter.App
	srv   *httptest.Server
	store httpadapter.Database
	log   *lockedBuffer
	clock *clock
	mail  *mailbox
	// bearer has new clients be programs that keep a token.
	bearer bool
}

// mailbox is a courier that keeps what it was given.
type mailbox struct {
	mu  sync.Mutex
	all []authmail.Message
}

func (m *mailbox) Deliver(_ context.Context, msg authmail.Message) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, msg)
	return nil
}

// last is the newest message of that kind to the address.
func (m *mailbox) last(t *testing.T, kind authmail.Kind, address string) authmail.Message {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, msg := range slices.Backward(m.all) {
		if msg.Kind == kind && msg.To == address {
			return msg
		}
	}
	t.Fatalf("there is no message %s to %s", kind, address)
	return authmail.Message{}
}

// count is how many messages of that kind went to the address.
func (m *mailbox) count(kind authmail.Kind, address string) (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, msg := range m.all {
		if msg.Kind == kind && msg.To == address {
			n++
		}
	}
	return n
}

// token is that of the newest link of that kind to the address.
func (m *mailbox) token(t *testing.T, kind authmail.Kind, address string) string {
	t.Helper()
	_, token, _ := strings.Cut(m.last(t, kind, address).Link, "#token=")
	return token
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// cheap hashes take no time; what they cost is package auth's to test.
var cheap = hash.Argon2id{Memory: 8, Time: 1, Threads: 1}

// configForFuzz is one whose log nobody reads.
func configForFuzz(t testing.TB) httpadapter.Config {
	c, _ := config(t)
	c.Logger = nil
	return c
}

func config(t testing.TB) (httpadapter.Config, *world) {
	t.Helper()
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	tt, _ := t.(*testing.T)
	w := &world{t: tt, store: memstore.New(), log: &lockedBuffer{}, clock: &clock{now: time.Now()}, mail: &mailbox{}}
	return httpadapter.Config{
		Stores: httpadapter.StoresOf(w.store), Blobs: directtest.New(t, memblob.New(memblob.Options{})), Keys: keys, BaseURL: "http://localhost",
		Auth: auth.Policy{Hashers: hash.New(cheap), Courier: w.mail}, Now: w.clock.Now,
		Pictures: picture.Policy{Direct: true}, Logger: w.logger(),
	}, w
}

func (w *world) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// migrated is a file of SQLite with the tables of today and nothing in it.
var migrated = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "profilekit-world-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "app.db")
	ctx := context.Background()
	db, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	// Closing the last handle puts all of the log into the file.
	if err := errors.Join(db.Migrate(ctx, sqlstore.MigrateOptions{}), db.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// onDisk is a new database.
func onDisk(t testing.TB) *sqlstore.DB {
	t.Helper()
	file, err := migrated()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "app.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// fit takes out of c what New refuses beside the rest: what config set for other
// stores, or for a sign-in of ours.
func fit(c *httpadapter.Config) {
	if _, ok := storage.As[storage.DirectUploader](c.Blobs); !ok {
		c.Pictures.Direct = false
	}
	if c.Authenticator != nil {
		c.Auth = auth.Policy{}
	}
}

// newWorld starts an app; change adjusts its Config.
func newWorld(t *testing.T, change ...func(*httpadapter.Config)) *world {
	t.Helper()
	c, w := config(t)
	w.store = onDisk(t)
	c.Stores = httpadapter.StoresOf(w.store)
	for _, f := range change {
		f(&c)
	}
	fit(&c)
	var err error
	if w.app, err = httpadapter.New(c); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	w.app.Register(mux)
	mux.Handle("/host", w.app.RequireUser(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		u, ok := httpadapter.User(r.Context())
		fmt.Fprint(rw, u.Username, ok)
	})))
	mux.Handle("/admin", w.app.RequireRole("admin", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fmt.Fprint(rw, "admin")
	})))
	w.srv = httptest.NewServer(mux)
	t.Cleanup(w.srv.Close)
	return w
}

// client is a browser without a page: it keeps cookies and sends no Origin.
type client struct {
	w *world
	*http.Client
	header http.Header
	// bearer has it be a program: it sends the token of its session in a header instead
	// of a cookie, and takes a new one from the answer that tells it.
	bearer bool
}

func (w *world) client() *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &client{w: w, bearer: w.bearer, Client: &http.Client{
		Jar: jar, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, header: http.Header{}}
}

// reply is an answer read to its end.
type reply struct {
	*http.Response
	body []byte
}

func (r reply) json(t *testing.T) map[string]any {
	t.Helper()
	out := map[string]any{}
	if err := json.Unmarshal(r.body, &out); err != nil {
		t.Fatalf("%v in %q", err, r.body)
	}
	return out
}

func (r reply) code(t *testing.T) string {
	t.Helper()
	s, _ := r.json(t)["code"].(string)
	return s
}

func (c *client) do(method, path, contentType string, body io.Reader, headers ...string) reply {
	c.w.t.Helper()
	req, err := http.NewRequest(method, c.w.srv.URL+path, body)
	if err != nil {
		c.w.t.Fatal(err)
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
	resp, err := c.Do(req)
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.w.t.Fatal(err)
	}
	got := reply{resp, raw}
	if token := got.told(); c.bearer && token != "" {
		c.header.Set("Authorization", "Bearer "+token)
		c.Jar.SetCookies(req.URL, []*http.Cookie{{Name: "profilekit", Path: "/", MaxAge: -1}})
	}
	return got
}

// told is the token of a session that the answer hands out, or "".
func (r reply) told() string {
	if token := r.inBody(); token != "" {
		return token
	}
	return r.inCookie()
}

func (r reply) inBody() string {
	var body struct{ Token string }
	if json.Unmarshal(r.body, &body) != nil { // it is a picture, or nothing
		return ""
	}
	return body.Token
}

func (r reply) inCookie() string {
	for _, ck := range r.Cookies() {
		if ck.Name == "profilekit" {
			return ck.Value
		}
	}
	return ""
}

func (c *client) get(path string, headers ...string) reply {
	c.w.t.Helper()
	return c.do("GET", path, "", nil, headers...)
}

func (c *client) send(method, path, body string, headers ...string) reply {
	c.w.t.Helper()
	return c.do(method, path, "application/json", strings.NewReader(body), headers...)
}

// want fails the test unless the answer has that status.
func (r reply) want(t *testing.T, status int) reply {
	t.Helper()
	if r.StatusCode != status {
		t.Fatalf("%s %s: status %d, want %d: %s", r.Request.Method, r.Request.URL.Path, r.StatusCode, status, r.body)
	}
	return r
}

// register makes an account and leaves the client signed in.
func (c *client) register(name string) *client {
	c.w.t.Helper()
	c.send("POST", "/api/auth/register", fmt.Sprintf(`{"username":%q,"email":"%s@example.org","password":%q}`, name, name, password)).want(c.w.t, 201)
	return c
}
