package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/settings/notify"
)

const origin = "http://localhost:3000"

// nearRequest is one of a browser on this machine.
func nearRequest(method string) *http.Request {
	r := httptest.NewRequest(method, "/outbox", nil)
	r.Host, r.RemoteAddr = "localhost:3000", "127.0.0.1:50000"
	return at(r, "127.0.0.1:3000")
}

// at is r over a connection that the program took at the address.
func at(r *http.Request, address string) *http.Request {
	tcp, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		panic(err)
	}
	return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, tcp))
}

// filled is an outbox, and the Sender that writes into its folder.
func filled(t *testing.T, texts bool) (o *outbox, dir string, send func(notify.Letter)) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "outbox")
	files, err := notify.NewFiles(dir, "no-reply@example.org")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = files.Close() })
	if o, err = openOutbox(dir, origin, texts); err != nil || o == nil {
		t.Fatalf("openOutbox = %v, %v", o, err)
	}
	t.Cleanup(func() { _ = o.close() })
	return o, dir, func(l notify.Letter) {
		t.Helper()
		if err := files.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
}

func mailTo(to, subject, text string) notify.Letter {
	return notify.Letter{Channel: authmail.ByEmail, To: to, Subject: subject, Text: text, HTML: "<p>the page</p>"}
}

func (o *outbox) serve(r *http.Request) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	o.mount(mux, slog.New(slog.DiscardHandler))
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w
}

// The page is there for a browser on this machine, and for nobody who is elsewhere or
// comes through something: then the answer is that of an address with nothing at it.
func TestTheOutboxIsForThisMachineOnly(t *testing.T) {
	o, _, send := filled(t, true)
	send(mailTo("ada@example.org", "Hello", "a secret"))
	header := func(name, value string) func(*http.Request) *http.Request {
		return func(r *http.Request) *http.Request { r.Header.Set(name, value); return r }
	}
	host := func(name string) func(*http.Request) *http.Request {
		return func(r *http.Request) *http.Request { r.Host = name; return r }
	}
	from := func(address string) func(*http.Request) *http.Request {
		return func(r *http.Request) *http.Request { r.RemoteAddr = address; return r }
	}
	to := func(address string) func(*http.Request) *http.Request {
		return func(r *http.Request) *http.Request { return at(r, address) }
	}
	for name, tc := range map[string]struct {
		change func(*http.Request) *http.Request
		near   bool
	}{
		"a browser here": {func(r *http.Request) *http.Request { return r }, true},
		"by address":     {host("127.0.0.1:3000"), true},
		"by address, IPv6": {func(r *http.Request) *http.Request {
			return at(from("[::1]:50000")(host("[::1]:3000")(r)), "[::1]:3000")
		}, true},
		"by name, port 80": {host("LOCALHOST"), true},
		"IPv4 in IPv6": {func(r *http.Request) *http.Request {
			return at(from("[::ffff:127.0.0.1]:50000")(r), "[::ffff:127.0.0.1]:3000")
		}, true},
		"from the network":           {from("192.0.2.7:50000"), false},
		"from nowhere":               {from("@"), false},
		"to an address of the net":   {to("192.0.2.1:3000"), false},
		"to nowhere known":           {func(r *http.Request) *http.Request { return r.WithContext(t.Context()) }, false},
		"another name":               {host("evil.example"), false},
		"another name, our port":     {host("evil.example:3000"), false},
		"a name that ends like ours": {host("evil.localhost:3000"), false},
		"a name that begins so":      {host("127.0.0.1.evil.example:3000"), false},
		"an address of the net":      {host("192.0.2.1:3000"), false},
		"another loopback address":   {host("127.0.0.2:3000"), false},
		"no name":                    {host(""), false},
		"a proxy: X-Forwarded-For":   {header("X-Forwarded-For", "192.0.2.7"), false},
		"a proxy: empty":             {header("X-Forwarded-For", ""), false},
		"a proxy: X-Forwarded-Host":  {header("X-Forwarded-Host", "example.org"), false},
		"a proxy: Forwarded":         {header("Forwarded", "for=192.0.2.7"), false},
		"a proxy: Via":               {header("Via", "1.1 proxy"), false},
		"a proxy: X-Real-IP":         {header("X-Real-IP", "192.0.2.7"), false},
		"a proxy that says nothing":  {func(r *http.Request) *http.Request { r.ProtoMinor = 0; return r }, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
				w := o.serve(tc.change(nearRequest(method)))
				if !tc.near {
					nothing := httptest.NewRecorder()
					http.NewServeMux().ServeHTTP(nothing, tc.change(nearRequest(method)))
					if w.Code != nothing.Code || w.Body.String() != nothing.Body.String() || fmt.Sprint(w.Header()) != fmt.Sprint(nothing.Header()) {
						t.Errorf("%s: %d %v %q, want what is answered where nothing is: %d %v", method, w.Code, w.Header(), w.Body, nothing.Code, nothing.Header())
					}
					continue
				}
				want := http.StatusOK
				if method == "POST" || method == "OPTIONS" {
					want = http.StatusMethodNotAllowed
				}
				if w.Code != want || strings.Contains(w.Body.String(), "a secret") != (want == http.StatusOK) {
					t.Errorf("%s: %d %q, want %d", method, w.Code, w.Body, want)
				}
			}
		})
	}
}

