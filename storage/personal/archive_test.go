package personal_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/profilekit/profilekit/storage/personal"
)

// orders is what a shop keeps of its customers: they can have a copy of it, and
// have it forgotten.
type orders struct{}

func (orders) EraseUser(ctx context.Context, userID string) error { return nil }

func (orders) ExportUser(ctx context.Context, userID string, a *personal.Archive) error {
	return a.JSON("shop/orders.json", []map[string]any{{"item": "engine", "count": 1}})
}

func ExampleContributor() {
	var file bytes.Buffer
	a := personal.NewArchive(&file, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), 0)
	if err := (orders{}).ExportUser(context.Background(), "1", a); err != nil {
		panic(err)
	}
	if err := a.Close(); err != nil {
		panic(err)
	}
	z, err := zip.NewReader(bytes.NewReader(file.Bytes()), int64(file.Len()))
	if err != nil {
		panic(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			panic(err)
		}
		text, err := io.ReadAll(r)
		fmt.Println(f.Name, len(text) > 0, err)
	}
	// Output: shop/orders.json true <nil>
}

func TestArchiveRefusesNames(t *testing.T) {
	a := personal.NewArchive(io.Discard, time.Now(), 0)
	for _, name := range []string{"", ".", "/etc/passwd", "../up", "a/../b", "a//b", "a/", `c:\..\x/..`, `..\..\x`, `a\b`, "c:x", "a\nb"} {
		if _, err := a.Create(name, false); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
	if err := a.Close(); err == nil {
		t.Error("an empty archive is one")
	}
	if _, err := a.Create("profile.json", false); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"profile.json", "Profile.JSON"} {
		if err := a.JSON(name, 1); err == nil {
			t.Errorf("%q twice", name)
		}
	}
	if err := a.JSON("profile.json", 1); err == nil {
		t.Error("a name twice")
	}
	if err := a.JSON("odd.json", func() {}); err == nil {
		t.Error("a function is JSON")
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
