package contract_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/profilekit/profilekit/auth"
	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/auth/hash"
	"github.com/profilekit/profilekit/auth/keyring"
	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/contract"
	"github.com/profilekit/profilekit/internal/directtest"
	"github.com/profilekit/profilekit/internal/memstore"
	"github.com/profilekit/profilekit/profile"
	"github.com/profilekit/profilekit/profile/picture"
	"github.com/profilekit/profilekit/settings"
	"github.com/profilekit/profilekit/settings/input"
	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/memblob"
)

// provocation is a request that is refused, and how.
type provocation struct {
	config func(*httpadapter.Config) // may be nil
	by     func(*provoked) refusal
	status int
	code   string
	params string   // as JSON
	fields []string // "field code" with the parameters as JSON, all of them
}

func (p provocation) name() string {
	return p.code + " " + strings.ReplaceAll(strings.Join(p.fields, ","), "/", "_") + p.params
}

const goodPassword = "correct horse battery staple"

// provoked is an app and somebody who is signed in.
type provoked struct {
	t     *testing.T
	v     *contract.Validator
	srv   *httptest.Server
	store *memstore.Store
	mail  *mailbox
	late  atomic.Int64 // how far its clock is ahead, in nanoseconds
	*caller
}

// openProvoked starts an app with everything that a host can add, and registers
// ada.
func openProvoked(t *testing.T, v *contract.Validator, change func(*httpadapter.Config)) *provoked {
	t.Helper()
	keys, err := keyring.New(keyring.Generate())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	w := &provoked{t: t, v: v, store: memstore.New(), mail: &mailbox{}, srv: httptest.NewServer(mux)}
	t.Cleanup(w.srv.Close)
	c := httpadapter.Config{
		Stores: httpadapter.StoresOf(w.store).Unlimited(), Blobs: directtest.New(t, memblob.New(memblob.Options{})), Keys: keys, BaseURL: w.srv.URL,
		Auth: auth.Policy{
			Courier: w.mail, Codes: auth.Codes{Channels: []authmail.Channel{authmail.BySMS, authmail.ByEmail}},
			FactorRecovery: auth.FactorRecovery{Wait: auth.RecoveryWait}, Breaches: breachOf("a password from a breach"),
			Hashers: hash.New(hash.Argon2id{Memory: 8, Time: 1, Threads: 1}),
		},
		HTTP: httpadapter.HTTP{Captcha: func(r *http.Request, _ string) error {
			if r.Header.Get("X-Robot") != "" {
				return errors.New("a robot")
			}
			return nil
		}},
		Sections: []settings.Declaration{paletteSection.Declare()}, Profile: profile.Policy{Custom: hostFields},
		Pictures: picture.Policy{Decoders: []picture.Decoder{refusing{}}, Direct: true},
		Now:      func() time.Time { return time.Now().Add(time.Duration(w.late.Load())) },
	}
	if change != nil {
		change(&c)
	}
	app, err := httpadapter.New(c)
	if err != nil {
		t.Fatal(err)
	}
	app.Register(mux)
	mux.Handle("/admin", app.RequireRole("admin", http.NotFoundHandler()))
	w.caller = w.anybody()
	if c.Authenticator == nil {
		w.send("POST", "/api/auth/register", registration("ada", goodPassword)).want(201)
	} else if _, err := w.store.Users().Create(t.Context(), profile.User{Username: "ada", Email: "ada@example.org"}); err != nil {
		t.Fatal(err)
	}
	return w
}

func registration(name, password string) string {
	return fmt.Sprintf(`{"username":%q,"email":"%s@example.org","password":%q}`, name, name, password)
}

// hostSignIn is a host's own sign-in, by which everybody is ada.
type hostSignIn struct{ users profile.Store }

func (h hostSignIn) Authenticate(r *http.Request) (httpadapter.Caller, error) {
	u, err := h.users.ByUsername(r.Context(), "ada")
	return httpadapter.Caller{UserID: u.ID, ProvedAt: time.Now()}, err
}

// breachOf knows one password.
type breachOf string

func (b breachOf) Breached(_ context.Context, password string) (bool, error) {
	return password == string(b), nil
}

// paletteSection is a host's own section; its parts say what only a host's types
// say.
var paletteSection = settings.Section[struct {
	Name   string `json:"name"`
	Layout string `json:"layout"`
}]{
	Name: "app.palette",
	Validate: func(v struct {
		Name   string `json:"name"`
		Layout string `json:"layout"`
	},
	) error {
		var bad []input.FieldError
		if strings.ContainsRune(v.Name, '!') {
			bad = append(bad, input.New("name", input.Malformed, nil))
		}
		if v.Layout != "" && !json.Valid([]byte(v.Layout)) {
			bad = append(bad, input.New("layout", input.JSON, nil))
		}
		return input.Invalid(bad...)
	},
}

