package contract_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/profilekit/profilekit/activity"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/contract"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/storage/memblob"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

// onBoth runs f with a service on each database.
func onBoth(t *testing.T, f func(t *testing.T, s *service)) {
	v := validator(t)
	t.Run("sqlite", func(t *testing.T) { f(t, newService(t, v, openSQLite(t))) })
	t.Run("postgres", func(t *testing.T) { f(t, newService(t, v, openPostgres(t))) })
}

// service is a running app in whose writes a test can meddle.
type service struct {
	v      *contract.Validator
	db     *sqlstore.DB
	stores *meddled
	blobs  *memblob.Store
	mail   *mailbox
	app    *httpadapter.App
	srv    *httptest.Server
	// body, when set, is put before the body of every request.
	body   atomic.Pointer[func(io.ReadCloser) io.ReadCloser]
	people atomic.Int64
}

func newService(t *testing.T, v *contract.Validator, db *sqlstore.DB) *service {
	t.Helper()
	s := &service{v: v, db: db, stores: &meddled{DB: db}, blobs: memblob.New(memblob.Options{}), mail: &mailbox{}}
	s.srv = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f := s.body.Load(); f != nil {
			r.Body = (*f)(r.Body)
		}
		s.app.ServeHTTP(w, r)
	}))
	t.Cleanup(s.srv.Close)
	cfg := config(t, s.srv.URL, s.mail)
	cfg.Stores, cfg.Blobs = httpadapter.StoresOf(s.stores).Unlimited(), directtest.New(t, s.blobs)
	cfg.Pictures.Limits.Slots = 4 // so that ten uploads at a time have room
	var err error
	if s.app, err = httpadapter.New(cfg); err != nil {
		t.Fatal(err)
	}
	return s
}

// place is where meddled lets something happen.
type place int

const (
	// beforeWrite is before the write, or before the transaction that it is in.
	beforeWrite place = iota
	// inTransaction is between what a transaction read of the user and its first
	// write to the user. On SQLite nobody else can write then.
	inTransaction
	// afterLook is after the settings were read for the first time.
	afterLook
)

// meddled is a database that lets something happen once, right before somebody
// writes, or after somebody has looked.
type meddled struct {
	*sqlstore.DB
	armed atomic.Pointer[meddling]
}

type meddling struct {
	at     place
	happen func()
}

// arm has f happen once, at the next such place.
func (m *meddled) arm(at place, f func()) { m.armed.Store(&meddling{at, f}) }

// disarm reports whether it has not happened.
func (m *meddled) disarm() bool { return m.armed.Swap(nil) != nil }

func (m *meddled) come(at place) {
	if armed := m.armed.Load(); armed != nil && armed.at == at && m.armed.CompareAndSwap(armed, nil) {
		armed.happen()
	}
}

type meddledTx struct{}

func (m *meddled) InTx(ctx context.Context, f func(context.Context) error) error {
	if ctx.Value(meddledTx{}) == nil {
		m.come(beforeWrite)
		ctx = context.WithValue(ctx, meddledTx{}, true)
	}
	return m.DB.InTx(ctx, f)
}

func (m *meddled) write(ctx context.Context) {
	if ctx.Value(meddledTx{}) == nil {
		m.come(beforeWrite)
	} else {
		m.come(inTransaction)
	}
}

func (m *meddled) Users() profile.Store {
	return meddledUsers{m.DB.Users().(profile.DeletableStore), m}
}

func (m *meddled) Settings() settings.Store { return meddledSettings{m.DB.Settings(), m} }

type meddledUsers struct {
	profile.DeletableStore
	m *meddled
}

// Unwrap consents to being passed: only Update is meddled with.
func (u meddledUsers) Unwrap() profile.Store { return u.DeletableStore }

func (u meddledUsers) Update(ctx context.Context, id string, p profile.Patch, events ...activity.Event) (profile.User, error) {
	u.m.write(ctx)
	return u.DeletableStore.Update(ctx, id, p, events...)
}

type meddledSettings struct {
	settings.Store
	m *meddled
}

func (s meddledSettings) Get(ctx context.Context, userID string) (settings.Record, error) {
	r, err := s.Store.Get(ctx, userID)
	s.m.come(afterLook)
	return r, err
}

