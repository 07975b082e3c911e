// Package silence tests databases that refuse, hang, are slow, or lose
// connections, from the outside: what a client of the routes gets, and when.
package silence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/auth/passkey"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/internal/pgtest"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/postgres"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

const password = "correct horse battery staple"

// long is the form of .ci/long: more rounds and more time.
var long = os.Getenv("PROFILEKIT_LONG") != ""

// times is n in the short form and many in the long one.
func times(n, many int) int {
	if long {
		return many
	}
	return n
}

// fresh is the DSN of a database with the tables.
func fresh(t *testing.T) string {
	t.Helper()
	return pgtest.OpenFrom(t, "migrated", migrate)
}

// app is a running server on a database that the test spoils.
type app struct {
	t   *testing.T
	db  *sqlstore.DB
	url string
	log *lockedBuffer
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

// A request may take requestTime, and its body bodyTime more to arrive.
const (
	requestTime = time.Second
	bodyTime    = 200 * time.Millisecond
)

func start(t *testing.T, dsn string, blobs storage.BlobStore, opts postgres.Options) *app {
	t.Helper()
	db, err := postgres.Open(t.Context(), dsn, opts)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, db, blobs)
}

func serve(t *testing.T, db *sqlstore.DB, blobs storage.BlobStore, change ...func(*httpadapter.Config)) *app {
	t.Helper()
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	if blobs == nil {
		blobs = directtest.New(t, memblob.New(memblob.Options{}))
	}
	passkeys, err := passkey.New(keys, passkey.Options{Origin: "http://localhost"})
	if err != nil {
		t.Fatal(err)
	}
	a := &app{t: t, db: db, log: &lockedBuffer{}}
	c := httpadapter.Config{
		Auth:   auth.Policy{Passkeys: passkeys, Codes: auth.Codes{Channels: []authmail.Channel{authmail.BySMS, authmail.ByEmail}, Alone: true}, FactorRecovery: auth.FactorRecovery{Wait: auth.RecoveryWait}, Hashers: hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1}), Courier: nowhere{}},
		Stores: httpadapter.StoresOf(db).Unlimited(), Blobs: blobs, Keys: keys, BaseURL: "http://localhost",
		HTTP:   httpadapter.HTTP{RequestTimeout: requestTime, BodyTimeout: bodyTime},
		Logger: slog.New(slog.NewJSONHandler(a.log, nil)),
	}
	for _, f := range change {
		f(&c)
	}
	_, c.Pictures.Direct = storage.As[storage.DirectUploader](c.Blobs)
	handler, err := httpadapter.New(c)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	handler.Register(mux)
	srv := httptest.NewServer(mux)
	a.url = srv.URL
	t.Cleanup(func() {
		srv.Close()
		db.Close()
	})
	return a
}

// nowhere is a courier that takes everything and brings nothing.
type nowhere struct{}

func (nowhere) Deliver(context.Context, authmail.Message) error { return nil }

// answer is what came back, and after how long.
type answer struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

// client is shared; it keeps connections so that a test can count goroutines.
var client = &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (a *app) do(method, path, token string, header map[string]string, contentType string, body []byte) answer {
	a.t.Helper()
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.url+path, bytes.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	begin := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		a.t.Errorf("%s %s: %v", method, path, err)
		return answer{took: time.Since(begin)}
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		a.t.Errorf("%s %s: %v", method, path, err)
	}
	return answer{resp.StatusCode, resp.Header, string(b), time.Since(begin)}
}

func (a *app) json(method, path, token string, body string, header ...string) answer {
	a.t.Helper()
	h := map[string]string{}
	for i := 0; i+1 < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	contentType := ""
	if body != "" {
		contentType = "application/json"
		if method == http.MethodPatch {
			contentType = "application/merge-patch+json"
		}
	}
	return a.do(method, path, token, h, contentType, []byte(body))
}

func migrate(ctx context.Context, dsn string) error {
	db, err := postgres.Open(ctx, dsn, postgres.Options{})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx, sqlstore.MigrateOptions{}), db.Close())
}

