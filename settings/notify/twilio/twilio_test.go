package twilio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/settings/notify/twilio"
)

const (
	account = "AC0123456789abcdef0123456789abcdef"
	secret  = "s3cret-token"
	to      = "+41791234567"
)

// provider is a double of the API, written from its description: it refuses what
// the API would, and can misbehave.
type provider struct {
	*httptest.Server
	t *testing.T

	mu   sync.Mutex
	got  []url.Values
	fail func(w http.ResponseWriter) bool
}

// behave sets what it does instead of an answer, nil for nothing.
func (p *provider) behave(fail func(w http.ResponseWriter) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail, p.got = fail, nil
}

func (p *provider) received() []url.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got
}

func newProvider(t *testing.T) *provider {
	p := &provider{t: t}
	p.Server = httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) serve(w http.ResponseWriter, r *http.Request) {
	refuse := func(status, code int, what string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"code":%d,"message":"%s: %s","status":%d}`, code, what, to, status)
	}
	p.mu.Lock()
	fail := p.fail
	p.mu.Unlock()
	user, pass, _ := r.BasicAuth()
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
	form, bad := url.ParseQuery(string(raw))
	switch {
	case fail != nil && fail(w):
	case r.Method != "POST" || r.URL.Path != "/2010-04-01/Accounts/"+account+"/Messages.json" || r.URL.RawQuery != "":
		refuse(404, 20404, "not found")
	case user != account && user != "SK1" || pass != secret:
		refuse(401, 20003, "authenticate")
	case err != nil || bad != nil || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded":
		refuse(400, 20001, "unreadable")
	case len(form["To"]) != 1 || !strings.HasPrefix(form.Get("To"), "+"):
		refuse(400, 21211, "invalid To")
	case len(form["Body"]) != 1 || form.Get("Body") == "" || len(form.Get("Body")) > 1600:
		refuse(400, 21602, "body")
	case (form.Get("From") == "") == (form.Get("MessagingServiceSid") == ""):
		refuse(400, 21603, "from")
	default:
		p.mu.Lock()
		p.got = append(p.got, form)
		p.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(201)
		io.WriteString(w, `{"sid":"SM1","status":"queued","error_code":null}`)
	}
}

func (p *provider) sender(change func(*twilio.Options)) *twilio.Sender {
	p.t.Helper()
	o := twilio.Options{Account: account, Secret: secret, From: "+14155550123", Base: p.URL}
	if change != nil {
		change(&o)
	}
	s, err := twilio.New(o)
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

func letter() notify.Letter {
	return notify.Letter{To: to, Text: "Your code is 123456 & no more + “ü”"}
}

func TestS55_TextMessages(t *testing.T) {
	p := newProvider(t)
	for name, change := range map[string]func(*twilio.Options){
		"by number": nil, "by service": func(o *twilio.Options) { o.From, o.Service = "", "MG1" }, "by key": func(o *twilio.Options) { o.Key = "SK1" },
	} {
		p.behave(nil)
		if err := p.sender(change).Send(t.Context(), letter()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := p.received(); len(got) != 1 || got[0].Get("To") != to || got[0].Get("Body") != letter().Text {
			t.Errorf("%s: the provider got %v", name, got)
		}
	}
}

func TestR27_TroubleWithTheProvider(t *testing.T) {
	p := newProvider(t)
	answers := func(status int, body string) func(http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool {
			w.WriteHeader(status)
			io.WriteString(w, body)
			return true
		}
	}
	says := `{"code":%d,"message":"The 'To' number ` + to + ` cannot be reached with ` + secret + `","status":400}`
	for name, c := range map[string]struct {
		fail      func(http.ResponseWriter) bool
		permanent bool
		text      string
	}{
		"no such number":           {answers(400, fmt.Sprintf(says, 21211)), true, "status 400, error 21211"},
		"asked for no more":        {answers(400, fmt.Sprintf(says, 21610)), true, "status 400, error 21610"},
		"too many":                 {answers(429, fmt.Sprintf(says, 20429)), false, "status 429, error 20429"},
		"a wrong secret":           {answers(401, fmt.Sprintf(says, 20003)), false, "status 401, error 20003"},
		"a fault of theirs":        {answers(500, "oops "+to), false, "status 500, error 0"},
		"down":                     {answers(503, ""), false, "status 503"},
		"taken and failed at once": {answers(201, `{"sid":"SM1","status":"failed","error_code":30003}`), true, "error 30003"},
		"taken without an answer":  {answers(201, ""), false, "cut"},
		"a page":                   {answers(200, "<html>"+to), false, "status 200"},
		"somewhere else": {func(w http.ResponseWriter) bool {
			w.Header().Set("Location", "http://127.0.0.1:1/")
			w.WriteHeader(307)
			return true
		}, false, "status 307"},
		"endless": {func(w http.ResponseWriter) bool {
			w.WriteHeader(500)
			for range 1000 {
				if _, err := io.WriteString(w, strings.Repeat(to, 1000)); err != nil {
					break
				}
			}
			return true
		}, false, "status 500"},
		"cut": {func(w http.ResponseWriter) bool { panic(http.ErrAbortHandler) }, false, "no answer"},
	} {
		p.behave(c.fail)
		err := p.sender(nil).Send(t.Context(), letter())
		var permanent *notify.PermanentError
		if err == nil || errors.As(err, &permanent) != c.permanent || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v; want permanent %v, with %q", name, err, c.permanent, c.text)
		}
		if err != nil && (strings.Contains(err.Error(), to) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), account)) {
			t.Errorf("%s tells: %v", name, err)
		}
	}
	release := make(chan struct{})
	defer close(release)
	p.behave(func(http.ResponseWriter) bool { <-release; return true })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.sender(nil).Send(ctx, letter()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silence: %v", err)
	}
	p.behave(nil)
	for _, bad := range []string{"", "0791234567", "+0791234567", "+41 79 123", "+41791234567,+41791234568", "a@example.org", "+" + strings.Repeat("1", 16)} {
		var permanent *notify.PermanentError
		if err := p.sender(nil).Send(t.Context(), notify.Letter{To: bad, Text: "x"}); !errors.As(err, &permanent) {
			t.Errorf("to %q: %v", bad, err)
		}
	}
	if got := p.received(); len(got) != 0 {
		t.Errorf("the provider got %v", got)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]twilio.Options{
		"nothing": {}, "no secret": {Account: account, From: "+1"}, "no sender": {Account: account, Secret: secret},
		"two senders":     {Account: account, Secret: secret, From: "+1", Service: "MG1"},
		"a path":          {Account: "../" + account, Secret: secret, From: "+1"},
		"without TLS":     {Account: account, Secret: secret, From: "+1", Base: "http://api.example.org"},
		"another scheme":  {Account: account, Secret: secret, From: "+1", Base: "ftp://api.example.org"},
		"a path in Base":  {Account: account, Secret: secret, From: "+1", Base: "https://api.example.org/x"},
		"a user in Base":  {Account: account, Secret: secret, From: "+1", Base: "https://u:p@api.example.org"},
		"a key of spaces": {Account: account, Key: "a b", Secret: secret, From: "+1"},
	} {
		if _, err := twilio.New(o); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
