package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"os"
	"time"

	"github.com/profilekit/profilekit/auth/authmail"
)

// Files is a Sender for development: it writes each mail as an .eml file, which
// mail programs open, and each SMS as a .txt file, into a folder. Only the user
// who runs the program can read them: they have secrets in them.
type Files struct {
	root *os.Root
	from string
	now  func() time.Time
}

// NewFiles returns a Sender that writes into dir, making it when it is missing.
// from is the sender's address.
func NewFiles(dir, from string) (*Files, error) {
	if _, err := mail.ParseAddress(from); err != nil {
		return nil, errors.New("notify: the sender's address is none")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("notify: the folder for messages: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("notify: the folder for messages: %w", err)
	}
	return &Files{root: root, from: from, now: time.Now}, nil
}

// Close frees the folder.
func (f *Files) Close() error { return f.root.Close() }

// Send implements Sender.
func (f *Files) Send(ctx context.Context, l Letter) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	name, body := ".txt", []byte("To: "+oneLine(l.To)+"\n\n"+l.Text+"\n")
	if l.Channel == authmail.ByEmail {
		var err error
		if name, body = ".eml", nil; l.To != "" {
			if body, err = MIME(l, f.from, f.now()); err != nil {
				return err
			}
		}
	}
	// A name that sorts by time; written whole under another one first, which
	// has another ending too, since people and tests watch the folder for "*.eml"
	// and that finds hidden files.
	name = f.now().UTC().Format("20060102T150405.000000000Z") + "-" + rand.Text()[:8] + name
	part := "." + name + ".part"
	err := f.root.WriteFile(part, body, 0o600)
	if err == nil {
		err = f.root.Rename(part, name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("notify: writing a message: %w", err), ignoreMissing(f.root.Remove(part)))
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// MIME is a letter as a message for the Internet (RFC 5322): text and page as
// alternatives, one recipient. An address that is none is a *PermanentError.
func MIME(l Letter, from string, at time.Time) ([]byte, error) {
	sender, err := mail.ParseAddress(from)
	if err != nil {
		return nil, errors.New("notify: the sender's address is none")
	}
	to, err := mail.ParseAddress(l.To)
	if err != nil || to.Address != l.To {
		return nil, &PermanentError{errors.New("the recipient's address is none")}
	}
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	header("From", sender.String())
	header("To", (&mail.Address{Address: to.Address}).String())
	header("Subject", mime.QEncoding.Encode("utf-8", oneLine(l.Subject)))
	header("Date", at.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	header("Message-ID", "<"+rand.Text()+"@"+domainOf(sender.Address)+">")
	header("MIME-Version", "1.0")
	header("Auto-Submitted", "auto-generated") // RFC 3834: no answers by machines
	header("Content-Type", `multipart/alternative; boundary="`+parts.Boundary()+`"`)
	b.WriteString("\r\n")
	for _, p := range []struct{ kind, body string }{{"text/plain", l.Text}, {"text/html", l.HTML}} {
		if p.body == "" {
			continue
		}
		w, err := parts.CreatePart(textproto.MIMEHeader{
			"Content-Type": {p.kind + "; charset=utf-8"}, "Content-Transfer-Encoding": {"quoted-printable"},
		})
		if err != nil {
			return nil, err
		}
		q := quotedprintable.NewWriter(w)
		if _, err := io.WriteString(q, p.body); err != nil {
			return nil, err
		}
		if err := q.Close(); err != nil {
			return nil, err
		}
	}
	if err := parts.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func domainOf(address string) string {
	for i := len(address) - 1; i >= 0; i-- {
		if address[i] == '@' {
			return address[i+1:]
		}
	}
	return "localhost"
}