// multipartOf is a form with the picture, as the replaced application sends it.
func multipartOf(t *testing.T, picture []byte) (body []byte, contentType string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("profile_picture", "IMG_0001.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(picture); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), w.FormDataContentType()
}

// user registers and returns a bearer token.
func (a *app) user(name string) (token string) {
	a.t.Helper()
	r := a.json("POST", "/api/auth/register", "", fmt.Sprintf(`{"username":%q,"email":"%s@example.org","password":%q}`, name, name, password))
	if r.status != http.StatusCreated {
		a.t.Fatalf("register: %d %s", r.status, r.body)
	}
	r = a.json("POST", "/api/auth/login", "", fmt.Sprintf(`{"login":%q,"password":%q,"transport":"bearer"}`, name, password))
	var got struct{ Token string }
	if err := json.Unmarshal([]byte(r.body), &got); err != nil || got.Token == "" {
		a.t.Fatalf("sign in: %d %s", r.status, r.body)
	}
	return got.Token
}

// route is one of the contract's, with a request that would succeed.
type route struct {
	method, path, contentType string
	body                      []byte
	free                      bool // needs no database
}

func (r route) String() string { return r.method + " " + r.path }

// anyToken has the form of a link's.
var anyToken = strings.Repeat("A", 43)

// routes are all of the contract: a new one without a request here fails.
func routes(t *testing.T, name string) []route {
	t.Helper()
	picture := imagetest.JPEG(imagetest.Card(80, 60), 90)
	form, formType := multipartOf(t, picture)
	j := func(method, path, body string) route {
		r := route{method: method, path: path}
		if body != "" {
			r.body, r.contentType = []byte(body), "application/json"
			if method == http.MethodPatch {
				r.contentType = "application/merge-patch+json"
			}
		}
		return r
	}
	all := []route{
		j("POST", "/api/auth/register", `{"username":"somebody","email":"somebody@example.org","password":"`+password+`"}`),
		j("POST", "/api/auth/login", `{"login":"`+name+`","password":"`+password+`"}`),
		j("POST", "/api/auth/logout", ""),
		j("POST", "/api/auth/reauthenticate", `{"password":"`+password+`"}`),
		j("POST", "/api/auth/password", `{"currentPassword":"`+password+`","newPassword":"another good password"}`),
		j("POST", "/api/auth/password/forgot", `{"email":"`+name+`@example.org"}`),
		j("POST", "/api/auth/password/reset", `{"token":"`+anyToken+`","password":"another good password"}`),
		j("POST", "/api/auth/email/verify", `{"token":"`+anyToken+`"}`),
		j("POST", "/api/auth/email/verify/resend", ""),
		j("POST", "/api/auth/email/change", `{"email":"another@example.org"}`),
		j("POST", "/api/auth/email/change/confirm", `{"token":"`+anyToken+`"}`),
		j("POST", "/api/auth/email/change/undo", `{"token":"`+anyToken+`"}`),
		j("POST", "/api/activity/report", `{"token":"`+anyToken+`"}`),
		{method: "GET", path: "/account/reset", free: true},
		{method: "GET", path: "/account/verify", free: true},
		{method: "GET", path: "/account/email", free: true},
		{method: "GET", path: "/account/undo", free: true},
		{method: "GET", path: "/account/not-me", free: true},
		{method: "GET", path: "/account/recover", free: true},
		j("GET", "/api/auth/proof", ""),
		j("POST", "/api/auth/proof/mail", ""),
		j("POST", "/api/auth/proof/mail/confirm", `{"code":"0f3k-q82m-7xwa"}`),
		j("POST", "/api/auth/proof/wait", ""),
		j("DELETE", "/api/auth/proof/wait", ""),
		j("GET", "/api/auth/sessions", ""),
		j("DELETE", "/api/auth/sessions", ""),
		j("DELETE", "/api/auth/sessions/none", ""),
		j("POST", "/api/auth/passkeys/login/begin", `{"purpose":"reauthenticate"}`),
		j("POST", "/api/auth/passkeys/login/finish", `{"purpose":"second_factor","state":"x","credential":{}}`),
		j("POST", "/api/auth/passkeys/register/begin", ""),
		j("POST", "/api/auth/passkeys/register/finish", `{"state":"x","credential":{}}`),
		j("PATCH", "/api/auth/passkeys/none", `{"name":"x"}`),
		j("DELETE", "/api/auth/passkeys/none", ""),
		j("POST", "/api/auth/mfa", `{"method":"totp","code":"123456"}`),
		j("GET", "/api/auth/mfa", ""),
		j("POST", "/api/auth/mfa/recovery", ""),
		j("POST", "/api/auth/mfa/recovery/confirm", `{"token":"`+anyToken+`"}`),
		j("POST", "/api/auth/mfa/challenge", `{"method":"sms"}`),
		j("POST", "/api/auth/reauthenticate/challenge", `{"method":"sms"}`),
		j("POST", "/api/auth/mfa/phone", `{"phone":"+41791234567"}`),
		j("POST", "/api/auth/mfa/phone/confirm", `{"code":"123456"}`),
		j("POST", "/api/auth/mfa/email", ""),
		j("POST", "/api/auth/mfa/email/confirm", `{"code":"123456"}`),
		j("POST", "/api/auth/mfa/totp", `{}`),
		j("POST", "/api/auth/mfa/totp/confirm", `{"code":"123456"}`),
		j("POST", "/api/auth/mfa/recovery-codes", ""),
		j("DELETE", "/api/auth/mfa/none", ""),
		j("GET", "/api/auth/devices", ""),
		j("DELETE", "/api/auth/devices/none", ""),
		j("GET", "/api/profile", ""),
		j("PATCH", "/api/profile", `{"bio":"new"}`),
		j("PUT", "/api/profile", `{"username":"`+name+`","email":"`+name+`@example.org"}`),
		j("GET", "/api/profile/export", ""),
		j("DELETE", "/api/profile", ""),
		j("POST", "/api/profile/restore", ""),
		{method: "PUT", path: "/api/profile/picture", contentType: "image/jpeg", body: picture},
		j("POST", "/api/profile/picture/direct", `{"contentType":"image/jpeg"}`),
		j("POST", "/api/profile/picture/direct/"+strings.Repeat("a", 26)+"/complete", `{}`),
		j("DELETE", "/api/profile/picture", ""),
		j("GET", "/api/users/"+name, ""),
		j("GET", "/api/users/"+name+"/picture", ""),
		j("GET", "/api/pictures/none-512.jpg", ""),
		j("GET", "/api/settings", ""),
		j("PATCH", "/api/settings", `{"appearance":{"theme":"dark"}}`),
		j("GET", "/api/activity", ""),
		{method: "GET", path: "/api/openapi.json", free: true},
		{method: "GET", path: "/api/capabilities", free: true},
		{method: "POST", path: "/upload-profile", contentType: formType, body: form},
		{method: "GET", path: "/default-avatar.png", free: true},
	}
	document, err := os.ReadFile("../../../httpadapter/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal(document, &doc); err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths {
		for method := range item {
			m := strings.ToUpper(method)
			if !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, m) {
				continue
			}
			if !slices.ContainsFunc(all, func(r route) bool { return r.method == m && matches(path, r.path) }) {
				t.Errorf("the contract has %s %s, which is not tried here", m, path)
			}
		}
	}
	return all
}