// There is no page when the links in messages lead elsewhere: such a server has visitors
// from there.
func TestNoOutboxForAnAddressElsewhere(t *testing.T) {
	for base, there := range map[string]bool{
		origin: true, "http://127.0.0.1:8080": true, "http://[::1]:8080/": true, "http://localhost": true,
		"https://example.org": false, "http://192.0.2.1:3000": false, "http://localhost.evil.example": false, "localhost:3000": false, "": false,
	} {
		o, err := openOutbox(t.TempDir(), base, true)
		if err != nil || (o != nil) != there {
			t.Errorf("%q: %v, %v", base, o, err)
		}
		if o != nil {
			_ = o.close()
		}
	}
}

// Only a program that asks for the page has one, and only while its mail is not sent.
func TestNoOutboxUnlessAskedFor(t *testing.T) {
	for name, tc := range map[string]struct {
		opt   options
		there bool
	}{
		"asked for":     {options{showsOutbox: true}, true},
		"not asked for": {options{}, false},
		"mail is sent":  {options{showsOutbox: true, smtpURL: "smtp://127.0.0.1:1"}, false},
	} {
		tc.opt.data, tc.opt.baseURL = t.TempDir(), origin
		h := &host{}
		if _, err := h.openPost(tc.opt); err != nil || (h.outbox != nil) != tc.there {
			t.Errorf("%s: there is a page: %v; error %v", name, h.outbox != nil, err)
		}
		h.close()
	}
}

