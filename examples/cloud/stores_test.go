package main

import (
	"strings"
	"testing"

	"github.com/profilekit/profilekit/storage"
	"github.com/profilekit/profilekit/storage/blobs"
)

// TestPublicAddresses: stores serve pictures to everybody only when they are
// told to.
func TestPublicAddresses(t *testing.T) {
	t.Setenv("STORAGE_EMULATOR_HOST", "127.0.0.1:1") // no credentials are looked for
	vars := map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-central-1"}
	token := map[string]string{"FIREBASE_TOKEN_KEY": "a secret of the whole fleet"}
	for _, c := range []struct {
		address string
		env     map[string]string
		want    string // what the address of a.jpg begins with
	}{
		{"s3://bucket/pictures", vars, ""},
		{"s3://bucket/pictures?public=https://cdn.example.org/", vars, "https://cdn.example.org/pictures/a.jpg"},
		{"s3://bucket?public=https://cdn.example.org&style=path", vars, "https://cdn.example.org/a.jpg"},
		{"gs://bucket/pictures/", nil, ""},
		{"gs://bucket/pictures/", token, "https://firebasestorage.googleapis.com/v0/b/bucket/o/pictures%2Fa.jpg?alt=media&token="},
		{"firebase://bucket", token, "https://firebasestorage.googleapis.com/v0/b/bucket/o/a.jpg?alt=media&token="},
		{"cloudinary://key:secret@cloud", nil, ""},
		{"cloudinary://key:secret@cloud?public=false&folder=pictures/", nil, ""},
		{"cloudinary://key:secret@cloud?public=true&folder=pictures", nil, "https://res.cloudinary.com/cloud/image/upload/v1/pictures/a-jpg.jpg"},
	} {
		s, done, err := blobs.Open(t.Context(), c.address, stores(func(name string) string { return c.env[name] })...)
		if err != nil {
			t.Errorf("%s: %v", c.address, err)
			continue
		}
		defer done()
		got := s.(storage.PublicURLer).PublicURL("a.jpg")
		if c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", c.address, got, c.want)
		}
	}
}
