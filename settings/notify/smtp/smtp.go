// Package smtp sends letters to a mail server:
//
//	sender, err := smtp.New(os.Getenv("SMTP_URL"), "Example <no-reply@example.org>", smtp.Options{})
//	n, err := notify.New(notify.Config{
//		Policy: notify.Policy{Senders: map[authmail.Channel]notify.Sender{authmail.ByEmail: sender}}, …,
//	})
//
// Addresses are smtps://user:password@host (TLS from the beginning, port 465)
// and smtp://user:password@host:587 (STARTTLS). Without TLS nothing is sent to
// another machine than this one.
package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strconv"

	gomail "github.com/wneessen/go-mail"

	"github.com/profilekit/profilekit/settings/notify"
)

// Sender is a notify.Sender. It makes one connection a letter and is safe for
// concurrent use.
type Sender struct {
	host    string
	from    string
	ssl     bool // TLS from the beginning
	tls     *tls.Config
	options []gomail.Option
}

// Options of New; the zero Options are good.
type Options struct {
	// TLS is nil for the system's certificates.
	TLS *tls.Config
}

var errURL = errors.New("smtp: the address must be like smtp://user:password@host:587 or smtps://user:password@host")

// New reads the address. Its error does not repeat it: it may have a password.
// from is the sender of every letter, with a name or without.
func New(address, from string, opts Options) (*Sender, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" {
		return nil, errURL
	}
	if _, err := mail.ParseAddress(from); err != nil {
		return nil, errors.New("smtp: the sender's address is none")
	}
	s := &Sender{host: u.Hostname(), from: from, ssl: u.Scheme == "smtps", tls: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}
	if opts.TLS != nil {
		s.tls = opts.TLS.Clone()
	}
	port := 587
	switch u.Scheme {
	case "smtps":
		port = 465
		s.options = append(s.options, gomail.WithSSL())
	case "smtp":
		policy := gomail.TLSMandatory
		if here(u.Hostname()) {
			policy = gomail.TLSOpportunistic
		}
		s.options = append(s.options, gomail.WithTLSPolicy(policy))
	default:
		return nil, errURL
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil || port < 1 || port > 65535 {
			return nil, errURL
		}
	}
	s.options = append(s.options, gomail.WithPort(port), gomail.WithoutNoop(), gomail.WithTLSConfig(s.tls))
	if u.User != nil {
		password, _ := u.User.Password()
		kind := gomail.SMTPAuthAutoDiscover
		if u.Scheme == "smtp" && here(u.Hostname()) {
			kind = gomail.SMTPAuthPlainNoEnc // a server on this machine may have no TLS
		}
		s.options = append(s.options, gomail.WithSMTPAuth(kind), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	if _, err := gomail.NewClient(s.host, s.options...); err != nil {
		return nil, errURL
	}
	return s, nil
}

func here(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send implements notify.Sender. Errors say what the server answered by number,
// never in its words, which repeat the recipient.
func (s *Sender) Send(ctx context.Context, l notify.Letter) error {
	m := gomail.NewMsg()
	if err := m.From(s.from); err != nil {
		return errors.New("smtp: the sender's address is none")
	}
	if to, err := mail.ParseAddress(l.To); err != nil || to.Address != l.To {
		return &notify.PermanentError{Err: errors.New("smtp: the recipient's address is none")}
	}
	if err := m.To(l.To); err != nil {
		return &notify.PermanentError{Err: errors.New("smtp: the recipient's address is none")}
	}
	m.Subject(l.Subject)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no answers by machines
	m.SetMessageID()
	m.SetDate()
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	// The library looks at ctx while it connects only, so its connection is
	// closed under it.
	var stop func() bool
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		var d interface {
			DialContext(ctx context.Context, network, address string) (net.Conn, error)
		} = &net.Dialer{}
		if s.ssl {
			d = &tls.Dialer{Config: s.tls}
		}
		conn, err := d.DialContext(dialing, network, address)
		if err == nil {
			stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
	defer func() {
		if stop != nil {
			stop()
		}
	}()
	c, err := gomail.NewClient(s.host, append(slices.Clone(s.options), gomail.WithDialContextFunc(dial))...)
	if err != nil {
		return errURL
	}
	if err := c.DialWithContext(ctx); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("smtp: no connection: %w", ctx.Err())
		}
		return errors.New("smtp: no connection, or the server did not take the name and the password")
	}
	err = c.Send(m)
	_ = c.Close()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("smtp: not sent: %w", ctx.Err())
	}
	var refused *gomail.SendError
	if !errors.As(err, &refused) {
		return errors.New("smtp: not sent")
	}
	told := fmt.Errorf("smtp: the server refused (%d)", refused.ErrorCode())
	if code := refused.ErrorCode(); code >= 550 && code <= 553 {
		return &notify.PermanentError{Err: told} // no such mailbox, and the like (RFC 5321, 4.2.3)
	}
	return told
}
