package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// page gets a path as a browser does that has the host in its address, and more headers.
func (p *program) page(path, host string, headers ...string) (status int, body string) {
	p.t.Helper()
	req, err := http.NewRequest("GET", p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// A newcomer signs up and reads the mail on the page of the outbox, whose link proves the
// address. The page is not there for another host, nor through a proxy.
func TestTheOutboxShowsTheMailOfASignUp(t *testing.T) {
	addr := freePort(t)
	p := start(t, addr, t.TempDir())
	b := newBrowser(t, p)
	b.send("POST", "/api/auth/register", fmt.Sprintf(`{"username":"ada","email":"ada@example.org","password":%q}`, password), 201)
	base := "http://localhost" + addr[strings.LastIndex(addr, ":"):]
	link := regexp.MustCompile(`<a href="(` + base + `/account/verify#token=[^"]+)">`)
	var found []string
	for end := time.Now().Add(30 * time.Second); found == nil; time.Sleep(50 * time.Millisecond) {
		status, body := p.page("/outbox", "")
		if status != http.StatusOK || time.Now().After(end) {
			t.Fatalf("%d, without a link:\n%s", status, body)
		}
		found = link.FindStringSubmatch(body)
		if found != nil && !strings.Contains(body, "To ada@example.org") {
			t.Errorf("the page does not say to whom:\n%s", body)
		}
	}
	b.send("POST", "/api/auth/email/verify", fmt.Sprintf(`{"token":%q}`, token(t, html.UnescapeString(found[1]))), 204)
	if verified := b.get("/api/profile")["emailVerified"]; verified != true {
		t.Errorf("the address is proved: %v", verified)
	}

	for name, headers := range map[string][]string{
		"evil.example": nil, "evil.example" + addr[strings.LastIndex(addr, ":"):]: nil,
		"localhost": {"X-Forwarded-For", "192.0.2.7"}, "127.0.0.1": {"Forwarded", "for=192.0.2.7"},
	} {
		status, body := p.page("/outbox", name, headers...)
		nothing, same := p.page("/nothing-here", name, headers...)
		if status != nothing || body != same || status != http.StatusNotFound {
			t.Errorf("to %s, %v: %d %q, want %d %q", name, headers, status, body, nothing, same)
		}
		if _, body := p.page("/login", name, headers...); strings.Contains(body, "outbox") {
			t.Errorf("to %s, %v: the front end is told of the outbox", name, headers)
		}
	}
	if _, body := p.page("/login", ""); !strings.Contains(body, `<meta name="outbox" content="/outbox" data-channels="email sms" />`) {
		t.Errorf("the front end is not told of the outbox:\n%s", body)
	}
	p.stop()
	if out := p.stdout.String(); !strings.Contains(out, "read the messages at "+base+"/outbox\n") {
		t.Errorf("the start does not say where the messages are:\n%s", out)
	}
}

// With SMTP_URL there is no page, and none where links lead elsewhere. With Twilio it
// has mails only.
func TestTheOutboxIsForWhatIsNotSent(t *testing.T) {
	for name, tc := range map[string]struct {
		env      []string
		there    bool
		channels string
	}{
		"nothing is sent":      {nil, true, "email sms"},
		"mail is sent":         {[]string{"SMTP_URL=smtp://127.0.0.1:1"}, false, ""},
		"texts are sent":       {[]string{"TWILIO_ACCOUNT_SID=AC0", "TWILIO_AUTH_TOKEN=none", "TWILIO_FROM=+41791234567"}, true, "email"},
		"for people elsewhere": {[]string{"BASE_URL=https://example.org"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, freePort(t), t.TempDir(), tc.env...)
			want := http.StatusNotFound
			if tc.there {
				want = http.StatusOK
			}
			if status, body := p.page("/outbox", ""); status != want {
				t.Errorf("%d, want %d: %s", status, want, body)
			}
			_, body := p.page("/login", "")
			if strings.Contains(body, `data-channels="`+tc.channels+`"`) != tc.there || strings.Contains(body, "outbox") != tc.there {
				t.Errorf("the front end is told:\n%s", body)
			}
			p.stop()
			if strings.Contains(p.stdout.String(), "/outbox") != tc.there {
				t.Errorf("the start says:\n%s", p.stdout)
			}
		})
	}
}
