package nodes

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// linkIn finds the page and the token of a link in a mail.
var linkIn = regexp.MustCompile(`/account/([a-z/-]+)#token=([A-Za-z0-9_-]{43})`)

// tokens are those of the links to a page in the nodes' mails, by who they went
// to. Of more mails to one address any counts.
func (s *place) tokens(t *testing.T, page string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(s.data, "outbox", "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := mail.ReadMessage(bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		to, err := mail.ParseAddress(m.Header.Get("To"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		// The parts are quoted-printable, and what is around them is not changed by it.
		text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, link := range linkIn.FindAllSubmatch(text, -1) {
			if string(link[1]) == page {
				found[to.Address] = string(link[2])
			}
		}
	}
	return found
}
