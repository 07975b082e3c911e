package smtp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/profilekit/profilekit/auth/authmail"
	"github.com/profilekit/profilekit/settings/notify"
	"github.com/profilekit/profilekit/settings/notify/smtp"
)

var _ notify.Sender = (*smtp.Sender)(nil)

// server is a real SMTP server that keeps what it gets.
type server struct {
	mu      sync.Mutex
	got     []received
	refuse  map[string]*gosmtp.SMTPError // by recipient
	silent  chan struct{}                // when not nil, DATA waits for it
	address string
}

type received struct {
	from string
	to   []string
	data []byte
	user string
}

type session struct {
	s *server
	r received
}

func (s *server) NewSession(*gosmtp.Conn) (gosmtp.Session, error) { return &session{s: s}, nil }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "secret" {
			return errors.New("wrong")
		}
		s.r.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	s.r.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.r.to = append(s.r.to, to)
	if err := s.s.refuse[to]; err != nil {
		return err
	}
	return nil
}

func (s *session) Data(r io.Reader) (err error) {
	if s.s.silent != nil {
		<-s.s.silent
	}
	s.r.data, err = io.ReadAll(r)
	s.s.mu.Lock()
	defer s.s.mu.Unlock()
	s.s.got = append(s.s.got, s.r)
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func start(t *testing.T, s *server) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := gosmtp.NewServer(s)
	srv.Domain, srv.AllowInsecureAuth = "localhost", true
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	s.address = l.Addr().String()
	return s
}

func (s *server) only(t *testing.T) received {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.got) != 1 {
		t.Fatalf("%d mails arrived", len(s.got))
	}
	return s.got[0]
}

func letter(to string) notify.Letter {
	return notify.Letter{Channel: authmail.ByEmail, To: to, Subject: "Sübject: {{7*7}}", Text: "Hello ä,\n\nhttps://example.org/#token=" + strings.Repeat("t", 100) + "\n", HTML: "<p>Hello</p>"}
}

// S55: what arrives is one mail to one person, with one subject, that reads as
// it was written.
func TestS55_OverARealSession(t *testing.T) {
	s := start(t, &server{})
	sender, err := smtp.New("smtp://ada:secret@"+s.address, "Example <no-reply@example.org>", smtp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l := letter("bob@example.org")
	if err := sender.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	got := s.only(t)
	if got.from != "no-reply@example.org" || len(got.to) != 1 || got.to[0] != "bob@example.org" || got.user != "ada" {
		t.Errorf("from %s to %v by %s", got.from, got.to, got.user)
	}
	m, err := mail.ReadMessage(bytes.NewReader(got.data))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != l.Subject || len(m.Header["Subject"]) != 1 || len(m.Header["To"]) != 1 || m.Header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("headers %v, subject %q, %v", m.Header, subject, err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for _, want := range []string{l.Text, l.HTML} {
		p, err := parts.NextRawPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil || strings.ReplaceAll(string(body), "\r\n", "\n") != want {
			t.Errorf("a part is %q, %v; want %q", body, err, want)
		}
	}
}

func TestR27_RefusalsAndSilence(t *testing.T) {
	s := start(t, &server{refuse: map[string]*gosmtp.SMTPError{
		"gone@example.org": {Code: 550, Message: "no such user gone@example.org"},
		"full@example.org": {Code: 452, Message: "full@example.org is full"},
		"spam@example.org": {Code: 554, Message: "spam@example.org says no"},
	}})
	sender, err := smtp.New("smtp://"+s.address, "no-reply@example.org", smtp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for to, permanent := range map[string]bool{"gone@example.org": true, "full@example.org": false, "spam@example.org": false, "no address": true, "a@example.org, b@example.org": true, "Bob <bob@example.org>": true} {
		err := sender.Send(t.Context(), letter(to))
		var p *notify.PermanentError
		if err == nil || errors.As(err, &p) != permanent {
			t.Errorf("%s: %v; permanent: %v", to, err, permanent)
		}
		if err != nil && strings.Contains(err.Error(), "example.org") { // S66
			t.Errorf("%q tells the address", err)
		}
	}
	wrong, err := smtp.New("smtp://ada:nope@"+s.address, "no-reply@example.org", smtp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := wrong.Send(t.Context(), letter("bob@example.org")); err == nil || strings.Contains(err.Error(), "nope") {
		t.Errorf("with a wrong password: %v", err)
	}
	down, err := smtp.New("smtp://127.0.0.1:1", "no-reply@example.org", smtp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := down.Send(t.Context(), letter("bob@example.org")); err == nil {
		t.Error("sent to a server that is not there")
	}

	slow := start(t, &server{silent: make(chan struct{})})
	defer close(slow.silent)
	sender, err = smtp.New("smtp://"+slow.address, "no-reply@example.org", smtp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := sender.Send(ctx, letter("bob@example.org")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a silent server: %v", err)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestAddresses(t *testing.T) {
	for _, bad := range []string{"", "localhost", "http://x", "smtp://", "smtp://host:0", "smtp://host:99999", "smtp://host/path", "smtp://user:hunter2@host:port"} {
		if _, err := smtp.New(bad, "a@example.org", smtp.Options{}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"smtp://host", "smtps://user:p%40ss@host", "smtp://localhost:25/"} {
		if _, err := smtp.New(good, "Name <a@example.org>", smtp.Options{}); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	if _, err := smtp.New("smtp://host", "nobody", smtp.Options{}); err == nil {
		t.Error("a sender without an address")
	}
}

func Example() {
	_, err := smtp.New("smtp://user:password@mail.example.org:587", "Example <no-reply@example.org>", smtp.Options{})
	fmt.Println(err)
	// Output: <nil>
}