func (s meddledSettings) Put(ctx context.Context, userID string, r settings.Record, events ...activity.Event) (settings.Record, error) {
	s.m.write(ctx)
	return s.Store.Put(ctx, userID, r, events...)
}

// person is somebody who has registered just now.
type person struct {
	t        *testing.T
	s        *service
	id, name string
	hc       *http.Client
}

func (s *service) person(t *testing.T) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, s: s, name: fmt.Sprintf("person%d", s.people.Add(1)), hc: &http.Client{Jar: jar, Transport: s.srv.Client().Transport}}
	p.good(request{"POST", "/api/auth/register", "application/json", fmt.Appendf(nil,
		`{"username":%q,"email":%q,"password":"correct horse battery staple"}`, p.name, p.email())})
	p.id, _ = p.profile()["id"].(string)
	return p
}

func (p *person) email() string { return p.name + "@example.org" }

// request is one that is still to be sent.
type request struct {
	method, path, contentType string
	body                      []byte
}

func jsonRequest(method, path, format string, args ...any) request {
	return request{method, path, "application/json", fmt.Appendf(nil, format, args...)}
}

type answer struct {
	what   string
	status int
	header http.Header
	body   []byte
}

func (a answer) good() bool { return a.status >= 200 && a.status < 300 }

func (a answer) object() map[string]any {
	var out map[string]any
	if json.Unmarshal(a.body, &out) != nil {
		return nil
	}
	return out
}

func (a answer) stale() bool {
	return a.status == http.StatusPreconditionFailed && a.object()["code"] == "stale"
}

func (a answer) String() string { return fmt.Sprintf("%s: %d %.200q", a.what, a.status, a.body) }

// do sends r and holds the answer against the document. It may be called by any
// goroutine, so a failure has the status 0.
func (p *person) do(r request, ifMatch ...string) answer {
	var body io.Reader
	if r.body != nil {
		body = bytes.NewReader(r.body)
	}
	return p.stream(r, body, ifMatch...)
}

// stream is do with a body that is still to come.
func (p *person) stream(r request, body io.Reader, ifMatch ...string) answer {
	a := answer{what: fmt.Sprintf("%s %s %.60q If-Match %q", r.method, r.path, r.body, ifMatch)}
	req, err := http.NewRequestWithContext(p.t.Context(), r.method, p.s.srv.URL+r.path, body)
	if err != nil {
		p.t.Error(err)
		return a
	}
	if r.contentType != "" {
		req.Header.Set("Content-Type", r.contentType)
	}
	if ifMatch != nil {
		req.Header["If-Match"] = ifMatch
	}
	resp, err := p.hc.Do(req)
	if err != nil {
		p.t.Error(err)
		return a
	}
	defer resp.Body.Close()
	if a.body, err = io.ReadAll(resp.Body); err != nil {
		p.t.Error(err)
		return a
	}
	a.status, a.header = resp.StatusCode, resp.Header
	if err := p.s.v.Check(contract.Exchange{Request: req, RequestBody: r.body, Response: resp, Body: a.body}); err != nil {
		p.t.Errorf("%v\nanswer: %.200q", err, a.body)
	}
	return a
}

// good is do of what must succeed.
func (p *person) good(r request, ifMatch ...string) answer {
	p.t.Helper()
	a := p.do(r, ifMatch...)
	if !a.good() {
		p.t.Errorf("%v", a)
	}
	return a
}

func (p *person) get(path string) answer {
	p.t.Helper()
	return p.good(request{method: "GET", path: path})
}

func (p *person) profile() map[string]any {
	p.t.Helper()
	return p.get("/api/profile").object()
}

// flatPhoto is a small picture; n makes them differ.
func flatPhoto(n int) []byte {
	return imagetest.FlatJPEG{Width: 8, Height: 8, Values: []byte{byte(n)}}.Bytes()
}

// photoForm is a form with a picture.
func photoForm(n int) (contentType string, body []byte) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("profile_picture", "me.jpg")
	if err == nil {
		_, err = part.Write(flatPhoto(n))
	}
	if err != nil || w.Close() != nil {
		panic("a form in memory cannot fail")
	}
	return w.FormDataContentType(), b.Bytes()
}

