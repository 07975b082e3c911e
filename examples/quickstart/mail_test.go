package main

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// mails waits until n mails to the address with the subject are in the outbox,
// and returns their plain texts, the oldest first.
func mails(t *testing.T, data, to, subject string, n int) []string {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var texts []string
		names, err := filepath.Glob(filepath.Join(data, "outbox", "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if text, ok := mailText(t, name, to, subject); ok {
				texts = append(texts, text)
			}
		}
		if len(texts) >= n {
			return texts
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d mails %q to %s", len(texts), n, subject, to)
		}
	}
}

func mailText(t *testing.T, name, to, subject string) (string, bool) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := mail.ReadMessage(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	addr, err := mail.ParseAddress(m.Header.Get("To"))
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || addr.Address != to || !strings.Contains(decoded, subject) {
		return "", false
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	part, err := multipart.NewReader(m.Body, params["boundary"]).NextRawPart()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	return string(text), true
}

var tokenOf = regexp.MustCompile(`#token=([A-Za-z0-9_-]{43})`)

func token(t *testing.T, text string) string {
	t.Helper()
	m := tokenOf.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no token in %q", text)
	}
	return m[1]
}

// S36, S38: a forgotten password is set anew by the link in the mail, which lies
// as a file in the data folder; what happened is told by mail too.
func TestS36_ResetByMail(t *testing.T) {
	data := t.TempDir()
	addr := freePort(t)
	p := start(t, addr, data, "BASE_URL=http://"+addr)
	b := newBrowser(t, p)
	b.send("POST", "/api/auth/register", `{"username":"ada","email":"ada@example.org","password":"an engine that weaves"}`, 201)
	out := newBrowser(t, p)
	out.send("POST", "/api/auth/password/forgot", `{"email":"ADA@example.org"}`, 202)
	out.send("POST", "/api/auth/password/forgot", `{"email":"nobody@example.org"}`, 202)
	text := mails(t, data, "ada@example.org", "Set a new password", 1)[0]
	if !strings.Contains(text, p.url+"/account/reset#token=") {
		t.Errorf("the link is not of this server: %q", text)
	}
	reset := token(t, text)
	out.send("POST", "/api/auth/password/reset", fmt.Sprintf(`{"token":%q,"password":"another engine that weaves"}`, reset), 204)
	out.send("POST", "/api/auth/password/reset", fmt.Sprintf(`{"token":%q,"password":"a third engine that weaves"}`, reset), 422)
	b.send("GET", "/api/profile", "", http.StatusUnauthorized)
	out.send("POST", "/api/auth/login", `{"login":"ada","password":"another engine that weaves"}`, 200)

	told := mails(t, data, "ada@example.org", "Your password was set anew", 1)[0]
	out.send("POST", "/api/activity/report", fmt.Sprintf(`{"token":%q}`, token(t, told)), 204)
	out.send("GET", "/api/profile", "", http.StatusUnauthorized)
	mails(t, data, "ada@example.org", "You reported", 1)
	if names, _ := filepath.Glob(filepath.Join(data, "outbox", "*.eml")); len(names) != 4 {
		t.Errorf("%d messages, want verify, reset, notice and report: %v", len(names), names)
	}
}
