package server

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
)

// outboxPath is the address of the page that shows what was not sent.
const outboxPath = "/outbox"

// outbox is the page that shows the messages that lie as files in a folder, for
// somebody who tries the program on the own machine. There are links in them that open
// accounts, so to everybody else it is not there.
type outbox struct {
	root *os.Root
	// origin is that of the links which can be clicked, such as http://localhost:3000.
	origin string
	// texts is whether text messages lie there too.
	texts bool
}

// openOutbox returns the page of the messages in the folder dir, or nil when baseURL,
// to which their links lead, is not an address of this machine: a server that is reached
// through a proxy has to name its address, and is no place for such a page.
func openOutbox(dir, baseURL string, texts bool) (*outbox, error) {
	u, err := url.Parse(baseURL)
	if err != nil || !ownName(u.Host) {
		return nil, nil
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	return &outbox{root: root, origin: u.Scheme + "://" + u.Host, texts: texts}, nil
}

func (o *outbox) close() error { return o.root.Close() }

// near reports whether r was sent by a program on this machine, and by no proxy for
// somebody else. Each of the conditions is there for somebody whom the others let in:
//   - both ends of the connection are loopback: the program may listen on all addresses;
//   - the host is one that every machine gives itself: a page of another origin whose name
//     was pointed here (DNS rebinding) has its own name there;
//   - no header of a proxy: for the program a proxy on this machine is a near client;
//   - HTTP/1.1: nginx that is told nothing but where to send to leaves all of those
//     headers out, puts our own name in as the host, and speaks 1.0.
func near(r *http.Request) bool {
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && loopbackEnd(local.String()) && loopbackEnd(r.RemoteAddr) &&
		ownName(r.Host) && !proxied(r.Header) && r.ProtoAtLeast(1, 1)
}

func loopbackEnd(addr string) bool {
	a, err := netip.ParseAddrPort(addr)
	return err == nil && a.Addr().Unmap().IsLoopback()
}

// ownName reports whether host, which may have a port, is what each machine calls itself.
func ownName(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		if name = h; strings.Contains(h, ":") {
			name = "[" + h + "]"
		}
	}
	return slices.Contains([]string{"localhost", "127.0.0.1", "[::1]"}, strings.ToLower(name))
}

// proxied reports whether a header says that the request came through a proxy.
func proxied(h http.Header) bool {
	for name := range h {
		if strings.HasPrefix(name, "X-Forwarded") ||
			slices.Contains([]string{"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "True-Client-Ip", "Cf-Connecting-Ip"}, name) {
			return true
		}
	}
	return false
}

//go:embed outbox.html
var outboxHTML string

//go:embed outbox.css
var outboxCSS string

var outboxPage = template.Must(template.New("outbox").Parse(outboxHTML))

// outboxPolicy lets the page have its own style and the icon, and nothing else.
func outboxPolicy() string {
	sum := sha256.Sum256([]byte(outboxCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src 'self'; " +
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// mount adds the page to mux.
func (o *outbox) mount(mux *http.ServeMux, log *slog.Logger) {
	headers := pageHeaders(outboxPolicy())
	// For every method, because one that is refused by the mux would tell of the page.
	mux.HandleFunc(outboxPath, func(w http.ResponseWriter, r *http.Request) {
		if !near(r) {
			http.NotFound(w, r)
			return
		}
		headers(w.Header())
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		var page bytes.Buffer
		if err := o.write(&page); err != nil {
			log.LogAttrs(r.Context(), slog.LevelError, "the outbox cannot be shown", slog.Any("error", err))
			http.Error(w, "the outbox cannot be shown", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(page.Bytes())
	})
}

// write writes the page with the newest messages.
func (o *outbox) write(w io.Writer) error {
	letters, more, err := o.letters()
	if err != nil {
		return err
	}
	return outboxPage.Execute(w, map[string]any{
		"Style": template.CSS(outboxCSS), "Letters": letters, "More": more, "Shown": shownLetters, "Texts": o.texts,
	})
}

// mark tells the front end of the page: what it shows, as an attribute of a meta tag. It
// is put into the front end's own page for near requests only.
func (o *outbox) mark(index []byte) ([]byte, error) {
	channels := "email"
	if o.texts {
		channels += " sms"
	}
	const end = "</head>"
	if bytes.Count(index, []byte(end)) != 1 {
		return nil, errors.New("web page: there is no place to name the outbox")
	}
	tag := `<meta name="outbox" content="` + outboxPath + `" data-channels="` + channels + `" />`
	return bytes.Replace(index, []byte(end), []byte("  "+tag+"\n  "+end), 1), nil
}

// letters are the newest messages of the folder, the newest first. more is whether
// there are others.
func (o *outbox) letters() (list []letter, more bool, err error) {
	entries, err := fs.ReadDir(o.root.FS(), ".") // their names sort by time
	if err != nil {
		return nil, false, err
	}
	for _, e := range slices.Backward(entries) {
		isText := strings.HasSuffix(e.Name(), ".txt")
		if !e.Type().IsRegular() || !strings.HasSuffix(e.Name(), ".eml") && !(isText && o.texts) {
			continue
		}
		if len(list) == shownLetters {
			return list, true, nil
		}
		l := letter{File: e.Name(), IsText: isText}
		if info, err := e.Info(); err == nil {
			l.At = info.ModTime()
		}
		if err := o.read(&l); err != nil {
			l = letter{File: l.File, IsText: l.IsText, At: l.At, Broken: true}
		}
		list = append(list, l)
	}
	return list, false, nil
}
