package profile

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/profilekit/profilekit/activity"
)

// KindExported is the event of a copy of everything that was handed out.
const KindExported activity.Kind = "profile.exported"

// Exporter is an optional method of a Contributor: what it keeps of users they
// may have a copy of (the right of access and of portability, GDPR articles 15
// and 20).
type Exporter interface {
	// ExportUser adds files to a with what is kept of the user. It holds no
	// connection of a database while it writes: whoever reads may be slow. Secrets,
	// such as hashes of passwords, and what is of other people stay out.
	ExportUser(ctx context.Context, userID string, a *Archive) error
}

// Archive is a zip file that is being written, for one user. It is not safe for
// concurrent use.
type Archive struct {
	zip   *zip.Writer
	at    time.Time
	names map[string]bool
}

// NewArchive begins an archive whose files are of the time at.
func NewArchive(w io.Writer, at time.Time) *Archive {
	return &Archive{zip: zip.NewWriter(w), at: at.UTC(), names: map[string]bool{}}
}

// Create adds a file and returns what writes it, until the next call of a
// method of a. The name is a path such as "orders/2026.json" (see fs.ValidPath)
// that was not there before. With compressed, as for pictures, it is kept as it
// is.
func (a *Archive) Create(name string, compressed bool) (io.Writer, error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, fmt.Errorf("profile: archive: %q is no path of a file", name)
	}
	if a.names[name] {
		return nil, fmt.Errorf("profile: archive: %q is there already", name)
	}
	a.names[name] = true
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
		return fmt.Errorf("profile: archive: %s: %w", name, err)
	}
	w, err := a.Create(name, false)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// Flush writes what is held back to the writer below.
func (a *Archive) Flush() error { return a.zip.Flush() }

// Close ends the archive. One that was not closed no program takes for whole.
func (a *Archive) Close() error {
	if len(a.names) == 0 {
		return errors.New("profile: archive: there is nothing in it")
	}
	return a.zip.Close()
}
