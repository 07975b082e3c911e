package server

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/url"
	"strings"
	"time"
)

const (
	// shownLetters is how many messages the page of the outbox shows.
	shownLetters = 50
	// maxLetter bounds a message in bytes; ours have a few thousand.
	maxLetter = 256 << 10
)

var errLetter = errors.New("not a message of ours")

// letter is one message of the outbox, as its page shows it.
type letter struct {
	File   string
	IsText bool // a text message
	// Broken is whether the file is no message; then it has neither recipient nor text.
	Broken      bool
	To, Subject string
	At          time.Time
	Text        []piece
}

// piece is a part of a text: a link that can be clicked when Href is not "".
type piece struct{ Text, Href string }

// read reads the file of l, as notify.Files wrote it.
func (o *outbox) read(l *letter) error {
	f, err := o.root.Open(l.File)
	if err != nil {
		return err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxLetter+1))
	if err != nil {
		return err
	}
	if len(raw) > maxLetter {
		return errLetter
	}
	var text string
	if l.IsText {
		head, body, ok := strings.Cut(string(raw), "\n\n")
		if l.To, text = strings.TrimPrefix(head, "To: "), body; !ok || l.To == head || strings.Contains(head, "\n") {
			return errLetter
		}
	} else if text, err = readMail(l, raw); err != nil {
		return err
	}
	l.Text = pieces(strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")), o.origin)
	return nil
}

// readMail reads recipient and subject into l, and returns the part that is plain text.
func readMail(l *letter, raw []byte) (string, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return "", err
	}
	to, err := mail.ParseAddress(m.Header.Get("To"))
	if err != nil {
		return "", err
	}
	l.To = to.Address
	if l.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		return "", err
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return "", errLetter
	}
	for parts := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := parts.NextRawPart()
		if err != nil {
			return "", err
		}
		if kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type")); err != nil || kind != "text/plain" {
			continue
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		return string(text), err
	}
}

// pieces takes the links to origin out of text. Links to elsewhere stay text: a message
// may have words of its recipient in it.
func pieces(text, origin string) (list []piece) {
	for {
		start, end := findLink(text, origin+"/")
		if start < 0 {
			break
		}
		if start > 0 {
			list = append(list, piece{Text: text[:start]})
		}
		list = append(list, piece{Text: text[start:end], Href: text[start:end]})
		text = text[end:]
	}
	if text != "" {
		list = append(list, piece{Text: text})
	}
	return list
}

// findLink finds the first link that begins with prefix, where a word begins.
func findLink(text, prefix string) (start, end int) {
	for from := 0; ; {
		i := strings.Index(text[from:], prefix)
		if i < 0 {
			return -1, -1
		}
		start = from + i
		end = len(text)
		if j := strings.IndexFunc(text[start:], endsLink); j >= 0 {
			end = start + j
		}
		end = start + len(strings.TrimRight(text[start:end], ".,;:!?)'"))
		from = max(end, start+1)
		before := text[:start]
		if before != "" && !strings.HasSuffix(before, "(") && !strings.ContainsAny(before[len(before)-1:], " \n\t") {
			continue
		}
		if u, err := url.Parse(text[start:end]); err == nil && u.User == nil && u.Scheme+"://"+u.Host+"/" == prefix {
			return start, end
		}
	}
}

// endsLink reports whether r is no character of a link (RFC 3986, section 2).
func endsLink(r rune) bool {
	return r <= ' ' || r > '~' || strings.ContainsRune("<>\"\\^`{|}", r)
}