// hostFields are custom fields: one takes anything, one needs another service,
// which has all faults.
var hostFields = []profile.CustomField{
	{Name: "notes"},
	{Name: "remote", Check: func(v json.RawMessage) error {
		switch string(v) {
		case `"down"`:
			return &storage.UnavailableError{RetryAfter: time.Minute, Err: errors.New("no answer")}
		case `"full"`:
			return storage.ErrFull
		}
		return errors.New("it is broken")
	}},
}

// refusing is a host's Decoder of files that say why they are refused.
type refusing struct{}

func (refusing) Name() string           { return "REFUSED" }
func (refusing) MediaTypes() []string   { return []string{"image/x-refused"} }
func (refusing) Sniff(head []byte) bool { return bytes.HasPrefix(head, []byte("REFUSED ")) }

func (refusing) Header(data []byte, _ int64) (picture.Header, error) {
	reason := strings.TrimPrefix(string(data), "REFUSED ")
	return picture.Header{}, &picture.RejectedError{Reason: reason, Limit: "it has too much"}
}

func (refusing) Decode(context.Context, []byte, int64) (image.Image, error) {
	return nil, errors.New("it is refused before")
}

// photo is a JPEG of 96 to 64 pixels.
func photo(t *testing.T) string {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, 96, 64))
	for y := range 64 {
		for x := range 96 {
			m.Set(x, y, color.RGBA{7, uint8(2 * x), uint8(3 * y), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// caller keeps cookies.
type caller struct {
	w  *provoked
	hc *http.Client
}

func (w *provoked) anybody() *caller {
	w.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return &caller{w: w, hc: &http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// refusal is an answer with what it says is wrong, if it does.
type refusal struct {
	t       *testing.T
	status  int
	body    []byte
	problem struct {
		Status        int
		Title, Detail string
		Code          string
		Params        map[string]any
		Errors        []refused
	}
}

type refused struct {
	Field, Code, Message string
	Params               map[string]any
}

// plain are the parameters in the types that Go code has them in.
func (r refused) plain() input.Params {
	out := input.Params{}
	for name, value := range r.Params {
		if list, ok := value.([]any); ok {
			var words []string
			for _, e := range list {
				words = append(words, fmt.Sprint(e))
			}
			value = words
		}
		out[name] = value
	}
	return out
}

func (c *caller) do(method, path, contentType, body string, headers ...string) refusal {
	c.w.t.Helper()
	var rd io.Reader
	if contentType != "" {
		rd = strings.NewReader(body)
	}
	r, err := http.NewRequestWithContext(c.w.t.Context(), method, c.w.srv.URL+path, rd)
	if err != nil {
		c.w.t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	resp, err := c.hc.Do(r)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return c.w.read(r, body, resp)
}

func (c *caller) send(method, path, body string, headers ...string) refusal {
	c.w.t.Helper()
	return c.do(method, path, jsonT, body, headers...)
}

// raw sends what is not HTTP to its end; the answer comes all the same.
func (c *caller) raw(method, path, contentType, after string) refusal {
	c.w.t.Helper()
	conn, err := net.Dial("tcp", c.w.srv.Listener.Addr().String())
	if err != nil {
		c.w.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		c.w.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(c.w.t.Context(), method, c.w.srv.URL+path, nil)
	if err != nil {
		c.w.t.Fatal(err)
	}
	for _, ck := range c.hc.Jar.Cookies(r.URL) {
		r.AddCookie(ck)
	}
	_, err = fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: %s\r\n%s", method, path, r.URL.Host, r.Header.Get("Cookie"), contentType, after)
	if err != nil {
		c.w.t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		c.w.t.Fatal(err)
	}
	return c.w.read(r, "", resp)
}

// read holds the answer against the document, unless the route is the host's.
func (w *provoked) read(r *http.Request, sent string, resp *http.Response) refusal {
	w.t.Helper()
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	if r.URL.Path != "/admin" {
		if err := w.v.Check(contract.Exchange{Request: r, RequestBody: []byte(sent), Response: resp, Body: body}); err != nil {
			w.t.Errorf("%v\nanswer: %s", err, body)
		}
	}
	out := refusal{t: w.t, status: resp.StatusCode, body: body}
	if resp.Header.Get("Content-Type") == problem {
		if err := json.Unmarshal(body, &out.problem); err != nil {
			w.t.Fatal(err)
		}
		if out.problem.Status != out.status || out.problem.Detail == "" {
			w.t.Errorf("status %d: %s", out.status, body)
		}
	}
	return out
}

// want ends the test unless the answer has that status, which is a good one.
func (r refusal) want(status int) refusal {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

// text is a member of the answer, by the names on the way to it.
func (r refusal) text(names ...string) string {
	r.t.Helper()
	var v any
	if err := json.Unmarshal(r.body, &v); err != nil {
		r.t.Fatal(err)
	}
	for _, name := range names {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			v = at[0].(map[string]any)[name]
		}
	}
	return fmt.Sprint(v)
}
