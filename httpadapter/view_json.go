package httpadapter

import (
	"bytes"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/profilekit/profilekit/profile"
)

// viewWriter writes one view, byte for byte as encoding/json would write a struct of
// the same members, and without reflection: a signed-in read writes one.
type viewWriter struct {
	app *App
	out []byte
	err error
	pic *pictureURLs // of the user, once it was asked for
}

func (w *viewWriter) member(m *member, u *profile.User) {
	if len(w.out) == 0 {
		w.out = append(w.out, '{')
	} else {
		w.out = append(w.out, ',')
	}
	w.out = append(w.out, '"')
	w.out = append(w.out, m.name...)
	w.out = append(w.out, '"', ':')
	m.value(w, u)
}

// end returns a copy of what was written: an answer that is kept takes no more room
// than it has bytes.
func (w *viewWriter) end() ([]byte, error) {
	if len(w.out) == 0 {
		w.out = append(w.out, '{')
	}
	w.out = append(w.out, '}')
	return bytes.Clone(w.out), w.err
}

// maxPooledView is how many bytes a writer may have grown to and be used again. Profiles
// are far below; one that is larger must not keep its memory for ever.
const maxPooledView = 64 << 10

// viewWriter returns one to use, and free gives it back.
func (a *App) viewWriter() *viewWriter {
	w, ok := a.viewWriters.Get().(*viewWriter)
	if !ok {
		w = &viewWriter{}
	}
	w.app = a
	return w
}

func (w *viewWriter) free() {
	a := w.app
	if cap(w.out) > maxPooledView {
		return
	}
	*w = viewWriter{out: w.out[:0]}
	a.viewWriters.Put(w)
}

func (w *viewWriter) null() { w.out = append(w.out, "null"...) }

func (w *viewWriter) bool(b bool) {
	if b {
		w.out = append(w.out, "true"...)
		return
	}
	w.out = append(w.out, "false"...)
}

func (w *viewWriter) text(s string) {
	if !plain(s) {
		w.json(s)
		return
	}
	w.out = append(w.out, '"')
	w.out = append(w.out, s...)
	w.out = append(w.out, '"')
}

// plain reports whether s stands in JSON as it is. The characters that are not plain
// are those that encoding/json escapes, for HTML and JavaScript too.
func plain(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c < ' ', c == '"', c == '\\', c == '<', c == '>', c == '&':
			return false
		case c < utf8.RuneSelf:
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			return false
		}
		i += size
	}
	return true
}

func (w *viewWriter) textOrNull(s string) {
	if s == "" {
		w.null()
		return
	}
	w.text(s)
}

func (w *viewWriter) pointer(s *string) {
	if s == nil {
		w.null()
		return
	}
	w.text(*s)
}

func (w *viewWriter) time(t time.Time) {
	out, err := t.UTC().AppendText(append(w.out, '"'))
	if err != nil {
		w.err = err
		return
	}
	w.out = append(out, '"')
}

func (w *viewWriter) list(list []string) {
	w.out = append(w.out, '[')
	for i, s := range list {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.text(s)
	}
	w.out = append(w.out, ']')
}

func (w *viewWriter) object(o json.RawMessage) {
	if len(o) == 0 {
		w.out = append(w.out, "{}"...)
		return
	}
	w.json(o)
}

func (w *viewWriter) address(a profile.Address) {
	if a == (profile.Address{}) {
		w.null()
		return
	}
	next := byte('{')
	for _, part := range [...]struct{ name, value string }{
		{"line1", a.Line1}, {"line2", a.Line2}, {"city", a.City}, {"region", a.Region}, {"postalCode", a.PostalCode}, {"country", a.Country},
	} {
		w.out = append(w.out, next, '"')
		w.out = append(w.out, part.name...)
		w.out = append(w.out, '"', ':')
		w.textOrNull(part.value)
		next = ','
	}
	w.out = append(w.out, '}')
}

// picture is where the pictures of u are, which three members tell.
func (w *viewWriter) picture(u *profile.User) *pictureURLs {
	if w.pic == nil {
		v := w.app.pictureView(u.Picture)
		w.pic = &v
	}
	return w.pic
}

func (w *viewWriter) addresses(bySize map[string]string) {
	if len(bySize) == 0 {
		w.out = append(w.out, "{}"...)
		return
	}
	w.json(bySize)
}

// json writes what is rare or not plain.
func (w *viewWriter) json(v any) {
	b, err := json.Marshal(v)
	if err != nil {
		w.err = err
		return
	}
	w.out = append(w.out, b...)
}
