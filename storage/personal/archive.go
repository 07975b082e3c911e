package personal

import (
	"archive/zip"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
	"unicode"
)

// DefaultReadTime bounds one read of a database for a copy.
const DefaultReadTime = 15 * time.Second

// Archive is a zip file that is being written, for one user. It is not safe for
// concurrent use.
type Archive struct {
	zip   *zip.Writer
	at    time.Time
	names map[string]bool
	read  time.Duration
}

// NewArchive begins an archive whose files are of the time at. read bounds one read
// of a database, see Bounded; 0 is DefaultReadTime.
func NewArchive(w io.Writer, at time.Time, read time.Duration) *Archive {
	return &Archive{zip: zip.NewWriter(w), at: at.UTC(), names: map[string]bool{}, read: cmp.Or(read, DefaultReadTime)}
}

// Create adds a file and returns what writes it, until the next call of a
// method of a. The name is a path such as "orders/2026.json": see fs.ValidPath, and no
// backslash, colon or control character. It was not there before, in whatever case. With compressed, as for pictures, it is kept as it
// is.
func (a *Archive) Create(name string, compressed bool) (io.Writer, error) {
	// Other systems read a backslash and a colon as parts of a path.
	odd := func(r rune) bool { return r == '\\' || r == ':' || unicode.IsControl(r) }
	if !fs.ValidPath(name) || name == "." || strings.ContainsFunc(name, odd) {
		return nil, fmt.Errorf("personal: archive: %q is no path of a file", name)
	}
	folded := strings.ToLower(name) // some systems keep one of two spellings
	if a.names[folded] {
		return nil, fmt.Errorf("personal: archive: %q is there already", name)
	}
	a.names[folded] = true
	h := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.at}
	if compressed {
		h.Method = zip.Store
	}
	return a.zip.CreateHeader(h)
}

// JSON adds a file with v, indented for people.
func (a *Archive) JSON(name string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("personal: archive: %s: %w", name, err)
	}
	w, err := a.Create(name, false)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// Bounded returns ctx with a deadline for one read of a database. A copy as a whole
// takes as long as its reader does, and a database that is silent must not.
func (a *Archive) Bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, a.read)
}

// Close ends the archive. One that was not closed no program takes for whole.
func (a *Archive) Close() error {
	if len(a.names) == 0 {
		return errors.New("personal: archive: there is nothing in it")
	}
	return a.zip.Close()
}