// The words of a message are text, whoever chose them. Links can be followed to this
// server only.
func TestTheOutboxShowsHostileMessages(t *testing.T) {
	o, dir, send := filled(t, true)
	const link = origin + "/account/verify#token=abc-DEF_1"
	send(mailTo("ada@example.org", `<script>alert(1)</script> "Grüße" & more`, strings.Join([]string{
		"<img src=x onerror=alert(1)>", "javascript:alert(1)", "https://evil.example/",
		origin + ".evil.example/", origin + "@evil.example/", "http://localhost:30001/", "xhttp://localhost:3000/",
		origin + `/" onmouseover="alert(1)`, origin + "/\u202ereversed", "</p></article>",
		"see " + link + ".", "(" + origin + "/security)",
	}, "\n")))
	send(notify.Letter{Channel: authmail.BySMS, To: "+41791234567", Text: "Your code is 123456. <b>Tell nobody</b>"})
	for name, content := range map[string]string{
		"empty.eml": "", "cut.eml": "To: <ada@", "no mail.eml": "\x00\xff", "large.eml": "To: a@example.org\r\n\r\n" + strings.Repeat("x", maxLetter),
		"<b>.txt": "no text message", "half.eml.part": "a secret that is not whole", "notes.md": "a secret that is none",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	outside := filepath.Join(t.TempDir(), "outside.eml")
	if err := os.WriteFile(outside, []byte("To: a secret from outside"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "outside.eml")); err != nil {
		t.Fatal(err)
	}
	w := o.serve(nearRequest("GET"))
	page := w.Body.String()
	for _, want := range []string{
		"&lt;script&gt;alert(1)&lt;/script&gt; &#34;Grüße&#34; &amp; more", "&lt;img src=x onerror=alert(1)&gt;", "ada@example.org",
		"&lt;b&gt;Tell nobody&lt;/b&gt;", "&lt;/p&gt;&lt;/article&gt;",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(page, "a secret") || strings.Contains(page, "the page</p>") {
		t.Error("the page shows what is no message")
	}
	if n := strings.Count(page, "This file cannot be read"); n != 5 {
		t.Errorf("%d files are shown as broken, want 5", n)
	}
	var links []string
	for _, part := range strings.Split(page, "<a ")[1:] {
		tag, _, _ := strings.Cut(part, ">")
		links = append(links, tag)
	}
	want := []string{`href="` + origin + `/"`, `href="` + origin + `/"`, `href="` + link + `"`, `href="` + origin + `/security"`}
	if !slices.Equal(links, want) {
		t.Errorf("links: %q, want %q", links, want)
	}
	if strings.Count(page, "<script") != 0 || strings.Count(page, "<article>") != strings.Count(page, "</article>") {
		t.Errorf("a message is not text:\n%s", page)
	}
}

func TestTheOutboxIsNotKeptAndLoadsNothing(t *testing.T) {
	o, _, _ := filled(t, true)
	w := o.serve(nearRequest("GET"))
	policy := w.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "img-src 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy has no %s: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") {
		t.Errorf("the policy allows scripts or anything inline: %s", policy)
	}
	for name, want := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Content-Type": "text/html; charset=utf-8",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(w.Body.String(), "<style>"+outboxCSS+"</style>") {
		t.Error("the style is not the text that the policy names by its sum")
	}
	if !strings.Contains(w.Body.String(), "Nothing yet.") {
		t.Errorf("an empty outbox: %s", w.Body)
	}
}

func TestTheOutboxShowsTheNewest50(t *testing.T) {
	o, dir, send := filled(t, false)
	for i := range 60 {
		send(mailTo("ada@example.org", fmt.Sprintf("Number %d of all", i), "text"))
	}
	send(notify.Letter{Channel: authmail.BySMS, To: "+41791234567", Text: "text messages go elsewhere"})
	page := o.serve(nearRequest("GET")).Body.String()
	last := -1
	for i := 59; i >= 0; i-- {
		at := strings.Index(page, fmt.Sprintf("Number %d of all", i))
		if (at > last) != (i >= 10) {
			t.Errorf("number %d is at %d, after %d", i, at, last)
		}
		last = max(at, last)
	}
	if !strings.Contains(page, "These are the newest 50.") {
		t.Error("the page does not say that there are older ones")
	}
	if strings.Contains(page, "go elsewhere") || strings.Contains(page, "no text messages") {
		t.Error("the page speaks of text messages, which are sent")
	}
	if err := o.close(); err != nil {
		t.Fatal(err)
	}
	if w := o.serve(nearRequest("GET")); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), dir) {
		t.Errorf("without its folder: %d %s", w.Code, w.Body)
	}
}

// The front end's page names the outbox to near browsers, and only to them.
func TestTheFrontEndIsToldOfTheOutbox(t *testing.T) {
	for texts, channels := range map[bool]string{true: "email sms", false: "email"} {
		o, _, _ := filled(t, texts)
		mux := http.NewServeMux()
		if err := pages(mux, "", o); err != nil {
			t.Fatal(err)
		}
		tag := `<meta name="outbox" content="/outbox" data-channels="` + channels + `" />`
		for _, path := range []string{"/", "/login", "/settings/appearance"} {
			get := func(host string) string {
				r := nearRequest("GET")
				r.URL.Path, r.Host = path, host
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, r)
				body, err := io.ReadAll(w.Body)
				if err != nil || w.Code != http.StatusOK {
					t.Fatalf("%s: %d, %v", path, w.Code, err)
				}
				return string(body)
			}
			if page := get("localhost:3000"); strings.Count(page, tag) != 1 {
				t.Errorf("%s is not told: %s", path, page)
			}
			if page := get("example.org"); strings.Contains(page, "outbox") || !strings.Contains(page, `<div id="root">`) {
				t.Errorf("%s tells a browser elsewhere: %s", path, page)
			}
		}
	}
}
