package deletion

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/profilekit/profilekit/httpadapter"
	"github.com/profilekit/profilekit/internal/imagetest"
	"github.com/profilekit/profilekit/storage/sqlstore"
)

const password = "an engine that weaves"

// person is a browser of somebody at a host.
type person struct {
	t    *testing.T
	url  string
	http *http.Client
}

func serve(t *testing.T, app *httpadapter.App) func() *person {
	t.Helper()
	mux := http.NewServeMux()
	app.Register(mux)
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return func() *person {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		return &person{t, s.URL, &http.Client{Jar: jar}}
	}
}

// ask sends a request and returns the answer's body, which has the status.
func (p *person) ask(status int, method, path, contentType string, body []byte) map[string]any {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.url+"/api"+path, bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := p.http.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		p.t.Fatalf("%s %s: %d %s, %v; want %d", method, path, resp.StatusCode, text, err, status)
	}
	out := map[string]any{}
	_ = json.Unmarshal(text, &out) // not every answer is an object
	return out
}

func (p *person) send(status int, method, path, body string) map[string]any {
	p.t.Helper()
	contentType := "application/json"
	if body == "" {
		contentType = ""
	}
	return p.ask(status, method, path, contentType, []byte(body))
}

// live makes an account with something of everything. Its address is proved by the link in
// the mailbox.
func (p *person) live(name string, mail *mailbox) {
	p.t.Helper()
	p.send(201, "POST", "/auth/register", fmt.Sprintf(`{"username":%q,"email":"%s@example.org","password":%q}`, name, name, password))
	p.send(204, "POST", "/auth/email/verify", fmt.Sprintf(`{"token":%q}`, mail.token(p.t, name+"@example.org")))
	p.send(200, "PATCH", "/profile", fmt.Sprintf(`{"displayName":"%[1]s the first","bio":"bio of %[1]s","address":{"city":"city of %[1]s"}}`, name))
	p.send(200, "PATCH", "/settings", `{"appearance":{"theme":"dark"},"privacy":{"visibility":"members"}}`)
	for range 2 { // the first one is to be purged
		p.ask(200, "PUT", "/profile/picture", "image/jpeg", imagetest.JPEG(imagetest.Card(80, 60), 90))
	}
	p.send(202, "POST", "/auth/password/forgot", fmt.Sprintf(`{"email":"%s@example.org"}`, name))
	p.send(202, "POST", "/auth/email/change", fmt.Sprintf(`{"email":"new-%s@example.org"}`, name))
	secret := p.send(200, "POST", "/auth/mfa/totp", `{"name":"Phone"}`)["secret"].(string)
	p.send(200, "POST", "/auth/mfa/totp/confirm", fmt.Sprintf(`{"code":%q}`, code(p.t, secret)))
	p.send(200, "POST", "/auth/passkeys/register/begin", "")
}

// code is what an authenticator app shows now (RFC 6238).
func code(t *testing.T, secret string) string {
	t.Helper()
	seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, seed)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(time.Now().Unix()/30)))
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// fill makes a host with two accounts, and has one of them deleted.
func fill(t *testing.T, p place) {
	t.Helper()
	mail := &mailbox{links: map[string]string{}}
	app, db, err := p.app(0, nil, mail)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), sqlstore.MigrateOptions{}); err != nil {
		t.Fatal(err)
	}
	browser := serve(t, app)
	for _, name := range []string{"stays", "leaves"} {
		one := browser()
		one.live(name, mail)
		other := browser()
		other.send(200, "POST", "/auth/login", fmt.Sprintf(`{"login":%q,"password":%q}`, name, password))
		if name == "leaves" {
			at := one.send(202, "DELETE", "/profile", "")["deletesAt"].(string)
			if when, err := time.Parse(time.RFC3339, at); err != nil || when.Before(time.Now().Add(13*24*time.Hour)) {
				t.Fatalf("it will be erased at %s, %v", at, err)
			}
		}
	}
	if n := len(strings.Fields(fmt.Sprint(pictures(t, p)))); n < 4 {
		t.Fatalf("%d pictures", n)
	}
}