// sent is a file that went to the store and waits to be completed.
func (p *person) sent(n int) (id string) {
	p.t.Helper()
	up, err := p.s.app.Pictures.BeginDirect(p.t.Context(), p.id, "image/jpeg")
	if err != nil {
		p.t.Fatal(err)
	}
	if status := directtest.Send(p.t, up.DirectForm, flatPhoto(n)); status >= 300 {
		p.t.Fatalf("the store answers %d", status)
	}
	return up.ID
}

// told is everything that the person and the database say, but for blobs.
func (p *person) told() string {
	p.t.Helper()
	var b strings.Builder
	for _, path := range []string{"/api/profile", "/api/settings", "/api/activity?limit=100"} {
		a := p.get(path)
		fmt.Fprintf(&b, "%s %s %s\n", path, a.header.Get("ETag"), a.body)
	}
	for _, query := range []string{
		"SELECT * FROM users WHERE CAST(id AS TEXT) = ?",
		"SELECT * FROM profilekit_settings WHERE user_id = ?",
		"SELECT * FROM profilekit_activity WHERE user_id = ? ORDER BY id",
		"SELECT * FROM profilekit_tickets WHERE user_id = ? ORDER BY hash",
	} {
		b.WriteString(asText(p.t, table(p.t, p.s.db, query, p.id)))
	}
	p.s.mail.mu.Lock()
	defer p.s.mail.mu.Unlock()
	fmt.Fprintf(&b, "%d messages", len(p.s.mail.all))
	return b.String()
}

// kept are the blobs and what the ledger has of them.
func (p *person) kept() string {
	p.t.Helper()
	return asText(p.t, p.s.keys(p.t), table(p.t, p.s.db, "SELECT * FROM profilekit_blobs ORDER BY key"))
}

func asText(t *testing.T, v ...any) string {
	t.Helper()
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// keys are those of all blobs.
func (s *service) keys(t *testing.T) []string {
	t.Helper()
	var out []string
	for info, err := range s.blobs.List(t.Context(), "") {
		if err != nil {
			t.Error(err)
		}
		out = append(out, info.Key)
	}
	slices.Sort(out)
	return out
}

// purged: a purge leaves of the person's blobs those of the present picture, and
// the files that wait to be completed.
func (p *person) purged(waiting ...string) {
	p.t.Helper()
	if _, err := p.s.app.Pictures.PurgeBlobs(p.t.Context(), 0); err != nil {
		p.t.Error(err)
	}
	u, err := p.s.db.Users().User(p.t.Context(), p.id)
	if err != nil {
		p.t.Error(err)
	}
	var want, others []string
	for _, size := range u.Picture.Sizes {
		want = append(want, picture.Key(u.Picture, size)+" live")
	}
	for _, id := range waiting {
		want = append(want, "in/"+id+" pending")
	}
	slices.Sort(want)
	var got, blobs []string
	for _, row := range table(p.t, p.s.db, "SELECT key, state, user_id FROM profilekit_blobs ORDER BY key") {
		key, entry := fmt.Sprint(row["key"]), fmt.Sprint(row["key"], " ", row["state"])
		switch {
		case row["user_id"] != p.id:
			others = append(others, key)
		case strings.HasPrefix(key, "in/") && !slices.Contains(want, entry):
			// One that was completed is remembered until its form has ended.
			if slices.Contains(p.s.keys(p.t), key) {
				p.t.Errorf("the file %s was completed and is there", key)
			}
		default:
			got = append(got, entry)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		p.t.Errorf("the ledger has %v; want %v", got, want)
	}
	for _, key := range p.s.keys(p.t) {
		if !slices.Contains(others, key) {
			blobs = append(blobs, key)
		}
	}
	if len(blobs) != len(want) {
		p.t.Errorf("the store has %v; want %v", blobs, want)
	}
	for _, entry := range want {
		if key, _, _ := strings.Cut(entry, " "); !slices.Contains(blobs, key) {
			p.t.Errorf("the store has %v and lacks %s", blobs, key)
		}
	}
}

// same fails with the lines that are not as they were.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	was, is := strings.Split(want, "\n"), strings.Split(got, "\n")
	without := func(lines, others []string) []string {
		return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return slices.Contains(others, line) })
	}
	t.Errorf("%s changed from\n%.2000s\nto\n%.2000s", what, strings.Join(without(was, is), "\n"), strings.Join(without(is, was), "\n"))
}