// matches reports whether a path of the contract, below /api or at the root, is
// the pattern of a request.
func matches(pattern, path string) bool {
	path = strings.TrimPrefix(path, "/api")
	p, q := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(p) != len(q) {
		return false
	}
	for i := range p {
		if p[i] != q[i] && !strings.HasPrefix(p[i], "{") {
			return false
		}
	}
	return true
}

// ours counts the goroutines that are neither connections of HTTP nor of the
// proxies, which come and go with the pools.
func ours() (n int, stacks string) {
	buf := make([]byte, 8<<20)
	buf = buf[:runtime.Stack(buf, true)]
	for g := range strings.SplitSeq(string(buf), "\n\n") {
		if !slices.ContainsFunc([]string{"net/http.", "toxiproxy", "faults/proxy", "database/sql.(*DB).connectionOpener"}, func(s string) bool { return strings.Contains(g, s) }) ||
			strings.Contains(g, "profilekit/httpadapter") || strings.Contains(g, "lib/pq") {
			n++
		}
	}
	return n, string(buf)
}

// settled waits until at most base+10 goroutines run.
func settled(t *testing.T, base int, patience time.Duration) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		n, stacks := ours()
		if n <= base+10 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d goroutines, %d before:\n%s", n, base, stacks)
		}
	}
}

// discreet checks that neither an answer nor the log tells of the database.
func (a *app) discreet(dsn string, answers ...answer) {
	a.t.Helper()
	_, address, _ := strings.Cut(dsn, "@")
	address, _, _ = strings.Cut(address, "/")
	for _, secret := range []string{address, "postgres:", "pq:", "dial tcp", "sslmode", password} {
		for _, r := range answers {
			if strings.Contains(r.body, secret) {
				a.t.Errorf("an answer tells %q: %s", secret, r.body)
			}
		}
		if strings.Contains(a.log.String(), secret) {
			a.t.Errorf("the log tells %q", secret)
		}
	}
}

// unavailable checks that an answer is 503 with a time to come back at.
func unavailable(t *testing.T, what fmt.Stringer, r answer) {
	t.Helper()
	if r.status != http.StatusServiceUnavailable || r.header.Get("Retry-After") == "" {
		t.Errorf("%v: %d %s, Retry-After %q; want 503 with one", what, r.status, r.body, r.header.Get("Retry-After"))
	}
}
