// Package personaltest is the conformance suite of personal.Contributor: one case
// for each thing that its comments promise. What a host keeps of users passes it from
// an ordinary test:
//
//	func TestOrdersArePersonal(t *testing.T) {
//		personaltest.Run(t, func(t *testing.T) personaltest.Harness {
//			shop := openShop(t) // your own; it closes in t.Cleanup
//			shop.Order(t, "7", "an engine")
//			shop.Order(t, "8", "a loom")
//			return personaltest.Harness{
//				Contributor: shop,
//				User:        personaltest.Person{ID: "7", Marks: []string{"an engine"}},
//				Other:       personaltest.Person{ID: "8", Marks: []string{"a loom"}},
//			}
//		})
//	}
//
// The suite does not sleep, and runs under the race detector.
package personaltest

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/profilekit/profilekit/internal/conform"
	"github.com/profilekit/profilekit/storage/personal"
)

// Harness is a Contributor to be judged.
type Harness struct {
	Contributor personal.Contributor
	// User and Other are two users of whom something is kept.
	User, Other Person
	// Unknown is the ID of nobody; "" invents a number.
	Unknown string
	// Secrets are texts that must be in no copy, such as the hash of a password.
	Secrets []string
	// Kept looks whether something of the user is kept, secrets and all; nil
	// leaves this look out. A Contributor that hands out nothing needs it.
	Kept func(t *testing.T, userID string) bool
	// Finish does what has to follow EraseUser before all is gone, such as a purge
	// of files; nil is nothing.
	Finish func(t *testing.T)
}

// Person is a user of whom something is kept.
type Person struct {
	ID string
	// Marks are texts in the files of this user's copy, and of nobody else's. There
	// are none only when the Contributor hands out nothing.
	Marks []string
}

// Run runs the suite. It calls open once for each subject, each time for a
// Contributor of its own. Copies of the same must be the same: of two that are made
// in a row, the files are alike.
func Run(t *testing.T, open func(t *testing.T) Harness) {
	t.Helper()
	for _, s := range []struct {
		name  string
		cases func(t *testing.T, h Harness)
	}{
		{"export", exportCases},
		{"unknown user", unknownCases},
		{"erase", eraseCases},
		{"erase at once", concurrentCases},
		{"ended context", endedCases},
	} {
		t.Run(s.name, func(t *testing.T) {
			h := open(t)
			if h.Unknown == "" {
				h.Unknown = "987654321"
			}
			if h.Kept == nil && len(h.User.Marks)*len(h.Other.Marks) == 0 {
				t.Fatal("without Kept the harness needs marks of both users")
			}
			s.cases(t, h)
		})
	}
}

// files are the contents of a copy by their paths.
type files map[string]string

// has reports whether the text is in a file or its path.
func (f files) has(text string) bool {
	for path, content := range f {
		if strings.Contains(path, text) || strings.Contains(content, text) {
			return true
		}
	}
	return false
}

// export makes a copy.
func (h Harness) export(ctx context.Context, userID string) (files, error) {
	var file bytes.Buffer
	a := personal.NewArchive(&file, conform.Time(), 0)
	if err := a.JSON("personaltest.json", true); err != nil { // so that none is empty
		return nil, err
	}
	if err := h.Contributor.ExportUser(ctx, userID, a); err != nil {
		return nil, err
	}
	if err := a.Close(); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		return nil, err
	}
	all := files{}
	for _, f := range z.File {
		if _, twice := all[f.Name]; twice || !fs.ValidPath(f.Name) {
			return nil, fmt.Errorf("the copy has a file %q, twice or with no valid path", f.Name)
		}
		r, err := f.Open()
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		all[f.Name] = string(content)
	}
	delete(all, "personaltest.json")
	return all, nil
}

// copyOf is the copy of a user, which must succeed and have no secrets.
func (h Harness) copyOf(t *testing.T, userID string) files {
	t.Helper()
	all, err := h.export(conform.Context(t), userID)
	conform.Must(t, "ExportUser", err)
	for _, secret := range h.Secrets {
		if all.has(secret) {
			t.Errorf("the copy of user %s has a secret", userID)
		}
	}
	return all
}

// same wants two copies to be alike.
func same(t *testing.T, what string, got, want files) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if got[path] != want[path] {
			t.Errorf("%s: the file %s has %d bytes and is another than before, which had %d", what, path, len(got[path]), len(want[path]))
		}
	}
	for path := range got {
		if _, ok := want[path]; !ok {
			t.Errorf("%s: the file %s was not there before", what, path)
		}
	}
}

// wantMarks wants all marks of the person to be in the copy, or none.
func wantMarks(t *testing.T, whose string, got files, p Person, want bool) {
	t.Helper()
	for _, mark := range p.Marks {
		if got.has(mark) != want {
			t.Errorf("%s having %.60q of user %s is %v, want %v", whose, mark, p.ID, !want, want)
		}
	}
}

// wantKept wants something to be kept of a user, or nothing.
func (h Harness) wantKept(t *testing.T, userID string, want bool) {
	t.Helper()
	if h.Kept != nil && h.Kept(t, userID) != want {
		t.Errorf("something being kept of user %s is %v, want %v", userID, !want, want)
	}
}
